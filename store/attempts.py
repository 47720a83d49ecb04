"""What an officer tried and may not: another unit's complaint by its address, an act that is not his role's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import exists, select, text

from store import users
from store.acts import REFUSED, TRIED
from store.models import Attachment, Complaint, Message, PersonEvent, Ticket

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from sqlalchemy import Connection


def ticket_of(
    connection: Connection, *, code: str = "", file: uuid.UUID | None = None, line: uuid.UUID | None = None
) -> str | None:
    """The ticket of the complaint that an address means, whoever may see it; None where there is none."""
    query = select(Complaint.ticket)
    if code:
        query = query.join(Ticket, Ticket.complaint_id == Complaint.id).where(Ticket.code == code)
    elif file is not None:
        query = query.join(Message, Message.complaint_id == Complaint.id)
        query = query.join(Attachment, Attachment.message_id == Message.id).where(Attachment.id == file)
    elif line is not None:
        query = query.join(Message, Message.complaint_id == Complaint.id).where(Message.id == line)
    else:
        return None
    return connection.execute(query).scalar_one_or_none()


def case_of(connection: Connection, code: str) -> uuid.UUID | None:
    """The complaint of a ticket code, whoever may see it."""
    return connection.execute(select(Ticket.complaint_id).where(Ticket.code == code)).scalar_one_or_none()


def tried(connection: Connection, now: datetime, officer_id: int, ticket: str) -> None:
    """One line an hour for an officer and a complaint, however often he tries."""
    _once(connection, now, officer_id, TRIED, ticket=ticket)


def refused(connection: Connection, now: datetime, officer_id: int, route: str) -> None:
    """One line an hour for an officer and a route that his role may not use."""
    _once(connection, now, officer_id, REFUSED, route=route)


def _once(connection: Connection, now: datetime, officer_id: int, kind: str, **data: str) -> None:
    data["hour"] = f"{now:%Y-%m-%dT%H}"
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtext('muara attempts'), :officer)"), {"officer": officer_id}
    )
    before = exists().where(PersonEvent.officer_id == officer_id, PersonEvent.kind == kind, PersonEvent.data == data)
    if not connection.execute(select(before)).scalar_one():
        users.record(connection, now, officer_id, officer_id, kind, **data)
