"""The inbox's page for files of other systems: look first, then confirm; by whom, from where, and how often."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

import pytest
from openpyxl import Workbook

from channels.contract import AccountInfo
from channels.lapor import tables
from channels.lapor.adapter import LaporChannel
from channels.lapor.dialects.export import ExportSettings
from dispatcher import drain
from dispatcher.runtime import Account
from inbox.manage import imports
from normalizer.keyword import KeywordIndex
from normalizer.place import PlaceFinder
from tests import factories
from tests.inboxkit import Browser, Site, field, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

CSV = (
    "Tracking ID;Isi Laporan;Tanggal Laporan;Status;Rahasia;Nama Pelapor\n"
    "501;Jalan rusak;20/11/2026 08:00;Menunggu;Tidak;Budi Santoso\n"
    "502;Pungutan liar;20/11/2026 09:00;Menunggu;Ya;Siti Aminah\n"
    ";Tanpa nomor;20/11/2026 09:00;Menunggu;Tidak;X\n"
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    made = Site(engine, redis_client, tmp_path)
    accounts: Any = made.runtime.accounts
    accounts["kertas"] = Account(
        name="kertas",
        channel=LaporChannel(AccountInfo(name="kertas"), ExportSettings()),
        manifest=factories.manifest("lapor", "SP4N-LAPOR"),
        programs=(factories.SIAGA,),
        keywords=KeywordIndex((factories.SIAGA,)),
    )
    places: Any = made.runtime.places
    places["siaga"] = PlaceFinder(())
    return made


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.officer("dewi", "program_admin")


def upload(browser: Browser, content: bytes | str = CSV, *, account: str = "kertas") -> TestResponse:
    data = content.encode() if isinstance(content, str) else content
    return browser.post("/inbox/import", account=account, file=(io.BytesIO(data), "laporan.csv"))


def confirm(browser: Browser, page: str) -> TestResponse:
    return browser.post("/inbox/import/confirm", token=field(page, "token"))


def counts(page: str) -> dict[str, str]:
    return {label: count for count, label in re.findall(r"<li>(?:<strong>)?(\d+)(?:</strong>)? ([^<]+)</li>", page)}


def test_looking_writes_nothing_and_confirming_brings_it_in(site: Site, admin: Browser) -> None:
    preview = upload(admin)
    assert preview.status_code == 200
    assert counts(preview.text) == {"baru": "2", "tidak terbaca": "1"}
    assert "nomor pelacakan kosong" in preview.text
    assert site.rows("SELECT count(*) FROM journal") == [(0,)]
    done = confirm(admin, preview.text)
    assert done.status_code == 303
    assert counts(admin.get(done.location).text) == {"baru": "2", "tidak terbaca": "1"}
    drain.run(site.runtime)
    assert len(tickets(admin.get("/inbox?antrean=semua").text)) == 2
    assert site.rows("SELECT DISTINCT meta ->> 'by', meta ->> 'file' FROM journal") == [("dewi", "laporan.csv")]


def test_the_same_file_again_has_nothing_to_confirm(site: Site, admin: Browser) -> None:
    confirm(admin, upload(admin, CSV.rpartition("\n;")[0]).text)
    again = upload(admin, CSV.rpartition("\n;")[0]).text
    assert counts(again) == {"tidak berubah": "2"}
    assert "Tidak ada yang baru" in again
    assert 'name="token"' not in again
    assert site.rows("SELECT count(*) FROM journal") == [(2,)]


def test_a_double_click_is_one_import(site: Site, admin: Browser) -> None:
    preview = upload(admin).text
    assert confirm(admin, preview).status_code == 303
    assert confirm(admin, preview).status_code == 409
    assert site.rows("SELECT count(*) FROM journal") == [(3,)]


def test_only_the_last_upload_can_be_confirmed_and_by_its_own_officer(site: Site, admin: Browser) -> None:
    first = upload(admin).text
    second = upload(admin).text
    colleague = site.officer("tono", "program_admin")
    assert confirm(admin, first).status_code == 409
    assert confirm(colleague, second).status_code == 409
    assert site.rows("SELECT count(*) FROM journal") == [(0,)]
    assert confirm(admin, second).status_code == 303


def test_an_upload_that_nobody_confirms_is_gone_after_an_hour(site: Site, admin: Browser) -> None:
    upload(admin)
    [key] = site.runtime.redis.keys("muara:import:*")
    assert 0 < site.runtime.redis.ttl(key) <= 3600


@pytest.mark.parametrize("role", ["unit_head", "officer", "leader", "auditor"])
def test_other_roles_may_neither_look_nor_bring(site: Site, role: str) -> None:
    browser = site.officer("sri", role)
    assert browser.get("/inbox/import").status_code == 403
    assert upload(browser).status_code == 403
    assert browser.post("/inbox/import/confirm", token="x").status_code == 403
    assert "Impor laporan" not in browser.get("/inbox/manage").text


def test_a_program_admin_reaches_his_programs_accounts_only(site: Site, admin: Browser) -> None:
    theirs = site.officer("matur", "program_admin", programs=["matur"])
    assert "Belum ada akun" in theirs.get("/inbox/import").text
    assert upload(theirs).status_code == 422
    assert "SP4N-LAPOR (kertas)" in admin.get("/inbox/import").text
    assert "Impor laporan" in admin.get("/inbox/manage").text
    assert upload(site.officer("pusat", "administrator", programs=[])).status_code == 200


def test_an_account_that_takes_no_files_is_refused(site: Site, admin: Browser) -> None:
    assert upload(admin, account="sms-a").status_code == 422
    assert upload(admin, account="tidak-ada").status_code == 422


def test_without_the_forms_own_token_nothing_is_read(site: Site, admin: Browser) -> None:
    data = {"account": "kertas", "file": (io.BytesIO(CSV.encode()), "x.csv")}
    assert admin.client.post("/inbox/import", data=data).status_code == 400
    preview = upload(admin).text
    stolen = {"csrf": "x", "token": field(preview, "token")}
    assert admin.client.post("/inbox/import/confirm", data=stolen).status_code == 400
    assert site.rows("SELECT count(*) FROM journal") == [(0,)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "tidak ditemukan"),
        (b"Kolom A;Kolom B\n1;2\n", "tidak ditemukan"),
        (b"Tracking ID;Isi Laporan\n", "tidak ada satu baris pun"),
        (b"<html><table>", "halaman web"),
        (b"\xd0\xcf\x11\xe0 excel 97", ".xls"),
        (b"PK\x03\x04 no archive", "rusak"),
    ],
)
def test_what_is_no_export_is_refused_with_a_sentence(admin: Browser, content: bytes, words: str) -> None:
    page = upload(admin, content)
    assert page.status_code == 422
    assert words in page.text
    assert 'role="alert"' in page.text


def test_a_file_that_is_too_large_is_refused_with_a_sentence(admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    # A really large one would lie in a file of the test client's that nobody closes.
    for module in (imports, tables):
        monkeypatch.setattr(module, "MAX_BYTES", 1000)
    page = upload(admin, CSV + "x" * 1000)
    assert page.status_code == 422
    assert "lebih besar dari 10 MB" in page.text


def test_what_a_cell_says_is_text_on_the_page(admin: Browser) -> None:
    page = upload(admin, "Tracking ID;Isi Laporan\n<script>alert(1)</script>;=cmd\n").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def test_no_citizens_words_and_no_names_stand_in_the_preview(admin: Browser) -> None:
    page = upload(admin).text
    assert "Pungutan" not in page
    assert "Siti" not in page


def test_an_xlsx_is_read_too(site: Site, admin: Browser) -> None:
    book, written = Workbook(), io.BytesIO()
    book.active.append(["Tracking ID", "Isi Laporan", "Status"])
    book.active.append([777, "Lampu mati", "Selesai"])
    book.save(written)
    confirm(admin, upload(admin, written.getvalue()).text)
    drain.run(site.runtime)
    assert site.rows("SELECT conversation, state FROM complaint") == [("777", "selesai")]


def test_the_officer_is_told_where_to_answer_and_what_they_say_there(site: Site, admin: Browser) -> None:
    confirm(admin, upload(admin, CSV.replace("08:00;Menunggu", "08:00;Proses")).text)
    drain.run(site.runtime)
    [(ticket,)] = site.rows("SELECT ticket FROM complaint WHERE conversation = '501'")
    page = admin.get(f"/inbox/{ticket}").text
    assert "jawablah di sana dengan nomor pelacakan 501" in page
    assert "status di SP4N-LAPOR: Proses; keadaan menjadi tindak lanjut" in page


def test_a_file_waits_for_nobody_while_redis_is_away(
    site: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def __getattr__(self, _command: str) -> object:
            raise imports.RedisError

    preview = upload(admin).text
    object.__setattr__(site.runtime, "redis", Away())
    assert upload(admin).status_code == 503
    assert confirm(admin, preview).status_code == 503
