"""Search over all history: what is found, in which order, which words are marked, what is said where nothing is."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func

from store import casework, search, search_index
from store.people import Role
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Browser, Site, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from store.queue import After


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def look(browser: Browser, typed: str, **filters: str) -> str:
    return browser.get("/inbox", query_string={"q": typed, **filters}).text


def found(browser: Browser, typed: str, **filters: str) -> list[str]:
    return tickets(look(browser, typed, **filters))


def words(page: str) -> list[str]:
    """The first words of each card, as HTML."""
    found = re.findall(r'<span class="words">(.*?)</span>\s*<span class="meta">', page)
    return [each.replace('<span class="hidden">Belum dibaca. </span>', "") for each in found]


def test_every_line_of_the_history_is_searched(site: Site) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint("Jalan berlubang", place={"label": "depan pasar", "candidates": ["Randudongkal"]})
    other = site.complaint("Lampu mati")
    case = site.id_of(ticket)
    with site.writing() as connection:
        mail = factories.line(connection, case, "tolong dibaca", subject="Kerusakan parah", quoted="surat terdahulu")
        factories.line(connection, case, "keliru", revised="sudah dibetulkan")
        factories.line(connection, case, "anggaran diusulkan", direction="note", role="note")
        factories.attachment(connection, mail, name="denah_lokasi.pdf", state="owed")
        factories.outgoing(connection, case, "sent", "Tim akan mengaspal hari Senin")
        factories.line(connection, case, "Terima kasih, nomor aduan Anda", direction="out", role="auto")
    for typed in ("berlubang", "kerusakan", "terdahulu", "keliru", "dibetulkan", "anggaran", "denah", "mengaspal"):
        assert found(browser, typed) == [ticket], typed
    for typed in ("randudongkal", "pasar", "berlubang anggaran", '"hari senin"', "Siti Aminah"):
        assert ticket in found(browser, typed), typed
    assert found(browser, '"senin hari"') == []
    assert found(browser, "nomor aduan anda") == []
    assert found(browser, "mati") == [other]


def test_words_are_found_in_any_form_and_everyday_spelling(site: Site) -> None:
    browser = site.officer("dewi")
    road = site.complaint("Jln rusak.Tolong diperbaiki/ditambal")
    for typed in ("jalan", "jl", "perbaiki", "memperbaiki", "tambal", "RUSAK", "tolong", "yg rusak", "\uff52usak"):
        assert found(browser, typed) == [road], typed
    assert found(browser, "jembatan rusak") == []


@pytest.mark.parametrize(
    "typed", ["0811-2626-116", "+62 811 2626 116", "628112626116", "8112626116", "(0811) 2626116", "siti 0811 2626 116"]
)
def test_a_phone_is_found_in_any_spelling(site: Site, typed: str) -> None:
    browser = site.officer("dewi")
    sender = site.complaint("Lampu mati", address="+628112626116")
    named = site.complaint("Hubungi Siti, 0811.2626.116", address="+628122222222", name="Budi")
    site.complaint("Lampu mati", address="+628112626117")
    assert set(found(browser, typed)) == {sender, named}


def test_a_mail_address_is_found_whole(site: Site) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint("Lampu mati", address="budi.s@surat.example", name="Budi")
    assert found(browser, "Budi.S@surat.example") == [ticket]
    assert found(browser, "budi.t@surat.example") == []


def test_a_ticket_leads_straight_to_its_case(site: Site) -> None:
    browser = site.officer("dewi")
    ticket, theirs = site.complaint(), site.complaint(program="matur")
    answer = browser.get("/inbox", query_string={"q": f"aduan {ticket.lower().replace('-', ' ')}"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/inbox/{ticket}"
    page = look(browser, theirs)
    assert tickets(page) == []
    assert f"Tidak ada aduan bernomor {theirs} yang dapat Anda buka." in page


def test_scope_and_filters_hold_for_a_search(site: Site) -> None:
    mine = site.complaint("jembatan", unit="dpu", state="disposisi", type="aspirasi", place={"candidates": ["Moga"]})
    nobodys = site.complaint("jembatan", opened_at=NOW - timedelta(days=3))
    others = site.complaint("jembatan", unit="dinkes", state="disposisi", opened_at=NOW - timedelta(days=40))
    foreign = site.complaint("jembatan", program="matur")
    tray = site.complaint("jembatan", program=None, next_due_at=None)
    admin = site.officer("admin", "administrator")
    assert set(found(admin, "jembatan")) == {mine, nobodys, others, foreign, tray}
    assert set(found(site.officer("kepala", "program_admin"), "jembatan")) == {mine, nobodys, others, tray}
    assert found(site.officer("dewi", unit="dpu"), "jembatan") == [mine, nobodys]
    assert found(admin, "jembatan", unit="dpu") == [mine]
    assert found(admin, "jembatan", jenis="aspirasi") == [mine]
    assert found(admin, "jembatan", kecamatan="Moga") == [mine]
    assert found(admin, "jembatan", program="matur") == [foreign]
    assert found(admin, "jembatan", sampai="2026-10-31") == [others]
    assert found(admin, "jembatan", dari="2026-11-01", sampai="2026-11-20") == [nobodys]
    assert found(admin, "jembatan", kanal="tidak-ada") == []


def test_the_unit_that_gets_it_finds_it_and_the_one_that_had_it_no_more(site: Site) -> None:
    ticket = site.complaint("jembatan", unit="dinkes", state="disposisi")
    dpu, health = site.officer("dewi", unit="dpu"), site.officer("rudi", unit="dinkes")
    assert (found(dpu, "jembatan"), found(health, "jembatan")) == ([], [ticket])
    [(officer,)] = site.rows("SELECT id FROM officer WHERE username = 'rudi'")
    with site.writing() as connection:
        casework.dispose(connection, factories.act(site.id_of(ticket), officer), "dpu", "aspal sisa", "form")
    assert (found(dpu, "aspal"), found(health, "aspal"), found(health, "jembatan")) == ([ticket], [], [])


def test_the_newest_stand_first_and_each_once_over_all_pages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ages = [0, 0, 0, 1, 5, 20, 20, 90, 400, 400, 1500]
    made = [site.complaint("jembatan", opened_at=NOW - timedelta(days=age)) for age in ages]
    browser = site.officer("dewi")
    monkeypatch.setattr("store.search.page.__kwdefaults__", {"after": None, "limit": 2})
    url: str | None = "/inbox?q=jembatan"
    seen: list[str] = []
    while url:
        page = browser.get(url).text
        seen += tickets(page)
        link = re.search(r'href="([^"]+)" rel="next"', page)
        url = unescape(link[1]) if link else None
    assert sorted(seen) == sorted(made)
    ages_seen = [ages[made.index(ticket)] for ticket in seen]
    assert ages_seen == sorted(ages)


def test_found_words_are_marked_where_they_stand(site: Site) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint("Lubang di jln depan pasar", name="Siti Aminah")
    case = site.id_of(ticket)
    with site.writing() as connection:
        factories.outgoing(connection, case, "sent", "Sudah kami perbaiki kemarin.")
        factories.line(connection, case, "Aspal habis", direction="note", role="note")
    assert words(look(browser, "jalan")) == ["Lubang di <mark>jln</mark> depan pasar"]
    assert words(look(browser, "perbaikan")) == [
        '<span class="hit">dalam jawaban:</span> Sudah kami <mark>perbaiki</mark> kemarin.'
    ]
    assert words(look(browser, "aspal")) == ['<span class="hit">dalam catatan:</span> <mark>Aspal</mark> habis']
    assert '<span class="who"><mark>Siti</mark> Aminah</span>' in look(browser, "siti")
    assert "nomor telepon pelapor" in look(browser, "0811 2626 116")


def test_a_hit_far_down_a_long_text_is_shown(site: Site) -> None:
    browser = site.officer("dewi")
    site.complaint("kata " * 300 + "jembatan" + " kata" * 300)
    [piece] = words(look(browser, "jembatan"))
    assert "…kata kata" in piece
    assert "<mark>jembatan</mark>" in piece
    assert len(piece) < 300


@pytest.mark.parametrize(
    "typed",
    [
        "'",
        '"',
        "a & | ! (",
        "%00",
        "\x00",
        "\\",
        "<->",
        "x" * 500,
        "😀",
        '"jalan',
        "!!!",
        "yang di",
        "jalan:*",
        "-jalan",
    ],
)
def test_whatever_is_typed_is_answered(site: Site, typed: str) -> None:
    site.complaint("Jalan & (lubang)")
    answer = site.officer("dewi").get("/inbox", query_string={"q": typed})
    assert answer.status_code == 200


def test_hostile_words_stay_words(site: Site) -> None:
    browser = site.officer("dewi")
    evil = "<script>alert(1)</script> jembatan <img src=x onerror=alert(1)>"
    case = site.id_of(site.complaint(evil, name="<b>Siti</b>", place={"label": "<i>jembatan</i>"}))
    with site.writing() as connection:
        factories.attachment(
            connection, factories.line(connection, case, "foto"), name="<u>denah</u>.jpg", state="owed"
        )
    for typed in ("jembatan", "script", "siti", "denah", "<script>alert(1)</script>"):
        page = look(browser, typed)
        assert len(tickets(page)) == 1, typed
        assert "<mark>" in page
        for sign in ("<script>alert", "<img src=x", "<b>", "<i>", "<u>"):
            assert sign not in page


def test_only_common_words_is_said(site: Site) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint("jalan yang rusak")
    for typed in ("yang", "!!!", "yang untuk"):
        page = look(browser, typed)
        assert tickets(page) == []
        assert "Tidak ada yang dapat dicari" in page
    page = look(browser, "yang rusak")
    assert tickets(page) == [ticket]
    assert "Tidak ikut dicari karena terlalu umum: yang." in page


def test_nothing_found_says_what_was_searched_and_offers_one_thing(site: Site) -> None:
    browser = site.officer("dewi")
    site.complaint("jalan")
    page = look(browser, "jembatan", jenis="aspirasi")
    assert "“jembatan” tidak ditemukan. Dicari dalam pesan warga, jawaban, catatan" in page
    assert "Pencarian ini disaring: jenis Aspirasi." in page
    assert re.search(r'href="/inbox\?[^"]*q=jembatan[^"]*">Cari tanpa saringan', page)
    assert "Pelapor anonim dan rahasia tidak dapat dicari" in page


def test_what_is_not_read_yet_is_said_and_then_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.officer("dewi", Role.OFFICER)
    made = {site.complaint("jembatan") for _ in range(5)}
    monkeypatch.setattr("inbox.queue.finding._FIRST", 2)
    page = look(browser, "jembatan")
    assert len(tickets(page)) == 2
    assert "3 perubahan terbaru belum terbaca" in page
    with site.engine.begin() as connection:
        assert search_index.catch_up(connection) == 3
        assert search_index.catch_up(connection) == 0
    assert set(found(browser, "jembatan")) == made


def test_only_one_reads_at_a_time(site: Site) -> None:
    site.complaint("jembatan")
    with site.engine.begin() as first, site.engine.begin() as second:
        assert search_index.catch_up(first) == 1
        assert search_index.catch_up(second) == 0


def test_a_history_beyond_all_measure_is_searched_whole(site: Site) -> None:
    browser = site.officer("dewi")
    case = site.id_of(ticket := site.complaint("Jalan rusak"))
    with site.writing() as connection:
        for number in range(30):
            text = " ".join(f"kata{number}x{each}" for each in range(9000))
            factories.line(connection, case, text)
    assert found(browser, "kata0x0 jalan kata3x8999") == [ticket]


def test_a_search_that_takes_too_long_shows_what_it_has_and_says_so(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = site.officer("dewi")
    new = site.complaint("jembatan")
    site.complaint("jembatan", opened_at=NOW - timedelta(days=900))
    statement = search._statement

    def slow(hunt: search.Hunt, text: str, after: After | None) -> Any:
        found = statement(hunt, text, after)
        return found if "weeks1 " in text else found.where(func.pg_sleep(60).is_not(None))

    monkeypatch.setattr(search, "_statement", slow)
    monkeypatch.setattr(search._found, "__kwdefaults__", {"after": None, "patience": 50})
    page = look(browser, "jembatan")
    assert tickets(page) == [new]
    assert "terlalu luas untuk seluruh riwayat" in page
    browser.post("/inbox/views", name="Jembatan", query="?q=jembatan", submission=str(uuid.uuid4()))
    assert re.search(r'<span>Jembatan</span> <span class="count"[^>]*></span>', browser.get("/inbox").text)
