"""Refilling the journal from the spool, in order of arrival, once the database is back."""

from __future__ import annotations

import collections
import dataclasses
import logging
import threading
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from gateway.commits import is_poison
from gateway.spool import TornError
from store.blobs import BlobError
from store.journal import INLINE, insert

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Engine

    from gateway.guard import Guard
    from gateway.ringing import Ringer
    from gateway.spool import Spool
    from store.blobs import Blobs
    from store.journal import Entry

log = logging.getLogger(__name__)

#: Files in one transaction, and the bytes after which a batch takes no more.
BATCH = 100
BATCH_BYTES = 16 * 1024 * 1024
#: After so many tries a file that cannot be read or inserted is put aside.
TRIES = 3
#: Seconds between two looks into the folder, and the longest a batch may take.
EVERY = 1.0
DEADLINE = 30.0


class Refill:
    """Empties this host's spool into the journal; one process of a host at a time does it."""

    def __init__(
        self,
        *,
        engine: Engine,
        blobs: Blobs,
        spool: Spool,
        guard: Guard,
        ringer: Ringer,
        is_up: Callable[[], bool] = lambda: True,
    ) -> None:
        self._engine = engine
        self._blobs = blobs
        self._spool = spool
        self._guard = guard
        self._ringer = ringer
        self._is_up = is_up
        self._strikes: collections.Counter[str] = collections.Counter()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refill", daemon=True)

    def start(self) -> None:
        """Begin to look into the spool."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch at hand."""
        self._stopped.set()
        self._thread.join()

    def once(self) -> int:
        """Move all that can be moved now; how many entries that were. SQLAlchemyError where the database is away."""
        names = self._spool.names()
        if not names:
            return 0
        moved = 0
        with self._spool.drainer() as mine:
            # Read again under the lock: another process may have moved them meanwhile.
            left = collections.deque(self._spool.names() if mine else [])
            while left and not self._stopped.is_set():
                moved += self._move(self._load(left))
            if mine:
                self._spool.sweep_drafts()
        if moved:
            log.warning("%d entries moved from the spool to the journal", moved)
        return moved

    def _run(self) -> None:
        while not self._stopped.wait(EVERY):
            if not self._is_up():
                continue
            try:
                self.once()
            except (SQLAlchemyError, OSError) as error:
                log.warning("the spool waits: %s", type(error).__name__)
            except Exception as error:  # noqa: BLE001 - this thread must live as long as its process
                log.error("the spool waits: %s", type(error).__name__)  # noqa: TRY400 - a trace may hold a payload

    def _load(self, left: collections.deque[str]) -> list[tuple[str, Entry]]:
        """The next files' entries, taken from `left`; those that cannot be read get a strike instead."""
        loaded: list[tuple[str, Entry]] = []
        size = 0
        while left and len(loaded) < BATCH and size < BATCH_BYTES:
            name = left.popleft()
            try:
                entry = self._spool.read(name)
                size += len(entry.body or b"")
                loaded.append((name, self._offload(entry)))
            except FileNotFoundError:
                continue
            except (TornError, OSError) as error:
                self._strike(name, error)
            except BlobError as error:
                log.warning("a spooled body waits for the blob store: %s", type(error).__name__)
        return loaded

    def _offload(self, entry: Entry) -> Entry:
        if entry.body is None or len(entry.body) <= INLINE:
            return entry
        return dataclasses.replace(entry, body=None, blob=self._blobs.put(entry.body))

    def _move(self, loaded: Sequence[tuple[str, Entry]]) -> int:
        if not loaded:
            return 0
        try:
            self._insert([entry for _, entry in loaded])
        except Exception as error:
            if not is_poison(error):
                raise
            if len(loaded) > 1:
                return sum(self._move([one]) for one in loaded)
            self._strike(loaded[0][0], error)
            return 0
        for name, _ in loaded:
            self._spool.remove(name)
            self._strikes.pop(name, None)
        self._ringer.ring()
        return len(loaded)

    def _insert(self, entries: Sequence[Entry]) -> None:
        with self._engine.connect() as connection:
            # A new connection each time: testing one from the pool would hang with a hanging server.
            connection.detach()
            with self._guard.limit(connection, DEADLINE), connection.begin():
                insert(connection, entries)

    def _strike(self, name: str, error: Exception) -> None:
        self._strikes[name] += 1
        if self._strikes[name] >= TRIES:
            log.error("the spool file %s is put aside as bad: %s", name, type(error).__name__)
            self._spool.give_up(name)
            del self._strikes[name]
