"""The monthly report: a past month as it stood at its end, whatever came of its complaints afterwards."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select, update

from store.models import Complaint, ComplaintPast
from tests.inboxkit import Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from tests.inboxkit import Browser

HOUR = timedelta(hours=1)
#: The end of October in Jakarta.
EDGE = datetime(2026, 10, 31, 17, tzinfo=UTC)
REPORT = "/inbox/report?program=siaga&bulan=2026-10"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def table(page: str, title: str) -> dict[str, list[str]]:
    """A table of the report: the cells of each row by its name."""
    [part] = re.findall(rf"<h2[^>]*>{re.escape(title)}</h2>(.*?)</section>", page, re.DOTALL)
    found = {}
    for row in re.findall(r"<tr>(<th scope=\"row\">.*?)</tr>", part, re.DOTALL):
        cells = [
            unescape(re.sub(r"<[^>]+>", "", cell)).strip() for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)
        ]
        found[cells[0]] = cells[1:]
    return found


def change(site: Site, ticket: str, at: datetime, **values: Any) -> None:
    """Write the complaint anew, as of a moment."""
    with site.engine.begin() as connection:
        last = connection.scalar(select(func.max(ComplaintPast.id))) or 0
        connection.execute(update(Complaint).where(Complaint.ticket == ticket).values(values))
        connection.execute(update(ComplaintPast).where(ComplaintPast.id > last).values(until=at))


def test_a_past_month_stays_as_it_was(site: Site) -> None:
    opened = EDGE - 100 * HOUR
    answered = {"responded_at": opened + HOUR, "state": "tindak_lanjut"}
    done = {**answered, "state": "selesai", "closed_at": opened + 2 * HOUR, "next_due_at": None}
    steady = site.complaint("tetap", opened_at=opened, unit="dpu", **done)
    reopened = site.complaint("dibuka", opened_at=opened, unit="dpu", **done)
    moved = site.complaint("pindah", opened_at=opened, unit="dpu", **answered)
    site.complaint("telat", opened_at=opened, unit="dinkes", responded_at=EDGE + HOUR, state="tindak_lanjut")
    site.complaint("besoknya", opened_at=EDGE + HOUR, unit="dpu")
    browser = site.officer("bupati", "leader")
    before = browser.get(REPORT).text
    late = EDGE + 30 * HOUR
    change(site, moved, late, unit="dinkes")
    fresh = {"state": "tindak_lanjut", "closed_at": None, "responded_at": None, "clock_started_at": late}
    change(site, reopened, late, **fresh, response_due_at=late + 24 * HOUR)
    change(site, steady, late, type="aspirasi")
    page = browser.get(REPORT).text
    for title in ("Ringkasan", "Lama tanggapan pertama", "Menurut unit", "Menurut jenis"):
        assert table(page, title) == table(before, title)
    assert table(page, "Ringkasan")["Selesai tepat waktu"] == ["2", "0"]
    assert table(page, "Menurut unit")["Dinas Pekerjaan Umum"][0] == "3"


def test_the_figures_of_the_end_of_the_month(site: Site) -> None:
    opened = EDGE - 100 * HOUR
    site.complaint("tepat", opened_at=opened, unit="dpu", responded_at=opened + HOUR, state="tindak_lanjut")
    site.complaint("telat", opened_at=opened, unit="dinkes", responded_at=EDGE + HOUR, state="tindak_lanjut")
    site.complaint(
        "usai", opened_at=opened, unit="dpu", responded_at=opened + 4 * HOUR, closed_at=EDGE + HOUR, state="selesai"
    )
    site.complaint("september", opened_at=EDGE - 40 * 24 * HOUR, unit="dpu")
    page = site.officer("bupati", "leader").get(REPORT).text
    summary = table(page, "Ringkasan")
    assert summary["Aduan masuk"] == ["3", "1"]
    assert summary["Dijawab tepat waktu"] == ["2", "0"]
    assert summary["Dijawab terlambat"] == ["0", "0"]
    assert summary["Belum dijawab, lewat tenggat"] == ["1", "1"]
    assert summary["Terbuka, lewat tenggat"] == ["3", "1"]
    assert summary["Tepat waktu (persen)"] == ["67%", "0%"]
    assert table(page, "Lama tanggapan pertama")["Sampai 3 jam"] == ["1", "0"]
    assert table(page, "Menurut unit")["Dinas Pekerjaan Umum"] == ["2", "2", "0", "0", "100%", "2", "0"]
    oldest = list(table(page, "Paling lama terbuka").values())
    assert len(oldest) == 4
    assert oldest[0] == ["Dinas Pekerjaan Umum", "22 Sep 2026", "40"]
    assert "Kabupaten Siaga" in page
    assert "Keadaan akhir bulan: Minggu, 1 Nov 2026 00.00 WIB." in page


def test_this_month_says_that_it_goes_on(site: Site) -> None:
    site.complaint("satu", opened_at=site.clock() - HOUR)
    page = site.officer("bupati", "leader").get("/inbox/report?bulan=2026-11").text
    assert "Bulan ini belum selesai. Keadaan Senin, 23 Nov 2026 10.00 WIB." in page
    assert table(page, "Ringkasan")["Aduan masuk"] == ["1", "0"]


@pytest.mark.parametrize("query", ["", "?bulan=2027-01", "?bulan=x", "?bulan=1-1", "?bulan=2026-13"])
def test_without_a_month_it_is_the_last_one(site: Site, query: str) -> None:
    page = site.officer("bupati", "leader").get(f"/inbox/report{query}").text
    assert "<strong>Siaga</strong> · Oktober 2026" in page
    assert "Tidak ada aduan yang masuk." in page


def test_of_his_own_programs_and_units_only(site: Site) -> None:
    opened = EDGE - 10 * HOUR
    site.complaint("dpu", opened_at=opened, unit="dpu")
    site.complaint("dinkes", opened_at=opened, unit="dinkes")
    leader = site.officer("bupati", "leader")
    assert leader.get("/inbox/report?program=matur").status_code == 404
    assert leader.get("/inbox/report/xlsx?program=matur").status_code == 404
    assert site.officer("kosong", "leader", programs=[]).get("/inbox/report").status_code == 404
    page = site.officer("kepala", "unit_head", unit="dpu").get(REPORT).text
    assert table(page, "Ringkasan")["Aduan masuk"] == ["1", "0"]
    assert "Angka unit Anda dan unit di bawahnya." in page


def read(browser: Browser, address: str) -> dict[str, list[tuple[Any, ...]]]:
    book = load_workbook(io.BytesIO(browser.get(address).data))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_the_workbook_says_the_same_and_leaves_a_trace(site: Site) -> None:
    opened = EDGE - 10 * HOUR
    place = {"label": "", "candidates": ["=1+1"], "lat": None, "lon": None}
    ticket = site.complaint("Saya Siti Aminah", opened_at=opened, unit="dpu", place=place, anonim=True)
    browser = site.officer("bupati", "leader")
    sheets = read(browser, "/inbox/report/xlsx?program=siaga&bulan=2026-10")
    assert list(sheets) == ["Ringkasan", "Unit", "Kanal", "Jenis", "Kecamatan", "Paling lama terbuka"]
    assert ("Aduan masuk", 1, 0) in [row[:3] for row in sheets["Ringkasan"]]
    assert sheets["Unit"][1][:2] == ("Dinas Pekerjaan Umum", 1)
    assert sheets["Kecamatan"][1][0] == "'=1+1"
    assert sheets["Paling lama terbuka"][1] == (ticket, "Dinas Pekerjaan Umum", "31 Okt 2026", 0)
    assert "Siti" not in str(sheets)
    [(kind, data)] = site.rows("SELECT kind, data FROM person_event")
    assert (kind, data["of"], data["filter"]) == ("exported", "laporan", "?program=siaga&bulan=2026-10")
