"""The reckoning in words: what it begins with, how it counts, the days off, the pauses."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Flask

from inbox import i18n
from inbox.reckoning import explain
from normalizer.clock import Facts, reckon
from normalizer.complaint import State
from normalizer.program import Calendar, Clock, Clocks, DayHours, Program

_JAKARTA = ZoneInfo("Asia/Jakarta")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=_JAKARTA)


def program(**clocks: object) -> Program:
    found = dataclasses.replace(Clocks(), **clocks)  # type: ignore[arg-type]
    return Program(key="p", name="P", organisation="O", keywords=("p",), clocks=found)


def said(house: Program | None, facts: Facts, opened_at: datetime | None = None) -> dict[Clock, str]:
    found = explain(house, facts, reckon(house, facts), opened_at or facts.started_at)
    return {each.clock: each.text for each in found}


OFFICE = program(calendar=Calendar.HOURS, office_hours="08:00-16:00", first_response=8, resolution=80)
FRIDAY = Facts(started_at=at("2026-11-20T15:00"))


def test_plain_hours_and_no_program() -> None:
    assert said(None, FRIDAY)[Clock.RESPONSE] == "Masuk Jumat 20 Nov 15.00, 24 jam → Sabtu 21 Nov 15.00"


def test_working_hours_name_the_office_hours_and_the_days_off() -> None:
    assert said(OFFICE, FRIDAY)[Clock.RESPONSE] == (
        "Masuk Jumat 20 Nov 15.00, 8 jam kerja → Senin 23 Nov 15.00; jam kerja 08.00-16.00; "
        "libur: akhir pekan 21-22 Nov"
    )


def test_days_of_the_week_with_hours_of_their_own_are_named_where_they_count() -> None:
    hours = DayHours(jumat="07:30-14:30", selasa="09:00-12:00")
    house = program(calendar=Calendar.HOURS, office_hours="08:00-16:00", hours=hours, first_response=4)
    assert said(house, Facts(started_at=at("2026-11-20T14:00")))[Clock.RESPONSE] == (
        "Masuk Jumat 20 Nov 14.00, 4 jam kerja → Senin 23 Nov 11.30; jam kerja 08.00-16.00, Jumat 07.30-14.30; "
        "libur: akhir pekan 21-22 Nov"
    )
    assert "jam kerja 08.00-16.00;" not in said(house, Facts(started_at=at("2026-11-25T09:00")))[Clock.RESPONSE]
    assert said(house, Facts(started_at=at("2026-11-25T09:00")))[Clock.RESPONSE].endswith("; jam kerja 08.00-16.00")


def test_holidays_are_named_and_many_are_counted() -> None:
    days = program(calendar=Calendar.WORKING, first_response=3, resolution=40)
    texts = said(days, Facts(started_at=at("2026-12-22T09:00")))
    assert texts[Clock.RESPONSE] == (
        "Masuk Selasa 22 Des 09.00, 3 hari kerja → Selasa 29 Des 09.00; "
        "libur: Cuti Bersama Hari Raya Natal 24 Des, Hari Raya Natal 25 Des, akhir pekan 26-27 Des"
    )
    assert texts[Clock.RESOLUTION].endswith(" libur lain")


def test_weekends_over_a_months_end() -> None:
    days = program(calendar=Calendar.WORKING, first_response=1, resolution=2)
    start = Facts(started_at=at("2026-10-30T09:00"))
    assert "akhir pekan 31 Okt-1 Nov" in said(days, start)[Clock.RESPONSE]


def test_pauses_that_are_over_and_one_that_is_not() -> None:
    paused = dataclasses.replace(
        OFFICE, clocks=dataclasses.replace(OFFICE.clocks, pause_while_held=(Clock.RESOLUTION,))
    )
    answered = dataclasses.replace(FRIDAY, responded_at=at("2026-11-20T15:30"))
    held = answered.moved(State.DITUNDA, at("2026-11-23T09:00"))
    assert "sedang dijeda sejak Senin 23 Nov 09.00" in said(paused, held)[Clock.RESOLUTION]
    back = held.moved(State.TINDAK_LANJUT, at("2026-11-23T11:15"))
    assert said(paused, back)[Clock.RESOLUTION].endswith("; dijeda 2 jam 15 menit kerja")
    assert said(paused, back)[Clock.RESPONSE].endswith("; sudah terpenuhi")


def test_silence_and_a_complaint_opened_anew() -> None:
    house = program(silence=72)
    asked = FRIDAY.moved(State.MENUNGGU_WARGA, at("2026-11-20T16:00"), asked=True)
    assert said(house, asked)[Clock.SILENCE] == (
        "Ditanyakan Jumat 20 Nov 16.00, 72 jam → Senin 23 Nov 16.00; lalu aduan ditutup otomatis"
    )
    assert said(house, FRIDAY, at("2026-11-01T10:00"))[Clock.RESPONSE].startswith("Dibuka kembali Jumat 20 Nov 15.00")


def test_of_a_closed_one_nothing_is_said() -> None:
    assert said(OFFICE, FRIDAY.moved(State.SELESAI, at("2026-11-20T16:00"))) == {}


def test_the_same_in_english() -> None:
    app = Flask("uji")
    i18n.register(app)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert said(OFFICE, FRIDAY)[Clock.RESPONSE] == (
            "Received Friday 20 Nov 15:00, 8 working hours → Monday 23 Nov 15:00; working hours 08:00-16:00; "
            "days off: weekend 21-22 Nov"
        )
