"""The listener: one process that polls every polled account, each in a thread, each under a lock in PostgreSQL.

The lock, the cursor and the journal rows live on one connection: whoever loses the lock cannot commit what it polled.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from typing import TYPE_CHECKING, Any

from channels.contract import Channel
from channels.errors import PollFailed
from dispatcher import bells
from dispatcher.bells import Bell, listen_channel
from normalizer.saying import Sentence, say
from store import accounts, cursors, health, journal
from store.engine import is_away

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy import Connection

    from channels.contract import Cursor, PollBatch, Polled
    from dispatcher.runtime import Account, Runtime

log = logging.getLogger(__name__)

#: Seconds between two tries for an account that another listener polls.
LOCK_PAUSE = 3.0
#: Seconds between two polls where neither the channel can wait nor its settings say otherwise (`poll_interval`).
POLL_PAUSE = 5.0
#: The longest that `wait` is asked to block, and so the longest that a stop may take.
LONGEST_WAIT = 25.0
#: A turn that brought nothing takes at least so long (seconds), whatever `wait` and `more` say.
SHORTEST_TURN = 1.0
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
#: Seconds between two looks whether an officer has ended his pause of an account.
PAUSED_LOOK = 3.0
#: Seconds between two notes that an account works, where nothing has changed.
NOTE_EVERY = 60.0
#: Seconds that threads get to end; those that still wait on a provider are left: to be killed is safe at any step.
GRACE = 5.0

_ADDRESS = re.compile(r"\w+://\S+|\bbot\d+\S*", re.IGNORECASE)
_LONGEST_ERROR = 300


def run(runtime: Runtime, stop: threading.Event) -> None:
    """Poll all polled accounts until told to stop. Several listeners may run: each account is polled by one."""
    polled = [account for account in runtime.accounts.values() if account.channel.capabilities.polling]
    turns = [_Account(runtime, account, stop) for account in polled]
    threads = [threading.Thread(target=turn.run, name=f"listen-{turn.account.name}", daemon=True) for turn in turns]
    if turns:
        wakes = {listen_channel(turn.account.name): turn.wake for turn in turns}
        threads.append(threading.Thread(target=_hear, args=(runtime, wakes, stop), name="hear", daemon=True))
    for thread in threads:
        thread.start()
    log.info("listening on %d accounts", len(turns))
    stop.wait()
    for turn in turns:
        turn.wake.set()
    end = time.monotonic() + GRACE
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))


class _Account:
    """One account's turns: poll, commit, ring, confirm, rest."""

    def __init__(self, runtime: Runtime, account: Account, stop: threading.Event) -> None:
        self.account = account
        self.wake = threading.Event()
        self._runtime = runtime
        self._channel = account.channel
        self._stop = stop
        self._failures = 0
        self._noted: float | None = None
        self._confirmed = False
        self._waits = type(account.channel).wait is not Channel.wait
        self._away = False

    def run(self) -> None:
        """Until told to stop; an error costs a pause, never the thread."""
        while not self._stop.is_set():
            try:
                with self._locked() as connection:
                    if connection is None:
                        self._stop.wait(LOCK_PAUSE)
                    else:
                        self._poll_on(connection)
            except Exception as error:  # noqa: BLE001 - whatever it is, this account comes again and the others go on
                self._failures += 1
                if not (is_away(error) and self._away):
                    log.warning("%s: not polled: %s", self.account.name, type(error).__name__)
                self._away = is_away(error)
                self._stop.wait(pause(min(self._failures, 3) if self._away else self._failures))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[Connection | None]:
        """A connection that holds the account's lock until it is closed; None while another listener has it."""
        connection = self._runtime.engine.connect()
        try:
            # Out of the pool: it is held for days, and closing it must end the session and with it the lock.
            connection.detach()
            held = cursors.lock(connection, self.account.name)
            connection.commit()
            yield connection if held else None
        finally:
            connection.close()

    def _poll_on(self, connection: Connection) -> None:
        log.info("%s: polled here", self.account.name)
        self._confirmed = False
        while not self._stop.is_set():
            began = time.monotonic()
            # The truth is in the database; and no poll without it, for with the session the lock is gone.
            cursor = cursors.read(connection, self.account.name)
            paused = accounts.polling_paused(connection, self.account.name)
            connection.commit()
            self._away = False
            if paused:
                self._sleep(PAUSED_LOOK)
                continue
            try:
                batch = self._turn(connection, cursor)
                if not batch.more:
                    self._rest(batch.cursor)
                if not batch.raws and (self._waits or batch.more):
                    self._sleep(SHORTEST_TURN - (time.monotonic() - began))
            except PollFailed as error:
                self._failed(connection, error, error.retry_after)
            except Exception as error:
                connection.rollback()
                if is_away(error):
                    raise
                log.error("%s: %s while polling", self.account.name, type(error).__name__)  # noqa: TRY400 - a traceback could carry a citizen's words
                said = say("Penjemputan gagal (%(error)s); lihat log proses listener.", error=type(error).__name__)
                self._failed(connection, said, None)

    def _turn(self, connection: Connection, cursor: Cursor | None) -> PollBatch:
        batch = self._channel.poll(cursor)
        if batch.raws or batch.cursor != cursor:
            self._keep(connection, batch)
            self._confirmed = False
        if batch.raws:
            bells.ring(self._runtime.redis, Bell.DRAIN)
        if not self._confirmed:
            # Also the first time: we may have died between the commit and this.
            self._channel.confirm(batch.cursor)
            self._confirmed = True
        self._worked(connection, news=bool(batch.raws))
        return batch

    def _keep(self, connection: Connection, batch: PollBatch) -> None:
        """Rows and cursor in one transaction; large bodies are safe in the blob store before it begins."""
        entries = [self._entry(raw) for raw in batch.raws]
        with connection.begin():
            if entries:
                journal.insert(connection, entries)
            cursors.write(connection, self.account.name, batch.cursor, self._runtime.clock())

    def _entry(self, raw: Polled) -> journal.Entry:
        now = self._runtime.clock()
        large = len(raw.body) > journal.INLINE
        return journal.Entry(
            id=journal.new_id(),
            account=self.account.name,
            source="poll",
            received_at=now,
            day=self._runtime.day(now),
            headers=raw.headers,
            body=None if large else raw.body,
            blob=self._runtime.blobs.put(raw.body) if large else None,
            meta=raw.meta,
        )

    def _worked(self, connection: Connection, *, news: bool) -> None:
        self._failures, now = 0, time.monotonic()
        if news or self._noted is None or now - self._noted > NOTE_EVERY:
            with connection.begin():
                health.note_received(connection, self.account.name, self._runtime.clock())
            self._noted = now

    def _failed(self, connection: Connection, error: PollFailed | Sentence, retry_after: float | None) -> None:
        self._failures += 1
        self._noted = None
        words = _shown(str(error))
        log.warning("%s: poll failed: %s", self.account.name, words)
        with connection.begin():
            health.note_failure(connection, self.account.name, words, self._runtime.clock())
        self._stop.wait(pause(self._failures, retry_after))

    def _rest(self, cursor: Cursor) -> None:
        if self._waits:
            self._channel.wait(cursor, LONGEST_WAIT)
        else:
            settings: Any = self._channel.settings
            self._sleep(float(getattr(settings, "poll_interval", POLL_PAUSE)))

    def _sleep(self, seconds: float) -> None:
        """Until the bell, the stop, or the time."""
        if seconds > 0 and not self._stop.is_set():
            self.wake.wait(seconds)
        self.wake.clear()


def _shown(error: str) -> str:
    """Without the address of what was called, in which a token may stand, and no longer than a page likes."""
    clean = _ADDRESS.sub("…", error)[:_LONGEST_ERROR]
    return error if clean == error else clean


def pause(failures: int, retry_after: float | None = None) -> float:
    """Seconds until the next poll after so many failures in a row: what the provider asked for, else 2 s to 5 min."""
    if retry_after is not None:
        return min(max(retry_after, 1.0), 3600.0)
    return float(min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE))


def _hear(runtime: Runtime, wakes: Mapping[str, threading.Event], stop: threading.Event) -> None:
    """Wake the accounts that the gateway rings for; what is rung while Redis is away the next poll finds anyway."""
    redis: Any = runtime.redis  # redis-py does not type its pubsub
    while not stop.is_set():
        try:
            with redis.pubsub(ignore_subscribe_messages=True) as heard:
                heard.subscribe(*wakes)
                while not stop.is_set():
                    message = heard.get_message(timeout=1.0)
                    if message and message["channel"].decode() in wakes:
                        wakes[message["channel"].decode()].set()
        except Exception as error:  # noqa: BLE001 - polling goes on without bells, and so must this thread
            log.warning("bells not heard: %s", type(error).__name__)
            stop.wait(FIRST_PAUSE)
