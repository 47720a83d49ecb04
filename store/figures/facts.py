"""What is counted, and as what: the one place of the counting rules.

- A complaint counts where it came: on the day on which its citizen sent it (`opened_at`), in its program's period.
- Each counts once. One that was merged counts where it went; one that was split off counts by itself. What has no
  program yet (the triage tray) does not count.
- Whom a unit limits, his figures are those of the unit and what he holds himself: what no unit has is nobody's yet.
- What is told of it is told as of a moment: now, or the end of a past month (`past`), as it then was.
- Answered in time: the first answer of an officer, which includes a reason for handing on, holding or archiving, came
  no later than the deadline of the first response; without such a clock every answer is in time. Automatic texts are no
  answers. Closed without an answer (spam, silence) is neither in time nor late.
- Done in time: closed as done no later than the deadline of the resolution, with the pauses that the program grants.
  Archived and handed on (bukan wewenang) stand by themselves. An open one is late once that deadline is past; while the
  clock stands still it is not.
- One that was opened again counts by its last round: from when it was opened again.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import DateTime, SmallInteger, and_, case, cast, exists, false, func, literal_column, null, or_, select
from sqlalchemy import column as sql_column
from sqlalchemy.dialects.postgresql import JSONB

from normalizer.complaint import CLOSED, State
from normalizer.program import Clock
from store.models import Complaint, ComplaintPast
from store.queue import within

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, FromClause

    from normalizer.program import Program
    from store.queue import Scope

#: What no unit or no place has, in an address.
NONE: Final = "-"
_CLOSED: Final = sorted(state.value for state in CLOSED)
_STANDING: Final = (State.MENUNGGU_WARGA, State.DITUNDA)


class Answer(enum.StrEnum):
    """How it stands with the first response; the five add up to all that came."""

    IN_TIME = "tepat"
    LATE = "terlambat"
    WAITING = "menunggu"
    OVERDUE = "lewat"
    NONE = "tanpa"


class Outcome(enum.StrEnum):
    """How it stands with the complaint itself; the six add up to all that came."""

    DONE = "selesai"
    DONE_LATE = "selesai-terlambat"
    OPEN = "terbuka"
    OPEN_LATE = "terbuka-lewat"
    ARCHIVED = "diarsipkan"
    HANDED_ON = "dialihkan"


class Band(enum.StrEnum):
    """How long the first response took, in days as the program's clock counts them."""

    HOURS_3 = "3-jam"
    DAY_1 = "1-hari"
    DAYS_3 = "3-hari"
    DAYS_5 = "5-hari"
    LONGER = "lebih"


#: In SQL each is its index here: a million small numbers are grouped faster than words.
ANSWERS: Final = tuple(Answer)
OUTCOMES: Final = tuple(Outcome)


def _code(value: Answer | Outcome) -> ColumnElement[int]:
    found = ANSWERS.index(value) if isinstance(value, Answer) else OUTCOMES.index(value)
    return literal_column(str(found), SmallInteger())


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Which complaints: those that came from `start` until before `end`, narrowed; `unit` and `area` may be NONE.

    `answer`, `outcome` and `band` narrow to what one figure counts.
    """

    start: datetime
    end: datetime
    program: str | None = None
    channel: str | None = None
    type: str | None = None
    unit: str | None = None
    area: str | None = None
    officer_id: int | None = None
    answer: Answer | None = None
    outcome: Outcome | None = None
    band: Band | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A slice as one officer may see it, told as of `moment`; `past` where that is not now."""

    scope: Scope
    cut: Slice
    programs: Sequence[Program]
    moment: datetime
    past: bool = False


class Facts:
    """The columns of a complaint as of a moment, and what follows from them."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.then = None
        if asked.past:
            self.then = (
                select(ComplaintPast)
                .where(ComplaintPast.complaint_id == Complaint.id, ComplaintPast.until > asked.moment)
                .order_by(ComplaintPast.until, ComplaintPast.id)
                .limit(1)
                .lateral("then")
            )

    def source(self) -> FromClause:
        """The tables to select from."""
        table = Complaint.__table__
        return table if self.then is None else table.outerjoin(self.then, self.then.c.complaint_id == Complaint.id)

    def column(self, name: str) -> ColumnElement[Any]:
        """A column of the complaint as it then was."""
        present = getattr(Complaint, name)
        if self.then is None or name not in self.then.c:
            found: ColumnElement[Any] = present
            return found
        return case((self.then.c.id.is_not(None), self.then.c[name]), else_=present)

    def _until(self, name: str) -> ColumnElement[Any]:
        """A moment of the complaint's that had come by then."""
        at = self.column(name)
        return at if self.then is None else case((at <= self.asked.moment, at), else_=null())

    @property
    def started(self) -> ColumnElement[Any]:
        """Since when the clocks of its last round count."""
        return func.coalesce(self.column("clock_started_at"), Complaint.opened_at)

    @property
    def responded(self) -> ColumnElement[Any]:
        """When it was first answered; null while it is not."""
        return self._until("responded_at")

    @property
    def closed(self) -> ColumnElement[Any]:
        """When it was closed; null while it is open."""
        return self._until("closed_at")

    @property
    def done(self) -> ColumnElement[bool]:
        """Whether it was closed as done."""
        return self._is(State.SELESAI)

    def _is(self, *states: State) -> ColumnElement[bool]:
        wanted = self.column("state").in_([state.value for state in states])
        return wanted if self.then is None else and_(wanted, self.closed.is_not(None))

    def where(self) -> ColumnElement[bool]:
        """Which complaints count."""
        cut, program, unit = self.asked.cut, self.column("program"), self.column("unit")
        conditions = [
            Complaint.opened_at >= cut.start,
            Complaint.opened_at < cut.end,
            within(self.asked.scope),
            program.in_([each.key for each in self.asked.programs]),
            ~self._is(State.DIGABUNG),
        ]
        scope = self.asked.scope
        if scope.units is not None:
            conditions.append(or_(unit.in_(sorted(scope.units)), Complaint.officer_id == scope.officer_id))
        pairs = (
            (program, cut.program), (Complaint.channel, cut.channel), (self.column("type"), cut.type),
            (unit, cut.unit), (Complaint.area, cut.area), (Complaint.officer_id, cut.officer_id),
        )  # fmt: skip
        for found, value in pairs:
            if value is not None:
                conditions.append(found.is_(None) if value == NONE else found == value)
        if cut.answer is not None:
            conditions.append(self.answer == _code(cut.answer))
        if cut.outcome is not None:
            conditions.append(self.outcome == _code(cut.outcome))
        return and_(*conditions)

    @property
    def answer(self) -> ColumnElement[int]:
        """The index in ANSWERS."""
        due, responded = self.column("response_due_at"), self.responded
        return case(
            (and_(responded.is_not(None), or_(due.is_(None), responded <= due)), _code(Answer.IN_TIME)),
            (responded.is_not(None), _code(Answer.LATE)),
            (self._is(*CLOSED), _code(Answer.NONE)),
            (due <= self.asked.moment, _code(Answer.OVERDUE)),
            else_=_code(Answer.WAITING),
        )

    @property
    def outcome(self) -> ColumnElement[int]:
        """The index in OUTCOMES."""
        due = self.column("resolution_due_at")
        return case(
            (and_(self._is(State.SELESAI), or_(due.is_(None), self.closed <= due)), _code(Outcome.DONE)),
            (self._is(State.SELESAI), _code(Outcome.DONE_LATE)),
            (self._is(State.DIARSIPKAN), _code(Outcome.ARCHIVED)),
            (self._is(State.BUKAN_WEWENANG), _code(Outcome.HANDED_ON)),
            (and_(due <= self.asked.moment, ~self._stands()), _code(Outcome.OPEN_LATE)),
            else_=_code(Outcome.OPEN),
        )

    def _stands(self) -> ColumnElement[bool]:
        """Whether the clock of the resolution stood still."""
        found = []
        for program in self.asked.programs:
            clocks = program.clocks
            stops = (clocks.pause_while_waiting, clocks.pause_while_held)
            states = [state for state, paused in zip(_STANDING, stops, strict=True) if Clock.RESOLUTION in paused]
            if states:
                found.append(and_(self.column("program") == program.key, self._stood(states)))
        return func.coalesce(or_(*found), false()) if found else false()

    def _stood(self, states: Sequence[State]) -> ColumnElement[bool]:
        if self.then is None:
            return Complaint.state.in_([state.value for state in states])
        stay = func.jsonb_array_elements(self.column("stays")).table_valued(sql_column("value", JSONB), name="stay")
        since, until = (cast(stay.c.value[index].astext, DateTime(timezone=True)) for index in (1, 2))
        return exists(
            select(1).where(
                stay.c.value[0].astext.in_([state.value for state in states]),
                since <= self.asked.moment,
                or_(until.is_(None), until > self.asked.moment),
            )
        )
