"""A complaint's file: its thread, what became of our messages, its attachments and history, as plain rows."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Uuid, bindparam, func, literal, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by

from store.engine import kept
from store.models import Attachment, Complaint, ContactAddress, Event, Message, Outbox, Rendition
from store.queue import within

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import Connection, Select

    from store.queue import Scope


#: What is shown in place of a file, beside the file's own columns; all null where nothing was made.
_SHOWN = (
    Rendition.shown,
    Rendition.thumb,
    Rendition.content_type.label("shown_type"),
    Rendition.location.label("place"),
)
# Put together once: that takes as long as asking them.
_CASE: Final = bindparam("case", type_=Uuid())
_COMPLAINT: Final = kept(select(Complaint).where(Complaint.id == _CASE))
_MESSAGES: Final = kept(
    select(Message)
    .where(Message.complaint_id == _CASE)
    .order_by(Message.sent_at, Message.sequence, Message.received_at)
)
_FILES: Final = kept(
    select(Attachment, *_SHOWN)
    .join(Message, Message.id == Attachment.message_id)
    .outerjoin(Rendition, Rendition.sha256 == Attachment.sha256)
    .where(Message.complaint_id == _CASE)
    .order_by(Attachment.position, Attachment.id)
)
_OUTBOX: Final = kept(select(Outbox).where(Outbox.complaint_id == _CASE).order_by(Outbox.seq))
_EVENTS: Final = kept(select(Event).where(Event.complaint_id == _CASE).order_by(Event.seq))
_ADDRESSES: Final = kept(
    select(ContactAddress)
    .where(ContactAddress.contact_id == bindparam("contact", type_=Uuid()))
    .order_by(ContactAddress.last_seen_at.desc())
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """Everything that hangs on one complaint, each in the order of time; rows carry the models' column names.

    The reporter's `addresses` come in reverse, the last that he wrote from first.
    """

    complaint: Any
    messages: Sequence[Any]
    attachments: dict[UUID, list[Any]]
    outbox: Sequence[Any]
    events: Sequence[Any]
    addresses: Sequence[Any]


def read(connection: Connection, complaint_id: UUID) -> File:
    """The whole file, in six queries whatever its length."""
    of_case = {"case": complaint_id}
    complaint = connection.execute(_COMPLAINT, of_case).one()
    attachments: dict[UUID, list[Any]] = {}
    for row in connection.execute(_FILES, of_case):
        attachments.setdefault(row.message_id, []).append(row)
    known = {"contact": complaint.contact_id}
    return File(
        complaint=complaint,
        messages=connection.execute(_MESSAGES, of_case).all(),
        attachments=attachments,
        outbox=connection.execute(_OUTBOX, of_case).all(),
        events=connection.execute(_EVENTS, of_case).all(),
        addresses=connection.execute(_ADDRESSES, known).all() if complaint.contact_id else [],
    )


@functools.cache
def _stamp() -> Select[Any]:
    lines = (
        select(func.count(Message.id), func.max(Message.revised_at), func.max(Message.withdrawn_at))
        .where(Message.complaint_id == _CASE)
        .subquery("lines")
    )
    sends = (
        select(func.string_agg(Outbox.state, aggregate_order_by(literal(","), Outbox.seq)))
        .where(Outbox.complaint_id == _CASE)
        .scalar_subquery()
    )
    files = (
        select(func.string_agg(Attachment.state, aggregate_order_by(literal(","), Attachment.id)))
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.complaint_id == _CASE)
        .scalar_subquery()
    )
    return kept(
        select(Complaint.version, Complaint.state, Complaint.last_activity_at, *lines.c, sends, files)
        .join(lines, true())
        .where(Complaint.id == _CASE)
    )


def stamp(connection: Connection, complaint_id: UUID) -> str:
    """Changes whenever the file shows something new: state, thread, delivery, or a fetched photo."""
    return repr(tuple(connection.execute(_stamp(), {"case": complaint_id}).one()))


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
