"""Counted time in SQL: what `normalizer.clock_time.counted` gives, for a million complaints at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ARRAY, Date, Float, Time, bindparam, cast, func, literal
from sqlalchemy.sql.elements import Grouping

from normalizer.clock_time import work_time
from normalizer.program import Calendar, Clock, office

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from normalizer.program import Program

_DAY: Final = timedelta(days=1)


def measure(program: Program, clock: Clock) -> float:
    """The seconds of one day as this clock counts them: 24 hours, or the usual office hours of a working day."""
    if not works(program, clock):
        return _DAY.total_seconds()
    opens, closes = office(program.clocks.office_hours)
    return (closes - opens).total_seconds()


def works(program: Program, clock: Clock) -> bool:
    """Whether this clock counts working time only."""
    return program.clocks.calendar_of(clock) is not Calendar.PLAIN


class WorkDays:
    """A program's working time between two moments: how many seconds are over before each of the days."""

    def __init__(self, program: Program, start: datetime, end: datetime) -> None:
        zone, calendar = ZoneInfo(program.timezone), work_time(program.clocks)
        self._first = day = start.astimezone(zone).date() - _DAY
        last = end.astimezone(zone).date() + _DAY
        over, before, spans, openings = 0.0, [], [], []
        while day <= last:
            opens, closes = (each.total_seconds() for each in calendar.office(day))
            span = closes - opens if calendar.works(day) else 0.0
            before.append(over)
            openings.append(opens)
            spans.append(span)
            over += span
            day += _DAY
        # One array for all moments: PostgreSQL finds an element of numbers by its place, without looking at the others.
        self._before, self._spans, self._opens = (
            bindparam(None, each, ARRAY(Float()), unique=True) for each in (before, spans, openings)
        )

    def over(self, wall: ColumnElement[Any]) -> ColumnElement[Any]:
        """The working seconds that are over at a moment on the program's wall, counted from the first of the days."""
        place = cast(wall, Date) - literal(self._first, Date()) + 1
        today = func.date_part("epoch", cast(wall, Time)) - _at(self._opens, place)
        return _at(self._before, place) + func.least(func.greatest(today, 0.0), _at(self._spans, place))


def _at(array: ColumnElement[Any], place: ColumnElement[Any]) -> ColumnElement[Any]:
    return Grouping(cast(array, ARRAY(Float())))[place]


def elapsed(start: ColumnElement[Any], end: ColumnElement[Any]) -> ColumnElement[Any]:
    """Plain seconds between two moments."""
    return func.date_part("epoch", end - start)
