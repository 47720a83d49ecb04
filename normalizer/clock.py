"""Deadlines: plain hours, or working days without weekends and Indonesia's national holidays."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal
from zoneinfo import ZoneInfo

import holidays

from normalizer.program import Calendar

if TYPE_CHECKING:
    from normalizer.program import Clocks

Chip = Literal["green", "amber", "red"]
_SATURDAY: Final = 5
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
#: Clocks of 24 and 48 hours are read in hours, longer ones in days.
_HOURS_UNTIL: Final = 2 * _DAY


@functools.lru_cache(maxsize=32)
def _national(year: int) -> frozenset[date]:
    """Indonesia's national holidays of a year; those by the moon are estimates until the decree."""
    return frozenset(holidays.country_holidays("ID", years=year))


def _works(day: date, clocks: Clocks) -> bool:
    if day in clocks.workdays:
        return True
    return day.weekday() < _SATURDAY and day not in clocks.holidays and day not in _national(day.year)


def _next_working(day: date, clocks: Clocks) -> date:
    day += timedelta(days=1)
    while not _works(day, clocks):
        day += timedelta(days=1)
    return day


@functools.lru_cache(maxsize=1024)
def _last_day(day: date, amount: int, clocks: Clocks) -> tuple[date, bool]:
    """The day on which `amount` working days after `day` end, and whether `day` itself is a working day."""
    works = _works(day, clocks)
    if not works:
        day = _next_working(day, clocks)
    for _ in range(amount):
        day = _next_working(day, clocks)
    return day, works


def due(start: datetime, amount: int, clocks: Clocks, timezone: str) -> datetime:
    """When `amount` hours (plain) or working days (working) after the aware `start` are over, in the program's zone.

    A working day ends at the same time of day on the next working day. What comes in on a day off counts as if it had
    come at the first moment of the next working day.
    """
    zone = ZoneInfo(timezone)
    if clocks.calendar is Calendar.PLAIN:
        return (start.astimezone(UTC) + timedelta(hours=amount)).astimezone(zone)
    local = start.astimezone(zone)
    day, works = _last_day(local.date(), amount, clocks)
    return datetime.combine(day, local.time() if works else time(), zone)


def chip(due: datetime, now: datetime, total: timedelta) -> Chip:
    """The colour of a deadline: red once it is past, amber in the last quarter of the `total` time, else green."""
    left = due - now
    if left <= timedelta():
        return "red"
    return "amber" if left < total / 4 else "green"


def relative(due: datetime, now: datetime) -> str:
    """What the officer reads, rounded down: "2 jam lagi", "lewat 3 jam"."""
    seconds = (due - now).total_seconds()
    span = abs(seconds)
    if span < _MINUTE:
        words = "kurang dari 1 menit"
    elif span < _HOUR:
        words = f"{int(span // _MINUTE)} menit"
    elif span < _HOURS_UNTIL:
        words = f"{int(span // _HOUR)} jam"
    else:
        words = f"{int(span // _DAY)} hari"
    return f"{words} lagi" if seconds > 0 else f"lewat {words}"
