"""What officers are told: the bell's rows; how they leave the house is store.delivery's."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, or_, select, update

from normalizer.complaint import CLOSED, State, TransitionError
from normalizer.telling import Kind
from store.casework.base import line_exists, line_id_of, line_of, locked, record
from store.engine import KEPT
from store.models import Choice, Complaint, Message, Notice, Officer
from store.queue import within

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

    from store.casework import Act
    from store.queue import Scope

#: Counting stops here, as the bell shows "99+".
CAP = 99


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """One officer is told one thing, mostly of one complaint; `data` must be JSON and tell nobody's identity."""

    officer_id: int
    complaint_id: UUID | None
    kind: str
    data: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a notice may go to."""

    id: int
    role: str
    programs: frozenset[str]
    unit: str | None


def people(connection: Connection, *chosen: ColumnElement[bool]) -> list[Person]:
    """Everybody who may log in, or those of them that are `chosen`."""
    query = select(Officer.id, Officer.role, Officer.programs, Officer.unit).where(Officer.active, *chosen)
    query = query.order_by(Officer.id)
    return [
        Person(id=row.id, role=row.role, programs=frozenset(row.programs), unit=row.unit)
        for row in connection.execute(query)
    ]


def add(connection: Connection, notices: Iterable[NewNotice], now: datetime) -> None:
    """Tell these officers, in the transaction that caused it."""
    rows = [{**dataclasses.asdict(notice), "made_at": now} for notice in notices]
    if rows:
        connection.execute(insert(Notice), rows)


def prod(  # noqa: PLR0917 - one act
    connection: Connection, act: Act, by: str, text: str, form: str, told: Iterable[int]
) -> bool:
    """A leader reminds whoever works on a complaint: a note with his words, and a notice for each officer of `told`.

    It changes nothing that an open form depends on. False where this form was handled before; TransitionError where
    the complaint is closed.
    """
    row = locked(connection, act)
    line_id = line_id_of(act, form)
    if line_exists(connection, line_id):
        return False
    if State(row.state) in CLOSED:
        raise TransitionError(row.state)
    connection.execute(insert(Message).values(line_of(act, row, line_id, text, role="note")))
    record(connection, act, "diingatkan", unit=row.unit)
    found = [NewNotice(officer_id=each, complaint_id=row.id, kind="prod", data={"by": by}) for each in told]
    add(connection, found, act.now)
    return True


_UNSEEN: Final = f"""
SELECT count(*) FROM (SELECT 1 FROM notice WHERE officer_id = %s AND seen_at IS NULL LIMIT {CAP + 1}) capped
"""  # noqa: S608 - a number of ours


def unseen(connection: Connection, officer_id: int) -> int:
    """How many the officer has not seen, at most CAP + 1."""
    return int(connection.exec_driver_sql(_UNSEEN, (officer_id,), KEPT).scalar_one())


def page(connection: Connection, scope: Scope, before: int | None, limit: int) -> Sequence[Any]:
    """The officer's notices, newest first, of complaints that he still reaches; `before` is the last id of a page.

    What is about no complaint (an account that fell silent) has no ticket. A test is no news.
    """
    query = (
        select(Notice, Complaint.ticket, Complaint.state, Complaint.unit, Complaint.program)
        .join(Complaint, Complaint.id == Notice.complaint_id, isouter=True)
        .where(
            Notice.officer_id == scope.officer_id,
            Notice.kind != Kind.TEST.value,
            or_(Notice.complaint_id.is_(None), within(scope)),
        )
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    return connection.execute(query if before is None else query.where(Notice.id < before)).all()


def mark_seen(connection: Connection, officer_id: int, now: datetime, *, up_to: int) -> None:
    """The officer has seen everything up to this id."""
    mine = update(Notice).where(Notice.officer_id == officer_id, Notice.id <= up_to, Notice.seen_at.is_(None))
    connection.execute(mine.values(seen_at=now))


def wanting(connection: Connection, kind: str) -> list[Person]:
    """The active officers who chose to be told of a kind outside the inbox."""
    chose = Officer.id.in_(select(Choice.officer_id).where(func.jsonb_exists(Choice.kinds, kind)))
    return people(connection, chose)


_AGAIN = """
INSERT INTO notice (officer_id, complaint_id, kind, data, made_at)
SELECT c.officer_id, c.id, 'again', jsonb_build_object('reopened', c.id = ANY(%(reopened)s::uuid[])), %(now)s
FROM complaint c JOIN officer o ON o.id = c.officer_id AND o.active
WHERE c.id = ANY(%(again)s::uuid[])
  AND (c.id = ANY(%(reopened)s::uuid[]) OR NOT EXISTS (
    SELECT 1 FROM notice n WHERE n.complaint_id = c.id AND n.officer_id = c.officer_id AND n.kind = 'again'
      AND n.seen_at IS NULL AND n.made_at > %(now)s - interval '10 minutes'))
"""


def again(connection: Connection, again: Collection[UUID], reopened: Collection[UUID], now: datetime) -> None:
    """Tell each holder that his citizen wrote again; who writes in many small messages is told of once."""
    if again:
        connection.exec_driver_sql(_AGAIN, {"again": sorted(again), "reopened": sorted(reopened), "now": now})
