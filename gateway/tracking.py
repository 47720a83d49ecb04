"""What anybody who holds a ticket code may read of its complaint: state and answers, never who it is from."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from gateway import enclosed
from normalizer.complaint import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from gateway.enclosed import Enclosed

_COMPLAINT = """
SELECT t.complaint_id, c.state, c.program, c.opened_at, c.anonim OR c.rahasia AS hidden
FROM ticket t LEFT JOIN complaint c ON c.id = t.complaint_id WHERE t.code = %s
"""
# What was merged is answered from the case that took it in, each citizen in his own conversation: he reads what was
# written there, and nobody else's answers.
_ANSWERS = """
WITH RECURSIVE above AS (
  SELECT id, merged_into FROM complaint WHERE id = %(complaint)s
  UNION SELECT c.id, c.merged_into FROM complaint c JOIN above a ON c.id = a.merged_into
), below AS (
  SELECT id, account, conversation FROM complaint WHERE merged_into = %(complaint)s
  UNION SELECT c.id, c.account, c.conversation FROM complaint c JOIN below b ON c.merged_into = b.id
)
SELECT m.id, m.text, m.sent_at FROM complaint k JOIN message m ON m.complaint_id IN (SELECT id FROM above)
WHERE k.id = %(complaint)s AND m.direction = 'out' AND m.role = 'answer' AND m.withdrawn_at IS NULL
  AND CASE WHEN m.account = k.account AND m.conversation = k.conversation THEN true
           ELSE m.complaint_id = k.id AND (m.account, m.conversation) NOT IN (SELECT account, conversation FROM below)
      END
ORDER BY m.sent_at, m.sequence, m.id
"""
_STEPS = "SELECT kind, at FROM event WHERE complaint_id = %s AND kind = ANY(%s) ORDER BY at, id"

#: What of the history everybody may read; what is not here (notes, who did it, retries) stays inside.
STEPS: Final = {
    "diterima": "Diterima",
    "diambil": "Diperiksa petugas",
    "didisposisikan": "Diteruskan ke unit yang berwenang",
    "dijawab": "Dijawab petugas",
    "menulis_lagi": "Pelapor menambahkan keterangan",
    "dibuka_kembali": "Dibuka kembali",
    "digabung": "Digabung dengan aduan lain",
    "ditunda": "Ditunda",
    "dilanjutkan": "Dilanjutkan",
    "bukan_wewenang": "Diteruskan ke instansi lain",
    "diarsipkan": "Diarsipkan",
    "diurungkan": "Langkah sebelumnya dibatalkan petugas",
    "dipisahkan": "Dipisahkan lagi dari aduan lain",
    "ditutup": "Selesai ditangani",
    "ditutup_otomatis": "Ditutup karena belum ada jawaban dari pelapor",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What an officer wrote to the citizen, and the files that he sent along."""

    text: str
    at: datetime
    files: Sequence[Enclosed] = ()


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

    def files(self) -> Iterator[Enclosed]:
        """The files of all answers that show."""
        return (file for answer in self.answers for file in answer.files)

    def file(self, file_id: UUID) -> Enclosed | None:
        """One of those files; None for whatever else has that id."""
        return next((file for file in self.files() if file.id == file_id), None)


def look_up(connection: Connection, code: str) -> Track | None:
    """The complaint of a code; None for a code that was never given out."""
    row = connection.exec_driver_sql(_COMPLAINT, (code,)).one_or_none()
    if row is None:
        return None
    if row.state is None:
        return Track(code=code)
    answers = _answers(connection, row.complaint_id, hidden=row.hidden)
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


def _answers(connection: Connection, complaint_id: Any, *, hidden: bool) -> list[Answer]:
    lines = connection.exec_driver_sql(_ANSWERS, {"complaint": complaint_id}).all()
    files = enclosed.of(connection, [line.id for line in lines], hidden=hidden)
    return [Answer(text=line.text, at=line.sent_at, files=files.get(line.id, ())) for line in lines]


def _steps(connection: Connection, complaint_id: Any) -> list[Step]:
    found = connection.exec_driver_sql(_STEPS, (complaint_id, list(STEPS)))
    return [Step(STEPS[kind], at) for kind, at in found]
