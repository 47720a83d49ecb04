"""Counting time: every hour, or only the office hours of working days, in a program's own zone."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import holidays

from normalizer.program import WEEK, Calendar, Clocks, office

_DAY: Final = timedelta(days=1)
_NOTHING: Final = timedelta()
#: Why a day is off that is no national holiday.
WEEKEND: Final = "akhir pekan"
LOCAL: Final = "libur daerah"


@functools.lru_cache(maxsize=64)
def national(year: int, *, collective_leave: bool) -> dict[date, str]:
    """Indonesia's holidays of a year with their names; those by the moon are estimates until the decree."""
    kinds = ("public", "government") if collective_leave else ("public",)
    found = holidays.country_holidays("ID", years=year, categories=kinds, language="id")
    return {day: name for day, name in found.items() if day.year == year}


class WorkTime:
    """Arithmetic with working time; moments are local and naive, since offices follow the clock on their wall."""

    def __init__(self, clocks: Clocks) -> None:
        """Of one program's calendar."""
        self._clocks = clocks
        self._office = [office(clocks.hours_of(day)) for day in WEEK]
        self._weekend = frozenset(WEEK.index(day) for day in clocks.weekend)
        self._known: dict[date, bool] = {}

    def reason(self, day: date) -> str | None:
        """Why a day is off, in the officers' words; None for a working day."""
        if day in self._clocks.workdays:
            return None
        if day in self._clocks.holidays:
            return LOCAL
        name = national(day.year, collective_leave=self._clocks.collective_leave).get(day)
        if name is None and day.weekday() in self._weekend:
            return WEEKEND
        return name

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        known = self._known.get(day)
        if known is None:
            known = self._known[day] = self.reason(day) is None
        return known

    def office(self, day: date) -> tuple[timedelta, timedelta]:
        """Opening and closing of a day that is worked, as times since midnight."""
        return self._office[day.weekday()]

    def _step(self, day: date, days: int) -> date:
        step = _DAY * days
        day += step
        while not self.works(day):
            day += step
        return day

    def _opening(self, day: date) -> datetime:
        return datetime.combine(day, time()) + self.office(day)[0]

    def _closing(self, day: date) -> datetime:
        return datetime.combine(day, time()) + self.office(day)[1]

    def begin(self, at: datetime) -> datetime:
        """The first working moment from `at` on; the moment of closing belongs to the next working day."""
        day = at.date()
        if self.works(day) and at < self._closing(day):
            return max(at, self._opening(day))
        return self._opening(self._step(day, 1))

    def later(self, day: date, amount: int) -> date:
        """The day that is `amount` working days after `day`."""
        for _ in range(amount):
            day = self._step(day, 1)
        return day

    def within(self, at: datetime) -> datetime:
        """The moment of a working day's office hours that is nearest to `at`."""
        return min(max(at, self._opening(at.date())), self._closing(at.date()))

    def after(self, at: datetime, span: timedelta) -> datetime:
        """When `span` of working time from `at` on is over; a day's last moment is its closing."""
        if not span:
            return at
        at = self.begin(at)
        day = at.date()
        while span > self._closing(day) - at:
            span -= self._closing(day) - at
            day = self._step(day, 1)
            at = self._opening(day)
        return at + span

    def before(self, at: datetime, span: timedelta) -> datetime:
        """The last moment from which `span` of working time is left until `at`."""
        if not span:
            return at
        day = at.date()
        if not self.works(day) or at <= self._opening(day):
            day = self._step(day, -1)
        at = min(at, self._closing(day))
        while span > at - self._opening(day):
            span -= at - self._opening(day)
            day = self._step(day, -1)
            at = self._closing(day)
        return at - span

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Working time from `start` to `end`; nothing where the end is first."""
        total, day = _NOTHING, start.date()
        while day <= end.date():
            if self.works(day):
                spent = min(end, self._closing(day)) - max(start, self._opening(day))
                total += max(spent, _NOTHING)
            day += _DAY
        return total


@functools.lru_cache(maxsize=64)
def work_time(clocks: Clocks) -> WorkTime:
    """The working time of these settings."""
    return WorkTime(clocks)


@functools.lru_cache(maxsize=2048)
def _later(day: date, amount: int, clocks: Clocks) -> date:
    """The day `amount` working days after a working day; cached, since all that comes on one day asks for it."""
    return work_time(clocks).later(day, amount)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


def due(start: datetime, amount: int, clocks: Clocks, timezone: str, calendar: Calendar | None = None) -> datetime:
    """When `amount` hours or working days after the aware `start` are over, in the program's zone.

    A working day ends at the same time of day on the next working day, or when that day's office hours are over. What
    comes in outside of office hours counts as if it had come at the first moment of the next ones.
    """
    zone = ZoneInfo(timezone)
    match calendar or clocks.calendar:
        case Calendar.PLAIN:
            return (start.astimezone(UTC) + timedelta(hours=amount)).astimezone(zone)
        case Calendar.HOURS:
            work, local = work_time(clocks), _local(start, zone)
            return work.after(work.begin(local), timedelta(hours=amount)).replace(tzinfo=zone)
        case Calendar.WORKING:
            work = work_time(clocks)
            begun = work.begin(_local(start, zone))
            ends = datetime.combine(_later(begun.date(), amount, clocks), begun.time())
            return work.within(ends).replace(tzinfo=zone)


def shift(at: datetime, span: timedelta, clocks: Clocks, timezone: str, calendar: Calendar) -> datetime:
    """`at` moved by `span` of the time that the calendar counts; back where `span` is negative."""
    zone = ZoneInfo(timezone)
    if calendar is Calendar.PLAIN:
        return (at.astimezone(UTC) + span).astimezone(zone)
    work, local = work_time(clocks), _local(at, zone)
    moved = work.after(local, span) if span >= _NOTHING else work.before(local, -span)
    return moved.replace(tzinfo=zone)


def counted(start: datetime, end: datetime, clocks: Clocks, timezone: str, calendar: Calendar) -> timedelta:
    """How much time from `start` to `end` the calendar counts; nothing where the end is first."""
    if calendar is Calendar.PLAIN:
        return max(end - start, _NOTHING)
    zone = ZoneInfo(timezone)
    return work_time(clocks).between(_local(start, zone), _local(end, zone))
