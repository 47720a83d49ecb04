"""Accepting: an entry is durable when `accept` returns, in the journal or, where the database is away, in the spool."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import enum
import logging
from typing import TYPE_CHECKING

from gateway.commits import Committer
from gateway.spool import SpoolError
from store.blobs import BlobError
from store.journal import INLINE

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gateway.guard import Guard
    from gateway.ringing import Ringer
    from gateway.spool import Spool
    from store.blobs import Blobs
    from store.journal import Entry

log = logging.getLogger(__name__)

#: How long a body may take to the blob store (seconds) before it goes to the spool instead.
BLOB_DEADLINE = 8.0
_BLOB_THREADS = 4


class Where(enum.StrEnum):
    """Where an accepted entry lies."""

    JOURNAL = "journal"
    SPOOL = "spool"


class NotDurable(Exception):  # noqa: N818 - it names a state of the entry, not a mistake
    """Neither journal nor spool took the entry: nobody may be told that it arrived."""


class Acceptor:
    """Makes entries durable for all request threads of this process. `deadline` in seconds."""

    def __init__(
        self, *, engine: Engine, blobs: Blobs, spool: Spool, guard: Guard, ringer: Ringer, deadline: float
    ) -> None:
        self._blobs = blobs
        self._spool = spool
        self._ringer = ringer
        self._committer = Committer(engine, guard, deadline)
        self._big = concurrent.futures.ThreadPoolExecutor(_BLOB_THREADS, thread_name_prefix="blobs")

    def start(self) -> None:
        """Open the way to the database; nothing waits for it."""
        self._committer.start()

    def stop(self) -> None:
        """Commit what is under way, and end."""
        self._committer.stop()
        self._big.shutdown(wait=False, cancel_futures=True)

    @property
    def database_up(self) -> bool:
        """Whether the last commit or probe succeeded."""
        return self._committer.up

    def accept(self, entry: Entry) -> Where:
        """Return when the entry is durable. NotDurable where it is not and nobody may be told that it arrived."""
        entry = self._offload(entry)
        if _fits(entry) and self._committer.commit(entry):
            self._ringer.ring()
            return Where.JOURNAL
        try:
            self._spool.put(entry)
        except SpoolError as error:
            log.error("an entry was refused: %s", error)  # noqa: TRY400 - one line; the cause is in the message
            raise NotDurable("neither journal nor spool") from error
        return Where.SPOOL

    def _offload(self, entry: Entry) -> Entry:
        """The entry with a big body in the blob store, or as it was where that does not take it."""
        if entry.body is None or _fits(entry):
            return entry
        try:
            blob = self._big.submit(self._blobs.put, entry.body).result(timeout=BLOB_DEADLINE)
        except (BlobError, concurrent.futures.TimeoutError) as error:
            log.warning("a big body goes to the spool: %s", type(error).__name__)
            return entry
        return dataclasses.replace(entry, body=None, blob=blob)


def _fits(entry: Entry) -> bool:
    return entry.body is None or len(entry.body) <= INLINE
