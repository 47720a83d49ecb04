"""When a notice leaves the house: at once, in a digest, never within the quiet hours."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.telling import SETTLE, Days, When, Wishes, digest_after, due, loud

WIB = ZoneInfo("Asia/Jakarta")
NIGHT = (time(20, 0), time(6, 30))


def wib(day: int, clock: str) -> datetime:
    """Of November 2026; the 20th is a Friday."""
    return datetime.combine(datetime(2026, 11, day, tzinfo=UTC).date(), time.fromisoformat(clock), WIB)


@pytest.mark.parametrize(
    ("quiet", "at", "expected"),
    [
        (None, wib(20, "23:00"), wib(20, "23:00")),
        (NIGHT, wib(20, "19:59"), wib(20, "19:59")),
        (NIGHT, wib(20, "20:00"), wib(21, "06:30")),
        (NIGHT, wib(20, "23:59"), wib(21, "06:30")),
        (NIGHT, wib(21, "00:00"), wib(21, "06:30")),
        (NIGHT, wib(21, "06:29"), wib(21, "06:30")),
        (NIGHT, wib(21, "06:30"), wib(21, "06:30")),
        ((time(12, 0), time(13, 0)), wib(20, "12:15"), wib(20, "13:00")),
        ((time(12, 0), time(13, 0)), wib(20, "23:00"), wib(20, "23:00")),
    ],
)
def test_quiet_hours_go_over_midnight(quiet: tuple[time, time] | None, at: datetime, expected: datetime) -> None:
    assert loud(Wishes(quiet=quiet), at.astimezone(UTC), WIB) == expected


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Makassar", "Asia/Jayapura"])
@given(at=st.datetimes(timezones=st.just(UTC)), begins=st.times(), ends=st.times())
def test_what_is_held_is_let_go_at_the_end_of_the_same_night(zone: str, at: datetime, begins: time, ends: time) -> None:
    at = at.replace(year=2026)
    wishes = Wishes(quiet=(begins, ends))
    found = loud(wishes, at, ZoneInfo(zone))
    assert timedelta() <= found - at < timedelta(days=1)
    assert loud(wishes, found, ZoneInfo(zone)) == found
    if found != at:
        assert found.astimezone(ZoneInfo(zone)).time() == ends


@pytest.mark.parametrize(
    ("days", "made", "expected"),
    [
        (Days.WEEKDAYS, wib(20, "06:59"), wib(20, "07:00")),
        (Days.WEEKDAYS, wib(20, "07:00"), wib(23, "07:00")),
        (Days.WEEKDAYS, wib(21, "03:00"), wib(23, "07:00")),
        (Days.ALL, wib(20, "07:00"), wib(21, "07:00")),
    ],
)
def test_a_digest_comes_at_its_hour_on_its_days(days: Days, made: datetime, expected: datetime) -> None:
    assert digest_after(Wishes(digest_days=days), made.astimezone(UTC), WIB) == expected


def test_a_digest_within_the_quiet_hours_waits_for_their_end() -> None:
    wishes = Wishes(digest_hour=5, quiet=NIGHT)
    assert due(wishes, When.DIGEST, wib(20, "04:00"), WIB) == wib(20, "06:30")


def test_a_deadline_that_is_over_passes_where_the_officer_said_so() -> None:
    at = wib(20, "22:00")
    assert due(Wishes(quiet=NIGHT, late_passes=True), When.NOW, at, WIB, late=True) == at + SETTLE
    assert due(Wishes(quiet=NIGHT, late_passes=True), When.NOW, at, WIB) == wib(21, "06:30")
    assert due(Wishes(quiet=NIGHT), When.NOW, at, WIB, late=True) == wib(21, "06:30")
    # A digest is no alarm, whatever stands in it.
    late = due(Wishes(quiet=NIGHT, late_passes=True, digest_hour=22), When.DIGEST, at - SETTLE, WIB, late=True)
    assert late == wib(21, "06:30")
