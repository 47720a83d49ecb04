"""Answers to citizens: a line of the thread, its message in the outbox and the state that follows, all or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import insert

from normalizer.complaint import CLOSED, State, check_transition
from store import identity
from store.casework.base import (
    Act,
    CaseworkError,
    NotAnswerableError,
    StaleError,
    line_id_of,
    line_of,
    locked,
    record,
    write,
)
from store.casework.enclosures import Enclosure, done_already, enclose
from store.journal import new_id
from store.models import Message, Outbox
from store.partitions import partition

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from store.identity import Way

#: What an answer leaves behind: work that goes on, a citizen who is asked, a case that is closed.
_AFTER_ANSWER: Final = frozenset({State.TINDAK_LANJUT, State.MENUNGGU_WARGA, State.SELESAI})


def answer(
    connection: Connection,
    act: Act,
    text: str,
    submission: str,
    *,
    then: State | None = None,
    deliver: bool = True,
    via: tuple[str, str] | None = None,
    also: Sequence[tuple[str, str]] = (),
    files: Sequence[Enclosure] = (),
) -> bool:
    """Write to the citizen through the outbox; False where this form was handled before.

    `then` is the state afterwards; None goes on working, or leaves a closed case closed. Without `deliver` the answer
    was given in person or by telephone, and is only recorded. `via` is the (account, conversation) to write in, one of
    `identity.ways`; None takes the first of them. `also` are conversations of other citizens whose complaints were
    merged into this one: they get the same words and `files`. StaleError, TransitionError, NotAnswerableError.
    """
    row = locked(connection, act)
    line_id = line_id_of(act, submission)
    if done_already(connection, line_id, text, files):
        return False
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    present = State(row.state)
    state = _state_after(present, then)
    line = line_of(act, row, line_id, text, role="answer")
    if deliver:
        send(connection, line, chosen(connection, act, row.contact_id, via), act.now, files)
        for each in also:
            copy = line_of(act, row, line_id_of(act, f"{submission}:{each}"), text, role="answer")
            send(connection, copy, chosen(connection, act, row.contact_id, each), act.now, files)
    else:
        said(connection, line)
        enclose(connection, line_id, row.account, files, act.now)
    changes = {"responded_at": row.responded_at or act.now, "officer_id": row.officer_id or act.officer_id}
    write(connection, act, row, state, asked=state is State.MENUNGGU_WARGA, **changes)
    record(connection, act, "ditutup" if state in CLOSED and present not in CLOSED else "dijawab", state=state.value)
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


def chosen(connection: Connection, act: Act, contact: uuid.UUID | None, via: tuple[str, str] | None) -> Way:
    """The conversation to write in: the one named, else the first. NotAnswerableError where there is none."""
    ways = identity.ways(connection, act.complaint_id, contact)
    found = next((way for way in ways if via is None or (way.account, way.conversation) == via), None)
    if found is None:
        raise NotAnswerableError("no line of the citizen's has an address")
    return found


def send(
    connection: Connection,
    line: dict[str, Any],
    way: Way,
    due: datetime,
    files: Sequence[Enclosure] = (),
    *,
    purpose: str = "answer",
) -> uuid.UUID:
    """Write an officer's line and queue its message with its files, not sent before `due`; the outbox row's id."""
    line = {**line, "account": way.account, "conversation": way.conversation, "address": way.address}
    connection.execute(insert(Message).values({**line, "in_reply_to": way.external_id}))
    enclose(connection, line["id"], way.account, files, line["sent_at"])
    outbox_id = new_id()
    connection.execute(
        insert(Outbox).values(
            id=outbox_id,
            account=way.account,
            conversation=way.conversation,
            address=way.address,
            complaint_id=line["complaint_id"],
            message_id=line["id"],
            purpose=purpose,
            dedupe=f"{purpose}:{line['id']}",
            text=line["text"],
            subject=way.subject,
            in_reply_to=way.external_id,
            hints=way.hints,
            lane=partition(way.account, way.conversation),
            next_attempt_at=due,
            created_at=line["sent_at"],
        )
    )
    return outbox_id


def said(connection: Connection, line: dict[str, Any]) -> None:
    """Write down what was said in person or by telephone."""
    connection.execute(insert(Message).values({**line, "hints": {"delivered": "in-person"}}))
