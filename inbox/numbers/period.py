"""From when until when figures count: this month, the last, thirty days, a year, or two dates; in local days."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

from inbox.i18n import _, lazy, locale

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

_DAY: Final = timedelta(days=1)
_CHOSEN: Final = "pilih"
#: What can be asked for by name.
NAMES: Final = {
    "bulan-ini": lazy("Bulan ini"),
    "bulan-lalu": lazy("Bulan lalu"),
    "30-hari": lazy("30 hari"),
    "tahun-ini": lazy("Tahun ini"),
}
#: Days outside of these are no days that anybody asks for.
YEARS: Final = range(2000, 2200)
#: A trend shows days, weeks or months, so that its columns can be told apart.
_DAYS_SHOWN: Final = 45
_WEEKS_SHOWN: Final = 200


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `first` to `last`, both counted; `name` is one of NAMES or says that the days were chosen."""

    name: str
    first: date
    last: date
    zone: ZoneInfo

    @property
    def start(self) -> datetime:
        """The first day's midnight."""
        return datetime.combine(self.first, time(), self.zone)

    @property
    def end(self) -> datetime:
        """The midnight after the last day."""
        return datetime.combine(self.last + _DAY, time(), self.zone)

    @property
    def words(self) -> str:
        """`1 Nov sampai 23 Nov 2026`."""
        if self.first == self.last:
            return _date(self.first, year=True)
        first = _date(self.first, year=self.first.year != self.last.year)
        return _("%(first)s sampai %(last)s", first=first, last=_date(self.last, year=True))

    @property
    def step(self) -> str:
        """What one column of its trend is: hari, minggu or bulan."""
        days = (self.last - self.first).days + 1
        if days <= _DAYS_SHOWN:
            return "hari"
        return "minggu" if days <= _WEEKS_SHOWN else "bulan"

    def columns(self) -> list[tuple[str, date, date]]:
        """The trend's columns: label, first and last day, without gaps; weeks begin on Monday."""
        found, day = [], self.first
        while day <= self.last:
            end = min(self._ends(day), self.last)
            label = _month(day) if self.step == "bulan" else _date(day, year=False)
            found.append((label, day, end))
            day = end + _DAY
        return found

    def _ends(self, day: date) -> date:
        match self.step:
            case "hari":
                return day
            case "minggu":
                return day + timedelta(days=6 - day.weekday())
            case _:
                return last_of(day)


def following(day: date) -> date:
    """The first of the month after."""
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def last_of(day: date) -> date:
    """The last day of its month."""
    return following(day) - _DAY


def preceding(day: date) -> date:
    """The first of the month before."""
    return (day.replace(day=1) - _DAY).replace(day=1)


def month(day: date) -> str:
    """`November 2026`."""
    return f"{locale().months['stand-alone']['wide'][day.month]} {day.year}"


def _month(day: date) -> str:
    return f"{locale().months['format']['abbreviated'][day.month]} {day.year}"


def _date(day: date, *, year: bool) -> str:
    written = f"{day.day} {locale().months['format']['abbreviated'][day.month]}"
    return f"{written} {day.year}" if year else written


def read(values: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Period:
    """What an address asks for; what cannot be read is this month."""
    today = now.astimezone(zone).date()
    since, until = (_day(values.get(name)) for name in ("dari", "sampai"))
    days = sorted(day for day in (since, until) if day is not None)
    if days:
        last = max(today, days[0]) if until is None else days[-1]
        return Period(name=_CHOSEN, first=days[0], last=last, zone=zone)
    name = values.get("periode", "")
    match name:
        case "bulan-lalu":
            first, last = preceding(today), today.replace(day=1) - _DAY
        case "30-hari":
            first, last = today - timedelta(days=29), today
        case "tahun-ini":
            first, last = today.replace(month=1, day=1), today
        case _:
            name, first, last = "bulan-ini", today.replace(day=1), today
    return Period(name=name, first=first, last=last, zone=zone)


def _day(value: str | None) -> date | None:
    try:
        found = date.fromisoformat(value or "")
    except ValueError:
        return None
    return found if found.year in YEARS else None
