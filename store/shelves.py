"""The shelves of the rail: a page of a queue and how many stand in each, by indexes that hold their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, literal, select, tuple_

from store import branches
from store.branches import Part
from store.models import Complaint
from store.queue import CAP, After, Page, Queue, Sort, Wanted, asked, is_open, narrowed, shown, within

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from store.queue import Row, Scope

#: What is sorted by, the earliest on top, and behind all of them what has none, the newest on top.
_RISING: Final = {Sort.DUE: Complaint.next_due_at, Sort.WAITING: Complaint.waiting_since}
_BY: Final = {Sort.DUE: "next_due_at", Sort.NEWEST: "opened_at", Sort.WAITING: "waiting_since"}
_PARTS: Final = {Queue.NEW: Part.OURS, Queue.UNIT: Part.UNIT, Queue.TRIAGE: Part.STRAY}


def page(
    connection: Connection, scope: Scope, wanted: Wanted, now: datetime, *, after: After | None = None, limit: int = 50
) -> Page:
    """One page of a queue. What has no deadline, or waits for no answer, stands behind what has one."""
    hunt = _Hunt(connection, scope, wanted, now)
    # What is closed has no deadline and waits for nothing.
    column = None if wanted.queue is Queue.DONE else _RISING.get(wanted.sort)
    found: list[Row] = []
    if column is not None and (after is None or after.at is not None):
        found, after = hunt.rising(column, after, limit + 1), None
    if len(found) <= limit:
        found += hunt.newest(after, limit + 1 - len(found), lacking=column)
    last = found[limit - 1] if len(found) > limit else None
    at = None if last is None or (column is None and wanted.sort in _RISING) else getattr(last, _BY[wanted.sort])
    return Page(rows=found[:limit], after=None if last is None else After(at=at, id=last.id))


class _Hunt:
    """The ways to the rows of one queue, of which each has an index that holds them in its order."""

    def __init__(self, connection: Connection, scope: Scope, wanted: Wanted, now: datetime) -> None:
        self._connection = connection
        self._scope = scope
        self._asked = asked(wanted, scope, now)
        self._branches = branches.of(connection, scope, wanted, _PARTS.get(wanted.queue, Part.ALL))

    def rising(self, column: Any, after: After | None, limit: int) -> list[Row]:
        """What has something in the column, the earliest on top; only what is open has."""
        risen: Any = select(column.label("at"), Complaint.id).where(*self._asked, is_open(), column.is_not(None))
        if after is not None:
            risen = risen.where(tuple_(column, Complaint.id) > tuple_(literal(after.at), literal(after.id)))
        return self._first(risen.order_by(column, Complaint.id), lambda each: [each.at, each.id], limit)

    def newest(self, after: After | None, limit: int, *, lacking: Any) -> list[Row]:
        """The newest on top; with `lacking` only what has nothing in that column."""
        at = Complaint.opened_at
        query: Any = select(at.label("at"), Complaint.id).where(*self._asked)
        if lacking is not None:
            query = query.where(lacking.is_(None))
        if after is not None:
            opened: Any = select(at).where(Complaint.id == after.id).scalar_subquery()
            known = opened if after.at is None else literal(after.at)
            query = query.where(tuple_(at, Complaint.id) < tuple_(known, literal(after.id)))
        query = query.order_by(at.desc(), Complaint.id.desc())
        return self._first(query, lambda each: [each.at.desc(), each.id.desc()], limit)

    def _first(self, query: Select[Any], order: Callable[[Any], list[Any]], limit: int) -> list[Row]:
        if not self._branches:
            return []
        hit = branches.in_order(self._branches, query, order, limit)
        ids = list(self._connection.execute(select(hit.c.id)).scalars())
        return shown(self._connection, ids, within(self._scope))


def counts(connection: Connection, scope: Scope, now: datetime, *, program: str | None = None) -> dict[Queue, int]:
    """How many stand in each queue but `ALL`, at most CAP + 1, in one statement."""
    wanted = [Wanted(queue=queue, program=program) for queue in Queue if queue is not Queue.ALL]
    row = connection.execute(select(*(_capped(connection, each, scope, now, CAP + 1) for each in wanted))).one()
    return {each.queue: int(count) for each, count in zip(wanted, row, strict=True)}


def count(connection: Connection, scope: Scope, wanted: Wanted, now: datetime, most: int) -> int:
    """How many stand in a queue, at most `most`."""
    return int(connection.execute(select(_capped(connection, wanted, scope, now, most))).scalar_one())


def _capped(connection: Connection, wanted: Wanted, scope: Scope, now: datetime, most: int) -> Any:
    found = branches.of(connection, scope, wanted, _PARTS.get(wanted.queue, Part.ALL))
    label = wanted.queue.name.lower()
    if not found:
        return literal(0).label(label)
    query = select(literal(1)).select_from(Complaint).where(*asked(wanted, scope, now))
    inner = branches.anywhere(found, query).limit(most).subquery()
    return select(func.count()).select_from(inner).scalar_subquery().label(label)


def arrived(connection: Connection, scope: Scope, wanted: Wanted, now: datetime, since: datetime) -> list[str]:
    """Tickets that came into a queue after `since`, newest first, at most a hundred."""
    query = (
        select(Complaint.ticket)
        .where(narrowed(wanted, scope, now), Complaint.created_at > since)
        .order_by(Complaint.created_at.desc())
        .limit(100)
    )
    return [row.ticket for row in connection.execute(query)]
