"""Merging: one case goes into another, whose officer answers the citizens of both; and taking that back."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, select, tuple_, update

from normalizer.complaint import CLOSED, State, check_transition
from normalizer.saying import kept, say
from store.casework.answers import chosen, send
from store.casework.base import (
    Act,
    CaseworkError,
    NotAnswerableError,
    StaleError,
    before,
    fresh,
    line_id_of,
    line_of,
    record,
    repeated,
    write,
)
from store.casework.reasons import GRACE
from store.casework.undoing import restore
from store.models import Complaint, Event, Message, Outbox

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


class MergeError(CaseworkError):
    """These two cannot be one: the same case, another program's, or one that is closed or merged itself."""


class BuiltOnError(CaseworkError):
    """What was merged cannot be parted any more: messages came or went since."""


def merge(connection: Connection, act: Act, into: uuid.UUID, submission: str, told: str = "") -> bool:
    """The complaint goes into another one, where its citizen is answered from now on, in his own conversation.

    The other takes over what hides a reporter: his next message will stand in its thread. He is sent `told`, where
    that is not empty. False where this form was handled before. StaleError, TransitionError, MergeError.
    """
    ids = sorted({act.complaint_id, into})
    query = select(Complaint).where(Complaint.id.in_(ids)).order_by(Complaint.id).with_for_update()
    rows = {row.id: row for row in connection.execute(query)}
    if repeated(connection, act, submission):
        return False
    row, other = rows[act.complaint_id], rows.get(into)
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    if other is None or other.id == row.id or State(other.state) in CLOSED or row.program not in (None, other.program):
        raise MergeError("not into this one")
    check_transition(State(row.state), State.DIGABUNG)
    write(connection, act, row, State.DIGABUNG, merged_into=into)
    hidden = {"anonim": other.anonim, "rahasia": other.rahasia}
    form = str(line_id_of(act, submission))
    sent = _tell(connection, act, row, told, submission) if told else []
    record(connection, act, "digabung", form=form, into=other.ticket, hidden=hidden, merged=before(row), outbox=sent)
    theirs = dataclasses.replace(act, complaint_id=into, version=other.version)
    _hide(connection, theirs, other, anonim=other.anonim or row.anonim, rahasia=other.rahasia or row.rahasia)
    record(connection, theirs, "menerima_gabungan", ticket=row.ticket)
    return True


def part(connection: Connection, act: Act) -> None:
    """What was merged is a case of its own again, as it was. StaleError, BuiltOnError."""
    row = fresh(connection, act)
    last = merged_by(connection, row)
    if last is None:
        raise StaleError(row.state)
    if _built_on(connection, row, last.at):
        raise BuiltOnError("messages came or went since")
    other = connection.execute(select(Complaint).where(Complaint.id == row.merged_into).with_for_update()).one()
    _withhold(connection, last.data.get("outbox", ()))
    restore(connection, act, row, last.data["merged"], merged_into=None)
    record(connection, act, "dipisahkan", ticket=other.ticket)
    theirs = dataclasses.replace(act, complaint_id=other.id, version=other.version)
    query = select(Complaint.anonim, Complaint.rahasia).where(Complaint.merged_into == other.id)
    left = connection.execute(query).all()
    was = last.data["hidden"]
    _hide(
        connection,
        theirs,
        other,
        anonim=was["anonim"] or any(each.anonim for each in left),
        rahasia=was["rahasia"] or any(each.rahasia for each in left),
    )
    record(connection, theirs, "melepas_gabungan", ticket=row.ticket)


def merged_by(connection: Connection, row: Any) -> Any:
    """The act by which an officer merged this complaint; None where it is not merged, or Muara itself did it."""
    if row.state != State.DIGABUNG.value:
        return None
    query = select(Event).where(Event.complaint_id == row.id, Event.kind == "digabung")
    last = connection.execute(query.order_by(Event.seq.desc()).limit(1)).one_or_none()
    return last if last is not None and "merged" in last.data else None


def _tell(connection: Connection, act: Act, row: Any, text: str, submission: str) -> list[str]:
    """The message to the citizen, in a list of its id; it waits like a reason, and is no line of the other case's."""
    try:
        way = chosen(connection, act, row.contact_id, None)
    except NotAnswerableError:
        return []
    line = line_of(act, row, line_id_of(act, f"{submission}:told"), text, role="auto")
    return [str(send(connection, line, way, act.now + GRACE, purpose="merged"))]


def _withhold(connection: Connection, sent: Iterable[str]) -> None:
    """What has not gone out yet never does."""
    waiting = (Outbox.id.in_([uuid.UUID(each) for each in sent]), Outbox.state == "queued", Outbox.attempts == 0)
    connection.execute(update(Outbox).where(*waiting).values(state="skipped", error=kept(say("diurungkan petugas"))))


def _hide(connection: Connection, act: Act, row: Any, *, anonim: bool, rahasia: bool) -> None:
    write(connection, act, row, State(row.state), unread=row.unread, anonim=anonim, rahasia=rahasia)


def _built_on(connection: Connection, row: Any, since: Any) -> bool:
    """Whether something was written to or by this case's citizen, there where it went."""
    own = select(Message.account, Message.conversation).where(Message.complaint_id == row.id, Message.direction == "in")
    later = exists().where(
        Message.complaint_id == row.merged_into,
        Message.received_at >= since,
        Message.direction != "note",
        tuple_(Message.account, Message.conversation).in_(own),
    )
    return connection.execute(select(later)).scalar_one()
