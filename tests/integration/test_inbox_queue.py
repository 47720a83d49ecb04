"""The queue: what stands where, in which order, found by which words; and pages by keyset."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from store import shelves
from store.queue import After, Queue, Scope, Sort, Wanted
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


def hours(count: float) -> dict[str, Any]:
    """Columns of a complaint whose first deadline is `count` hours away."""
    return {"opened_at": NOW + timedelta(hours=count - 24)}


def listed(browser: Browser, query: str) -> list[str]:
    return tickets(browser.get(f"/inbox{query}").text)


def test_each_queue_holds_what_its_name_says(site: Site) -> None:
    browser = site.officer("dewi", "program_admin")
    [(me,)] = site.rows("SELECT id FROM officer")
    new = site.complaint("baru")
    mine = site.complaint("punya saya", officer_id=me, state="tindak_lanjut")
    unit = site.complaint("di unit", unit="dpu", state="disposisi")
    soon = site.complaint("segera", **hours(5))
    late = site.complaint("lewat", **hours(-3))
    waiting = site.complaint("menunggu", state="menunggu_warga", officer_id=me)
    tray = site.complaint("tanpa program", program=None, next_due_at=None)
    done = site.complaint("selesai", state="selesai", next_due_at=None, closed_at=NOW)
    expected = {
        "": {new, soon, late},
        "?antrean=antrean": {new, soon, late},
        "?antrean=saya": {mine, waiting},
        "?antrean=unit": {unit},
        "?antrean=segera": {soon},
        "?antrean=lewat": {late},
        "?antrean=warga": {waiting},
        "?antrean=triase": {tray},
        "?antrean=selesai": {done},
        "?antrean=semua": {new, mine, unit, soon, late, waiting, tray, done},
        "?antrean=tidak-ada": {new, soon, late},
    }
    for query, found in expected.items():
        assert set(listed(browser, query)) == found, query
    counts = dict(re.findall(r'data-count="(\w+)">([^<]+)<', browser.get("/inbox").text))
    assert counts == {
        name: str(len(expected[f"?antrean={name}"]))
        for name in ("antrean", "saya", "unit", "segera", "lewat", "warga", "triase", "selesai")
    }


def test_the_next_deadline_stands_on_top_unless_the_newest_is_asked_for(site: Site) -> None:
    browser = site.officer("dewi")
    later, first, middle = (site.complaint(**hours(count)) for count in (20, -2, 3))
    assert listed(browser, "") == [first, middle, later]
    assert listed(browser, "?urut=terbaru") == [later, middle, first]


@pytest.mark.parametrize("sort", list(Sort))
def test_pages_by_keyset_show_each_once_in_order(site: Site, sort: Sort) -> None:
    moments = [NOW - timedelta(hours=number // 3) for number in range(20)]
    made = [site.complaint(opened_at=moment) for moment in moments]
    made += [site.complaint(opened_at=NOW - timedelta(days=9 + number), next_due_at=None) for number in range(4)]
    seen: list[str] = []
    after: After | None = None
    with site.engine.connect() as connection:
        for _ in range(20):
            wanted = Wanted(queue=Queue.NEW, sort=sort)
            page = shelves.page(connection, ALL, wanted, NOW, after=after, limit=3)
            seen += [row.ticket for row in page.rows]
            after = page.after
            if after is None:
                break
        whole = shelves.page(connection, ALL, Wanted(queue=Queue.NEW, sort=sort), NOW, limit=100)
    assert seen == [row.ticket for row in whole.rows]
    assert sorted(seen) == sorted(made)


def test_the_link_to_the_next_page_leads_on(site: Site) -> None:
    browser = site.officer("dewi")
    made = {site.complaint(**hours(number / 10)) for number in range(1, 54)}
    first = browser.get("/inbox")
    link = re.search(r'href="([^"]+)" rel="next"', first.text)
    assert link
    second = browser.get(link[1].replace("&amp;", "&"))
    assert len(tickets(first.text)) == 50
    assert set(tickets(first.text)) | set(tickets(second.text)) == made
    assert 'rel="next"' not in second.text


@pytest.mark.parametrize("after", ["x", "~", "2026-01-01~", "~1", "2026-01-01T00:00:00~" + "a" * 32, "\x00"])
def test_a_mangled_page_address_is_the_first_page(site: Site, after: str) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint()
    response = browser.get("/inbox", query_string={"setelah": after})
    assert tickets(response.text) == [ticket]


def test_counts_stop_at_the_cap(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "CAP", 2)
    monkeypatch.setattr("inbox.presenters.CAP", 2)
    for _ in range(5):
        site.complaint()
    assert 'data-count="antrean">1.000+<' in site.officer("dewi").get("/inbox").text


def test_filters_narrow_a_queue(site: Site) -> None:
    browser = site.officer("dewi")
    site.complaint()
    info = site.complaint(type="informasi")
    secret = site.complaint(rahasia=True)
    other = site.complaint(channel="lain")
    failed = site.complaint(send_failed=True)
    unit = site.complaint(unit="dpu")
    assert listed(browser, "?jenis=informasi") == [info]
    assert listed(browser, "?tanda=rahasia") == [secret]
    assert listed(browser, "?kanal=lain") == [other]
    assert listed(browser, "?tanda=gagal-kirim") == [failed]
    assert listed(browser, "?antrean=unit&unit=dpu") == [unit]
    assert "Hapus saringan" in browser.get("/inbox?jenis=aspirasi").text


def test_search_reads_everyday_spelling_in_all_queues(site: Site) -> None:
    browser = site.officer("dewi")
    road = site.complaint("Jln rusak yg di dpn pasar", state="selesai", next_due_at=None, closed_at=NOW)
    site.complaint("Lampu mati")
    assert listed(browser, "?q=jalan+rusak") == [road]
    assert listed(browser, "?q=jl+rusak&antrean=saya") == [road]
    assert listed(browser, "?q=jembatan") == []


def test_a_ticket_is_found_however_it_is_typed_and_others_stay_hidden(site: Site) -> None:
    browser = site.officer("dewi")
    ticket, theirs = site.complaint("apa pun"), site.complaint("apa pun", program="matur")
    assert browser.get(f"/inbox?q={ticket.lower().replace('-', '+')}").headers["Location"] == f"/inbox/{ticket}"
    assert listed(browser, f"?q={theirs}") == []


@pytest.mark.parametrize("typed", ["'", '"', "a & | ! (", "%00", "\\", "<->", "x" * 500, "😀"])
def test_odd_searches_answer(site: Site, typed: str) -> None:
    site.complaint()
    assert site.officer("dewi").get("/inbox", query_string={"q": typed}).status_code == 200


def test_citizens_words_stay_words(site: Site) -> None:
    browser = site.officer("dewi")
    evil = "<script>alert(1)</script>"
    ticket = site.complaint(evil, name=f'"><img src=x>{evil}', place={"label": evil}, account=evil, channel=evil)
    for url in ("/inbox", f"/inbox/{ticket}", "/inbox?q=%3Cscript%3Ealert(1)"):
        page = browser.get(url).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_the_clock_turns_amber_then_red(site: Site) -> None:
    browser = site.officer("dewi")
    site.complaint(**hours(7))
    chip = re.compile(r'class="chip (\w+)"[^>]*>([^<]+)<')
    assert chip.findall(browser.get("/inbox").text) == [("green", "7 jam lagi")]
    site.clock.pass_by(timedelta(hours=2))
    assert chip.findall(browser.get("/inbox").text) == [("amber", "5 jam lagi")]
    assert len(listed(browser, "?antrean=segera")) == 1
    site.clock.pass_by(timedelta(hours=3))
    assert len(listed(browser, "?antrean=segera")) == 1
    site.clock.pass_by(timedelta(hours=3))
    assert chip.findall(browser.get("/inbox").text) == [("red", "lewat 1 jam")]


def test_an_empty_queue_says_why_and_offers_a_way_on(site: Site) -> None:
    page = site.officer("dewi").get("/inbox?antrean=lewat").text
    assert "Tidak ada yang lewat tenggat" in page
    assert "Lihat semua aduan" in page
