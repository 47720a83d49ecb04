"""Deadlines over hours, weekends, holidays, and how they read."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.clock import chip
from normalizer.clock_time import due
from normalizer.program import Calendar, Clocks

_ZONE = "Asia/Jakarta"
_JAKARTA = ZoneInfo(_ZONE)
_PLAIN = Clocks()
_WORKING = Clocks(calendar=Calendar.WORKING)
_starts = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_JAKARTA)


@given(_starts, st.integers(0, 1500))
def test_plain_hours_are_hours(start: datetime, hours: int) -> None:
    end = due(start, hours, _PLAIN, _ZONE)
    assert end - start == timedelta(hours=hours)
    assert end.tzinfo == _JAKARTA


def test_plain_hours_pass_a_change_of_clocks() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=ZoneInfo("Europe/Amsterdam"))
    end = due(before, 24, _PLAIN, "Europe/Amsterdam")
    assert (end.astimezone(UTC) - before.astimezone(UTC)) == timedelta(hours=24)
    assert end.hour == 13


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23T10:30", 3, "2026-11-26T10:30"),  # Monday to Thursday
        ("2026-11-27T10:30", 1, "2026-11-30T10:30"),  # over a weekend
        ("2026-11-28T10:30", 1, "2026-12-01T00:00"),  # Saturday counts from Monday 00:00
        ("2026-12-23T09:00", 1, "2026-12-28T09:00"),  # collective leave, Christmas and a weekend
        ("2026-12-24T09:00", 1, "2026-12-29T00:00"),  # begun on collective leave
        ("2026-08-14T09:00", 1, "2026-08-18T09:00"),  # Independence Day is a Monday
        ("2026-12-25T09:00", 2, "2026-12-30T00:00"),  # begun on a holiday
        ("2026-12-31T09:00", 1, "2027-01-04T09:00"),  # New Year's Day is a Friday
        ("2026-11-23T10:30", 0, "2026-11-23T10:30"),
    ],
)
def test_working_days(start: str, days: int, end: str) -> None:
    assert due(_at(start), days, _WORKING, _ZONE) == _at(end)


def test_the_day_is_the_programs_own() -> None:
    sunday_in_utc = datetime(2026, 11, 22, 20, tzinfo=UTC)  # Monday 03:00 in Jakarta
    assert due(sunday_in_utc, 1, _WORKING, _ZONE) == _at("2026-11-24T03:00")


def test_collective_leave_and_days_taken_back() -> None:
    leave = Clocks(calendar=Calendar.WORKING, holidays=(date(2026, 11, 24),))
    assert due(_at("2026-11-23T10:00"), 1, leave, _ZONE) == _at("2026-11-25T10:00")
    worked = Clocks(calendar=Calendar.WORKING, workdays=(date(2026, 12, 25),))
    assert due(_at("2026-12-23T10:00"), 1, worked, _ZONE) == _at("2026-12-25T10:00")
    open_on_leave = Clocks(calendar=Calendar.WORKING, collective_leave=False)
    assert due(_at("2026-12-23T10:00"), 1, open_on_leave, _ZONE) == _at("2026-12-24T10:00")
    both = Clocks(calendar=Calendar.WORKING, holidays=(date(2026, 11, 24),), workdays=(date(2026, 11, 24),))
    assert due(_at("2026-11-23T10:00"), 1, both, _ZONE) == _at("2026-11-24T10:00")


@given(_starts, st.integers(0, 40))
def test_a_working_deadline_is_no_day_off_and_never_too_early(start: datetime, days: int) -> None:
    end = due(start, days, _WORKING, _ZONE)
    assert end >= start
    assert end - start >= timedelta(days=days)
    assert end.weekday() < 5
    assert due(start, days + 1, _WORKING, _ZONE) > end


@given(_starts, st.timedeltas(timedelta(), timedelta(days=10)), st.integers(0, 20))
def test_who_comes_later_is_due_later(start: datetime, later: timedelta, days: int) -> None:
    assert due(start, days, _WORKING, _ZONE) <= due(start + later, days, _WORKING, _ZONE)


@pytest.mark.parametrize(("left", "colour"), [(24, "green"), (6, "green"), (5, "amber"), (0, "red"), (-1, "red")])
def test_chip(left: int, colour: str) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC)
    assert chip(now + timedelta(hours=left), now, timedelta(hours=24)) == colour
