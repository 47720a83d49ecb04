"""Complaints handed on to another jurisdiction: each step is in the complaint's history before and after it is done."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from store.models import Complaint, Event, Ticket

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import Connection

#: The event that each step leaves.
EVENT = "diteruskan"
#: Began and not heard of again; refused; taken.
BEGUN, FAILED, TAKEN = "mulai", "gagal", "terkirim"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far handing on over one account came. `id` and `token` are the other side's."""

    account: str
    service: str
    step: str
    id: str | None = None
    token: str | None = None


def find(connection: Connection, code: str) -> Any:
    """The complaint of a ticket code, its row locked; None where there is none."""
    query = select(Complaint).join(Ticket, Ticket.complaint_id == Complaint.id).where(Ticket.code == code)
    return connection.execute(query.with_for_update(of=Complaint)).one_or_none()


def last(connection: Connection, complaint_id: uuid.UUID, account: str) -> Step | None:
    """The last step over this account."""
    query = (
        select(Event.data)
        .where(Event.complaint_id == complaint_id, Event.kind == EVENT, Event.data["account"].astext == account)
        .order_by(Event.seq.desc())
        .limit(1)
    )
    data = connection.execute(query).scalar_one_or_none()
    return None if data is None else Step(**data)


def note(connection: Connection, complaint_id: uuid.UUID, step: Step, *, by: str, now: datetime) -> None:
    """Write a step down."""
    row = {"complaint_id": complaint_id, "at": now, "actor": by, "kind": EVENT, "data": dataclasses.asdict(step)}
    connection.execute(insert(Event).values(row))
