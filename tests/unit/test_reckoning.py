"""Which clocks of a complaint run, what standing still does to them, and what the queue sorts by."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st

from normalizer.clock import Facts, reckon
from normalizer.clock_time import counted
from normalizer.complaint import State
from normalizer.program import Calendar, Clock, Clocks, Program

_START = datetime(2026, 11, 20, 2, tzinfo=UTC)  # Friday 09.00 in Jakarta
_HOUR = timedelta(hours=1)


def program(**clocks: object) -> Program:
    values = {"verification": 4, "first_response": 8, "resolution": 48, "silence": 72, **clocks}
    return Program(key="p", name="P", organisation="O", keywords=("p",), clocks=dataclasses.replace(Clocks(), **values))


FRESH = Facts(started_at=_START)


def test_each_clock_runs_while_what_it_waits_for_has_not_happened() -> None:
    fresh = reckon(program(), FRESH)
    assert fresh.running == {Clock.VERIFICATION, Clock.RESPONSE, Clock.RESOLUTION}
    assert fresh.next == _START + 4 * _HOUR
    seen = reckon(program(), FRESH.moved(State.DIVERIFIKASI, _START + _HOUR))
    assert seen.next == _START + 8 * _HOUR
    answered = dataclasses.replace(FRESH.moved(State.TINDAK_LANJUT, _START), responded_at=_START + 2 * _HOUR)
    assert reckon(program(), answered).next == _START + 48 * _HOUR
    assert reckon(program(), answered.moved(State.SELESAI, _START)).next is None


def test_no_program_is_the_houses_usual_clocks_and_a_clock_of_nought_is_none() -> None:
    assert reckon(None, FRESH).ends == {
        Clock.RESPONSE: _START + 24 * _HOUR,
        Clock.RESOLUTION: _START + 48 * _HOUR,
    }


def test_silence_counts_from_the_last_question() -> None:
    asked = FRESH.moved(State.MENUNGGU_WARGA, _START + 5 * _HOUR, asked=True)
    assert reckon(program(), asked).ends[Clock.SILENCE] == _START + 77 * _HOUR
    noted = asked.moved(State.MENUNGGU_WARGA, _START + 6 * _HOUR)
    assert noted == asked
    again = asked.moved(State.MENUNGGU_WARGA, _START + 9 * _HOUR, asked=True)
    assert reckon(program(), again).ends[Clock.SILENCE] == _START + 81 * _HOUR
    replied = again.moved(State.TINDAK_LANJUT, _START + 10 * _HOUR)
    assert Clock.SILENCE not in reckon(program(), replied).ends


def test_a_clock_that_stands_still_keeps_the_time_used() -> None:
    paused = program(pause_while_waiting=(Clock.RESOLUTION,), silence=0)
    answered = dataclasses.replace(FRESH, responded_at=_START)
    asked = answered.moved(State.MENUNGGU_WARGA, _START + 10 * _HOUR, asked=True)
    assert Clock.RESOLUTION not in reckon(paused, asked).running
    assert reckon(paused, asked).next is None
    back = asked.moved(State.TINDAK_LANJUT, _START + 30 * _HOUR)
    assert reckon(paused, back).next == _START + 68 * _HOUR
    assert reckon(program(), back).next == _START + 48 * _HOUR
    held = back.moved(State.DITUNDA, _START + 40 * _HOUR).moved(State.TINDAK_LANJUT, _START + 45 * _HOUR)
    assert reckon(paused, held).next == _START + 68 * _HOUR
    both = program(pause_while_waiting=(Clock.RESOLUTION,), pause_while_held=(Clock.RESOLUTION,))
    assert reckon(both, held).next == _START + 73 * _HOUR


def test_only_working_time_is_lost_while_an_office_clock_stands_still() -> None:
    office = program(
        calendar=Calendar.HOURS, office_hours="08:00-16:00", resolution=16, pause_while_held=(Clock.RESOLUTION,)
    )
    answered = dataclasses.replace(FRESH, responded_at=_START)
    held = answered.moved(State.DITUNDA, _START + 6 * _HOUR)  # Friday 15.00
    back = held.moved(State.TINDAK_LANJUT, _START + 72 * _HOUR)  # Monday 09.00: two working hours later
    first = reckon(office, answered).ends[Clock.RESOLUTION]
    moved = reckon(office, back).ends[Clock.RESOLUTION]
    assert counted(first, moved, office.clocks, "Asia/Jakarta", Calendar.HOURS) == 2 * _HOUR


_pauses = st.lists(
    st.tuples(st.integers(1, 500), st.integers(1, 500), st.sampled_from([State.MENUNGGU_WARGA, State.DITUNDA])),
    max_size=4,
)


@settings(deadline=None)
@given(_pauses, st.sampled_from(list(Calendar)))
def test_what_is_left_is_the_same_before_and_after_standing_still(
    spans: list[tuple[int, int, State]], calendar: Calendar
) -> None:
    clocks = program(
        calendar=calendar,
        office_hours="07:15-22:15",
        resolution=60,
        pause_while_waiting=(Clock.RESOLUTION,),
        pause_while_held=(Clock.RESOLUTION,),
    )

    def left(facts: Facts, now: datetime) -> timedelta:
        end = reckon(clocks, facts).ends[Clock.RESOLUTION]
        return counted(now, end, clocks.clocks, "Asia/Jakarta", calendar)

    now, facts = _START, FRESH
    for work, pause, state in spans:
        now += timedelta(minutes=work)
        before = left(facts, now)
        facts = facts.moved(state, now, asked=True)
        now += timedelta(minutes=pause)
        facts = facts.moved(State.TINDAK_LANJUT, now)
        assert left(facts, now) == before


def test_facts_survive_the_columns() -> None:
    facts = FRESH.moved(State.MENUNGGU_WARGA, _START, asked=True).moved(State.DITUNDA, _START + _HOUR)
    columns = facts.columns(program())
    row = SimpleNamespace(**columns, opened_at=_START, state="ditunda", responded_at=None)
    assert Facts.of(row) == facts
    assert facts.restarted(_START + 3 * _HOUR).columns(program())["stays"] == []
