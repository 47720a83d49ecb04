"""Tables that leave the house: nobody who is hidden, no formula, a trace; the same rows as on the page."""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import load_workbook

from inbox.numbers import exports
from tests.factories import NOW
from tests.inboxkit import Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from tests.inboxkit import Browser

HOUR = timedelta(hours=1)
#: The equals sign of Japanese keyboards, which spreadsheets take for one.
WIDE = "\uff1d"
HOSTILE = (
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", '=HYPERLINK("http://x";"y")',
    "a;=1+1", WIDE + "1+1", '"=1+1', "'=1+1", "\x0b=1", "  =1+1", "\ufeff=1+1", "a\r\n=1",
)  # fmt: skip


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def as_csv(browser: Browser, address: str) -> list[dict[str, str]]:
    response = browser.get(address)
    assert response.status_code == 200
    assert response.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(response.data.decode("utf-8-sig"), newline=""), delimiter=";"))


def as_xlsx(browser: Browser, address: str) -> list[list[Any]]:
    response = browser.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Disposition"].endswith('.xlsx"')
    book = load_workbook(io.BytesIO(response.data))
    assert response.content_length == len(response.data)
    return [list(row) for row in book.active.iter_rows()]


def test_the_rows_are_those_of_the_page_in_both_forms(site: Site) -> None:
    opened = NOW - 3 * HOUR
    site.complaint("satu", opened_at=opened, responded_at=opened + HOUR, unit="dpu", state="tindak_lanjut")
    site.complaint("dua", opened_at=NOW - HOUR, unit="dinkes")
    site.complaint("tiga", opened_at=NOW - 40 * 24 * HOUR)
    browser = site.officer("dewi", "program_admin")
    for address, expected in (
        ("/inbox/numbers/export/{}", {"satu", "dua"}),
        ("/inbox/numbers/export/{}?unit=dpu", {"satu"}),
        ("/inbox/numbers/export/{}?tanggapan=tepat", {"satu"}),
        ("/inbox/numbers/export/{}?periode=tahun-ini", {"satu", "dua", "tiga"}),
        ("/inbox/export/{}", {"tiga"}),
        ("/inbox/export/{}?antrean=semua", {"satu", "dua", "tiga"}),
        ("/inbox/export/{}?antrean=unit&unit=dinkes", {"dua"}),
        ("/inbox/export/{}?antrean=lewat", {"tiga"}),
    ):
        assert {row["Isi"] for row in as_csv(browser, address.format("csv"))} == expected, address
        [head, *rows] = as_xlsx(browser, address.format("xlsx"))
        place = [cell.value for cell in head].index("Isi")
        assert {row[place].value for row in rows} == expected, address


def test_moments_are_local_and_words_are_those_of_the_pages(site: Site) -> None:
    site.complaint("satu", opened_at=NOW, responded_at=NOW + HOUR, state="tindak_lanjut", unit="dpu-jalan")
    site.clock.pass_by(2 * HOUR)
    browser = site.officer("dewi", "program_admin")
    [row] = as_csv(browser, "/inbox/numbers/export/csv")
    assert (row["Masuk"], row["Dijawab"], row["Ditutup"]) == ("2026-11-23 10:00", "2026-11-23 11:00", "")
    assert (row["Program"], row["Unit"], row["Keadaan"]) == ("Siaga", "Bidang Jalan", "tindak lanjut")
    assert (row["Tanggapan pertama"], row["Penyelesaian"]) == ("Dijawab tepat waktu", "Terbuka, dalam tenggat")
    head, line = as_xlsx(browser, "/inbox/numbers/export/xlsx")
    found = {cell.value: other for cell, other in zip(head, line, strict=True)}
    assert found["Masuk"].value == datetime(2026, 11, 23, 10)  # noqa: DTZ001 - a sheet's moments have no zone
    assert found["Masuk"].is_date


@pytest.mark.parametrize("place", ["text", "name", "address", "label", "area", "unit"])
def test_no_cell_is_a_formula_wherever_a_citizen_writes_it(site: Site, place: str) -> None:
    for value in HOSTILE:
        given: dict[str, Any] = {"text": "Jalan rusak", "opened_at": NOW - HOUR}
        if place in {"label", "area"}:
            where = {"label": "", "candidates": [], "lat": None, "lon": None}
            where |= {"label": value} if place == "label" else {"candidates": [value]}
            given["place"] = where
        else:
            given[place] = value
        site.complaint(given.pop("text"), **given)
    browser = site.officer("dewi", "program_admin", sees_identity=True)
    for row in as_csv(browser, "/inbox/numbers/export/csv?pelapor=1"):
        for cell in row.values():
            assert not cell.lstrip(" \t\r\n\ufeff\x0b").startswith(("=", "+", "@", WIDE)), cell
            assert not cell.startswith(("-", "\t", "\r", "\n")), cell
    [_head, *rows] = as_xlsx(browser, "/inbox/numbers/export/xlsx?pelapor=1")
    assert len(rows) == len(HOSTILE)
    for row in rows:
        for cell in row:
            assert cell.data_type in {"s", "d", "n"}, cell.value
            if isinstance(cell.value, str):
                assert not cell.value.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_who_is_hidden_stands_in_no_export_whoever_asks(site: Site) -> None:
    hidden = {"name": "Budi Hartono", "address": "+628131234567", "opened_at": NOW - HOUR}
    home = {"label": "Jl. Melati 5", "candidates": ["Moga"], "lat": -6.9, "lon": 109.4}
    site.complaint("Saya Budi, telepon 0813-1234-567, mengadu", anonim=True, place=home, **hidden)
    site.complaint("Budi Hartono di Jl. Melati 5", rahasia=True, place=home, **hidden)
    browser = site.officer("dewi", "program_admin", sees_identity=True)
    for address in ("/inbox/numbers/export/csv", "/inbox/export/csv"):
        for extra in ("", "?pelapor=1"):
            text = browser.get(address + extra).text
            for secret in ("Budi", "Hartono", "1234567", "1234-567", "109.4"):
                assert secret not in text
    rows = as_csv(browser, "/inbox/numbers/export/csv?pelapor=1")
    assert {row["Tempat"] for row in rows} == {""}
    assert {row["Kecamatan"] for row in rows} == {"Moga"}
    assert {(row["Nama pelapor"], row["Alamat pelapor"]) for row in rows} == {
        ("Pelapor anonim", ""),
        ("Pelapor dirahasiakan", ""),
    }


def test_reporters_only_for_whom_may_and_asks(site: Site) -> None:
    site.complaint("Saya Budi, jalan rusak", name="Budi Hartono", address="+628131234567", opened_at=NOW - HOUR)
    may = site.officer("dewi", "program_admin", sees_identity=True)
    [row] = as_csv(may, "/inbox/numbers/export/csv")
    assert "Nama pelapor" not in row
    assert "Budi" not in row["Isi"]
    [row] = as_csv(may, "/inbox/numbers/export/csv?pelapor=1")
    assert (row["Nama pelapor"], row["Alamat pelapor"]) == ("Budi Hartono", "'+628131234567")
    assert row["Isi"] == "Saya Budi, jalan rusak"
    may_not = site.officer("staf", "program_admin")
    assert may_not.get("/inbox/numbers/export/csv?pelapor=1").status_code == 403
    assert "pelapor=1" in may.get("/inbox/numbers/rows").text
    assert "pelapor=1" not in may_not.get("/inbox/numbers/rows").text


def test_each_export_leaves_a_trace_without_what_was_looked_for(site: Site) -> None:
    site.complaint("satu", opened_at=NOW - HOUR)
    browser = site.officer("dewi", "program_admin")
    browser.get("/inbox/numbers/export/xlsx?unit=-")
    browser.get("/inbox/export/csv?q=Budi")
    traces = site.rows("SELECT kind, data FROM person_event ORDER BY id")
    assert traces == [
        ("exported", {"of": "angka", "filter": "?unit=-", "format": "xlsx", "rows": 1, "reporters": False}),
        ("exported", {"of": "antrean", "filter": "?q=%E2%80%A6", "format": "csv", "rows": 0, "reporters": False}),
    ]
    [(officer_id,)] = site.rows("SELECT id FROM officer WHERE username = 'dewi'")
    admin = site.officer("admin", "administrator", programs=[])
    page = admin.get(f"/inbox/users/{officer_id}").text
    assert "mengunduh daftar aduan" in page
    assert "angka XLSX, 1 baris, saringan ?unit=-" in page


def test_what_is_beyond_the_scope_or_the_cap_is_not_there(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("satu", "dua", "tiga"):
        site.complaint(text, opened_at=NOW - HOUR, unit="dpu" if text == "satu" else "dinkes")
    head = site.officer("kepala", "unit_head", unit="dpu")
    for address in ("/inbox/numbers/export/csv", "/inbox/export/csv?antrean=semua"):
        assert [row["Isi"] for row in as_csv(head, address)] == ["satu"]
    browser = site.officer("dewi", "program_admin")
    monkeypatch.setattr(exports, "_MOST_XLSX", 2)
    refused = browser.get("/inbox/numbers/export/xlsx")
    assert refused.status_code == 422
    assert "Ada 3 aduan. Buku kerja XLSX paling banyak 2 baris" in refused.text
    assert len(as_csv(browser, "/inbox/numbers/export/csv")) == 3
    assert browser.get("/inbox/numbers/export/pdf").status_code == 404


def test_the_queues_search_is_exported_too(site: Site) -> None:
    site.complaint("jembatan ambrol", opened_at=NOW - HOUR)
    site.complaint("lampu mati", opened_at=NOW - HOUR)
    browser = site.officer("dewi", "program_admin")
    browser.get("/inbox?q=jembatan")
    assert [row["Isi"] for row in as_csv(browser, "/inbox/export/csv?q=jembatan")] == ["jembatan ambrol"]
