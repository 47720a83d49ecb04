"""The clocks of a complaint: which of them run, until when, and how what is left reads."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from normalizer.clock_time import counted, due, shift
from normalizer.complaint import CLOSED, State
from normalizer.program import Clock, Clocks

if TYPE_CHECKING:
    from normalizer.program import Escalation, Program

Chip = Literal["green", "amber", "red"]
#: Where no program says otherwise.
ZONE: Final = "Asia/Jakarta"
USUAL: Final = Clocks()
_STANDING: Final = frozenset({State.MENUNGGU_WARGA, State.DITUNDA})


class Step(NamedTuple):
    """A step of escalation that is not done yet; `mark` is how the complaint notes that it is."""

    at: datetime
    escalation: Escalation
    mark: str


class Stay(NamedTuple):
    """A time that a complaint spent waiting for the citizen or on hold; `until` is None while it does."""

    state: State
    since: datetime
    until: datetime | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """When each clock of a complaint ends, None for a clock that it has not; only what is in `running` counts.

    A clock that stands still keeps the end that it had when it stopped.
    """

    ends: dict[Clock, datetime]
    running: frozenset[Clock]

    @property
    def next(self) -> datetime | None:
        """What the queue sorts by."""
        return min((end for clock, end in self.ends.items() if clock in self.running), default=None)

    def columns(self) -> dict[str, datetime | None]:
        """As the complaint's columns hold them."""
        return {
            "verification_due_at": self.ends.get(Clock.VERIFICATION),
            "response_due_at": self.ends.get(Clock.RESPONSE),
            "resolution_due_at": self.ends.get(Clock.RESOLUTION),
            "silence_due_at": self.ends.get(Clock.SILENCE),
            "next_due_at": self.next,
        }


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the clocks depend on: since when they count, the state, the first answer, the stays in standing states.

    `warned` are the marks of the steps of escalation that are done.
    """

    started_at: datetime
    state: State = State.BARU
    responded_at: datetime | None = None
    stays: tuple[Stay, ...] = ()
    warned: tuple[str, ...] = ()

    @classmethod
    def of(cls, row: Any) -> Facts:
        """From a complaint's row: anything with its column names."""
        stays = tuple(
            Stay(State(state), datetime.fromisoformat(since), datetime.fromisoformat(until) if until else None)
            for state, since, until in row.stays
        )
        return cls(
            started_at=row.clock_started_at or row.opened_at,
            state=State(row.state),
            responded_at=row.responded_at,
            stays=stays,
            warned=tuple(row.warned),
        )

    def moved(self, state: State, now: datetime, *, asked: bool = False) -> Facts:
        """After a change of state; `asked` says that the citizen was asked, perhaps once more."""
        stays = list(self.stays)
        if stays and stays[-1].until is None and (stays[-1].state is not state or asked):
            stays[-1] = stays[-1]._replace(until=now)
        if state in _STANDING and not (stays and stays[-1].until is None):
            stays.append(Stay(state, now, None))
        warned = tuple(mark for mark in self.warned if not (asked and mark.startswith(f"{Clock.SILENCE.value}:")))
        return dataclasses.replace(self, state=state, stays=tuple(stays), warned=warned)

    def restarted(self, now: datetime) -> Facts:
        """All clocks anew, as for a closed complaint whose citizen writes again."""
        return dataclasses.replace(self, started_at=now, responded_at=None, stays=(), warned=())

    def columns(self, program: Program | None) -> dict[str, Any]:
        """The complaint's columns that follow from the facts: its clocks, and what they are reckoned from."""
        stays = [
            [stay.state.value, stay.since.isoformat(), stay.until and stay.until.isoformat()] for stay in self.stays
        ]
        deadlines = reckon(program, self)
        left = steps(program, self, deadlines)
        return {
            "clock_started_at": self.started_at,
            "stays": stays,
            "warned": list(self.warned),
            "warn_at": left[0].at if left else None,
            **deadlines.columns(),
        }


def reckon(program: Program | None, facts: Facts) -> Deadlines:
    """The deadlines of a complaint; without a program, the house's usual clocks."""
    clocks = USUAL if program is None else program.clocks
    zone = ZONE if program is None else program.timezone
    ends, running = {}, set()
    for each in Clock:
        start = since(facts, each)
        if start is None or not clocks.amount(each):
            continue
        calendar = clocks.calendar_of(each)
        end = due(start, clocks.amount(each), clocks, zone, calendar)
        for stay in pauses(clocks, facts, each):
            if stay.until is not None:
                lost = counted(max(stay.since, start), stay.until, clocks, zone, calendar)
                end = shift(end, lost, clocks, zone, calendar)
        ends[each] = end
        if _runs(clocks, facts, each):
            running.add(each)
    return Deadlines(ends=ends, running=frozenset(running))


def since(facts: Facts, clock: Clock) -> datetime | None:
    """When a clock began to count; None for silence while nobody waits for the citizen."""
    if clock is not Clock.SILENCE:
        return facts.started_at
    last = facts.stays[-1] if facts.stays else None
    return last.since if last is not None and last.until is None and last.state is State.MENUNGGU_WARGA else None


def pauses(clocks: Clocks, facts: Facts, clock: Clock) -> list[Stay]:
    """The stays during which a clock stood still."""
    stops = {State.MENUNGGU_WARGA: clocks.pause_while_waiting, State.DITUNDA: clocks.pause_while_held}
    return [stay for stay in facts.stays if clock is not Clock.SILENCE and clock in stops[stay.state]]


def steps(program: Program | None, facts: Facts, deadlines: Deadlines) -> list[Step]:
    """The steps of escalation that are left, the next one first; only clocks that run have any.

    A step is done once for each round of its clock: what a pause puts off is the same deadline.
    """
    if program is None:
        return []
    found = []
    for each in program.escalation:
        mark = f"{each.clock.value}:{each.at}"
        if each.clock in deadlines.running and mark not in facts.warned:
            found.append(Step(_moment(program, facts, deadlines.ends[each.clock], each), each, mark))
    return sorted(found, key=lambda step: step.at)


def _moment(program: Program, facts: Facts, end: datetime, step: Escalation) -> datetime:
    clocks, zone, calendar = program.clocks, program.timezone, program.clocks.calendar_of(step.clock)
    if step.share is None:
        return shift(end, step.offset, clocks, zone, calendar)
    start = since(facts, step.clock) or facts.started_at
    whole = counted(start, due(start, clocks.amount(step.clock), clocks, zone, calendar), clocks, zone, calendar)
    return shift(end, whole * (step.share - 1), clocks, zone, calendar)


def _runs(clocks: Clocks, facts: Facts, clock: Clock) -> bool:
    if facts.state in CLOSED or any(stay.until is None for stay in pauses(clocks, facts, clock)):
        return False
    match clock:
        case Clock.VERIFICATION:
            return facts.state is State.BARU
        case Clock.RESPONSE:
            return facts.responded_at is None
        case Clock.RESOLUTION:
            return True
        case Clock.SILENCE:
            return facts.state is State.MENUNGGU_WARGA


def chip(due: datetime, now: datetime, total: timedelta) -> Chip:
    """The colour of a deadline: red once it is past, amber in the last quarter of the `total` time, else green."""
    left = due - now
    if left <= timedelta():
        return "red"
    return "amber" if left < total / 4 else "green"
