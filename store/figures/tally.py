"""The sums: how many came, how it stands with them, by channel, unit, place, type, program and day."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Date, cast, func, select, text

from normalizer.program import Clock
from store.figures import spans
from store.figures.facts import ANSWERS, NONE, OUTCOMES, Answer, Band, Facts, Outcome
from store.models import Complaint

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Connection

    from store.figures.facts import Asked
    from store.figures.spans import Spread

#: Each group of these is one pass over the index: together what has few values, so that the groups stay few.
_PASSES: Final = (("program", "channel", "type"), ("unit", "area"), ("day",))
#: A page gives up after this, so that nobody's year makes others wait; compiling queries takes longer than they do.
_PATIENCE: Final = "SET LOCAL statement_timeout = '30s'; SET LOCAL jit = off"


class Counts:
    """How many came, and as what they count; `answers` and `outcomes` each add up to `came`."""

    __slots__ = ("answers", "came", "outcomes")

    def __init__(self) -> None:
        self.came = 0
        self.answers: Counter[Answer] = Counter()
        self.outcomes: Counter[Outcome] = Counter()

    def add(self, answer: Answer, outcome: Outcome, count: int) -> None:
        """Some more of that kind."""
        self.came += count
        self.answers[answer] += count
        self.outcomes[outcome] += count

    def join(self, other: Counts) -> None:
        """Those of another one too."""
        self.came += other.came
        self.answers += other.answers
        self.outcomes += other.outcomes

    @property
    def judged(self) -> int:
        """Of how many it is known whether they were answered in time."""
        return self.answers[Answer.IN_TIME] + self.answers[Answer.LATE] + self.answers[Answer.OVERDUE]

    @property
    def share(self) -> float | None:
        """The share answered in time of those of which it is known; None where it is of none."""
        return self.answers[Answer.IN_TIME] / self.judged if self.judged else None

    @property
    def done(self) -> int:
        """How many were closed as done."""
        return self.outcomes[Outcome.DONE] + self.outcomes[Outcome.DONE_LATE]

    @property
    def open(self) -> int:
        """How many are open."""
        return self.outcomes[Outcome.OPEN] + self.outcomes[Outcome.OPEN_LATE]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """All sums of one slice; `by` has for each dimension its values' counts, NONE for what has no unit or place."""

    total: Counts
    by: dict[str, dict[str, Counts]]
    days: dict[date, Counts]
    bands: dict[Band, int]
    response: Spread
    resolution: Spread


def tally(connection: Connection, asked: Asked, zone: str) -> Tally:
    """The figures; days are those of `zone`."""
    facts = Facts(asked)
    connection.execute(text(_PATIENCE))
    day = cast(func.timezone(zone, Complaint.opened_at), Date)
    by: dict[str, dict[Any, Counts]] = {}
    for names in _PASSES:
        columns = [day if name == "day" else facts.column(name) for name in names]
        by |= zip(names, _pass(connection, facts, columns), strict=True)
    total = Counts()
    for each in by["program"].values():
        total.join(each)
    days = by.pop("day")
    took = {clock: spans.histogram(connection, asked, clock) for clock in (Clock.RESPONSE, Clock.RESOLUTION)}
    return Tally(
        total=total,
        by=by,
        days=dict(sorted(days.items())),
        bands=spans.bands(took[Clock.RESPONSE], asked.programs),
        response=spans.spread(took[Clock.RESPONSE]),
        resolution=spans.spread(took[Clock.RESOLUTION]),
    )


def _pass(connection: Connection, facts: Facts, columns: Sequence[ColumnElement[Any]]) -> list[dict[Any, Counts]]:
    """One look at the rows; the counts by each column."""
    named = [column.label(f"key_{index}") for index, column in enumerate(columns)]
    inner = select(*named, facts.answer.label("answer"), facts.outcome.label("outcome"))
    rows = inner.select_from(facts.source()).where(facts.where()).subquery()
    query = select(*rows.c, func.count().label("count")).group_by(*rows.c)
    found: list[dict[Any, Counts]] = [{} for _ in columns]
    for *keys, answer, outcome, count in connection.execute(query):
        for key, counts in zip(keys, found, strict=True):
            mine = counts.setdefault(NONE if key is None else key, Counts())
            mine.add(ANSWERS[answer], OUTCOMES[outcome], count)
    return found
