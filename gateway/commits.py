"""Group commit: request threads hand their entries to one writer, which commits all that wait in one transaction."""

from __future__ import annotations

import collections
import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from store.journal import insert

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from gateway.guard import Guard
    from store.journal import Entry

log = logging.getLogger(__name__)

#: The most entries in one transaction.
GROUP = 256
#: Seconds between two looks whether the database is back.
PROBE_EVERY = 0.5


class _Slip:
    """One request's entry, and what became of it: True for committed, False for "take it to the spool"."""

    __slots__ = ("committed", "done", "entry")

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.committed = False
        self.done = threading.Lock()
        self.done.acquire()

    def tell(self, *, committed: bool) -> None:
        self.committed = committed
        self.done.release()


def is_poison(error: BaseException) -> bool:
    """Whether the fault lies in the entry, so that it fails again on a healthy database."""
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError | IntegrityError)
    return isinstance(error, StatementError | UnicodeError | ValueError | TypeError)


class Committer:
    """The writer and the queue before it. While the database is away, nobody waits for it (`up` is False)."""

    def __init__(self, engine: Engine, guard: Guard, deadline: float) -> None:
        self._engine = engine
        self._guard = guard
        self._deadline = deadline
        self._queue: collections.deque[_Slip] = collections.deque()
        self._wake = threading.Condition()
        self._stopped = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self.up = True

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, and end."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join()

    def commit(self, entry: Entry) -> bool:
        """Whether the entry is committed. False also where nobody knows: the same id may safely be written again."""
        slip = _Slip(entry)
        with self._wake:
            if not self.up or self._stopped:
                return False
            self._queue.append(slip)
            if len(self._queue) == 1:
                self._wake.notify()
        if slip.done.acquire(timeout=self._deadline):
            return slip.committed
        self._fall("no answer in time")
        return False

    def _run(self) -> None:
        while True:
            slips = self._next()
            if slips is None:
                break
            try:
                self._write_all(slips) if slips else self._probe()
            except Exception as error:  # noqa: BLE001 - whatever it is, the requests must hear of it and go to the spool
                self._drop()
                self._fall(type(error).__name__)
                for slip in slips:
                    slip.tell(committed=False)
        self._drop()

    def _next(self) -> list[_Slip] | None:
        """What waits; an empty list asks for a probe; None ends the writer."""
        with self._wake:
            if self.up:
                self._wake.wait_for(lambda: self._queue or self._stopped or not self.up)
            elif not self._stopped:
                self._wake.wait(PROBE_EVERY)
            if not self._queue:
                return None if self._stopped else []
            return [self._queue.popleft() for _ in range(min(len(self._queue), GROUP))]

    def _write_all(self, slips: list[_Slip]) -> None:
        try:
            self._write([slip.entry for slip in slips])
        except Exception as error:
            if not is_poison(error):
                raise
            self._write_apart(slips)
        else:
            self._rise()
            for slip in slips:
                slip.tell(committed=True)

    def _write_apart(self, slips: list[_Slip]) -> None:
        """Halving would be quicker; poison in a webhook is rare enough to go one by one. Takes from `slips`."""
        while slips:
            committed = True
            try:
                self._write([slips[0].entry])
            except Exception as error:
                if not is_poison(error):
                    raise
                log.error("the database refuses one entry: %s", type(error).__name__)  # noqa: TRY400 - a trace may quote
                committed = False
            slips.pop(0).tell(committed=committed)

    def _write(self, entries: list[Entry]) -> None:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        # One statement is a transaction of its own: so it takes one round trip and not three.
        with self._guard.limit(connection, self._deadline):
            insert(connection, entries)

    def _probe(self) -> None:
        self._write([])
        self._rise()

    def _rise(self) -> None:
        if not self.up:
            with self._wake:
                self.up = True
            log.warning("the database takes entries again")

    def _fall(self, reason: str) -> None:
        """From now on nobody waits, and those who wait are sent to the spool."""
        with self._wake:
            if self.up:
                self.up = False
                log.warning("the database takes no entries: %s", reason)
            waiting = list(self._queue)
            self._queue.clear()
            self._wake.notify()
        for slip in waiting:
            slip.tell(committed=False)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.invalidate()
                connection.close()
            except SQLAlchemyError as error:
                log.debug("closing a dead connection: %s", type(error).__name__)
