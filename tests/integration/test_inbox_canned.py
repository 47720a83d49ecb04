"""Canned answers: who keeps which, what a case is offered, and nobody's hidden name in them."""

from __future__ import annotations

import re
import uuid
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

TEXT = "Yth. {nama}, aduan {nomor} di {program} ditangani {unit} sampai {tenggat}. {petugas}"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def keep(browser: Browser, title: str = "Salam", text: str = TEXT, place: str = "siaga/") -> TestResponse:
    form = {"title": title, "text": text, "place": place, "submission": str(uuid.uuid4())}
    return browser.post("/inbox/canned", **form)


def offered(page: str) -> dict[str, str]:
    """Title to text, as the composer has it."""
    return {
        unescape(title): unescape(text)
        for text, title in re.findall(r'<option value="[0-9a-f-]{36}" data-text="([^"]*)">([^<]*)<', page)
    }


def answer_box(page: str) -> str:
    found = re.search(r'<textarea id="reply"[^>]*>([^<]*)<', page)
    assert found
    return unescape(found[1])


def test_filled_in_the_composer_without_scripts(site: Site) -> None:
    keep(site.officer("admin", "program_admin"))
    ticket = site.complaint(unit="dpu")
    dewi = site.officer("dewi", name="Dewi Kartika")
    page = dewi.get(f"/inbox/{ticket}").text
    filled = (
        f"Yth. Siti Aminah, aduan {ticket} di Siaga ditangani Dinas Pekerjaan Umum "
        "sampai Selasa, 24 Nov 2026 09.00 WIB. Dewi Kartika"
    )
    assert offered(page) == {"Salam": filled}
    assert answer_box(page) == ""
    [(canned,)] = site.rows("SELECT id FROM canned")
    assert answer_box(dewi.get(f"/inbox/{ticket}?templat={canned}").text) == filled
    assert answer_box(dewi.get(f"/inbox/{ticket}?templat={uuid.uuid4()}").text) == ""


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
@pytest.mark.parametrize("sees", [True, False])
def test_a_hidden_reporter_is_never_named(site: Site, flag: str, *, sees: bool) -> None:
    keep(site.officer("admin", "program_admin"), text="Yth. {nama}")
    ticket = site.complaint(**{flag: True})
    page = site.officer("dewi", sees_identity=sees).get(f"/inbox/{ticket}").text
    assert offered(page) == {"Salam": "Yth. Bapak/Ibu"}


def test_a_case_is_offered_its_programs_its_units_and_those_above(site: Site) -> None:
    admin = site.officer("admin", "administrator", programs=[])
    for title, place in (
        ("P", "siaga/"),
        ("U", "siaga/dpu"),
        ("B", "siaga/dpu-jalan"),
        ("K", "siaga/dinkes"),
        ("M", "matur/"),
    ):
        assert keep(admin, title, "x", place).status_code == 303
    for unit, titles in ((None, {"P"}), ("dpu", {"P", "U"}), ("dpu-jalan", {"P", "U", "B"})):
        assert set(offered(admin.get(f"/inbox/{site.complaint(unit=unit)}").text)) == titles
    assert offered(admin.get(f"/inbox/{site.complaint(program=None)}").text) == {}


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        ({"text": "Yth. {nma}, {nomor}"}, "Variabel tidak dikenal: {nma}."),
        ({"text": " "}, "Tulis judul dan isinya."),
        ({"title": ""}, "Tulis judul dan isinya."),
        ({"text": "x" * 5001}, "paling banyak 5000 huruf"),
        ({"place": "matur/"}, "Pilih program atau unit yang Anda kelola."),
        ({"place": "siaga/dinsos"}, "Pilih program atau unit yang Anda kelola."),
    ],
)
def test_refused_on_save_with_what_was_typed(site: Site, form: dict[str, str], problem: str) -> None:
    response = keep(site.officer("admin", "program_admin"), **{"title": "<b>", **form})
    assert response.status_code == 422
    assert problem in unescape(response.text)
    assert form.get("text", "Yth. {nama}") in unescape(response.text)
    assert "<b>" not in response.text
    assert site.rows("SELECT count(*) FROM canned") == [(0,)]


def test_the_head_of_a_unit_keeps_those_of_his_unit_and_below(site: Site) -> None:
    admin, head = site.officer("admin", "program_admin"), site.officer("kepala", "unit_head", unit="dpu")
    keep(admin, "Program")
    assert keep(head, "Program", "x", "siaga/").status_code == 422
    assert keep(head, "Bidang", "x", "siaga/dpu-jalan").status_code == 303
    page = head.get("/inbox/canned").text
    assert "Bidang" in page
    assert "<strong>Program</strong>" not in page
    [(theirs,)] = site.rows("SELECT id FROM canned WHERE title = 'Program'")
    assert head.get(f"/inbox/canned/{theirs}").status_code == 404
    assert head.post(f"/inbox/canned/{theirs}/remove").status_code == 404


def test_changed_removed_and_kept_once(site: Site) -> None:
    admin = site.officer("admin", "program_admin")
    form = {"title": "Salam", "text": "Halo", "place": "siaga/", "submission": str(uuid.uuid4())}
    for _ in range(2):
        assert admin.post("/inbox/canned", **form).status_code == 303
    [(canned,)] = site.rows("SELECT id FROM canned")
    assert "Halo</textarea>" in admin.get(f"/inbox/canned/{canned}").text
    assert admin.post(f"/inbox/canned/{canned}", **{**form, "text": "Hai"}).status_code == 303
    assert site.rows("SELECT text, changed_by FROM canned") == [("Hai", "admin")]
    assert admin.post(f"/inbox/canned/{canned}", **{**form, "text": "{x}"}).status_code == 422
    assert admin.post(f"/inbox/canned/{canned}/remove").status_code == 303
    assert site.rows("SELECT count(*) FROM canned") == [(0,)]
