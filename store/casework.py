"""What officers do to a complaint: state, thread, outbox and history change in one transaction, or nothing does."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, insert, select, update

from normalizer import clock
from normalizer.complaint import CLOSED, State, check_transition
from store import identity
from store.journal import new_id
from store.models import Complaint, Event, Message, Outbox
from store.partitions import partition

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from normalizer.program import Program

#: What an answer leaves behind: work that goes on, a citizen who is asked, a case that is closed.
_AFTER_ANSWER: Final = frozenset({State.TINDAK_LANJUT, State.MENUNGGU_WARGA, State.SELESAI})
_UNSETTLED: Final = ("failed", "unknown")


class CaseworkError(Exception):
    """An act that cannot be done; nothing was changed."""


class StaleError(CaseworkError):
    """Somebody else was faster: the complaint is no longer as the officer saw it."""


class NotAnswerableError(CaseworkError):
    """There is nobody to answer: no line of the citizen's with an address."""


class AlreadySortedError(CaseworkError):
    """The complaint has a program already."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts on which complaint, as he saw it (`version`), and when."""

    complaint_id: uuid.UUID
    version: int
    officer_id: int
    username: str
    now: datetime


def _locked(connection: Connection, act: Act) -> Any:
    return connection.execute(select(Complaint).where(Complaint.id == act.complaint_id).with_for_update()).one()


def _fresh(connection: Connection, act: Act) -> Any:
    """The complaint's row, locked. StaleError unless it is what the officer saw."""
    row = _locked(connection, act)
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    return row


def _next_due(row: Any, state: State, responded_at: datetime | None) -> datetime | None:
    if state in CLOSED:
        return None
    due: datetime | None = row.resolution_due_at if responded_at else row.response_due_at or row.resolution_due_at
    return due


def _write(connection: Connection, act: Act, row: Any, state: State, **changes: Any) -> None:
    """Bring the complaint into `state` with the changes, its clock reckoned anew."""
    closing = state in CLOSED
    responded_at = changes.get("responded_at", row.responded_at)
    values = {
        "state": state.value,
        "touched": True,
        "unread": False,
        "next_due_at": _next_due(row, state, responded_at),
        "closed_at": (row.closed_at or act.now) if closing else None,
        "last_activity_at": act.now,
        "version": row.version + 1,
        **changes,
    }
    connection.execute(update(Complaint).where(Complaint.id == act.complaint_id).values(values))


def _record(connection: Connection, act: Act, kind: str, **data: Any) -> None:
    connection.execute(
        insert(Event).values(complaint_id=act.complaint_id, at=act.now, actor=act.username, kind=kind, data=data)
    )


def _line(act: Act, row: Any, line_id: uuid.UUID, text: str, *, role: str) -> dict[str, Any]:
    return {
        "id": line_id,
        "complaint_id": act.complaint_id,
        "direction": "note" if role == "note" else "out",
        "role": role,
        "account": row.account,
        "conversation": row.conversation,
        "officer_id": act.officer_id,
        "text": text,
        "sent_at": act.now,
        "received_at": act.now,
    }


def _line_id(act: Act, submission: str) -> uuid.UUID:
    """The same for the same form of the same complaint, so that a double click meets its own key."""
    return uuid.uuid5(act.complaint_id, submission)


def _done_already(connection: Connection, line_id: uuid.UUID, text: str) -> bool:
    """Whether this very form was handled; one that came again with other words was not."""
    query = select(Message.text).where(Message.id == line_id)
    return connection.execute(query).scalar_one_or_none() == text


def take(connection: Connection, act: Act) -> None:
    """The complaint becomes the officer's. StaleError, TransitionError for a closed one."""
    row = _fresh(connection, act)
    present = State(row.state)
    state = present
    if present in CLOSED:
        check_transition(present, State.DIVERIFIKASI)
    elif present is State.BARU:
        state = State.DIVERIFIKASI
    elif present is State.DISPOSISI:
        state = State.TINDAK_LANJUT
    if state is not present:
        check_transition(present, state)
    _write(connection, act, row, state, officer_id=act.officer_id)
    _record(connection, act, "diambil", before=row.officer_id)


def dispose(connection: Connection, act: Act, unit: str, note_text: str, submission: str) -> None:
    """The complaint goes to a unit, where nobody has it yet; a note goes along. StaleError, TransitionError."""
    row = _fresh(connection, act)
    check_transition(State(row.state), State.DISPOSISI)
    _write(connection, act, row, State.DISPOSISI, unit=unit, officer_id=None)
    _record(connection, act, "didisposisikan", unit=unit, before=row.unit)
    if note_text:
        line = _line(act, row, _line_id(act, submission), note_text, role="note")
        connection.execute(insert(Message).values(line))


def note(connection: Connection, act: Act, text: str, submission: str) -> None:
    """A line between officers; it waits for nobody's version, since it changes nothing that another could miss."""
    row = _locked(connection, act)
    line_id = _line_id(act, submission)
    if _done_already(connection, line_id, text):
        return
    if row.version != act.version and _exists(connection, line_id):
        raise StaleError("the form was sent before with other words")
    connection.execute(insert(Message).values(_line(act, row, line_id, text, role="note")))
    values = {"touched": True, "last_activity_at": act.now, "version": row.version + 1}
    connection.execute(update(Complaint).where(Complaint.id == act.complaint_id).values(values))
    _record(connection, act, "dicatat")


def _exists(connection: Connection, line_id: uuid.UUID) -> bool:
    return connection.execute(select(exists().where(Message.id == line_id))).scalar_one()


def answer(
    connection: Connection,
    act: Act,
    text: str,
    submission: str,
    *,
    then: State | None = None,
    deliver: bool = True,
    via: tuple[str, str] | None = None,
) -> bool:
    """Write to the citizen through the outbox; False where this form was handled before.

    `then` is the state afterwards; None goes on working, or leaves a closed case closed. Without `deliver` the answer
    was given in person or by telephone, and is only recorded. `via` is the (account, conversation) to write in, one of
    `identity.ways`; None takes the first of them. StaleError, TransitionError, NotAnswerableError.
    """
    row = _locked(connection, act)
    line_id = _line_id(act, submission)
    if _done_already(connection, line_id, text):
        return False
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    present = State(row.state)
    state = _state_after(present, then)
    line = _line(act, row, line_id, text, role="answer")
    if deliver:
        _send(connection, act, line, row.contact_id, via)
    else:
        connection.execute(insert(Message).values({**line, "hints": {"delivered": "in-person"}}))
    changes = {"responded_at": row.responded_at or act.now, "officer_id": row.officer_id or act.officer_id}
    _write(connection, act, row, state, **changes)
    _record(connection, act, "ditutup" if state in CLOSED and present not in CLOSED else "dijawab", state=state.value)
    return True


def close(connection: Connection, act: Act, text: str, submission: str, *, deliver: bool = True) -> bool:
    """Answer, and close with that answer; False where this form was handled before."""
    return answer(connection, act, text, submission, then=State.SELESAI, deliver=deliver)


def _state_after(present: State, then: State | None) -> State:
    if then is None:
        return present if present in CLOSED else State.TINDAK_LANJUT
    if then not in _AFTER_ANSWER:
        raise CaseworkError(f"an answer does not lead to {then.value}")
    if then is not present:
        check_transition(present, then)
    return then


def _send(
    connection: Connection, act: Act, line: dict[str, Any], contact: uuid.UUID | None, via: tuple[str, str] | None
) -> None:
    ways = identity.ways(connection, act.complaint_id, contact)
    last = next((way for way in ways if via is None or (way.account, way.conversation) == via), None)
    if last is None:
        raise NotAnswerableError("no line of the citizen's has an address")
    line = {**line, "account": last.account, "conversation": last.conversation, "address": last.address}
    connection.execute(insert(Message).values({**line, "in_reply_to": last.external_id}))
    connection.execute(
        insert(Outbox).values(
            id=new_id(),
            account=last.account,
            conversation=last.conversation,
            address=last.address,
            complaint_id=act.complaint_id,
            message_id=line["id"],
            purpose="answer",
            dedupe=f"answer:{line['id']}",
            text=line["text"],
            subject=last.subject,
            in_reply_to=last.external_id,
            hints=last.hints,
            lane=partition(last.account, last.conversation),
            next_attempt_at=act.now,
            created_at=act.now,
        )
    )


def set_program(connection: Connection, act: Act, program: Program) -> None:
    """Out of the triage tray: the complaint gets its program, and its clock from when the citizen wrote.

    StaleError, AlreadySortedError.
    """
    row = _fresh(connection, act)
    if row.program is not None:
        raise AlreadySortedError(row.program)
    clocks = program.clocks
    response = clock.due(row.opened_at, clocks.first_response, clocks, program.timezone)
    resolution = clock.due(row.opened_at, clocks.resolution, clocks, program.timezone)
    state = State(row.state)
    due = None if state in CLOSED else (resolution if row.responded_at else response)
    changes = {"response_due_at": response, "resolution_due_at": resolution, "next_due_at": due}
    _write(connection, act, row, state, program=program.key, **changes)
    _record(connection, act, "program_dipilih", program=program.key)


def retry_send(connection: Connection, act: Act, outbox_id: uuid.UUID) -> None:
    """A failed message goes into the outbox again. StaleError unless it still stands there as failed."""
    _settle(connection, act, outbox_id, "failed", _again(act))
    _record(connection, act, "dikirim_ulang", outbox=str(outbox_id))


def settle_unknown(connection: Connection, act: Act, outbox_id: uuid.UUID, *, arrived: bool) -> None:
    """The officer decides about a message of unknown outcome: it arrived, or it goes out again. StaleError."""
    values = {"state": "sent", "sent_at": act.now, "error": None} if arrived else _again(act)
    _settle(connection, act, outbox_id, "unknown", values)
    _record(connection, act, "dipastikan", outbox=str(outbox_id), arrived=arrived)


def _again(act: Act) -> dict[str, Any]:
    return {"state": "queued", "attempts": 0, "next_attempt_at": act.now, "claimed_at": None, "error": None}


def _settle(connection: Connection, act: Act, outbox_id: uuid.UUID, present: str, values: dict[str, Any]) -> None:
    row = _locked(connection, act)
    ours = (Outbox.id == outbox_id, Outbox.complaint_id == act.complaint_id)
    changed = connection.execute(update(Outbox).where(*ours, Outbox.state == present).values(values))
    if changed.rowcount != 1:
        raise StaleError(f"the message is no longer {present}")
    left = exists().where(Outbox.complaint_id == act.complaint_id, Outbox.state.in_(_UNSETTLED))
    still = connection.execute(select(left)).scalar_one()
    changes = {"send_failed": still, "touched": True, "last_activity_at": act.now, "version": row.version + 1}
    connection.execute(update(Complaint).where(Complaint.id == act.complaint_id).values(changes))


def mark_read(connection: Connection, complaint_id: uuid.UUID) -> None:
    """Somebody who may act on it has opened it."""
    changed = update(Complaint).where(Complaint.id == complaint_id, Complaint.unread).values(unread=False)
    connection.execute(changed)
