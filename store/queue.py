"""The queue: which complaints an officer sees, in which order, how many; always by keyset, never by OFFSET."""

from __future__ import annotations

import dataclasses
import enum
import functools
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    DateTime,
    Interval,
    Text,
    Uuid,
    and_,
    bindparam,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from normalizer.complaint import CLOSED
from store.engine import kept
from store.models import Complaint, Contact, Message
from store.models.complaint import ASKED, ONLY_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Select

#: Counting stops here: nobody acts differently on 1,001 and on 40,000.
CAP: Final = 1000
#: No clock is longer than 60 days (Perpres 76/2013), so its last quarter is at most this long.
_LONGEST_QUARTER: Final = timedelta(days=15)
_MOMENT: Final = DateTime(timezone=True)
_CLOSED: Final = [state.value for state in CLOSED]
#: More than a card shows, so that a cut never leaves half a name that masking would then miss.
_FIRST_WORDS: Final = 600


class Queue(enum.StrEnum):
    """The queues of the rail."""

    NEW = "antrean"
    MINE = "saya"
    UNIT = "unit"
    SOON = "segera"
    LATE = "lewat"
    WAITING = "warga"
    TRIAGE = "triase"
    DONE = "selesai"
    ALL = "semua"


class Sort(enum.StrEnum):
    """By next deadline, newest first, or by who has waited longest for an answer of ours."""

    DUE = "tenggat"
    NEWEST = "terbaru"
    WAITING = "menunggu"


class Flag(enum.StrEnum):
    """What a queue can be narrowed to."""

    UNREAD = "belum-dibaca"
    FAILED = "gagal-kirim"
    UNCLEAR = "format"
    DOUBLE = "ganda"
    ANONIM = "anonim"
    RAHASIA = "rahasia"


_FLAGS: Final = {
    Flag.UNREAD: Complaint.unread,
    Flag.FAILED: Complaint.send_failed,
    Flag.UNCLEAR: Complaint.format_unclear,
    Flag.DOUBLE: Complaint.likely_double,
    Flag.ANONIM: Complaint.anonim,
    Flag.RAHASIA: Complaint.rahasia,
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What an officer may see at all; None means no limit.

    `units` are codes: with them, only their complaints and those that no unit has. `tray` are the accounts whose
    complaints without a program he sorts.
    """

    officer_id: int
    programs: frozenset[str] | None
    units: frozenset[str] | None
    tray: frozenset[str] | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks and when: values, or what stands for them in a statement that is kept (`LATER`)."""

    now: ColumnElement[datetime]
    officer_id: int | ColumnElement[int]


#: For a statement that is kept: `now` and `me` are given whenever it is put.
LATER: Final = Asker(now=bindparam("now", type_=_MOMENT), officer_id=bindparam("me", type_=BigInteger))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A queue, narrowed. `place` is a name of the program's file; opened from `since` on, and before `until`.

    What is looked for by words is not part of it: see `store.search`. `ticket` is a whole code.
    """

    queue: Queue = Queue.NEW
    sort: Sort = Sort.DUE
    channel: str | None = None
    type: str | None = None
    unit: str | None = None
    program: str | None = None
    flag: Flag | None = None
    place: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    ticket: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """The last row of the page before: `at` is what it was sorted by, None behind the last deadline."""

    at: datetime | None
    id: UUID


class Row(NamedTuple):
    """What a card needs of a complaint; `name`, `contact_name` and `address` are unmasked."""

    id: UUID
    ticket: str
    program: str | None
    account: str
    channel: str
    state: str
    type: str
    anonim: bool
    rahasia: bool
    format_unclear: bool
    likely_double: bool
    body: str
    place: dict[str, Any] | None
    unit: str | None
    officer_id: int | None
    contact_id: UUID | None
    unread: bool
    send_failed: bool
    opened_at: datetime
    created_at: datetime
    next_due_at: datetime | None
    clock_started_at: datetime | None
    responded_at: datetime | None
    stays: list[Any]
    warned: list[Any]
    closed_at: datetime | None
    last_activity_at: datetime
    waiting_since: datetime | None
    version: int
    name: str | None
    contact_name: str | None
    address: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a queue; `after` starts the next one, None at the end."""

    rows: Sequence[Row]
    after: After | None


def within(scope: Scope) -> ColumnElement[bool]:
    """The rows that a scope reaches, for every query that an officer causes."""
    programs = true() if scope.programs is None else among(Complaint.program, scope.programs)
    units = true() if scope.units is None else or_(Complaint.unit.is_(None), among(Complaint.unit, scope.units))
    mine = and_(Complaint.program.is_not(None), programs, units)
    if scope.tray is None:
        return or_(Complaint.program.is_(None), mine)
    if not scope.tray:
        return mine
    return or_(and_(Complaint.program.is_(None), among(Complaint.account, scope.tray)), mine)


def among(column: Any, values: Iterable[str]) -> ColumnElement[bool]:
    """Any of these, as one parameter: for three units the statement is the same as for thirty."""
    found: ColumnElement[bool] = column == func.any(texts(values))
    return found


def texts(values: Iterable[str]) -> ColumnElement[Any]:
    """An array of them."""
    return literal(sorted(values), ARRAY(Text))


def is_open() -> ColumnElement[bool]:
    """As it stands in the indexes of what is open: word for word, not as a parameter, or no plan could use them."""
    return literal_column(f"complaint.{ONLY_OPEN}", Boolean())


def _queue(queue: Queue, scope: Scope, who: Asker) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    match queue:
        case Queue.NEW:
            found = [Complaint.officer_id.is_(None), Complaint.program.is_not(None), not_(_waits())]
            found += [_ours(scope, or_none=True), is_open()]
        case Queue.MINE:
            found = [Complaint.officer_id == who.officer_id, is_open()]
        case Queue.UNIT:
            found = [_ours(scope, or_none=False), is_open()]
        case Queue.SOON:
            found = [Complaint.next_due_at > who.now, Complaint.next_due_at < who.now + _LONGEST_QUARTER]
            found += [Complaint.next_due_at - _quarter() < who.now, is_open()]
        case Queue.LATE:
            found = [Complaint.next_due_at <= who.now, is_open()]
        case Queue.WAITING:
            found = [_waits()]
        case Queue.TRIAGE:
            found = [Complaint.program.is_(None), is_open()]
        case Queue.DONE:
            found = [Complaint.state.in_(_CLOSED)]
        case Queue.ALL:
            pass
    return found


def _ours(scope: Scope, *, or_none: bool) -> ColumnElement[bool]:
    """What a unit of the scope's has, or what no unit has."""
    if scope.units is None:
        return Complaint.unit.is_(None) if or_none else Complaint.unit.is_not(None)
    held = among(Complaint.unit, scope.units)
    return or_(Complaint.unit.is_(None), held) if or_none else held


def _waits() -> ColumnElement[bool]:
    return literal_column(f"complaint.{ASKED}", Boolean())


def _quarter() -> ColumnElement[timedelta]:
    """The last part of the time that the next clock gives."""
    return literal_column(
        "(complaint.next_due_at - coalesce(complaint.clock_started_at, complaint.opened_at)) / 4", Interval()
    )


def narrowed(wanted: Wanted, scope: Scope, now: datetime) -> ColumnElement[bool]:
    """The conditions of a queue with its filters, as far as the scope reaches."""
    return and_(within(scope), *asked(wanted, scope, Asker(now=literal(now, _MOMENT), officer_id=scope.officer_id)))


def asked(wanted: Wanted, scope: Scope, who: Asker) -> list[ColumnElement[bool]]:
    """What a queue and its filters ask of a complaint that the scope reaches."""
    conditions = _queue(wanted.queue, scope, who)
    for column, value in (
        (Complaint.channel, wanted.channel),
        (Complaint.type, wanted.type),
        (Complaint.unit, wanted.unit),
        (Complaint.program, wanted.program),
        (Complaint.ticket, wanted.ticket),
    ):
        if value is not None:
            conditions.append(column == value)
    if wanted.flag is not None:
        conditions.append(_FLAGS[wanted.flag].expression)
    if wanted.place is not None:
        conditions.append(Complaint.place.contains({"candidates": [wanted.place]}))
    if wanted.since is not None:
        conditions.append(Complaint.opened_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Complaint.opened_at < wanted.until)
    return conditions


@functools.cache
def cards() -> Select[Any]:
    """What a card needs of complaints, in the order of `Row`."""
    sender = _sender()
    elsewhere = {
        "body": func.left(Complaint.body, _FIRST_WORDS).label("body"),
        "name": sender.c.name.label("name"),
        "contact_name": Contact.name.label("contact_name"),
        "address": sender.c.address.label("address"),
    }
    columns = [elsewhere[name] if name in elsewhere else getattr(Complaint, name) for name in Row._fields]
    return (
        select(*columns)
        .select_from(Complaint)
        .outerjoin(Contact, Contact.id == Complaint.contact_id)
        .outerjoin(sender, true())
    )


def _sender() -> Any:
    """The complaint's first line from the citizen: who wrote."""
    return (
        select(Message.name, Message.address)
        .where(Message.complaint_id == Complaint.id, Message.direction == "in")
        .order_by(Message.sent_at, Message.sequence)
        .limit(1)
        .lateral("sender")
    )


def rows(connection: Connection, query: Select[Any], values: Mapping[str, Any]) -> list[Row]:
    """What a query made of `cards` finds."""
    return [Row._make(row) for row in connection.execute(query, values)]


@functools.cache
def _of_ids() -> Select[Any]:
    return kept(cards().where(Complaint.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))))


def of(connection: Connection, ids: Sequence[UUID]) -> list[Row]:
    """These complaints in this order."""
    found = {row.id: row for row in rows(connection, _of_ids(), {"ids": ids})} if ids else {}
    return [found[each] for each in ids if each in found]


def find(connection: Connection, scope: Scope, ticket: str) -> Row | None:
    """The complaint of a ticket where the scope reaches it; None for any other, whether it exists or not."""
    found = rows(connection, _of_ticket(dataclasses.replace(scope, officer_id=0)), {"ticket": ticket})
    return found[0] if found else None


@functools.lru_cache(maxsize=64)
def _of_ticket(scope: Scope) -> Select[Any]:
    return kept(cards().where(within(scope), Complaint.ticket == bindparam("ticket")))
