"""How a deadline came about, in the officer's language: since when it counts, how, what days were off, what pauses."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from inbox import words
from inbox.i18n import _, _c, _n, lazy
from normalizer import clock_time
from normalizer.clock import USUAL, ZONE, Deadlines, Facts, pauses, since
from normalizer.clock_time import counted, work_time
from normalizer.complaint import CLOSED, State
from normalizer.program import WEEK, Calendar, Clock, Clocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from normalizer.program import Program

#: Days off that are no holiday by name; those are called what the calendar calls them.
_OFF: Final = {clock_time.WEEKEND: lazy("akhir pekan"), clock_time.LOCAL: lazy("libur daerah")}
#: More days off than this are counted, not named.
_MOST_NAMED: Final = 5
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reckoning:
    """One clock explained: since when it counts, its end, whether it stands still or is met, and all in a sentence."""

    clock: Clock
    start: datetime
    end: datetime
    paused: bool
    met: bool
    text: str


def explain(program: Program | None, facts: Facts, deadlines: Deadlines, opened_at: datetime) -> list[Reckoning]:
    """Every clock of a complaint that has one, in the order of `Clock`; nothing of one that is closed."""
    return [each for clock in deadlines.ends if (each := explain_one(program, facts, deadlines, clock, opened_at))]


def explain_one(
    program: Program | None, facts: Facts, deadlines: Deadlines, clock: Clock, opened_at: datetime
) -> Reckoning | None:
    """One clock, such as "Masuk Jumat 20 Nov 16.00, 8 jam kerja → Senin 23 Nov 16.00; libur: akhir pekan 21-22 Nov"."""
    start = since(facts, clock)
    if start is None or facts.state in CLOSED:
        return None
    clocks = USUAL if program is None else program.clocks
    zone = ZONE if program is None else program.timezone
    end = deadlines.ends[clock]
    met = (clock is Clock.VERIFICATION and facts.state is not State.BARU) or (
        clock is Clock.RESPONSE and facts.responded_at is not None
    )
    calendar = clocks.calendar_of(clock)
    first = _first(clock, restarted=start != opened_at)
    parts = [f"{first} {_at(start, zone)}, {_amount(clocks.amount(clock), calendar)} → {_at(end, zone)}"]
    if calendar is not Calendar.PLAIN:
        parts += _calendar(clocks, start, end, zone)
    lost, paused = _pauses(clocks, facts, clock, start, zone)
    parts += lost
    if met:
        parts.append(_("sudah terpenuhi"))
    elif clock is Clock.SILENCE:
        parts.append(_("lalu aduan ditutup otomatis"))
    return Reckoning(clock=clock, start=start, end=end, paused=paused and not met, met=met, text="; ".join(parts))


def _first(clock: Clock, *, restarted: bool) -> str:
    if clock is Clock.SILENCE:
        return _("Ditanyakan")
    return _("Dibuka kembali") if restarted else _c("waktu", "Masuk")


def _amount(count: int, calendar: Calendar) -> str:
    if calendar is Calendar.PLAIN:
        return _n("%(num)s jam", "%(num)s jam", count)
    if calendar is Calendar.HOURS:
        return _n("%(num)s jam kerja", "%(num)s jam kerja", count)
    return _n("%(num)s hari kerja", "%(num)s hari kerja", count)


def _at(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{words.weekday(local)} {words.short(local)} {words.hour(local)}"


def _calendar(clocks: Clocks, start: datetime, end: datetime, zone: str) -> list[str]:
    parts = []
    local = ZoneInfo(zone)
    shown = [clocks.office_hours] if clocks.office_hours != USUAL.office_hours else []
    shown += _other_hours(clocks, start.astimezone(local).date(), end.astimezone(local).date())
    if shown:
        parts.append(_("jam kerja %(hours)s", hours=", ".join(shown).replace(":", words.colon())))
    spans = list(_days_off(clocks, start.astimezone(local).date(), end.astimezone(local).date()))
    named = [f"{_OFF.get(reason, reason)} {_span(first, last)}" for reason, first, last in spans[:_MOST_NAMED]]
    rest = len(spans) - _MOST_NAMED
    if rest > 0:
        named.append(_n("dan %(num)s libur lain", "dan %(num)s libur lain", rest))
    if named:
        parts.append(_("libur: %(days)s", days=", ".join(named)))
    return parts


def _other_hours(clocks: Clocks, first: date, last: date) -> list[str]:
    """The days of the week between these with office hours of their own: `Jumat 07:30-14:30`."""
    week = [first + _DAY * number for number in range(min((last - first).days + 1, len(WEEK)))]
    found = [(day, clocks.hours.of(WEEK[day.weekday()])) for day in sorted(week, key=lambda day: day.weekday())]
    return [f"{words.weekday(day)} {hours}" for day, hours in found if hours is not None]


def _days_off(clocks: Clocks, first: date, last: date) -> Iterator[tuple[str, date, date]]:
    """Days off from `first` to `last`, those side by side with one reason as one."""
    work = work_time(clocks)
    days = (first + _DAY * number for number in range((last - first).days + 1))
    for reason, group in groupby(days, work.reason):
        if reason is not None:
            found = list(group)
            yield reason, found[0], found[-1]


def _span(first: date, last: date) -> str:
    if first == last:
        return words.short(last)
    return f"{first.day if first.month == last.month else words.short(first)}-{words.short(last)}"


def _pauses(clocks: Clocks, facts: Facts, clock: Clock, start: datetime, zone: str) -> tuple[list[str], bool]:
    calendar = clocks.calendar_of(clock)
    lost, parts, paused = timedelta(), [], False
    for stay in pauses(clocks, facts, clock):
        if stay.until is None:
            parts.append(_("sedang dijeda sejak %(when)s", when=_at(stay.since, zone)))
            paused = True
        else:
            lost += counted(max(stay.since, start), stay.until, clocks, zone, calendar)
    if lost >= _MINUTE:
        span = _length(lost)
        parts.insert(0, _("dijeda %(span)s", span=span) if calendar is Calendar.PLAIN else _worked(span))
    return parts, paused


def _worked(span: str) -> str:
    return _("dijeda %(span)s kerja", span=span)


def _length(span: timedelta) -> str:
    hours, rest = divmod(span, _HOUR)
    minutes = rest // _MINUTE
    told = [_n("%(num)s jam", "%(num)s jam", hours)] if hours else []
    return " ".join(told + ([_n("%(num)s menit", "%(num)s menit", minutes)] if minutes else []))
