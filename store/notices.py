"""What officers are told: the bell's rows. Whoever delivers them elsewhere reads `since` with the last id he saw."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, literal, or_, select, update

from normalizer.complaint import CLOSED, State, TransitionError
from store.casework.base import line_exists, line_id_of, line_of, locked, record
from store.models import Complaint, Message, Notice, Officer
from store.queue import within

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from store.casework import Act
    from store.queue import Scope

#: Counting stops here, as the bell shows "99+".
CAP = 99


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NewNotice:
    """One officer is told one thing, mostly of one complaint; `data` must be JSON and tell nobody's identity."""

    officer_id: int
    complaint_id: uuid.UUID | None
    kind: str
    data: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whom a notice may go to."""

    id: int
    role: str
    programs: frozenset[str]
    unit: str | None


def people(connection: Connection) -> list[Person]:
    """Everybody who may log in."""
    query = select(Officer.id, Officer.role, Officer.programs, Officer.unit).where(Officer.active).order_by(Officer.id)
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


def unseen(connection: Connection, officer_id: int) -> int:
    """How many the officer has not seen, at most CAP + 1."""
    inner = select(literal(1)).where(Notice.officer_id == officer_id, Notice.seen_at.is_(None)).limit(CAP + 1)
    return connection.execute(select(func.count()).select_from(inner.subquery())).scalar_one()


def page(connection: Connection, scope: Scope, before: int | None, limit: int) -> Sequence[Any]:
    """The officer's notices, newest first, of complaints that he still reaches; `before` is the last id of a page.

    What is about no complaint (an account that fell silent) has no ticket.
    """
    query = (
        select(Notice, Complaint.ticket, Complaint.state, Complaint.unit, Complaint.program)
        .join(Complaint, Complaint.id == Notice.complaint_id, isouter=True)
        .where(Notice.officer_id == scope.officer_id, or_(Notice.complaint_id.is_(None), within(scope)))
        .order_by(Notice.id.desc())
        .limit(limit)
    )
    return connection.execute(query if before is None else query.where(Notice.id < before)).all()


def mark_seen(connection: Connection, officer_id: int, now: datetime, *, up_to: int) -> None:
    """The officer has seen everything up to this id."""
    mine = update(Notice).where(Notice.officer_id == officer_id, Notice.id <= up_to, Notice.seen_at.is_(None))
    connection.execute(mine.values(seen_at=now))


def since(connection: Connection, after: int, limit: int) -> Sequence[Any]:
    """Notices of all officers behind an id, oldest first, for whoever carries them out of the house."""
    return connection.execute(select(Notice).where(Notice.id > after).order_by(Notice.id).limit(limit)).all()
