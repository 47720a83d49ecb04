"""The bell and its page, and a leader's reminder: who is told, what shows, what stays hidden."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from store import notices
from store.notices import NewNotice
from tests.factories import NOW
from tests.inboxkit import Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

DUE = {"clock": "resolution", "at": "-4h", "due": (NOW + timedelta(hours=4)).isoformat()}


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def tell(site: Site, username: str, ticket: str, count: int = 1) -> None:
    [(officer_id,)] = site.rows("SELECT id FROM officer WHERE username = :u", u=username)
    row = NewNotice(officer_id=officer_id, complaint_id=site.id_of(ticket), kind="deadline", data=DUE)
    with site.engine.begin() as connection:
        notices.add(connection, [row] * count, NOW)


def told(site: Site) -> list[str]:
    return [
        str(name)
        for (name,) in site.rows("SELECT username FROM notice n JOIN officer o ON o.id = officer_id ORDER BY n.id")
    ]


def test_the_bell_counts_and_the_page_tells(site: Site) -> None:
    ticket = site.complaint(unit="dpu", name="Siti Rahayu", rahasia=True)
    dewi, sri = site.officer("dewi"), site.officer("sri")
    assert "Belum ada pemberitahuan" in dewi.get("/inbox/notices").text
    tell(site, "dewi", ticket, 2)
    assert '<span class="count"><span data-unseen>2</span>' in dewi.get("/inbox").text
    assert '<span class="count" hidden><span data-unseen></span>' in sri.get("/inbox").text
    page = dewi.get("/inbox/notices").text
    assert "Tenggat penyelesaian tinggal 4 jam: Senin, 23 Nov 2026 14.00 WIB" in page
    assert ticket in page
    assert "Dinas Pekerjaan Umum" in page
    assert "Siti" not in page
    assert ticket not in sri.get("/inbox/notices").text


def test_what_was_before_the_officer_is_read_and_nothing_that_came_since(site: Site) -> None:
    ticket = site.complaint()
    dewi = site.officer("dewi")
    tell(site, "dewi", ticket)
    up_to = field(dewi.get("/inbox/notices").text, "up_to")
    tell(site, "dewi", ticket)
    assert dewi.post("/inbox/notices/seen", up_to=up_to).status_code == 303
    assert "<span data-unseen>1</span>" in dewi.get("/inbox").text
    for nonsense in ("", "x", "-1", "9" * 30):
        assert dewi.post("/inbox/notices/seen", up_to=nonsense).status_code == 400


def test_many_notices_come_in_pages(site: Site) -> None:
    ticket = site.complaint()
    dewi = site.officer("dewi")
    tell(site, "dewi", ticket, 120)
    assert "99+" in dewi.get("/inbox").text
    first = dewi.get("/inbox/notices").text
    assert first.count("<strong>") == 50
    second = dewi.get("/inbox/notices?sebelum=" + _older(first)).text
    third = dewi.get("/inbox/notices?sebelum=" + _older(second)).text
    assert (second.count("<strong>"), third.count("<strong>")) == (50, 20)
    assert "?sebelum=" not in third
    assert dewi.get("/inbox/notices?sebelum=abc").status_code == 200


def _older(page: str) -> str:
    return page.partition("?sebelum=")[2].partition('"')[0]


def test_whoever_no_longer_reaches_the_case_reads_nothing_of_it(site: Site) -> None:
    ticket = site.complaint(unit="dpu")
    staff = site.officer("staf", unit="dpu")
    tell(site, "staf", ticket)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE complaint SET unit = 'dinkes'")
    assert ticket not in staff.get("/inbox/notices").text


def test_a_leader_reminds_the_unit_once_per_form(site: Site) -> None:
    site.officer("kepala", "unit_head", unit="dpu")
    site.officer("budi", unit="dpu-jalan")
    [(budi,)] = site.rows("SELECT id FROM officer WHERE username = 'budi'")
    ticket = site.complaint(unit="dpu-jalan", officer_id=budi)
    leader = site.officer("bupati", "leader", name="Bupati Siaga")
    page = leader.get(f"/inbox/{ticket}").text
    assert "Ingatkan" in page
    form = {"version": field(page, "version"), "submission": field(page, "submission")}
    for _ in range(2):
        assert leader.post(f"/inbox/{ticket}/prod", text="Mohon hari ini.", **form).status_code == 303
    assert told(site) == ["budi", "kepala"]
    assert site.case(ticket).version == 1
    page = leader.get(f"/inbox/{ticket}").text
    assert page.count("Mohon hari ini.") == 1
    assert "mengingatkan Bidang Jalan" in page
    assert site.rows("SELECT purpose FROM outbox") == []


def test_a_reminder_that_cannot_be_given_keeps_the_words(site: Site) -> None:
    leader = site.officer("bupati", "leader")
    ticket = site.complaint()
    form = {"version": "1", "submission": "1"}
    assert leader.post(f"/inbox/{ticket}/prod", text=" ", **form).status_code == 422
    long = leader.post(f"/inbox/{ticket}/prod", text="a" * 1001, **form)
    assert (long.status_code, "Pesan terlalu panjang: 1001 dari 1000 huruf." in long.text) == (422, True)
    done = site.complaint(state="selesai", next_due_at=None, closed_at=NOW)
    assert leader.post(f"/inbox/{done}/prod", text="Kenapa?", **form).status_code == 409
    assert "Ingatkan" not in leader.get(f"/inbox/{done}").text
    tray = site.complaint(program=None)
    admin = site.officer("admin", "administrator", programs=[])
    assert admin.post(f"/inbox/{tray}/prod", text="Halo", **form).status_code == 409
    assert told(site) == []


def test_an_officer_reminds_nobody(site: Site) -> None:
    ticket = site.complaint()
    assert "Ingatkan" not in site.officer("dewi").get(f"/inbox/{ticket}").text
