"""The clocks on the pages: the chip turns red with the time, the reckoning stands on hover and on the case page."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from normalizer.clock import Facts
from normalizer.program import Calendar, Clock, Clocks
from store.models import Complaint
from tests.factories import NOW, SIAGA
from tests.inboxkit import Site, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

HOUR = timedelta(hours=1)
#: Monday 10.00 in Jakarta is NOW.
CLOCKS = Clocks(
    calendar=Calendar.HOURS,
    office_hours="08:00-16:00",
    verification=1,
    first_response=4,
    resolution=16,
    silence=10,
    silence_calendar=Calendar.WORKING,
    pause_while_waiting=(Clock.RESOLUTION,),
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@pytest.fixture
def office(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose program keeps office hours."""
    monkeypatch.setattr("tests.factories.SIAGA", dataclasses.replace(SIAGA, clocks=CLOCKS))
    return Site(engine, redis_client, tmp_path)


def complaint(site: Site, **values: Any) -> str:
    """A complaint with its clocks reckoned as the drain does."""
    ticket = site.complaint(opened_at=NOW, **values)
    with site.engine.begin() as connection:
        row = connection.execute(select(Complaint).where(Complaint.ticket == ticket)).one()
        columns = Facts.of(row).columns(site.runtime.programs["siaga"])
        connection.execute(update(Complaint).where(Complaint.ticket == ticket).values(columns))
    return ticket


def chips(page: str) -> list[tuple[str, str, str]]:
    """Colour, title and words of each chip outside of the list."""
    head = page.partition("data-case-head")[2] or page
    found = re.findall(r'<span class="chip (\w+)" title="([^"]*)">([^<]*)</span>', head)
    return [(colour, unescape(title), text.strip()) for colour, title, text in found]


def test_the_chip_turns_amber_and_red_as_time_passes(site: Site) -> None:
    ticket = complaint(site)
    browser = site.officer("dewi")

    def seen() -> list[tuple[str, str]]:
        return [(colour, text) for colour, _, text in chips(browser.get(f"/inbox/{ticket}").text)]

    assert seen() == [("green", "Tanggapan: 24 jam lagi"), ("green", "Selesai: 2 hari lagi")]
    site.clock.pass_by(19 * HOUR)
    again = site.officer("sri")
    page = again.get("/inbox").text
    assert re.findall(r'class="chip (\w+)"', page) == ["amber"]
    site.clock.pass_by(5 * HOUR)
    again = site.officer("tini")
    assert re.findall(r'class="chip (\w+)"', again.get("/inbox").text) == ["red"]
    assert tickets(again.get("/inbox?antrean=lewat").text) == [ticket]


def test_the_reckoning_stands_on_hover_and_on_the_case_page(office: Site) -> None:
    ticket = complaint(office)
    browser = office.officer("dewi")
    [(_, title, _)] = chips(browser.get("/inbox").text)
    assert title == (
        "Tenggat Senin, 23 Nov 2026 11.00 WIB. Masuk Senin 23 Nov 10.00, 1 jam kerja → Senin 23 Nov 11.00; "
        "jam kerja 08.00-16.00"
    )
    page = browser.get(f"/inbox/{ticket}").text
    assert [text for _, _, text in chips(page)] == [
        "Verifikasi: 1 jam lagi",
        "Tanggapan: 4 jam lagi",
        "Selesai: 2 hari lagi",
    ]
    assert "Cara menghitung tenggat" in page
    assert "Masuk Senin 23 Nov 10.00, 16 jam kerja → Rabu 25 Nov 10.00" in unescape(page)


def test_a_clock_that_stands_still_says_so(office: Site) -> None:
    ticket = complaint(office)
    browser = office.officer("dewi")
    form = browser.form(ticket)
    assert browser.post(f"/inbox/{ticket}/answer", text="RT berapa?", then="warga", **form).status_code == 303
    office.clock.pass_by(HOUR)
    page = browser.get(f"/inbox/{ticket}").text
    found = [(colour, text) for colour, _, text in chips(page)]
    assert found == [("green", "Ditutup otomatis: 13 hari lagi"), ("paused", "Selesai: dijeda")]
    assert "sedang dijeda sejak Senin 23 Nov 10.00" in page
    assert "sudah terpenuhi" in page


def test_a_closed_one_has_no_clock(office: Site) -> None:
    ticket = complaint(office, state="selesai", closed_at=NOW)
    page = office.officer("dewi").get(f"/inbox/{ticket}").text
    assert chips(page) == []
    assert "Cara menghitung tenggat" not in page


def test_settings_that_changed_since_leave_the_deadline_as_it_stands(site: Site) -> None:
    site.complaint(next_due_at=NOW + 5 * HOUR)
    [(_, title, _)] = chips(site.officer("dewi").get("/inbox").text)
    assert title == "Tenggat Senin, 23 Nov 2026 15.00 WIB"


def test_one_opened_anew_is_amber_by_its_new_clock_alone(site: Site) -> None:
    ticket = complaint(site, clock_started_at=NOW)
    with site.engine.begin() as connection:
        old = {"opened_at": NOW - timedelta(days=40)}
        connection.execute(update(Complaint).where(Complaint.ticket == ticket).values(old))
    browser = site.officer("dewi")
    assert re.findall(r'class="chip (\w+)"', browser.get("/inbox").text) == ["green"]
    assert tickets(browser.get("/inbox?antrean=segera").text) == []
