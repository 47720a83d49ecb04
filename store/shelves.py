"""The shelves of the rail: a page of a queue and how many stand in each, by indexes that hold their order.

Statements are put together once for each scope and view, and kept: that takes longer than the database needs for them.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import DateTime, Integer, Uuid, bindparam, func, literal, literal_column, select, tuple_

from store import branches
from store.branches import Part
from store.engine import kept
from store.models import Complaint
from store.queue import CAP, LATER, After, Page, Queue, Sort, Wanted, asked, cards, is_open, rows, within

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from store.queue import Row, Scope

#: What is sorted by, the earliest on top, and behind all of them what has none, the newest on top.
_RISING: Final = {Sort.DUE: Complaint.next_due_at, Sort.WAITING: Complaint.waiting_since}
_BY: Final = {Sort.DUE: "next_due_at", Sort.NEWEST: "opened_at", Sort.WAITING: "waiting_since"}
_PARTS: Final = {Queue.NEW: Part.OURS, Queue.UNIT: Part.UNIT, Queue.TRIAGE: Part.STRAY}
_AT: Final = bindparam("at", type_=DateTime(timezone=True))
_ID: Final = bindparam("id", type_=Uuid())
_KEPT: Final = 64


def page(
    connection: Connection, scope: Scope, wanted: Wanted, now: datetime, *, after: After | None = None, limit: int = 50
) -> Page:
    """One page of a queue. What has no deadline, or waits for no answer, stands behind what has one."""
    hunt = _Hunt(connection, scope, wanted, now, limit + 1)
    rising = _rises(wanted)
    found: list[Row] = []
    if rising and (after is None or after.at is not None):
        found, after = hunt.rising(after), None
    if len(found) <= limit:
        found += hunt.newest(after)[: limit + 1 - len(found)]
    last = found[limit - 1] if len(found) > limit else None
    at = None if last is None or (not rising and wanted.sort in _RISING) else getattr(last, _BY[wanted.sort])
    return Page(rows=found[:limit], after=None if last is None else After(at=at, id=last.id))


def _rises(wanted: Wanted) -> bool:
    """Whether the queue is sorted by a time that some lack: what is closed has no deadline and waits for nothing."""
    return wanted.sort in _RISING and wanted.queue is not Queue.DONE


@dataclasses.dataclass(frozen=True, slots=True)
class _Hunt:
    """The ways to the rows of one queue, of which each has an index that holds them in its order."""

    connection: Connection
    scope: Scope
    wanted: Wanted
    now: datetime
    most: int

    def rising(self, after: After | None) -> list[Row]:
        """What has something in the column that is sorted by, the earliest on top; only what is open has."""
        return self._rows(_rising(_anybodys(self.scope), self.wanted, self.most, on=after is not None), after)

    def newest(self, after: After | None) -> list[Row]:
        """The newest on top; where the queue rises, only what has nothing in that column."""
        known = None if after is None else after.at is not None
        return self._rows(_newest(_anybodys(self.scope), self.wanted, self.most, known=known), after)

    def _rows(self, query: Select[Any] | None, after: After | None) -> list[Row]:
        if query is None:
            return []
        start = {} if after is None else {"at": after.at, "id": after.id}
        return rows(self.connection, query, {**_asker(self.scope, self.now), **start})


def _anybodys(scope: Scope) -> Scope:
    """The scope as statements are kept for: of all officers who reach the same."""
    return dataclasses.replace(scope, officer_id=0)


def _asker(scope: Scope, now: datetime) -> dict[str, Any]:
    return {"now": now, "me": scope.officer_id}


@functools.lru_cache(_KEPT)
def _rising(scope: Scope, wanted: Wanted, most: int, *, on: bool) -> Select[Any] | None:
    """From the top, or from after a row."""
    column: Any = _RISING[wanted.sort]
    risen: Any = select(column.label("at"), Complaint.id)
    risen = risen.where(*asked(wanted, scope, LATER), is_open(), column.is_not(None))
    if on:
        risen = risen.where(tuple_(column, Complaint.id) > tuple_(_AT, _ID))
    return _first(scope, wanted, risen.order_by(column, Complaint.id), lambda each: [each.at, each.id], most)


@functools.lru_cache(_KEPT)
def _newest(scope: Scope, wanted: Wanted, most: int, *, known: bool | None) -> Select[Any] | None:
    """From the top (None), or from after a row of which the time is known or not."""
    at = Complaint.opened_at
    query: Any = select(at.label("at"), Complaint.id).where(*asked(wanted, scope, LATER))
    if _rises(wanted):
        query = query.where(_RISING[wanted.sort].is_(None))
    if known is not None:
        opened: Any = select(at).where(Complaint.id == _ID).scalar_subquery()
        query = query.where(tuple_(at, Complaint.id) < tuple_(_AT if known else opened, _ID))
    query = query.order_by(at.desc(), Complaint.id.desc())
    return _first(scope, wanted, query, lambda each: [each.at.desc(), each.id.desc()], most)


def _first(
    scope: Scope, wanted: Wanted, query: Select[Any], order: Callable[[Any], list[Any]], most: int
) -> Select[Any] | None:
    """The cards of the first `most` rows of a query; None where the scope reaches nothing of the queue."""
    found = branches.of(scope, wanted, _part(wanted))
    if not found:
        return None
    hit = branches.in_order(found, query, order, _limit(most))
    query = cards().join(hit, hit.c.id == Complaint.id).where(within(scope)).order_by(*order(hit.c))
    return _kept(query, wanted)


def _kept(query: Select[Any], wanted: Wanted) -> Select[Any]:
    """Whether a filter is rare or not decides by which index it is found; without one, the order always does."""
    whole = Wanted(queue=wanted.queue, sort=wanted.sort)
    return kept(query) if wanted == whole else query


def _limit(most: int) -> ColumnElement[int]:
    """In the words of the statement: a plan that is made for any limit takes it for a tenth of all rows."""
    return literal_column(str(most), Integer())


def _part(wanted: Wanted) -> Part:
    return _PARTS.get(wanted.queue, Part.ALL)


def counts(connection: Connection, scope: Scope, now: datetime, *, program: str | None = None) -> dict[Queue, int]:
    """How many stand in each queue but `ALL`, at most CAP + 1, in one statement."""
    query = _counts(_anybodys(scope), program)
    row = connection.execute(query, _asker(scope, now)).one()
    return {queue: int(count) for queue, count in zip(_COUNTED, row, strict=True)}


_COUNTED: Final = [queue for queue in Queue if queue is not Queue.ALL]


@functools.lru_cache(_KEPT)
def _counts(scope: Scope, program: str | None) -> Select[Any]:
    return kept(select(*(_capped(scope, Wanted(queue=queue, program=program), CAP + 1) for queue in _COUNTED)))


def count(connection: Connection, scope: Scope, wanted: Wanted, now: datetime, most: int) -> int:
    """How many stand in a queue, at most `most`."""
    query = select(_capped(_anybodys(scope), wanted, most))
    return int(connection.execute(query, _asker(scope, now)).scalar_one())


def _capped(scope: Scope, wanted: Wanted, most: int) -> Any:
    found = branches.of(scope, wanted, _part(wanted))
    label = wanted.queue.name.lower()
    if not found:
        return literal(0).label(label)
    query = select(literal(1)).select_from(Complaint).where(*asked(wanted, scope, LATER))
    inner = branches.anywhere(found, query).limit(_limit(most)).subquery()
    return select(func.count()).select_from(inner).scalar_subquery().label(label)


def arrived(connection: Connection, scope: Scope, wanted: Wanted, now: datetime, since: datetime) -> list[str]:
    """Tickets that came into a queue after `since`, newest first, at most a hundred."""
    query = _arrived(_anybodys(scope), wanted)
    return list(connection.execute(query, {**_asker(scope, now), "since": since}).scalars())


@functools.lru_cache(_KEPT)
def _arrived(scope: Scope, wanted: Wanted) -> Select[Any]:
    query = select(Complaint.ticket).where(within(scope), *asked(wanted, scope, LATER))
    query = query.where(Complaint.created_at > bindparam("since")).order_by(Complaint.created_at.desc()).limit(100)
    return _kept(query, wanted)
