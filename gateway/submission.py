"""From a checked form to a durable one: the code first, then the journal; the same form twice is one complaint."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import threading
import uuid
from typing import TYPE_CHECKING, Any, Final, Protocol

from gateway.quick import AwayError
from store.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime
    from gateway.codes import CodePool
    from gateway.quick import Quick
    from gateway.report import Report

#: The account of the public form, which every installation has.
ACCOUNT: Final = "web"
_REMEMBERED: Final = 5_000
_STRIPES: Final = 64
_TIME_BITS: Final = 0xFFFF_FFFF_FFFF << 80
_FREE_BITS: Final = 0x0FFF_3FFF_FFFF_FFFF_FFFF
_VERSION_BITS: Final = (0x7 << 76) | (0x2 << 62)


class Accepts(Protocol):
    """The gateway's way into the journal."""

    def accept(self, entry: Entry) -> Any:
        """Make the entry durable, or raise NotDurable."""


class Turn:
    """One form while nobody else handles the same."""

    def __init__(self, submissions: Submissions, key: uuid.UUID) -> None:
        self._submissions = submissions
        self._key = key

    def known(self) -> str | None:
        """See `Submissions.known`."""
        return self._submissions.known(self._key)

    def submit(self, body: bytes, content_type: str) -> str:
        """See `Submissions.submit`."""
        return self._submissions.submit(self._key, body, content_type)


class Submissions:
    """Hands forms to the acceptor, each under an id made of its stamp and its content."""

    def __init__(self, runtime: Runtime, acceptor: Accepts, pool: CodePool, quick: Quick) -> None:
        self._runtime = runtime
        self._acceptor = acceptor
        self._pool = pool
        self._quick = quick
        self._stripes = [threading.Lock() for _ in range(_STRIPES)]
        self._lock = threading.Lock()
        self._codes: collections.OrderedDict[uuid.UUID, str] = collections.OrderedDict()
        self._durable: collections.OrderedDict[uuid.UUID, None] = collections.OrderedDict()

    @contextlib.contextmanager
    def turn(self, form_id: str, report: Report) -> Iterator[Turn]:
        """A turn for one form: whoever sends the very same one meanwhile waits, and then finds it known."""
        key = journal_id(form_id, report)
        with self._stripes[key.int % _STRIPES]:
            yield Turn(self, key)

    def known(self, key: uuid.UUID) -> str | None:
        """The code of a form that is durable already; None where it is not, or nobody can say."""
        with self._lock:
            code = self._codes.get(key) if key in self._durable else None
        return code or self._journalled(key)

    def submit(self, key: uuid.UUID, body: bytes, content_type: str) -> str:
        """The citizen's code, once the form is durable. NoCodeError, NotDurable."""
        code = self._codes.get(key) or self._remember(key, self._pool.take())
        now = self._runtime.clock()
        self._acceptor.accept(
            Entry(
                id=key,
                account=ACCOUNT,
                source="form",
                received_at=now,
                day=self._runtime.day(now),
                headers={"content-type": content_type},
                body=body,
                meta={"ticket": code, "submission": key.hex},
            )
        )
        # Another process may have journalled the same form a moment earlier: its code is the one that counts.
        final = self._remember(key, self._journalled(key) or code)
        with self._lock:
            self._durable[key] = None
        return final

    def _remember(self, key: uuid.UUID, code: str) -> str:
        with self._lock:
            self._codes[key] = code
            self._codes.move_to_end(key)
            while len(self._codes) > _REMEMBERED:
                gone, _ = self._codes.popitem(last=False)
                self._durable.pop(gone, None)
        return code

    def _journalled(self, key: uuid.UUID) -> str | None:
        try:
            return self._quick.run(lambda connection: _code_of(connection, key))
        except AwayError:
            return None


def journal_id(form_id: str, report: Report) -> uuid.UUID:
    """The journal row's id: the time of the form's stamp, then a hash of stamp and content, as a UUIDv7."""
    digest = hashlib.sha256(f"{form_id}:{report.digest}".encode()).digest()
    stamped = uuid.UUID(form_id).int & _TIME_BITS
    return uuid.UUID(int=stamped | _VERSION_BITS | (int.from_bytes(digest[:16]) & _FREE_BITS))


def _code_of(connection: Connection, key: uuid.UUID) -> str | None:
    row = connection.exec_driver_sql("SELECT meta ->> 'ticket' FROM journal WHERE id = %s", (key,)).one_or_none()
    return None if row is None else row[0]
