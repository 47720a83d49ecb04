"""The audit log: what was done to complaints, officers and accounts, newest first, in pages by key."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Boolean, and_, false, func, literal, literal_column, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from store.casework.base import LOOKED
from store.models import AccountEvent, Complaint, Event, Officer, PersonEvent
from store.models.complaint import OF_OFFICERS
from store.queue import within

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from store.queue import Scope

#: Rows of a page, and of what is read at once for a download.
PAGE: Final = 50
AT_ONCE: Final = 1000
#: An officer's attempt to open a complaint that is not his, and to do what his role may not.
TRIED: Final = "tried"
REFUSED: Final = "refused"
#: The log itself was taken away as a file.
TAKEN: Final = "audit_taken"
#: As it stands in the indexes, word for word: with parameters no plan could use them.
_OFFICERS: Final = literal_column(f"event.{OF_OFFICERS}", Boolean())


class Kind(enum.StrEnum):
    """What the log can be narrowed to; without one, everything that a person of the house did."""

    ALL = "semua"
    CASES = "aduan"
    IDENTITIES = "identitas"
    ATTEMPTS = "ditolak"
    OFFICERS = "petugas"
    ACCOUNTS = "kanal"


class Book(enum.IntEnum):
    """Where a line stands; of lines of one moment the higher comes first."""

    COMPLAINTS = 0
    OFFICERS = 1
    ACCOUNTS = 2


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose acts an officer reads: complaints by his scope, officers by programs (None is all), accounts by name."""

    scope: Scope
    programs: frozenset[str] | None
    accounts: frozenset[str] | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the log is narrowed by: `start` and `end` are moments, the latter not in it; `case` with its ticket."""

    kind: Kind | None = None
    username: str = ""
    start: datetime | None = None
    end: datetime | None = None
    case: uuid.UUID | None = None
    ticket: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The last line of a page."""

    at: datetime
    book: Book
    id: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One act. `actor` is a username, `warga`, `sistem` or empty; `about` a ticket, a username or an account."""

    at: datetime
    book: Book
    id: int
    actor: str
    kind: str
    data: dict[str, Any]
    origin: str
    about: str
    program: str | None
    seq: int
    hash: bytes

    @property
    def key(self) -> After:
        """Where the next page begins."""
        return After(at=self.at, book=self.book, id=self.id)


def page(connection: Connection, reach: Reach, wanted: Wanted, after: After | None, size: int = PAGE) -> list[Line]:
    """The next lines, one more than `size` where there are more."""
    found: list[Line] = []
    for query in (_complaints(reach, wanted, after), _officers(reach, wanted, after), _accounts(reach, wanted, after)):
        rows = connection.execute(query.limit(size + 1)) if query is not None else ()
        found += [Line(**{**row._mapping, "book": Book(row.book)}) for row in rows]  # noqa: SLF001 - SQLAlchemy's public name
    return sorted(found, key=lambda line: (line.at, line.book, line.id), reverse=True)[: size + 1]


def every(connection: Connection, reach: Reach, wanted: Wanted) -> Iterator[Line]:
    """All lines, a thousand at a time."""
    after: After | None = None
    while True:
        lines = page(connection, reach, wanted, after, AT_ONCE)
        yield from lines[:AT_ONCE]
        if len(lines) <= AT_ONCE:
            return
        after = lines[AT_ONCE - 1].key


def _narrowed(table: type[Event | PersonEvent | AccountEvent], book: Book, wanted: Wanted, after: After | None) -> Any:
    conditions = []
    if wanted.start is not None:
        conditions.append(table.at >= wanted.start)
    if wanted.end is not None:
        conditions.append(table.at < wanted.end)
    if after is not None:
        same = tuple_(table.at, table.id) < tuple_(literal(after.at), literal(after.id))
        conditions.append(
            {-1: table.at <= after.at, 0: same, 1: table.at < after.at}[(book > after.book) - (book < after.book)]
        )
    return and_(true(), *conditions)


def _complaints(reach: Reach, wanted: Wanted, after: After | None) -> Select[Any] | None:
    if wanted.kind in {Kind.OFFICERS, Kind.ACCOUNTS, Kind.ATTEMPTS}:
        return None
    query = (
        select(
            Event.at, literal(Book.COMPLAINTS.value).label("book"), Event.id, Event.actor, Event.kind, Event.data,
            Event.origin, Complaint.ticket.label("about"), Complaint.program, Event.seq, Event.hash,
        )
        .join(Complaint, Complaint.id == Event.complaint_id)
        .where(within(reach.scope), _narrowed(Event, Book.COMPLAINTS, wanted, after))
        .order_by(Event.at.desc(), Event.id.desc())
    )  # fmt: skip
    if wanted.kind is not Kind.ALL:
        query = query.where(_OFFICERS)
    if wanted.kind is Kind.IDENTITIES:
        query = query.where(Event.kind == LOOKED)
    if wanted.username:
        query = query.where(Event.actor == wanted.username)
    if wanted.ticket:
        query = query.where(Event.complaint_id == wanted.case) if wanted.case is not None else query.where(false())
    return query


def _officers(reach: Reach, wanted: Wanted, after: After | None) -> Select[Any] | None:
    if wanted.kind in {Kind.CASES, Kind.IDENTITIES, Kind.ACCOUNTS}:
        return None
    by = aliased(Officer)
    query = (
        select(
            PersonEvent.at, literal(Book.OFFICERS.value).label("book"), PersonEvent.id,
            func.coalesce(by.username, "").label("actor"), PersonEvent.kind, PersonEvent.data, PersonEvent.origin,
            Officer.username.label("about"), literal(None).label("program"), PersonEvent.seq, PersonEvent.hash,
        )
        .join(Officer, Officer.id == PersonEvent.officer_id)
        .outerjoin(by, by.id == PersonEvent.actor_id)
        .where(_theirs(reach), _narrowed(PersonEvent, Book.OFFICERS, wanted, after))
        .order_by(PersonEvent.at.desc(), PersonEvent.id.desc())
    )  # fmt: skip
    if wanted.kind is Kind.ATTEMPTS:
        query = query.where(PersonEvent.kind.in_([TRIED, REFUSED]))
    if wanted.username:
        query = query.where(or_(by.username == wanted.username, Officer.username == wanted.username))
    if wanted.ticket:
        query = query.where(PersonEvent.data["ticket"].astext == wanted.ticket)
    return query


def _theirs(reach: Reach) -> ColumnElement[bool]:
    """The officers who see no program that this one does not."""
    if reach.programs is None:
        return true()
    some = func.jsonb_array_length(Officer.programs) > 0
    return and_(some, Officer.programs.contained_by(sorted(reach.programs)))


def _accounts(reach: Reach, wanted: Wanted, after: After | None) -> Select[Any] | None:
    if wanted.ticket or wanted.kind in {Kind.CASES, Kind.OFFICERS, Kind.ATTEMPTS}:
        return None
    query = (
        select(
            AccountEvent.at, literal(Book.ACCOUNTS.value).label("book"), AccountEvent.id,
            func.coalesce(Officer.username, "").label("actor"), AccountEvent.kind, AccountEvent.data,
            AccountEvent.origin, AccountEvent.account.label("about"), literal(None).label("program"),
            AccountEvent.seq, AccountEvent.hash,
        )
        .outerjoin(Officer, Officer.id == AccountEvent.actor_id)
        .where(_narrowed(AccountEvent, Book.ACCOUNTS, wanted, after))
        .order_by(AccountEvent.at.desc(), AccountEvent.id.desc())
    )  # fmt: skip
    if reach.accounts is not None:
        query = query.where(AccountEvent.account.in_(sorted(reach.accounts)))
    if wanted.kind is Kind.IDENTITIES:
        query = query.where(AccountEvent.kind == "revealed")
    if wanted.username:
        query = query.where(Officer.username == wanted.username)
    return query
