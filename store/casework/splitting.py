"""Splitting: a line of the thread and what follows it there become a case of their own, with a ticket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, tuple_, update

from normalizer.clock import Facts
from normalizer.complaint import State
from normalizer.text import searchable, subject
from store import outbox, tickets
from store.casework.base import Act, CaseworkError, StaleError, line_id_of, locked, record, repeated, write
from store.journal import new_id
from store.models import Complaint, ContactAddress, Event, Message, Outbox
from store.partitions import partition

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

#: Characters of a complaint's words that search reads.
_SEARCHED = 20_000
_DESCRIBED = ("program", "type", "anonim", "rahasia", "unit")


class SplitError(CaseworkError):
    """Nothing to part here: no line of the citizen's, or the one with which the complaint begins."""


def split(
    connection: Connection, act: Act, message_id: uuid.UUID, acknowledge: Callable[[str], str] | None, submission: str
) -> uuid.UUID | None:
    """The new complaint's id; None where this form was handled before.

    `acknowledge` makes the text with the new ticket, which the citizen is sent; None where the channel takes none.
    What hides the reporter goes along. StaleError, SplitError.
    """
    row = locked(connection, act)
    if repeated(connection, act, submission):
        return None
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    lines = _lines(connection, act.complaint_id, message_id)
    first = lines[0]
    fresh = new_id()
    code = _open(connection, act, row, fresh, lines)
    connection.execute(update(Message).where(Message.id.in_([line.id for line in lines])).values(complaint_id=fresh))
    _follow(connection, lines, fresh)
    outbox.reckon(connection, [act.complaint_id, fresh], act.now)
    write(connection, act, row, State(row.state), unread=row.unread)
    record(connection, act, "dipecah", form=str(line_id_of(act, submission)), ticket=code)
    event = {"complaint_id": fresh, "at": act.now, "actor": act.username, "kind": "dipecah_dari"}
    connection.execute(insert(Event).values(**event, data={"ticket": row.ticket}))
    if acknowledge is not None and first.address:
        _acknowledge(connection, act, fresh, first, acknowledge(code))
    return fresh


def _lines(connection: Connection, complaint_id: uuid.UUID, message_id: uuid.UUID) -> Sequence[Any]:
    """The citizen's line, and all of its conversation after it; the complaint keeps a line of a citizen's."""
    own = Message.complaint_id == complaint_id
    first = connection.execute(
        select(Message).where(own, Message.id == message_id, Message.direction == "in")
    ).one_or_none()
    if first is None:
        raise SplitError("no such line")
    place = tuple_(Message.sent_at, Message.sequence, Message.received_at)
    query = select(Message).where(
        own,
        Message.account == first.account,
        Message.conversation == first.conversation,
        Message.direction != "note",
        place >= tuple_(first.sent_at, first.sequence, first.received_at),
    )
    lines = connection.execute(query.order_by(Message.sent_at, Message.sequence, Message.received_at)).all()
    moved = [line.id for line in lines]
    left = select(Message.id).where(own, Message.direction == "in", Message.id.not_in(moved)).limit(1)
    if first.id not in moved or connection.execute(left).one_or_none() is None:
        raise SplitError("the complaint begins here")
    return [first, *(line for line in lines if line.id != first.id)]


def _open(connection: Connection, act: Act, row: Any, fresh: uuid.UUID, lines: Sequence[Any]) -> str:
    """Write the new complaint, its clocks from when its first line was sent; its ticket."""
    first, code = lines[0], tickets.reserve(connection, 1)[0]
    written = [line for line in lines if line.direction == "in"]
    words = " ".join(line.clean or line.text for line in written)
    channel = _channel(connection, row, first)
    scheme = (first.hints or {}).get("scheme") or channel
    known = select(ContactAddress.contact_id).where(
        ContactAddress.scheme == scheme, ContactAddress.address == (first.address or "")
    )
    contact = connection.execute(known).scalar_one_or_none() or row.contact_id
    facts = Facts(started_at=first.sent_at, state=State.DIVERIFIKASI)
    values = {
        "id": fresh,
        "ticket": code,
        "account": first.account,
        "channel": channel,
        "conversation": first.conversation,
        "contact_id": contact,
        "state": State.DIVERIFIKASI.value,
        "subject": first.subject or subject(first.clean or first.text) or "(tanpa teks)",
        "body": first.clean or first.text,
        "words": searchable(words[:_SEARCHED]),
        "touched": True,
        "opened_at": first.sent_at,
        "created_at": act.now,
        "last_inbound_at": written[-1].sent_at,
        "last_activity_at": act.now,
        **{name: getattr(row, name) for name in _DESCRIBED},
        **facts.columns(act.programs.get(row.program or "")),
    }
    connection.execute(insert(Complaint).values(values))
    connection.exec_driver_sql("UPDATE ticket SET complaint_id = %s WHERE code = %s", (fresh, code))
    return code


def _channel(connection: Connection, row: Any, first: Any) -> str:
    """The channel's key; a line of a merged complaint's citizen has that complaint's."""
    if first.account == row.account:
        return str(row.channel)
    query = select(Complaint.channel).where(
        Complaint.account == first.account, Complaint.conversation == first.conversation
    )
    return connection.execute(query.limit(1)).scalar_one_or_none() or str(row.channel)


def _follow(connection: Connection, lines: Sequence[Any], fresh: uuid.UUID) -> None:
    """What is on its way belongs where its line went."""
    moved = [line.id for line in lines]
    connection.execute(update(Outbox).where(Outbox.message_id.in_(moved)).values(complaint_id=fresh))


def _acknowledge(connection: Connection, act: Act, fresh: uuid.UUID, first: Any, text: str) -> None:
    line_id = new_id()
    line = {
        "id": line_id,
        "complaint_id": fresh,
        "direction": "out",
        "role": "auto",
        "account": first.account,
        "conversation": first.conversation,
        "address": first.address,
        "text": text,
        "sent_at": act.now,
        "received_at": act.now,
    }
    connection.execute(insert(Message).values(line))
    connection.execute(
        insert(Outbox).values(
            id=new_id(),
            account=first.account,
            conversation=first.conversation,
            address=first.address,
            complaint_id=fresh,
            message_id=line_id,
            purpose="ack",
            dedupe=f"ack:{fresh}",
            text=text,
            subject=first.subject,
            in_reply_to=None if first.hints.get("no_id") else first.external_id,
            hints=first.hints,
            lane=partition(first.account, first.conversation),
            next_attempt_at=act.now,
            created_at=act.now,
        )
    )
