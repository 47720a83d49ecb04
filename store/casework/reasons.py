"""Refusing, passing on, holding: each tells the citizen why, in the transaction that does it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from normalizer.complaint import State, check_transition
from store.casework.answers import chosen, said, send
from store.casework.base import (
    Act,
    StaleError,
    UntoldError,
    before,
    fresh,
    line_id_of,
    line_of,
    locked,
    record,
    repeated,
    write,
)
from store.models import Complaint

if TYPE_CHECKING:
    import uuid
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from normalizer.program import Program

#: A reason leaves this long after the act, so that an act that was a slip can be undone before anybody reads it.
GRACE: Final = timedelta(seconds=15)
#: What comes back in one look of the clock process.
_BATCH: Final = 100


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What the citizen is told, and in which conversations (account, conversation); in none: it was said in person."""

    text: str
    vias: Sequence[tuple[str, str]] = ()


def hand_on(connection: Connection, act: Act, to: str, reason: Reason, submission: str) -> bool:
    """Not ours: it goes to whoever is named. False where this form was handled before.

    StaleError, TransitionError, UntoldError, NotAnswerableError.
    """
    return _close(connection, act, State.BUKAN_WEWENANG, reason, submission, to=to)


def archive(connection: Connection, act: Act, ground: str, reason: Reason | None, submission: str) -> bool:
    """Nothing will be done, for a `ground` that has a name; only spam (`reason` None) is told nothing.

    False where this form was handled before. StaleError, TransitionError, UntoldError, NotAnswerableError.
    """
    return _close(connection, act, State.DIARSIPKAN, reason, submission, ground=ground)


def _close(connection: Connection, act: Act, state: State, reason: Reason | None, submission: str, **data: str) -> bool:
    row = locked(connection, act)
    if repeated(connection, act, submission):
        return False
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    check_transition(State(row.state), state)
    told = _tell(connection, act, row, reason, submission) if reason is not None else {}
    responded_at = row.responded_at or (None if reason is None else act.now)
    write(connection, act, row, state, responded_at=responded_at)
    record(connection, act, state.value, form=str(line_id_of(act, submission)), undo=before(row), **data, **told)
    return True


def hold(connection: Connection, act: Act, until: datetime, reason: Reason, submission: str) -> bool:
    """Work waits until a date, at which the case comes back by itself; one on hold gets a new date.

    False where this form was handled before. StaleError, TransitionError, UntoldError, NotAnswerableError.
    """
    row = locked(connection, act)
    if repeated(connection, act, submission):
        return False
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    present = State(row.state)
    if present is not State.DITUNDA:
        check_transition(present, State.DITUNDA)
    told = _tell(connection, act, row, reason, submission)
    responded_at = row.responded_at or act.now
    held_from = row.held_from or _working(present).value
    write(connection, act, row, State.DITUNDA, responded_at=responded_at, held_until=until, held_from=held_from)
    form = str(line_id_of(act, submission))
    record(connection, act, "ditunda", form=form, until=until.isoformat(), undo=before(row), **told)
    return True


def _working(state: State) -> State:
    """What a case is once it comes back: one that is held has been read."""
    return State.DIVERIFIKASI if state is State.BARU else state


def resume(connection: Connection, act: Act) -> None:
    """An officer goes on with what is held. StaleError where it is not held any more."""
    row = fresh(connection, act)
    if row.state != State.DITUNDA.value:
        raise StaleError(row.state)
    _go_on(connection, act, row, unread=False)


def resume_due(connection: Connection, now: datetime, programs: Mapping[str, Program]) -> int:
    """What was held until now comes back, unread; how many did. What others hold a lock on waits for the next look."""
    query = select(Complaint).where(Complaint.held_until <= now, Complaint.state == State.DITUNDA.value)
    rows = connection.execute(query.order_by(Complaint.held_until).limit(_BATCH).with_for_update(skip_locked=True))
    count = 0
    for row in rows.all():
        act = Act(complaint_id=row.id, version=row.version, officer_id=0, username="sistem", now=now, programs=programs)
        _go_on(connection, act, row, unread=True)
        count += 1
    return count


def _go_on(connection: Connection, act: Act, row: Any, *, unread: bool) -> None:
    write(connection, act, row, State(row.held_from or State.TINDAK_LANJUT.value), unread=unread)
    record(connection, act, "dilanjutkan", until=None if row.held_until is None else row.held_until.isoformat())


def _tell(connection: Connection, act: Act, row: Any, reason: Reason, submission: str) -> dict[str, list[str]]:
    """Write the reason into the thread and the outbox; the ids of lines and messages, for whoever undoes it."""
    if not reason.text:
        raise UntoldError("the citizen must be told why")
    if not reason.vias:
        line = line_of(act, row, line_id_of(act, submission), reason.text, role="answer")
        said(connection, line)
        return {"lines": [str(line["id"])]}
    lines: list[uuid.UUID] = []
    sent: list[uuid.UUID] = []
    for via in reason.vias:
        line = line_of(act, row, line_id_of(act, f"{submission}:{via}"), reason.text, role="answer")
        sent.append(send(connection, line, chosen(connection, act, row.contact_id, via), act.now + GRACE))
        lines.append(line["id"])
    return {"lines": [str(each) for each in lines], "outbox": [str(each) for each in sent]}
