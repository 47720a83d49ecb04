"""The tracking page and what all public pages have in common."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from dispatcher import drain
from normalizer import ticket
from tests.public_site import MASBUP, NOON, Site, code_in, running
from tests.publickit import site

if TYPE_CHECKING:
    from pathlib import Path

    from flask.testing import FlaskClient
    from redis import Redis
    from sqlalchemy import Engine

__all__ = ["site"]
WORDS = "Lampu jalan mati di Widuri"


# ---- tracking ----


def complaint(site: Site, **flags: str) -> str:
    page = site.send(site.app.test_client(use_cookies=False), nama="Budi Santoso", telepon="0811-2626-116", **flags)
    drain.run(site.runtime)
    return code_in(page.text)


def answer_it(site: Site, code: str, words: str) -> None:
    with site.runtime.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO message"
                " (id, complaint_id, direction, role, account, conversation, text, sent_at, received_at)"
                " SELECT gen_random_uuid(), id, direction, role, account, conversation, line, :now, :now"
                " FROM complaint,"
                " (VALUES ('out', 'answer', :words), ('note', 'note', 'catatan dalam'), ('out', 'ack', 'otomatis'))"
                " AS t(direction, role, line) WHERE ticket = :code"
            ),
            {"now": NOON, "words": words, "code": code},
        )
        connection.execute(
            text(
                "INSERT INTO event (complaint_id, at, actor, kind, data) SELECT id, :now, 'sri', kind, '{}'"
                " FROM complaint, unnest(ARRAY['diambil', 'dicatat', 'dijawab']) AS kind WHERE ticket = :code"
            ),
            {"now": NOON, "code": code},
        )


def track(site: Site, code: str) -> str:
    answer = site.app.test_client().post("/lacak", data={"nomor": code})
    assert answer.status_code == 200
    return answer.text


def test_the_code_shows_state_answers_and_history_and_nothing_of_the_citizen(site: Site) -> None:
    code = complaint(site)
    answer_it(site, code, "Sudah diperbaiki.\nTerima kasih <b>.")
    page = track(site, code.lower().replace("-", " "))
    assert "Mas Bup Siaga" in page
    assert "20 November 2026 pukul 12.00 WIB" in page
    assert "Sudah diperbaiki.\nTerima kasih &lt;b&gt;." in page
    assert "Diperiksa petugas" in page
    for secret in ("Budi", "8112626116", WORDS, "catatan dalam", "otomatis", "sri"):
        assert secret not in page


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_of_a_hidden_complaint_only_state_and_answers_show(site: Site, flag: str) -> None:
    code = complaint(site, **{flag: "1"})
    answer_it(site, code, "Sudah diperbaiki.")
    page = track(site, code)
    assert "Sudah diperbaiki." in page
    assert "menunggu diperiksa" in page
    main = page.partition("<main")[2]
    for secret in ("Budi", WORDS, "Mas Bup Siaga", "Diperiksa petugas", "Pemalang"):
        assert secret not in main


def test_a_code_whose_complaint_is_still_on_its_way_is_known(site: Site) -> None:
    code = code_in(site.send(site.app.test_client(use_cookies=False)).text)
    assert "sedang dimasukkan ke antrean" in track(site, code)


def test_wrong_codes_get_one_answer_and_are_limited(site: Site) -> None:
    client = site.app.test_client()
    code = complaint(site)
    unknown = ticket.new()
    answers = [client.post("/lacak", data={"nomor": typed}) for typed in (unknown, "x", "", "' OR 1=1", "\0" * 500)]
    assert {answer.status_code for answer in answers} == {404}
    errors = {re.search(r'id="nomor-salah"[^>]*>([^<]+)<', answer.text)[1] for answer in answers}  # type: ignore[index]
    assert len(errors) == 1
    statuses = [client.post("/lacak", data={"nomor": unknown}).status_code for _ in range(56)]
    assert statuses[:55] == [404] * 55
    assert statuses[55] == 429
    assert client.post("/lacak", data={"nomor": code}).status_code == 429
    site.now += timedelta(hours=1, seconds=1)
    assert client.post("/lacak", data={"nomor": code}).status_code == 200


# ---- every page ----


def test_no_page_needs_another_host_or_an_inline_script(site: Site) -> None:
    client = site.app.test_client()
    for path in ("/", "/lapor", "/lacak", "/privasi", "/lapor/terima"):
        answer = client.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", answer.text)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text)


def fetched(client: FlaskClient, path: str) -> bytes:
    with client.get(path) as answer:
        assert answer.status_code == 200
        return answer.data


def test_the_first_page_is_light(site: Site) -> None:
    import gzip  # noqa: PLC0415 - beside its only use

    client = site.app.test_client()
    for path in ("/", "/lapor"):
        page = client.get(path).text
        assets = re.findall(r'(?:src|href)="(/aset/[^"]+)"', page)
        assert assets
        parts = [fetched(client, asset) for asset in assets]
        total = len(gzip.compress(page.encode())) + sum(len(gzip.compress(part)) for part in parts)
        assert total < 30_000


def test_assets_are_kept_for_long_under_their_version_only(site: Site) -> None:
    client = site.app.test_client()
    with client.get("/aset/public/base.css?v=1") as versioned, client.get("/aset/public/base.css") as bare:
        assert "immutable" in versioned.headers["Cache-Control"]
        assert "immutable" not in bare.headers.get("Cache-Control", "")


def test_the_first_page_names_programs_and_channels(site: Site) -> None:
    page = site.app.test_client().get("/").text
    for words in (
        "Mas Bup Siaga",
        "Matur Bupati",
        "1708",
        "masbupsiaga &lt;isi aduan&gt;",
        "maturbup &lt;isi aduan&gt;",
    ):
        assert words in page


def test_one_program_needs_no_choice(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    with running(engine, redis_client, tmp_path, programs=(MASBUP,)) as site:
        assert "<select" not in site.app.test_client().get("/lapor").text
        assert site.send(program=None).status_code == 303


def test_the_program_in_the_address_is_chosen(site: Site) -> None:
    page = site.app.test_client().get("/lapor?program=maturbup").text
    assert '<option value="maturbup" selected>' in page
    assert "<script>" not in site.app.test_client().get("/lapor?program=<script>").text
