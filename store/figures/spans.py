"""How long things took, in the time that each program's clock counts, and how many took so long."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import case, func, select

from normalizer.program import Clock
from store.figures.facts import Band, Facts
from store.figures.worktime import WorkDays, elapsed, measure, works

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection, Select

    from normalizer.program import Program
    from store.figures.facts import Asked

_HOURS_3: Final = 3 * 3600.0
_DAYS: Final = ((Band.DAY_1, 1), (Band.DAYS_3, 3), (Band.DAYS_5, 5))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long it took: middle and ninth tenth in seconds, to the minute; None where nothing was counted."""

    count: int = 0
    median: float | None = None
    p90: float | None = None


class Span:
    """The seconds from the start of a complaint's clocks to its first answer, or to its closing, as SQL."""

    def __init__(self, facts: Facts, clock: Clock) -> None:
        self.facts, self.clock = facts, clock
        self.end = facts.responded if clock is Clock.RESPONSE else facts.closed

    @property
    def seconds(self) -> ColumnElement[Any]:
        """The seconds, null where the span has no end."""
        begun, program = self.facts.started, self.facts.column("program")
        return self._between(program, begun, self.end, self._wall(program, begun), self._wall(program, self.end))

    def _working(self) -> list[Program]:
        return [program for program in self.facts.asked.programs if works(program, self.clock)]

    def _wall(self, program: ColumnElement[Any], at: ColumnElement[Any]) -> ColumnElement[Any]:
        """The moment on the wall of the program's own zone."""
        zones = {each.key: each.timezone for each in self._working()}
        one = set(zones.values())
        zone = one.pop() if len(one) == 1 else case(zones, value=program, else_="UTC") if zones else "UTC"
        return func.timezone(zone, at)

    def _between(self, program: ColumnElement[Any], *at: ColumnElement[Any]) -> ColumnElement[Any]:
        """The seconds between two moments, given as they are and as the wall shows them."""
        begun, ended, begun_wall, ended_wall = at
        asked, counted = self.facts.asked, {}
        for each in self._working():
            days = WorkDays(each, asked.cut.start, max(asked.moment, asked.cut.end))
            counted[each.key] = days.over(ended_wall) - days.over(begun_wall)
        plain = elapsed(begun, ended)
        return case(counted, value=program, else_=plain) if counted else plain

    @property
    def band(self) -> ColumnElement[Any]:
        """Of Band; null where the span has no end."""
        days = {each.key: measure(each, self.clock) for each in self.facts.asked.programs}
        day = case(days, value=self.facts.column("program"), else_=0.0)
        steps = [(self.seconds <= _HOURS_3, Band.HOURS_3.value)]
        steps += [(self.seconds <= day * count, band.value) for band, count in _DAYS]
        return case(*steps, (self.seconds.is_not(None), Band.LONGER.value))

    def histogram(self) -> Select[Any]:
        """How many took so many minutes, begun ones counted whole, in each program."""
        begun, program = self.facts.started, self.facts.column("program")
        columns: list[ColumnElement[Any]] = [program.label("program"), begun.label("begun"), self.end.label("ended")]
        if self._working():
            columns += [
                self._wall(program, begun).label("begun_wall"),
                self._wall(program, self.end).label("ended_wall"),
            ]
        spans = select(*columns).select_from(self.facts.source())
        spans = spans.where(self.facts.where(), self.end <= self.facts.asked.moment)
        if self.clock is Clock.RESOLUTION:
            spans = spans.where(self.facts.done)
        if self._working():
            spans = spans.offset(0)  # the walls are reckoned once for each row, and not wherever they are used
        found = spans.subquery("span").c
        walls = (found.begun_wall, found.ended_wall) if self._working() else (found.begun, found.ended)
        minutes = func.ceil(self._between(found.program, found.begun, found.ended, *walls) / 60.0)
        query: Select[Any] = select(found.program, minutes.label("minutes"), func.count().label("many"))
        return query.group_by(found.program, minutes)


def histogram(connection: Connection, asked: Asked, clock: Clock) -> dict[tuple[str, int], int]:
    """How many took so many minutes, by (program, minutes)."""
    rows = connection.execute(Span(Facts(asked), clock).histogram())
    return {(row.program, int(row.minutes)): row.many for row in rows}


def spread(found: Mapping[tuple[str, int], int]) -> Spread:
    """Median and ninth tenth: the least time within which half, or nine of ten, were done."""
    total = sum(found.values())
    if not total:
        return Spread()
    ordered = sorted((minutes, count) for (_, minutes), count in found.items())
    return Spread(count=total, median=_within(ordered, total * 0.5), p90=_within(ordered, total * 0.9))


def _within(ordered: Iterable[tuple[int, int]], wanted: float) -> float:
    seen, minutes = 0, 0
    for minutes, count in ordered:  # noqa: B007 - the last one is the answer
        seen += count
        if seen >= wanted - 1e-9:
            break
    return minutes * 60.0


def bands(found: Mapping[tuple[str, int], int], programs: Iterable[Program]) -> dict[Band, int]:
    """How many first responses fell into each band."""
    days = {program.key: measure(program, Clock.RESPONSE) for program in programs}
    counts = dict.fromkeys(Band, 0)
    for (program, minutes), count in found.items():
        counts[_band(minutes * 60.0, days[program])] += count
    return counts


def _band(seconds: float, day: float) -> Band:
    if seconds <= _HOURS_3:
        return Band.HOURS_3
    return next((band for band, count in _DAYS if seconds <= day * count), Band.LONGER)
