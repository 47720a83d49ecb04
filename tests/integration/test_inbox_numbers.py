"""The page of figures: for each role, of each period, every figure a list; nothing hidden shows."""

from __future__ import annotations

import itertools
import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from inbox.numbers import period, tallied
from tests.factories import NOW
from tests.inboxkit import Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from tests.inboxkit import Browser

JAKARTA = ZoneInfo("Asia/Jakarta")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def filled(site: Site) -> None:
    """Of this month: answered in time, late, not yet, overdue; done and archived; and one of the month before."""
    opened = NOW - 3 * DAY
    site.complaint("tepat", opened_at=opened, responded_at=opened + HOUR, unit="dpu", state="tindak_lanjut")
    site.complaint("telat", opened_at=opened, responded_at=opened + 30 * HOUR, unit="dinkes", state="tindak_lanjut")
    site.complaint("belum", opened_at=NOW - HOUR, unit="dpu-jalan")
    site.complaint("lewat", opened_at=opened)
    closed = {"closed_at": opened + 2 * HOUR, "responded_at": opened + 2 * HOUR, "next_due_at": None}
    site.complaint("usai", opened_at=opened, state="selesai", unit="dpu", **closed)
    site.complaint("spam", opened_at=opened, state="diarsipkan", closed_at=opened + HOUR, next_due_at=None)
    site.complaint("gabung", opened_at=opened, state="digabung", closed_at=opened + HOUR, next_due_at=None)
    site.complaint("dulu", opened_at=NOW - 40 * DAY, program="siaga", unit="dpu")
    site.complaint("lain", opened_at=opened, program="matur")
    site.complaint("triase", opened_at=opened, program=None)


def tiles(page: str) -> dict[str, str]:
    found = re.findall(
        r'<div class="tile[^"]*"><dt>([^<]+)</dt><dd>(?:<a href="[^"]*">|<span class="soft">)(\d+)<', page
    )
    return dict(found)


def words(page: str) -> set[str]:
    return set(re.findall(r'<span class="words">([^<]+)</span>', page))


def test_the_figures_of_a_month(site: Site) -> None:
    filled(site)
    page = site.officer("dewi", "program_admin").get("/inbox/numbers").text
    assert tiles(page) == {
        "Masuk": "6",
        "Dijawab tepat waktu": "2",
        "Dijawab terlambat": "1",
        "Belum dijawab, lewat tenggat": "1",
        "Terbuka, dalam tenggat": "1",
        "Terbuka, lewat tenggat": "3",
    }
    assert "50% tepat waktu" in page
    assert "1 Nov sampai 23 Nov 2026" in page


def test_every_figure_leads_to_its_complaints(site: Site) -> None:
    filled(site)
    browser = site.officer("dewi", "program_admin")
    page = browser.get("/inbox/numbers").text
    links = re.findall(r'<a href="(/inbox/numbers/rows[^"]*)">([\d.]+)</a>', page)
    assert len(links) > 30
    for link, count in dict(links).items():
        shown = browser.get(unescape(link)).text
        assert len(words(shown)) == int(count), link


def test_each_role_counts_what_is_his(site: Site) -> None:
    filled(site)

    def came(browser: Browser) -> set[str]:
        return words(browser.get("/inbox/numbers/rows").text)

    everything = {"tepat", "telat", "belum", "lewat", "usai", "spam"}
    for role in ("program_admin", "leader", "auditor", "officer"):
        assert came(site.officer(f"{role}-1", role)) == everything
    assert came(site.officer("kepala", "unit_head", unit="dpu")) == {"tepat", "belum", "usai"}
    staff = site.officer("staf", "officer", unit="dpu-jalan")
    assert came(staff) == {"belum"}
    assert came(site.officer("admin", "administrator", programs=[])) == everything | {"lain"}
    [(staff_id,)] = site.rows("SELECT id FROM officer WHERE username = 'staf'")
    site.complaint("dipegang", opened_at=NOW - HOUR, officer_id=staff_id)
    assert came(staff) == {"belum", "dipegang"}
    assert words(staff.get("/inbox/numbers/rows?saya=1").text) == {"dipegang"}
    assert words(staff.get("/inbox/numbers/rows?unit=dinkes").text) == set()
    assert words(staff.get("/inbox/numbers/rows?program=matur").text) == set()


def test_filters_and_periods(site: Site) -> None:
    filled(site)
    browser = site.officer("dewi", "program_admin")
    for query, found in (
        ("?periode=bulan-lalu", {"dulu"}),
        ("?periode=tahun-ini&unit=dpu", {"tepat", "usai", "dulu"}),
        ("?unit=-", {"lewat", "spam"}),
        ("?dari=2026-11-23&sampai=2026-11-23", {"belum"}),
        ("?tanggapan=terlambat", {"telat"}),
        ("?hasil=diarsipkan", {"spam"}),
        ("?lama=3-jam", {"tepat", "usai"}),
        ("?lama=3-hari", {"telat"}),
        ("?kanal=tidak-ada", set()),
        ("?jenis=aspirasi", set()),
        ("?tanggapan=omong-kosong&hasil=%00&dari=bukan-tanggal", {"tepat", "telat", "belum", "lewat", "usai", "spam"}),
    ):
        assert words(browser.get(f"/inbox/numbers/rows{query}").text) == found, query
        assert browser.get(f"/inbox/numbers{query}").status_code == 200


def test_nothing_came_and_it_says_so(site: Site) -> None:
    page = site.officer("dewi").get("/inbox/numbers").text
    assert "Tidak ada aduan yang masuk pada masa ini." in page
    assert "Tidak ada aduan yang terbuka. Bagus!" in page
    assert "data:image" not in page


def test_a_hidden_reporter_stays_hidden(site: Site) -> None:
    site.complaint("Saya Siti Aminah, 08112626116, mengadu", anonim=True, opened_at=NOW - HOUR)
    browser = site.officer("dewi", "program_admin")
    for address in ("/inbox/numbers", "/inbox/numbers/rows"):
        page = browser.get(address).text
        assert "mengadu" in page
        assert "Siti" not in page
        assert "2626116" not in page


def test_what_citizens_write_is_no_markup(site: Site) -> None:
    hostile = '<script>alert(1)</script>"><img src=x>'
    place = {"label": hostile, "candidates": [hostile], "lat": None, "lon": None}
    site.complaint(hostile, opened_at=NOW - HOUR, place=place, unit=hostile, channel=hostile)
    browser = site.officer("dewi", "program_admin")
    for address in ("/inbox/numbers", "/inbox/numbers/rows"):
        page = browser.get(address).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_charts_are_pictures_with_words_for_them(site: Site) -> None:
    filled(site)
    page = site.officer("dewi", "program_admin").get("/inbox/numbers").text
    pictures = re.findall(
        r"<img class=\"chart\" src=\"(data:image/svg\+xml;base64,[^\"]+)\"[^>]*alt=\"([^\"]+)\"", page
    )
    assert len(pictures) == 6
    assert all("tabel" in alt for _, alt in pictures)


@pytest.mark.parametrize(
    ("values", "first", "last", "step"),
    [
        ({}, date(2026, 11, 1), date(2026, 11, 23), "hari"),
        ({"periode": "bulan-lalu"}, date(2026, 10, 1), date(2026, 10, 31), "hari"),
        ({"periode": "30-hari"}, date(2026, 10, 25), date(2026, 11, 23), "hari"),
        ({"periode": "tahun-ini"}, date(2026, 1, 1), date(2026, 11, 23), "bulan"),
        ({"dari": "2026-02-10", "sampai": "2026-05-01"}, date(2026, 2, 10), date(2026, 5, 1), "minggu"),
        ({"dari": "2026-05-01", "sampai": "2026-02-10"}, date(2026, 2, 10), date(2026, 5, 1), "minggu"),
        ({"dari": "2027-01-01"}, date(2027, 1, 1), date(2027, 1, 1), "hari"),
        ({"sampai": "0001-01-01"}, date(2026, 11, 1), date(2026, 11, 23), "hari"),
    ],
)
def test_periods_and_their_columns(site: Site, values: dict[str, str], first: date, last: date, step: str) -> None:
    with site.app.test_request_context():
        found = period.read(values, NOW, JAKARTA)
        columns = found.columns()
    assert (found.first, found.last, found.step) == (first, last, step)
    assert found.start == datetime(first.year, first.month, first.day, tzinfo=JAKARTA)
    assert columns[0][1] == first
    assert columns[-1][2] == last
    assert all(later[1] - earlier[2] == DAY for earlier, later in itertools.pairwise(columns))


def test_sums_that_took_long_are_counted_once_for_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(site)
    site.complaint("berkelompok", opened_at=NOW - HOUR, place={"label": "", "candidates": ["Moga"]})
    admin, unit = site.officer("dewi", "program_admin"), site.officer("kepala", "unit_head", unit="dpu")
    first = admin.get("/inbox/numbers").text
    assert site.runtime.redis.keys("muara:sums:*") == []
    monkeypatch.setattr(tallied, "_LONG", -1.0)
    assert tiles(admin.get("/inbox/numbers").text) == tiles(first)
    site.complaint("sesudahnya", opened_at=NOW - HOUR)
    site.clock.pass_by(timedelta(minutes=4))
    kept = admin.get("/inbox/numbers").text
    assert "dihitung Senin, 23 Nov 2026 10.00 WIB" in kept
    assert tiles(kept) == tiles(first)
    assert re.findall(r"<td>.*?</td>", kept) == re.findall(r"<td>.*?</td>", first)
    # Another question, and whoever else asks, is counted by itself.
    assert tiles(admin.get("/inbox/numbers?periode=tahun-ini").text)["Masuk"] == "9"
    assert tiles(unit.get("/inbox/numbers").text)["Masuk"] == "3"
    [ttl] = {site.runtime.redis.ttl(key) > 200 for key in site.runtime.redis.keys("muara:sums:*")}
    assert ttl
