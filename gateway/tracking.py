"""What anybody who holds a ticket code may read of its complaint: state and answers, never who it is from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from normalizer.complaint import State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

_COMPLAINT = """
SELECT t.complaint_id, c.state, c.program, c.opened_at, c.anonim OR c.rahasia AS hidden
FROM ticket t LEFT JOIN complaint c ON c.id = t.complaint_id WHERE t.code = %s
"""
_ANSWERS = """
SELECT text, sent_at FROM message WHERE complaint_id = %s AND direction = 'out' AND role = 'answer'
  AND withdrawn_at IS NULL
ORDER BY sent_at, sequence, id
"""
_STEPS = "SELECT kind, at FROM event WHERE complaint_id = %s AND kind = ANY(%s) ORDER BY at, id"

#: What of the history everybody may read; what is not here (notes, who did it, retries) stays inside.
STEPS: Final = {
    "diterima": "Diterima",
    "taken": "Diperiksa petugas",
    "disposed": "Diteruskan ke unit yang berwenang",
    "answered": "Dijawab petugas",
    "menulis_lagi": "Pelapor menambahkan keterangan",
    "dibuka_kembali": "Dibuka kembali",
    "digabung": "Digabung dengan aduan lain",
    "closed": "Selesai ditangani",
    "ditutup_otomatis": "Ditutup karena belum ada jawaban dari pelapor",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What an officer wrote to the citizen."""

    text: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One line of the history."""

    what: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A complaint as its code shows it.

    `state` is None while the code is given out and its complaint still on the way to the queue. Of an anonymous or a
    confidential one (`hidden`) program, day and steps stay away: state and answers are all that shows.
    """

    code: str
    state: State | None = None
    hidden: bool = False
    program: str | None = None
    opened_at: datetime | None = None
    steps: Sequence[Step] = ()
    answers: Sequence[Answer] = ()


def look_up(connection: Connection, code: str) -> Track | None:
    """The complaint of a code; None for a code that was never given out."""
    row = connection.exec_driver_sql(_COMPLAINT, (code,)).one_or_none()
    if row is None:
        return None
    if row.state is None:
        return Track(code=code)
    answers = [Answer(*found) for found in connection.exec_driver_sql(_ANSWERS, (row.complaint_id,))]
    if row.hidden:
        return Track(code=code, state=State(row.state), hidden=True, answers=answers)
    return Track(
        code=code,
        state=State(row.state),
        program=row.program,
        opened_at=row.opened_at,
        steps=_steps(connection, row.complaint_id),
        answers=answers,
    )


def _steps(connection: Connection, complaint_id: Any) -> list[Step]:
    found = connection.exec_driver_sql(_STEPS, (complaint_id, list(STEPS)))
    return [Step(STEPS[kind], at) for kind, at in found]
