"""Saved views, filters, sorting: what an officer narrows a queue to, keeps under a name, is told where it is empty."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import escape, unescape
from typing import TYPE_CHECKING, Any

import pytest

from store import casework, shelves
from store.queue import After, Queue, Scope, Sort, Wanted
from store.views import MOST
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Browser, Site, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

ALL = Scope(officer_id=0, programs=None, units=None, tray=None)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def keep(browser: Browser, name: str, query: str, **values: Any) -> Any:
    form = {"name": name, "query": query, "submission": str(uuid.uuid4()), **values}
    return browser.post("/inbox/views", **form)


def rail(browser: Browser, url: str = "/inbox") -> list[tuple[str, str, str]]:
    """Address, name and count of each saved view in the rail."""
    block = re.search(r'class="queues saved">(.*?)</nav>', browser.get(url).text, re.DOTALL)
    if block is None:
        return []
    found = re.findall(r'href="([^"]*)"[^>]*><span>([^<]*)</span> <span class="count"[^>]*>([^<]*)<', block[1])
    return [(unescape(link), unescape(name), count) for link, name, count in found]


def listed(browser: Browser, query: str) -> list[str]:
    return tickets(browser.get(f"/inbox?{query}").text)


def test_a_view_is_kept_shown_with_its_count_and_used(site: Site) -> None:
    browser = site.officer("dewi")
    mine = site.complaint("jembatan", type="aspirasi")
    site.complaint("jalan")
    page = browser.get("/inbox?jenis=aspirasi&urut=menunggu").text
    query = unescape(re.search(r'name="query" value="([^"]*)"', page)[1])  # type: ignore[index]
    answer = keep(browser, "  Aspirasi \n warga ", query)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/inbox{query}")
    [(link, name, count)] = rail(browser)
    assert (name, count) == ("Aspirasi warga", "1")
    assert tickets(browser.get(link).text) == [mine]
    assert f'href="{escape(link)}" aria-current="page"' in browser.get(link).text
    keep(browser, "Cari jembatan", "?q=jembatan")
    browser.get("/inbox?q=jembatan")
    assert [(name, count) for _, name, count in rail(browser)] == [("Aspirasi warga", "1"), ("Cari jembatan", "1")]
    counts = browser.get("/inbox/pulse").get_json()["counts"]
    assert [counts[str(view)] for (view,) in site.rows("SELECT id FROM saved_view")] == ["1", "1"]


def test_views_are_renamed_and_let_go_and_only_ones_own(site: Site) -> None:
    dewi, rudi = site.officer("dewi"), site.officer("rudi")
    keep(dewi, "Satu", "?unit=dpu")
    [(view,)] = site.rows("SELECT id FROM saved_view")
    for browser, status in ((rudi, 404), (dewi, 303)):
        assert browser.post(f"/inbox/views/{view}/rename", name="Dua").status_code == status
    assert rail(rudi) == []
    assert [name for _, name, _ in rail(dewi)] == ["Dua"]
    assert "Dua" not in rudi.get("/inbox/views").text
    assert "Antrean: unit Dinas Pekerjaan Umum" in dewi.get("/inbox/views").text
    for browser, status in ((rudi, 404), (dewi, 303), (dewi, 404)):
        assert browser.post(f"/inbox/views/{view}/remove").status_code == status
    assert rail(dewi) == []


def test_a_name_once_a_form_once_and_twenty_at_most(site: Site) -> None:
    browser = site.officer("dewi")
    submission = str(uuid.uuid4())
    for _ in range(2):
        assert keep(browser, "Satu", "?unit=dpu", submission=submission).status_code == 303
    twice = keep(browser, "Satu", "?unit=dinkes")
    assert twice.status_code == 422
    assert "sudah punya tampilan bernama “Satu”" in twice.text
    assert 'value="?unit=dinkes"' in twice.text
    keep(browser, "Lain", "?unit=dpu")
    [(other,)] = site.rows("SELECT id FROM saved_view WHERE name = 'Lain'")
    assert browser.post(f"/inbox/views/{other}/rename", name="Satu").status_code == 422
    for number in range(MOST - 2):
        assert keep(browser, f"Nomor {number}", "").status_code == 303
    full = keep(browser, "Satu lagi", "")
    assert full.status_code == 422
    assert "Paling banyak 20 tampilan" in full.text
    assert site.rows("SELECT count(*) FROM saved_view") == [(MOST,)]
    assert keep(site.officer("rudi"), "Satu", "").status_code == 303


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 61, "\x00"])
def test_a_name_must_be_one(site: Site, name: str) -> None:
    answer = keep(site.officer("dewi"), name, "?unit=dpu")
    assert answer.status_code == 422
    assert "Beri nama" in answer.text
    assert site.rows("SELECT count(*) FROM saved_view") == [(0,)]


@pytest.mark.parametrize("name", ['"><script>alert(1)</script>', "'; DROP TABLE saved_view; --", "%s %(x)s {{ 7*7 }}"])
def test_a_hostile_name_stays_a_name(site: Site, name: str) -> None:
    browser = site.officer("dewi")
    assert keep(browser, name, f"?q={name}&setelah=x&jahat=1").status_code == 303
    for url in ("/inbox", "/inbox/views"):
        page = browser.get(url).text
        assert "<script>alert" not in page
        assert name in unescape(page)
    [(query,)] = site.rows("SELECT query FROM saved_view")
    assert "jahat" not in query
    assert "setelah" not in query
    assert keep(browser, "tanpa formulir", "", submission="bukan").status_code == 400


def test_a_view_of_a_unit_and_a_program_that_are_gone_opens_and_says_so(site: Site) -> None:
    browser = site.officer("dewi")
    old = site.complaint(unit="dibubarkan", state="disposisi")
    keep(browser, "Lama", "?antrean=unit&unit=dibubarkan")
    keep(browser, "Program", "?program=ditutup")
    views = rail(browser)
    assert [count for _, _, count in views] == ["1", "0"]
    page = browser.get(views[0][0]).text
    assert tickets(page) == [old]
    assert "Saringan unit “dibubarkan” tidak dikenal lagi" in page
    assert "Saringan program “ditutup” tidak dikenal lagi" in browser.get(views[1][0]).text
    assert "Hapus saringan" in browser.get(views[1][0]).text


def test_counts_are_kept_for_a_while_and_never_hold_up_a_page(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.officer("dewi")
    for number in range(5):
        keep(browser, f"V{number}", f"?antrean=semua&jenis=pengaduan&dari=2026-01-0{number + 1}")
    site.complaint()
    assert [count for _, _, count in rail(browser)] == ["1", "1", "1", "", ""]
    assert [count for _, _, count in rail(browser)] == ["1"] * 5
    site.complaint()
    assert [count for _, _, count in rail(browser)] == ["1"] * 5
    site.runtime.redis.flushall()
    monkeypatch.setattr("inbox.queue.saved._CAP", 1)
    assert [count for _, _, count in rail(browser)][:3] == ["1+"] * 3
    site.runtime.redis.flushall()
    monkeypatch.setattr(
        "inbox.queue.saved._count", lambda connection, _view: connection.exec_driver_sql("SELECT pg_sleep(9)")
    )
    assert [count for _, _, count in rail(browser)] == [""] * 5


def test_filters_by_place_and_period(site: Site) -> None:
    browser = site.officer("dewi")
    # 16.30 UTC is before midnight in Jakarta, 17.30 UTC is the next day there.
    evening = site.complaint(opened_at=NOW.replace(day=20, hour=16, minute=30))
    night = site.complaint(opened_at=NOW.replace(day=20, hour=17, minute=30))
    moga = site.complaint(place={"label": "Moga", "candidates": ["Moga", "Belik"], "lat": None, "lon": None})
    assert listed(browser, "kecamatan=Moga") == listed(browser, "kecamatan=Belik") == [moga]
    assert listed(browser, "kecamatan=Comal") == []
    assert listed(browser, "dari=2026-11-20&sampai=2026-11-20") == [evening]
    assert listed(browser, "dari=2026-11-21&sampai=2026-11-21") == [night]
    assert set(listed(browser, "sampai=2026-11-21")) == {evening, night}
    for odd in ("x", "2026-13-01", "0001-01-01", "9999-12-31", "%00", "2026-11-20T00:00"):
        assert set(listed(browser, f"dari={odd}")) == {evening, night, moga}, odd


def test_an_empty_list_names_its_filters_and_offers_one_thing(site: Site) -> None:
    browser = site.officer("dewi")
    page = unescape(browser.get("/inbox?antrean=lewat&jenis=aspirasi&unit=dpu&dari=2026-11-01").text)
    assert (
        "Di Lewat tenggat tidak ada aduan dengan jenis Aspirasi, unit Dinas Pekerjaan Umum, sejak 2026-11-01." in page
    )
    assert page.count('class="button" href="/inbox?antrean=lewat">Hapus saringan') == 1


def test_an_empty_list_says_when_it_is_the_rights(site: Site) -> None:
    site.complaint(unit="dinkes", state="disposisi")
    page = site.officer("dewi", unit="dpu").get("/inbox?antrean=semua&unit=dinkes").text
    assert "Anda hanya melihat aduan unit Anda dan yang belum punya unit." in page
    assert "hanya melihat" not in site.officer("rudi").get("/inbox?antrean=lewat&unit=dinkes").text
    assert "Anda belum diberi program." in site.officer("baru", programs=[]).get("/inbox").text


@pytest.mark.parametrize(
    ("query", "last"), [("antrean=antrean", "2030-01-01"), ("antrean=semua&q=jalan", "2020-01-01")]
)
def test_a_page_behind_the_last_leads_back_to_the_first(site: Site, query: str, last: str) -> None:
    site.complaint("jalan")
    after = f"{last}T00:00:00%2B00:00~{uuid.UUID(int=2**128 - 1)}"
    page = site.officer("dewi").get(f"/inbox?{query}&setelah={after}").text
    assert "Di halaman ini tidak ada lagi aduan." in page
    assert f'href="/inbox?{escape(query)}">Ke halaman pertama' in page


def test_who_waits_longest_stands_on_top_until_he_is_answered(site: Site) -> None:
    browser = site.officer("dewi")
    [(me,)] = site.rows("SELECT id FROM officer")
    old = site.complaint(opened_at=NOW - timedelta(days=9), officer_id=me, state="tindak_lanjut")
    new = site.complaint(opened_at=NOW - timedelta(days=1), officer_id=me, state="tindak_lanjut")
    again = site.complaint(opened_at=NOW - timedelta(days=20), last_inbound_at=NOW - timedelta(days=5), officer_id=me)
    view = "antrean=saya&urut=menunggu"
    assert listed(browser, view) == [old, again, new]
    assert "menunggu 9 hari" in browser.get(f"/inbox?{view}").text
    with site.writing() as connection:
        casework.answer(connection, factories.act(site.id_of(old), me), "Kami cek", "form")
    assert listed(browser, view) == [again, new, old]
    with site.writing() as connection:
        connection.exec_driver_sql(
            "UPDATE complaint SET last_inbound_at = %s WHERE ticket = %s", (NOW + timedelta(1), old)
        )
    assert listed(browser, view) == [again, new, old]
    assert site.case(old).waiting_since == NOW + timedelta(1)
    with site.writing() as connection:
        casework.close(connection, factories.act(site.id_of(new), me), "Selesai", "form")
    assert site.case(new).waiting_since is None


def test_an_answer_that_moves_with_a_split_answers_there(site: Site) -> None:
    case = site.id_of(ticket := site.complaint("jalan", last_inbound_at=NOW))
    with site.writing() as connection:
        officer = factories.officer(connection, "dewi")
        values = {"conversation": "lain", "address": "+628122222222"}
        line = factories.line(connection, case, "hal lain", sent_at=NOW + timedelta(hours=1), **values)
        later = NOW + timedelta(hours=2)
        factories.line(connection, case, "jawab", direction="out", role="answer", sent_at=later, **values)
    assert site.case(ticket).last_answered_at == later
    with site.writing() as connection:
        fresh = casework.split(connection, factories.act(case, officer), line, None, "form")
    assert site.case(ticket).last_answered_at is None
    assert site.case(ticket).waiting_since == NOW
    assert site.rows("SELECT last_answered_at FROM complaint WHERE id = :id", id=fresh) == [(later,)]


def test_pages_by_who_waits_longest_show_each_once(site: Site) -> None:
    made = [site.complaint(opened_at=NOW - timedelta(hours=number // 3)) for number in range(10)]
    answered = {"last_answered_at": NOW + timedelta(hours=1)}
    made += [site.complaint(opened_at=NOW - timedelta(hours=number), **answered) for number in range(5)]
    seen: list[str] = []
    after: After | None = None
    wanted = Wanted(queue=Queue.NEW, sort=Sort.WAITING)
    with site.engine.connect() as connection:
        for _ in range(20):
            page = shelves.page(connection, ALL, wanted, NOW, after=after, limit=2)
            seen += [row.ticket for row in page.rows]
            after = page.after
            if after is None:
                break
        whole = shelves.page(connection, ALL, wanted, NOW, limit=100)
    assert seen == [row.ticket for row in whole.rows]
    assert sorted(seen) == sorted(made)
    waits = [row.waiting_since for row in whole.rows]
    assert waits == sorted(each for each in waits if each) + [None] * 5
