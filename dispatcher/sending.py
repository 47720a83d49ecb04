"""The senders: lanes of the outbox in parallel threads, so that a slow account or a dead one holds up no other."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from channels.contract import Conversation, OutboundFile, OutboundReply
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from dispatcher import pulse
from normalizer.saying import bug, say
from store import health, outbox
from store.blobs import BlobError, BlobMissingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from channels.contract import Channel, ReplyOptions
    from dispatcher.runtime import Account, Runtime
    from normalizer.messages import DeliveryReceipt
    from store.outbox import Letter

log = logging.getLogger(__name__)

Lane = tuple[str, int]

#: Lanes of one account at work at the same time in one process.
PER_ACCOUNT = 4
#: A claim that old, in a lane that nobody holds, belongs to a dead sender.
ABANDONED = timedelta(seconds=3)
#: How long we keep trying while a provider is down.
PATIENCE = timedelta(hours=24)
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0
#: Seconds until a message is tried again whose files the blob store did not give.
_STORE_PAUSE = 30.0


class Lanes:
    """The lanes that this process holds: session locks on one connection, which PostgreSQL drops when we die."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._mutex = threading.Lock()
        self._connection: Connection | None = None

    @contextlib.contextmanager
    def hold(self, lane: Lane) -> Iterator[bool]:
        """Hold a lane for the block; False if another process has it."""
        with self._mutex:
            held = outbox.lock_lane(self._open(), *lane)
        try:
            yield held
        finally:
            if held:
                self._release(lane)

    def _open(self) -> Connection:
        if self._connection is None or self._connection.invalidated or self._connection.closed:
            self._connection = self._runtime.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        return self._connection

    def _release(self, lane: Lane) -> None:
        with self._mutex:
            try:
                outbox.unlock_lane(self._open(), *lane)
            except SQLAlchemyError:
                # The locks went with the connection.
                if self._connection is not None:
                    self._connection.invalidate()
                self._connection = None

    def close(self) -> None:
        """Give everything back."""
        with self._mutex:
            if self._connection is not None:
                self._connection.close()
            self._connection = None


class Sender:
    """Sends what is due, lane by lane; lives as long as its process, so that a slow lane outlasts the job that rang."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._lanes = Lanes(runtime)
        self._threads = max(runtime.pace.send_threads, PER_ACCOUNT * len(runtime.accounts))
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="send")
        self._mutex = threading.Lock()
        self._busy: set[Lane] = set()
        self._idle = threading.Condition(self._mutex)

    def run(self, seconds: float = 5.0) -> bool:
        """Start whatever is due, for about that long; True if something is still under way or due."""
        end = time.monotonic() + seconds
        while True:
            started = self._start_due()
            with self._mutex:
                if not self._busy and not started:
                    return False
                if time.monotonic() > end:
                    return True
                self._idle.wait(0.2)

    def close(self, seconds: float = 30.0) -> None:
        """Let what is under way end, then give the lanes back."""
        end = time.monotonic() + seconds
        with self._mutex:
            while self._busy and time.monotonic() < end:
                self._idle.wait(0.2)
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._lanes.close()

    def _start_due(self) -> int:
        now = self._runtime.clock()
        with self._runtime.engine.connect() as connection:
            due = outbox.lanes(connection, now, now - ABANDONED)
        started = 0
        for lane in [lane for lane in due if lane[0] not in self._runtime.accounts]:
            with self._runtime.engine.begin() as connection:
                outbox.forsake(connection, *lane, now)
            pulse.bump(self._runtime.redis)
        for lane in due:
            with self._mutex:
                crowded = sum(other[0] == lane[0] for other in self._busy) >= PER_ACCOUNT
                if lane in self._busy or crowded or lane[0] not in self._runtime.accounts:
                    continue
                self._busy.add(lane)
            self._pool.submit(self._work, lane)
            started += 1
        return started

    def _work(self, lane: Lane) -> None:
        try:
            with self._lanes.hold(lane) as held:
                if held:
                    self._send_lane(lane)
        except Exception as error:  # noqa: BLE001 - a thread has nobody to tell; the sweeper rings again
            log.warning("lane %s/%d stopped: %s", *lane, type(error).__name__)
        finally:
            with self._mutex:
                self._busy.discard(lane)
                self._idle.notify_all()

    def _send_lane(self, lane: Lane) -> None:
        account = self._runtime.accounts[lane[0]]
        idempotent = account.channel.capabilities.idempotent_send
        with self._runtime.engine.begin() as connection:
            outbox.settle_abandoned(connection, *lane, self._runtime.clock(), idempotent=idempotent)
        while True:
            with self._runtime.engine.begin() as connection:
                letter = outbox.claim(connection, *lane, self._runtime.clock())
            going = letter is not None and send(self._runtime, account, letter)
            pulse.bump(self._runtime.redis)
            if not going:
                return


def send(runtime: Runtime, account: Account, letter: Letter) -> bool:
    """Send one claimed message and record what became of it; False if the account should rest."""
    now = runtime.clock()
    try:
        receipt = _deliver(account.channel, letter, runtime)
    except Throttled as error:
        return _rest(runtime, letter, error, max(error.retry_after, 1.0), alone=error.alone)
    except ProviderDown as error:
        return _rest(runtime, letter, error, None)
    except OutcomeUnknown as error:
        return _unknown(runtime, account, letter, error)
    except SendFailed as error:
        # An officer must hear of his own answer; an automatic text that the channel does not take is let go.
        state = "skipped" if isinstance(error, _Shut) and letter.purpose != "answer" else "failed"
        with runtime.engine.begin() as connection:
            outbox.give_up(connection, letter, state, str(error), runtime.clock())
        return True
    except Exception as error:  # noqa: BLE001 - a bug in an adapter: the request may have left
        log.error("adapter %s failed while sending %s: %s", account.channel.key, letter.id, type(error).__name__)  # noqa: TRY400 - no words of citizens in logs
        return _unknown(runtime, account, letter, OutcomeUnknown(bug(error)))
    _record(runtime, letter, receipt)
    log.debug("%s sent after %s", letter.id, runtime.clock() - now)
    return True


class _Shut(Refused):
    """The channel takes no answer in this conversation now."""


def _deliver(channel: Channel[object], letter: Letter, runtime: Runtime) -> DeliveryReceipt:
    conversation = Conversation(
        conversation_id=letter.conversation,
        address=letter.address,
        last_inbound_at=letter.last_inbound_at,
        hints=letter.last_hints or {},
        sent=letter.sent,
    )
    options = channel.reply_options(conversation, runtime.clock())
    if not options.allowed:
        raise _Shut(options.reason or say("Kanal ini tidak dapat menerima jawaban sekarang."))
    files = _files(channel, options, letter, runtime)
    return channel.send(
        OutboundReply(
            id=str(letter.id),
            conversation_id=letter.conversation,
            to=letter.address,
            text=letter.text,
            subject=letter.subject,
            in_reply_to=letter.in_reply_to,
            attachments=files,
            hints=letter.hints or letter.last_hints or {},
            purpose=letter.purpose,
            how=options.how,
            values=_values(runtime, letter),
        )
    )


def _files(channel: Channel[object], options: ReplyOptions, letter: Letter, runtime: Runtime) -> Sequence[OutboundFile]:
    """The files that go along. Refused where the channel takes them no more, or one is gone; Throttled alone else."""
    wanted = letter.files or []
    if len(wanted) > (options.files or channel.capabilities.files).most:
        raise Refused(
            say("Kanal ini sekarang tidak menerima lampiran sebanyak itu; kirim jawaban baru tanpa lampiran.")
        )
    try:
        return [
            OutboundFile(
                name=each["name"], content_type=each["content_type"], content=runtime.blobs.get(each["sha256"])
            )
            for each in wanted
        ]
    except BlobMissingError:
        raise Refused(say("Lampirannya tidak ada lagi di penyimpanan; kirim jawaban baru.")) from None
    except BlobError:
        raise Throttled(
            say("Penyimpanan berkas tidak menjawab; dicoba lagi sebentar lagi."), retry_after=_STORE_PAUSE, alone=True
        ) from None


def _values(runtime: Runtime, letter: Letter) -> dict[str, str]:
    """What a template may name."""
    program = runtime.programs.get(letter.program or "")
    found = {
        "ticket": letter.ticket,
        "program": None if program is None else program.name,
        "state": letter.complaint_state,
    }
    return {name: value for name, value in found.items() if value}


def _record(runtime: Runtime, letter: Letter, receipt: DeliveryReceipt) -> None:
    """Write down that it went out. If the database is away meanwhile, a few tries; else it ends as unknown, visibly."""
    for pause in (0.2, 1.0, 3.0, 5.0, None):
        try:
            with runtime.engine.begin() as connection:
                now = runtime.clock()
                outbox.record_sent(connection, letter, receipt.external_id, receipt.status.value, now)
                health.note_sent(connection, letter.account, now)
        except SQLAlchemyError:
            if pause is None:
                raise
            time.sleep(pause)
        else:
            return


def _rest(runtime: Runtime, letter: Letter, error: SendFailed, seconds: float | None, *, alone: bool = False) -> bool:
    """Not sent: the account rests, or this message `alone`, as long as was said or a little longer each time."""
    now = runtime.clock()
    with runtime.engine.begin() as connection:
        # What an officer's pause held up has not been tried meanwhile.
        since = max(letter.created_at, health.resumed_at(connection, letter.account) or letter.created_at)
        if now - since > PATIENCE:
            said = say("Dicoba sehari penuh tanpa hasil. %(error)s", error=str(error))
            outbox.give_up(connection, letter, "failed", said, now)
            return True
        pause = seconds
        if pause is None:
            pause = min(FIRST_PAUSE * 2 ** min(health.failures(connection, letter.account), 10), LONGEST_PAUSE)
        until = now + timedelta(seconds=pause)
        outbox.postpone(connection, letter, until, str(error))
        if not alone:
            health.rest(connection, letter.account, str(error), now, until)
    return alone


def _unknown(runtime: Runtime, account: Account, letter: Letter, error: SendFailed) -> bool:
    if account.channel.capabilities.idempotent_send:
        return _rest(runtime, letter, error, None)
    with runtime.engine.begin() as connection:
        now = runtime.clock()
        outbox.give_up(connection, letter, "unknown" if letter.purpose == "answer" else "dropped", str(error), now)
        health.note_failure(connection, letter.account, str(error), now)
    return True


_SENDER: ContextVar[Sender] = ContextVar("sender")


@contextlib.contextmanager
def sender(runtime: Runtime) -> Iterator[Sender]:
    """One sender for this process, for the block."""
    made = Sender(runtime)
    token = _SENDER.set(made)
    try:
        yield made
    finally:
        _SENDER.reset(token)
        made.close()


def current() -> Sender:
    """The sender of this process; LookupError where nobody has put one."""
    return _SENDER.get()
