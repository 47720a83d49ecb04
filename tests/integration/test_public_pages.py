"""The public form from end to end: form, journal, receipt; and everything that citizens can get wrong."""

from __future__ import annotations

import dataclasses
import io
import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from config.settings import Limits
from dispatcher import drain
from normalizer import ticket
from tests.public_site import Site, code_in, multipart, running
from tests.publickit import journalled, site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

__all__ = ["site"]
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(500)
WORDS = "Lampu jalan mati di Widuri"


# ---- the good way ----


def test_a_complaint_is_journalled_as_it_came_and_its_code_is_shown(site: Site) -> None:
    client = site.app.test_client()
    stamp = site.proven(client)
    fields = {
        **stamp,
        "program": "maturbup",
        "isi": "Air mati\r\nsejak kemarin",
        "anonim": "1",
        "telepon": "0811-2626-116",
    }
    body, content_type = multipart(fields, [("foto.jpg", JPEG, "image/jpeg")])
    answer = client.post("/lapor", data=body, content_type=content_type)
    assert (answer.status_code, answer.location) == (303, "/lapor/terima")
    page = client.get("/lapor/terima")
    code = code_in(page.text)
    assert ticket.read(code) == code
    assert "Matur Bupati" in page.text
    [row] = site.rows("SELECT * FROM journal")
    assert row.body == body
    assert (row.account, row.source) == ("web", "form")
    assert row.headers == {"content-type": content_type}
    assert row.meta["ticket"] == code
    [item] = journalled(site)
    assert item.text == "Air mati\nsejak kemarin"
    assert (item.sender.address, item.hints["program"], item.hints["anonim"]) == ("+628112626116", "maturbup", True)
    assert item.attachments[0].content == JPEG


def test_the_code_reaches_neither_an_address_nor_a_referer(site: Site) -> None:
    client = site.app.test_client()
    answer = site.send(client)
    page = client.get("/lapor/terima")
    code = code_in(page.text)
    assert code not in answer.location
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_without_cookies_the_code_is_shown_at_once(site: Site) -> None:
    client = site.app.test_client(use_cookies=False)
    answer = site.send(client)
    assert answer.status_code == 200
    assert site.rows("SELECT meta ->> 'ticket' FROM journal") == [(code_in(answer.text),)]


def test_the_receipt_closes_after_half_an_hour_and_takes_no_forged_code(site: Site) -> None:
    client = site.app.test_client()
    site.send(client)
    site.now += timedelta(minutes=31)
    assert client.get("/lapor/terima").status_code == 410
    client.set_cookie("terima", "K7MP-2XWD:masbupsiaga.1795150800.0000", path="/lapor/terima")
    forged = client.get("/lapor/terima")
    assert forged.status_code == 410
    assert "K7MP-2XWD" not in forged.text


def test_the_complaint_comes_through_the_drain_with_the_code_that_was_shown(site: Site) -> None:
    client = site.app.test_client(use_cookies=False)
    answer = site.send(client, judul="Lampu mati", rahasia="1", files=[("foto.jpg", JPEG, "image/jpeg")])
    drain.run(site.runtime)
    [row] = site.rows("SELECT ticket, program, body, rahasia, subject FROM complaint")
    assert row == (code_in(answer.text), "masbupsiaga", WORDS, True, "Lampu mati")
    [photo] = site.rows("SELECT name, sha256 FROM attachment")
    assert photo.name == "foto.jpg"
    assert site.runtime.blobs.get(photo.sha256) == JPEG


# ---- once ----


def test_a_double_click_is_one_complaint_with_one_code(site: Site) -> None:
    stamp = site.proven()
    answers = [site.send(site.app.test_client(use_cookies=False), stamp=stamp) for _ in range(3)]
    assert len({code_in(answer.text) for answer in answers}) == 1
    assert len(site.rows("SELECT 1 FROM journal")) == 1
    assert site.rows("SELECT count FROM throttle WHERE bucket LIKE 'form:%'") == [(1,)]


def test_two_clicks_at_the_same_moment_are_one_complaint(site: Site) -> None:
    stamp = site.proven()
    codes = []

    def click() -> None:
        codes.append(code_in(site.send(site.app.test_client(use_cookies=False), stamp=stamp).text))

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(codes) == 6
    assert len(set(codes)) == 1
    assert len(site.rows("SELECT 1 FROM journal")) == 1


def test_another_gateway_shows_the_code_of_the_first(
    site: Site, engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    stamp = site.proven()
    first = code_in(site.send(site.app.test_client(use_cookies=False), stamp=stamp).text)
    with running(engine, redis_client, tmp_path) as other:
        second = code_in(other.send(other.app.test_client(use_cookies=False), stamp=stamp).text)
    assert first == second
    assert len(site.rows("SELECT 1 FROM journal")) == 1


def test_a_form_that_was_changed_before_it_was_sent_again_is_another_complaint(site: Site) -> None:
    stamp = site.proven()
    pages = [site.send(site.app.test_client(use_cookies=False), stamp=stamp, isi=words) for words in ("satu", "dua")]
    assert len({code_in(page.text) for page in pages}) == 2
    items = journalled(site)
    assert [item.text for item in items] == ["satu", "dua"]
    assert len({item.external_id for item in items}) == 2


def test_one_stamp_is_no_licence_for_a_stream(site: Site) -> None:
    stamp = site.proven()
    statuses = [site.send(stamp=stamp, isi=f"aduan {number}").status_code for number in range(7)]
    assert statuses[5:] == [429, 429]
    assert 429 not in statuses[:5]


# ---- what the citizen has to mend ----


@pytest.mark.parametrize(
    ("fields", "field", "says"),
    [
        ({"isi": ""}, "isi", "Tulis aduan Anda"),
        ({"isi": " \r\n "}, "isi", "Tulis aduan Anda"),
        ({"isi": "x" * 10_001}, "isi", "Terlalu panjang"),
        ({"program": ""}, "program", "Pilih program"),
        ({"program": "lain"}, "program", "Pilih program"),
        ({"jenis": "gosip"}, "jenis", "Pilih salah satu"),
        ({"telepon": "12"}, "telepon", "tidak kami kenali"),
        ({"email": "budi@"}, "email", "tidak lengkap"),
        ({"kejadian": "kemarin"}, "kejadian", "2026-11-20"),
        ({"kejadian": "2026-11-21"}, "kejadian", "sesudah hari ini"),
        ({"kejadian": "0001-01-01"}, "kejadian", "tahunnya"),
    ],
)
def test_an_error_stands_beside_its_field_and_the_words_are_kept(
    site: Site, fields: dict[str, str], field: str, says: str
) -> None:
    answer = site.send(**{"nama": "Budi <b>S</b>", "lokasi": "Widuri", **fields})
    assert answer.status_code == 422
    assert re.search(rf'id="{field}-salah">[^<]*{says}', answer.text)
    assert f'href="#{field}"' in answer.text
    assert 'value="Budi &lt;b&gt;S&lt;/b&gt;"' in answer.text
    assert 'value="Widuri"' in answer.text
    if "isi" not in fields:
        assert f">\n{WORDS}</textarea>" in answer.text
    assert not site.rows("SELECT 1 FROM journal")


def test_the_same_stamp_and_its_proof_serve_after_an_error(site: Site) -> None:
    stamp = site.proven()
    page = site.send(stamp=stamp, isi="").text
    assert all(f'value="{value}"' in page for value in stamp.values())


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04zip", b"MZ\x90", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"halo", b"\x1f\x8bgz"]
)
def test_a_file_that_is_no_photo_is_refused_whatever_it_is_called(site: Site, content: bytes) -> None:
    answer = site.send(files=[("foto.jpg", content, "image/jpeg")])
    assert answer.status_code == 422
    assert "bukan foto" in answer.text
    assert not site.rows("SELECT 1 FROM journal")


def test_too_many_files_are_refused(site: Site) -> None:
    answer = site.send(files=[(f"{number}.jpg", JPEG, "image/jpeg") for number in range(6)])
    assert answer.status_code == 422
    assert "Paling banyak 5 berkas" in answer.text


def test_a_file_over_the_limit_is_refused_and_the_citizen_told_to_choose_again(site: Site) -> None:
    answer = site.send(files=[("film.jpg", JPEG + bytes(10 * 1024 * 1024), "image/jpeg")])
    assert answer.status_code == 422
    assert "lebih besar dari 10 MB" in answer.text
    assert WORDS in answer.text


def test_a_form_over_the_limit_is_read_away_and_its_words_are_kept(site: Site) -> None:
    web = site.runtime.accounts["web"]
    small = dataclasses.replace(web, manifest=dataclasses.replace(web.manifest, max_body=300_000))
    site.runtime.accounts["web"] = small  # type: ignore[index]  # the test's own dict
    answer = site.send(files=[("a.jpg", JPEG + bytes(400_000), "image/jpeg")])
    assert answer.status_code == 413
    assert WORDS in answer.text
    assert not site.rows("SELECT 1 FROM journal")


def test_a_truncated_form_keeps_what_came_whole(site: Site) -> None:
    body, content_type = multipart(
        {**site.proven(), "program": "maturbup", "isi": WORDS}, [("foto.jpg", JPEG, "image/jpeg")]
    )
    answer = site.client.post("/lapor", data=body[:-200], content_type=content_type)
    assert answer.status_code == 400
    assert "terputus" in answer.text
    assert WORDS in answer.text
    assert not site.rows("SELECT 1 FROM journal")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "multipart/form-data; boundary=b"),
        (b"{}", "application/json"),
        (b"--b", "multipart/form-data"),
        (b"\x00\xff" * 500, "multipart/form-data; boundary=b"),
        (b"isi=x", "application/x-www-form-urlencoded"),
        (b"kiriman=" + b"9" * 32 + b"&tanda=16.1.00&isi=x", "application/x-www-form-urlencoded"),
        (b"kiriman=%00&tanda=%ff.%ff&isi=x&bukti=%00", "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_of_ours_is_a_form_to_fill_in(site: Site, body: bytes, content_type: str) -> None:
    answer = site.client.post("/lapor", data=body, content_type=content_type)
    assert answer.status_code == 400
    assert "Kirim aduan" in answer.text
    assert not site.rows("SELECT 1 FROM journal")


def test_nul_bytes_and_a_foreign_charset_do_not_stop_a_complaint(site: Site) -> None:
    stamp = site.proven()
    body, content_type = multipart({**stamp, "program": "masbupsiaga", "isi": "@"})
    body = body.replace(b"@", "Caf\xe9 \0 bising".encode("latin-1"))
    answer = site.client.post("/lapor", data=body, content_type=content_type)
    assert answer.status_code == 303
    [item] = journalled(site)
    assert item.text == "Café \ufffd bising"


def test_an_upload_that_breaks_off_is_no_complaint(site: Site) -> None:
    body, content_type = multipart({**site.proven(), "program": "masbupsiaga", "isi": WORDS})
    answer = site.app.test_client().post(
        "/lapor",
        content_type=content_type,
        input_stream=io.BytesIO(body[:100]),
        headers={"Content-Length": str(len(body))},
    )
    assert answer.status_code == 400
    assert not site.rows("SELECT 1 FROM journal")


# ---- robots and limits ----


def test_the_trap_catches_robots_and_lets_people_try_again(site: Site) -> None:
    answer = site.send(situs="https://spam.example")
    assert answer.status_code == 400
    assert "tersembunyi" in answer.text
    assert WORDS in answer.text
    assert "spam.example" not in answer.text
    assert not site.rows("SELECT 1 FROM journal")


def test_without_proof_the_form_must_have_been_open_for_a_moment(site: Site) -> None:
    stamp = site.form()
    assert site.send(stamp=stamp).status_code == 400
    site.now += timedelta(seconds=5)
    assert site.send(stamp=stamp).status_code == 303


def test_without_proof_an_address_may_send_a_quarter(site: Site) -> None:
    statuses = []
    for number in range(6):
        stamp = site.form()
        site.now += timedelta(seconds=5)
        statuses.append(site.send(stamp=stamp, isi=f"aduan {number}").status_code)
    assert statuses == [303] * 5 + [429]
    assert site.send().status_code == 303


def test_a_wrong_proof_is_none(site: Site) -> None:
    stamp = site.form() | {"bukti": "1" * 15}
    assert site.send(stamp=stamp).status_code in {303, 400}
    assert site.send(stamp=site.form() | {"bukti": "keliru"}).status_code == 400


def test_an_address_is_limited_and_its_hour_ends(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    limits = Limits(proof_of_work_bits=4, form_per_address_per_hour=2)
    with running(engine, redis_client, tmp_path, limits=limits) as site:
        assert [site.send(isi=f"aduan {number}").status_code for number in range(3)] == [303, 303, 429]
        refused = site.send()
        assert WORDS in refused.text
        assert "banyak aduan" in refused.text
        site.now += timedelta(hours=1, seconds=1)
        assert site.send().status_code == 303


def test_a_phone_is_limited_in_every_spelling_and_stands_nowhere_in_the_clear(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    limits = Limits(proof_of_work_bits=4, form_per_phone_per_day=2)
    with running(engine, redis_client, tmp_path, limits=limits) as site:
        spellings = ["0811-2626-116", "+62 811 2626 116", "628112626116"]
        statuses = [site.send(isi=phone, telepon=phone).status_code for phone in spellings]
        assert statuses == [303, 303, 429]
        assert site.send(isi="lain", telepon="08122222222").status_code == 303
        buckets = " ".join(row.bucket for row in site.rows("SELECT bucket FROM throttle"))
        assert "8112626116" not in buckets
        assert "127.0.0.1" not in buckets


def test_a_form_of_yesterday_is_asked_for_once_more_with_its_words(site: Site) -> None:
    stamp = site.proven()
    site.now += timedelta(hours=25)
    answer = site.send(stamp=stamp)
    assert answer.status_code == 400
    assert "terlalu lama" in answer.text
    assert WORDS in answer.text
    assert stamp["kiriman"] not in answer.text
