"""Taking, handing to a unit, noting, sorting out of the triage tray."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy import insert, update

from normalizer.complaint import CLOSED, State, check_transition
from store.casework.base import (
    Act,
    AlreadySortedError,
    StaleError,
    before,
    fresh,
    line_exists,
    line_id_of,
    line_of,
    locked,
    record,
    write,
)
from store.casework.enclosures import Enclosure, done_already, enclose
from store.models import Complaint, Message

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from normalizer.program import Program


def take(connection: Connection, act: Act) -> None:
    """The complaint becomes the officer's. StaleError, TransitionError for a closed one."""
    row = fresh(connection, act)
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
    write(connection, act, row, state, officer_id=act.officer_id)
    record(connection, act, "diambil", before=row.officer_id, undo=before(row))


def dispose(connection: Connection, act: Act, unit: str, note_text: str, submission: str) -> None:
    """The complaint goes to a unit, where nobody has it yet; a note goes along. StaleError, TransitionError."""
    row = fresh(connection, act)
    check_transition(State(row.state), State.DISPOSISI)
    write(connection, act, row, State.DISPOSISI, unit=unit, officer_id=None)
    record(connection, act, "didisposisikan", unit=unit, before=row.unit, undo=before(row))
    if note_text:
        line = line_of(act, row, line_id_of(act, submission), note_text, role="note")
        connection.execute(insert(Message).values(line))


def note(connection: Connection, act: Act, text: str, submission: str, files: Sequence[Enclosure] = ()) -> bool:
    """A line between officers, with its files; False where this form was handled before. StaleError.

    It waits for nobody's version, since it changes nothing that another could miss.
    """
    row = locked(connection, act)
    line_id = line_id_of(act, submission)
    if done_already(connection, line_id, text, files):
        return False
    if row.version != act.version and line_exists(connection, line_id):
        raise StaleError("the form was sent before with other words")
    connection.execute(insert(Message).values(line_of(act, row, line_id, text, role="note")))
    enclose(connection, line_id, row.account, files, act.now)
    values = {"touched": True, "last_activity_at": act.now, "version": row.version + 1}
    connection.execute(update(Complaint).where(Complaint.id == act.complaint_id).values(values))
    record(connection, act, "dicatat")
    return True


def set_program(connection: Connection, act: Act, program: Program) -> None:
    """Out of the triage tray: the complaint gets its program, and its clock from when the citizen wrote.

    StaleError, AlreadySortedError.
    """
    row = fresh(connection, act)
    if row.program is not None:
        raise AlreadySortedError(row.program)
    programs = {**act.programs, program.key: program}
    write(connection, dataclasses.replace(act, programs=programs), row, State(row.state), program=program.key)
    record(connection, act, "program_dipilih", program=program.key)


def mark_read(connection: Connection, complaint_id: uuid.UUID) -> None:
    """Somebody who may act on it has opened it."""
    changed = update(Complaint).where(Complaint.id == complaint_id, Complaint.unread).values(unread=False)
    connection.execute(changed)
