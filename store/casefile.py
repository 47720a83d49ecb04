"""A complaint's file: its thread, what became of our messages, its attachments and history, as plain rows."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from store.models import Attachment, Complaint, ContactAddress, Event, Message, Outbox, Rendition
from store.queue import within

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection

    from store.queue import Scope


#: What is shown in place of a file, beside the file's own columns; all null where nothing was made.
_SHOWN = (
    Rendition.shown,
    Rendition.thumb,
    Rendition.content_type.label("shown_type"),
    Rendition.location.label("place"),
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Everything that hangs on one complaint, each in the order of time; rows carry the models' column names."""

    complaint: Any
    messages: Sequence[Any]
    attachments: dict[UUID, list[Any]]
    outbox: Sequence[Any]
    events: Sequence[Any]
    addresses: Sequence[Any]


def read(connection: Connection, complaint_id: UUID) -> File:
    """The whole file, in six queries whatever its length."""
    complaint = connection.execute(select(Complaint).where(Complaint.id == complaint_id)).one()
    messages = connection.execute(
        select(Message)
        .where(Message.complaint_id == complaint_id)
        .order_by(Message.sent_at, Message.sequence, Message.received_at)
    ).all()
    attachments: dict[UUID, list[Any]] = {}
    files = (
        select(Attachment, *_SHOWN)
        .join(Message, Message.id == Attachment.message_id)
        .outerjoin(Rendition, Rendition.sha256 == Attachment.sha256)
        .where(Message.complaint_id == complaint_id)
        .order_by(Attachment.position, Attachment.id)
    )
    for row in connection.execute(files):
        attachments.setdefault(row.message_id, []).append(row)
    outbox = connection.execute(select(Outbox).where(Outbox.complaint_id == complaint_id).order_by(Outbox.seq)).all()
    events = connection.execute(select(Event).where(Event.complaint_id == complaint_id).order_by(Event.seq)).all()
    known = select(ContactAddress).where(ContactAddress.contact_id == complaint.contact_id)
    return File(
        complaint=complaint,
        messages=messages,
        attachments=attachments,
        outbox=outbox,
        events=events,
        addresses=connection.execute(known).all() if complaint.contact_id else [],
    )


def stamp(connection: Connection, complaint_id: UUID) -> str:
    """Changes whenever the file shows something new: state, thread, delivery, or a fetched photo."""
    lines = (
        select(func.count(Message.id), func.max(Message.revised_at), func.max(Message.withdrawn_at))
        .where(Message.complaint_id == complaint_id)
        .subquery("lines")
    )
    sends = (
        select(func.string_agg(Outbox.state, aggregate_order_by(literal(","), Outbox.seq)))
        .where(Outbox.complaint_id == complaint_id)
        .scalar_subquery()
    )
    files = (
        select(func.string_agg(Attachment.state, aggregate_order_by(literal(","), Attachment.id)))
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.complaint_id == complaint_id)
        .scalar_subquery()
    )
    query = (
        select(Complaint.version, Complaint.state, Complaint.last_activity_at, *lines.c, sends, files)
        .join(lines, true())
        .where(Complaint.id == complaint_id)
    )
    return repr(tuple(connection.execute(query).one()))


def letter(connection: Connection, scope: Scope, message_id: UUID) -> Any:
    """The safe HTML of a mail that the scope reaches, with its complaint's flags; None for any other.

    `case` is the complaint's id.
    """
    query = (
        select(Message.html, Message.subject, Complaint.anonim, Complaint.rahasia, Complaint.id.label("case"))
        .join(Complaint, Complaint.id == Message.complaint_id)
        .where(Message.id == message_id, Message.html.is_not(None), within(scope))
    )
    return connection.execute(query).one_or_none()


def attachment(connection: Connection, scope: Scope, attachment_id: UUID) -> Any:
    """A stored file that the scope reaches, with what is shown of it, its complaint's anonim and rahasia.

    `direction` is its line's, `case` the complaint's id.
    """
    of_case = (Complaint.anonim, Complaint.rahasia, Complaint.id.label("case"))
    query = (
        select(Attachment, *_SHOWN, *of_case, Message.direction)
        .join(Message, Message.id == Attachment.message_id)
        .outerjoin(Rendition, Rendition.sha256 == Attachment.sha256)
        .join(Complaint, Complaint.id == Message.complaint_id)
        .where(Attachment.id == attachment_id, Attachment.state == "stored", within(scope))
    )
    return connection.execute(query).one_or_none()
