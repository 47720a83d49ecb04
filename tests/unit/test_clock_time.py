"""Working time: office hours, weekends, holidays; monotone, additive, never due while the office is shut."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.clock_time import counted, due, national, shift, work_time
from normalizer.program import Calendar, Clocks, DayHours, Weekday

_ZONE = "Asia/Jakarta"
_JAKARTA = ZoneInfo(_ZONE)
_OFFICE = Clocks(calendar=Calendar.HOURS, office_hours="08:00-16:00")
_DESK = Clocks(calendar=Calendar.HOURS, office_hours="07:15-22:15", weekend=(Weekday.MINGGU,))
_FRIDAYS = Clocks(calendar=Calendar.HOURS, office_hours="07:30-16:00", hours=DayHours(jumat="07:30-14:30"))
_starts = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
_spans = st.timedeltas(timedelta(), timedelta(hours=200))
_clocks = st.sampled_from(
    [
        _OFFICE,
        _DESK,
        Clocks(calendar=Calendar.HOURS),
        Clocks(calendar=Calendar.HOURS, office_hours="22:00-24:00", holidays=(date(2026, 1, 5),)),
        _FRIDAYS,
    ]
)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_JAKARTA)


def _open(at: datetime, clocks: Clocks) -> bool:
    """Whether the office works at this moment; closing counts as the end of the day before it."""
    work = work_time(clocks)
    before = at.replace(tzinfo=None) - timedelta(microseconds=1)
    return work.begin(at.replace(tzinfo=None)) == at.replace(tzinfo=None) or work.begin(before) == before


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-20T15:00", 1, "2026-11-20T16:00"),  # to the moment of closing
        ("2026-11-20T16:00", 8, "2026-11-23T16:00"),  # Friday at closing: the whole Monday
        ("2026-11-20T15:00", 3, "2026-11-23T10:00"),  # Friday over the weekend
        ("2026-11-20T23:59", 1, "2026-11-23T09:00"),  # over midnight
        ("2026-11-23T00:00", 1, "2026-11-23T09:00"),
        ("2026-12-31T15:00", 2, "2027-01-04T09:00"),  # over the year's end: New Year's Day is a Friday
        ("2026-03-17T15:00", 2, "2026-03-25T09:00"),  # Nyepi and Lebaran with their collective leave
        ("2026-11-22T12:00", 0, "2026-11-23T08:00"),  # Sunday counts from Monday's opening
    ],
)
def test_working_hours(start: str, hours: int, end: str) -> None:
    assert due(_at(start), hours, _OFFICE, _ZONE) == _at(end)


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-20T20:00", 1, "2026-11-24T08:00"),  # after hours on Friday: as if on Monday at 08.00
        ("2026-11-20T10:00", 1, "2026-11-23T10:00"),
        ("2026-11-20T06:00", 2, "2026-11-24T08:00"),
    ],
)
def test_working_days_keep_office_hours(start: str, days: int, end: str) -> None:
    assert due(_at(start), days, _OFFICE, _ZONE, Calendar.WORKING) == _at(end)


@pytest.mark.parametrize(
    ("start", "amount", "end", "calendar"),
    [
        ("2026-11-20T14:00", 1, "2026-11-23T08:00", Calendar.HOURS),  # Friday shuts at half past two
        ("2026-11-20T15:00", 1, "2026-11-23T08:30", Calendar.HOURS),
        ("2026-11-19T15:00", 2, "2026-11-20T08:30", Calendar.HOURS),
        ("2026-11-18T15:30", 1, "2026-11-19T15:30", Calendar.WORKING),
        ("2026-11-19T15:30", 1, "2026-11-20T14:30", Calendar.WORKING),  # no later than Friday's closing
        ("2026-11-19T15:30", 2, "2026-11-23T15:30", Calendar.WORKING),
    ],
)
def test_days_of_the_week_have_hours_of_their_own(start: str, amount: int, end: str, calendar: Calendar) -> None:
    assert due(_at(start), amount, _FRIDAYS, _ZONE, calendar) == _at(end)
    assert _open(_at(end), _FRIDAYS)


def test_a_desk_that_works_on_saturdays_till_late() -> None:
    assert due(_at("2026-11-20T21:15"), 2, _DESK, _ZONE) == _at("2026-11-21T08:15")
    assert due(_at("2026-11-21T22:00"), 1, _DESK, _ZONE) == _at("2026-11-23T08:00")


def test_the_hours_are_those_of_the_programs_own_zone() -> None:
    start = datetime(2026, 11, 23, 7, 30, tzinfo=UTC)  # 14.30 in Jakarta, 16.30 in Jayapura
    assert due(start, 1, _OFFICE, "Asia/Jakarta") == _at("2026-11-23T15:30")
    assert due(start, 1, _OFFICE, "Asia/Jayapura").isoformat() == "2026-11-24T09:00:00+09:00"


def test_collective_leave_and_names_of_holidays() -> None:
    named = work_time(_OFFICE)
    assert named.reason(date(2026, 12, 25)) == "Hari Raya Natal"
    assert named.reason(date(2026, 12, 24)) == "Cuti Bersama Hari Raya Natal"
    assert named.reason(date(2026, 11, 22)) == "akhir pekan"
    assert named.reason(date(2026, 11, 23)) is None
    assert date(2026, 12, 24) not in national(2026, collective_leave=False)
    local = Clocks(holidays=(date(2026, 11, 24),), workdays=(date(2026, 11, 28), date(2026, 12, 25)))
    assert work_time(local).reason(date(2026, 11, 24)) == "libur daerah"
    assert work_time(local).works(date(2026, 11, 28))
    assert work_time(local).works(date(2026, 12, 25))


@settings(deadline=None)
@given(_starts, st.integers(1, 200), _clocks)
def test_never_due_while_the_office_is_shut(start: datetime, hours: int, clocks: Clocks) -> None:
    end = due(start, hours, clocks, _ZONE)
    assert end - start >= timedelta(hours=hours)
    assert _open(end, clocks)
    assert counted(start, end, clocks, _ZONE, Calendar.HOURS) == timedelta(hours=hours)


@settings(deadline=None)
@given(_starts, st.timedeltas(timedelta(), timedelta(days=10)), st.integers(0, 100), _clocks)
def test_who_comes_later_is_due_later(start: datetime, later: timedelta, hours: int, clocks: Clocks) -> None:
    for calendar in Calendar:
        amount = hours % 20 if calendar is Calendar.WORKING else hours
        first = due(start, amount, clocks, _ZONE, calendar)
        assert first <= due(start + later, amount, clocks, _ZONE, calendar)
        assert first < due(start, amount + 1, clocks, _ZONE, calendar)


@settings(deadline=None)
@given(_starts, st.integers(1, 60), st.integers(1, 60), _clocks)
def test_what_is_counted_in_parts_adds_up(start: datetime, first: int, second: int, clocks: Clocks) -> None:
    # A whole day that ends at Friday's early closing is a shorter one: what follows counts from there.
    even = set(Calendar) - ({Calendar.WORKING} if clocks is _FRIDAYS else set())
    for calendar in even:
        half = due(start, first, clocks, _ZONE, calendar)
        assert due(half, second, clocks, _ZONE, calendar) == due(start, first + second, clocks, _ZONE, calendar)


@settings(deadline=None)
@given(_starts, _spans, _clocks)
def test_back_and_forth_end_where_they_began(start: datetime, span: timedelta, clocks: Clocks) -> None:
    at = due(start, 1, clocks, _ZONE)
    there = shift(at, span, clocks, _ZONE, Calendar.HOURS)
    assert counted(at, there, clocks, _ZONE, Calendar.HOURS) == span
    back = shift(there, -span, clocks, _ZONE, Calendar.HOURS)
    assert counted(back, at, clocks, _ZONE, Calendar.HOURS) == timedelta()
    assert counted(back, there, clocks, _ZONE, Calendar.HOURS) == span


@settings(deadline=None)
@given(_starts, st.timedeltas(timedelta(), timedelta(days=40)), st.timedeltas(timedelta(), timedelta(days=40)), _clocks)
def test_counted_time_adds_up(start: datetime, first: timedelta, second: timedelta, clocks: Clocks) -> None:
    middle, end = start + first, start + first + second
    parts = counted(start, middle, clocks, _ZONE, Calendar.HOURS) + counted(middle, end, clocks, _ZONE, Calendar.HOURS)
    assert parts == counted(start, end, clocks, _ZONE, Calendar.HOURS)
    assert counted(end, start - timedelta(microseconds=1), clocks, _ZONE, Calendar.HOURS) == timedelta()


def test_a_whole_day_ends_at_midnight() -> None:
    whole = Clocks(calendar=Calendar.HOURS)
    assert due(_at("2026-11-20T12:00"), 12, whole, _ZONE) == _at("2026-11-21T00:00")
    assert due(_at("2026-11-20T12:00"), 13, whole, _ZONE) == _at("2026-11-23T01:00")
