"""Files of answers on the tracking page: who gets them, who does not, and how they are handed out."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from gateway import lacak
from normalizer import ticket
from store import casework
from store.blobs import BlobError, Blobs
from tests import factories
from tests.lacakkit import (
    PDF,
    act,
    answer,
    answered,
    complaint,
    deliver,
    fetch,
    files,
    id_of,
    links,
    settle,
    thumbs,
    track,
)
from tests.pictures import OWNER, SOUTH, decoded, exif, film, picture, sound
from tests.publickit import site

if TYPE_CHECKING:
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from tests.public_site import Site

__all__ = ["site"]
PHOTO = picture("JPEG", (800, 600), exif=exif(SOUTH))


@pytest.fixture
def citizen(site: Site) -> FlaskClient:
    return site.app.test_client()


def only(page: str) -> str:
    [address] = links(page).values()
    return address


def is_the_form_again(response: TestResponse) -> bool:
    return response.status_code == 403 and "masukkan nomor aduannya sekali lagi" in response.text


# ---- what the citizen gets ----


def test_a_document_is_a_download_by_name_and_size(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PDF + bytes(1_234_000), "Surat Tugas.pdf"))
    page = track(citizen, code)
    assert "Lampiran (1)" in page
    assert "PDF, 1,2 MB, diunduh" in page
    got = fetch(citizen, links(page)["Surat Tugas.pdf"])
    assert (got.status_code, got.data) == (200, PDF + bytes(1_234_000))
    assert got.headers["Content-Type"] == "application/octet-stream"
    assert got.headers["Content-Disposition"] == 'attachment; filename="Surat Tugas.pdf"'
    assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Cache-Control"] == "private, no-store"
    assert got.headers["Referrer-Policy"] == "no-referrer"
    assert got.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_a_photo_is_a_small_picture_that_opens_and_tells_nothing_of_its_maker(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.HEIC.jpg"))
    page = track(citizen, code)
    assert re.search(r"Foto, \d+ kB, dibuka di tab baru", page)
    shown, [thumb] = fetch(citizen, links(page)["jalan.HEIC.jpg"]), thumbs(page)
    small = fetch(citizen, thumb)
    for got, width in ((shown, 800), (small, 400)):
        assert (got.status_code, got.headers["Content-Type"]) == (200, "image/jpeg")
        assert got.headers["Content-Disposition"].startswith("inline")
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert decoded(got.data).width == width
        assert not decoded(got.data).getexif()
        assert OWNER.encode() not in got.data
    assert len(small.data) < 40_000


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (film("mov", "libx264", title=OWNER), "perbaikan.mov", "perbaikan.mp4"),
        (sound("amr", "libopencore_amrnb"), "suara.amr", "suara.mp3"),
    ],
)
def test_films_and_old_sounds_go_out_as_their_copy(
    site: Site, citizen: FlaskClient, content: bytes, name: str, expected: str
) -> None:
    code = complaint(site)
    answered(site, code, (content, name))
    got = fetch(citizen, links(track(citizen, code))[expected])
    assert got.status_code == 200
    assert got.data != content
    assert OWNER.encode() not in got.data
    assert got.headers["Content-Disposition"] == f"attachment; filename={expected}"


def test_what_no_preview_can_be_made_of_is_named_and_not_handed_out(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    broken = picture("JPEG", (600, 400), exif=exif(SOUTH))[:3000]
    answered(site, code, (broken, "rusak.jpg"), (PDF, "surat.pdf"))
    page = track(citizen, code)
    assert "Berkas ini tidak dapat ditampilkan di sini." in page
    assert set(links(page)) == {"surat.pdf"}
    [row] = site.rows("SELECT id FROM attachment WHERE name = 'rusak.jpg'")
    folder = links(page)["surat.pdf"].rpartition("/")[0]
    assert fetch(citizen, f"{folder}/{row.id}").status_code == 404
    assert fetch(citizen, f"{folder}/{row.id}/kecil").status_code == 404


def test_until_sender_and_media_worker_have_been_there_it_is_being_prepared(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answer(site, code, (PHOTO, "jalan.jpg"), (PDF, "surat.pdf"))
    before = citizen.post("/lacak", data={"nomor": code})
    assert before.text.count("Sedang disiapkan") == 2
    assert links(before.text) == {}
    assert "Set-Cookie" not in before.headers
    deliver(site)
    sent = track(citizen, code)
    assert sent.count("Sedang disiapkan") == 1
    assert set(links(sent)) == {"surat.pdf"}
    settle(site)
    assert set(links(track(citizen, code))) == {"jalan.jpg", "surat.pdf"}


def test_answers_without_files_leave_no_cookie(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code)
    page = citizen.post("/lacak", data={"nomor": code})
    assert "Surat terlampir" in page.text
    assert "Lampiran (" not in page.text
    assert "Set-Cookie" not in page.headers


def test_a_part_a_head_and_a_broken_download_that_goes_on(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PDF, "surat.pdf"))
    address = only(track(citizen, code))
    whole = fetch(citizen, address)
    part = fetch(citizen, address, Range="bytes=5-", If_Range=whole.headers["ETag"])
    assert (part.status_code, part.data) == (206, PDF[5:])
    assert part.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert part.headers["Content-Disposition"].startswith("attachment")
    assert fetch(citizen, address, Range=f"bytes={len(PDF)}-").status_code == 416
    head = citizen.head(address)
    assert (head.status_code, head.data, head.headers["Content-Length"]) == (200, b"", str(len(PDF)))


# ---- who does not get it ----


def test_the_address_alone_opens_nothing(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.jpg"))
    page = track(citizen, code)
    stranger = site.app.test_client()
    for address in (only(page), *thumbs(page)):
        assert code not in address
        assert code.replace("-", "") not in address
        assert is_the_form_again(stranger.get(address))
        assert is_the_form_again(stranger.get(address, headers={"Range": "bytes=0-1"}))
        assert stranger.head(address).status_code == 403
        for forged in ("x", "a.b.c", f"{code}.1.{'0' * 32}", "é"):
            stranger.set_cookie("lacak", forged, path="/lacak")
            assert is_the_form_again(stranger.get(address))


def test_the_cookie_is_for_that_complaints_addresses_and_no_script_reads_it(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PDF, "surat.pdf"))
    answer_ = citizen.post("/lacak", data={"nomor": code})
    folder = only(answer_.text).rpartition("/")[0]
    cookie = answer_.headers["Set-Cookie"]
    for wanted in (f"Path={folder};", "HttpOnly", "SameSite=Strict", "Max-Age=3600"):
        assert wanted in cookie + ";"


def test_the_proof_of_one_complaint_opens_no_other(site: Site, citizen: FlaskClient) -> None:
    mine, others = complaint(site), complaint(site, isi="Aduan orang lain di Moga")
    answered(site, mine, (PDF, "punyaku.pdf"))
    answered(site, others, (PDF + b"x", "bukan punyaku.pdf"))
    neighbour = site.app.test_client()
    theirs = only(track(neighbour, others))
    own = only(track(citizen, mine))
    my_folder, their_folder = own.rpartition("/")[0], theirs.rpartition("/")[0]
    their_file = theirs.rpartition("/")[2]
    assert citizen.get(f"{my_folder}/{their_file}").status_code == 404
    assert citizen.get(f"{my_folder}/{their_file}/kecil").status_code == 404
    assert is_the_form_again(citizen.get(theirs))
    proof = citizen.get_cookie("lacak", path=my_folder)
    assert proof is not None
    citizen.set_cookie("lacak", proof.value, path=their_folder)
    assert is_the_form_again(citizen.get(theirs))
    assert is_the_form_again(citizen.get(f"/lacak/{'0' * 32}/{their_file}"))
    track(citizen, others)
    assert citizen.get(own).data == PDF  # two complaints, each with its own proof
    assert citizen.get(theirs).data == PDF + b"x"


def test_the_proof_ends(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PDF, "surat.pdf"))
    address = only(track(citizen, code))
    folder = address.rpartition("/")[0]
    proof = citizen.get_cookie("lacak", path=folder)
    assert proof is not None
    site.now += timedelta(hours=1, seconds=1)
    citizen.set_cookie("lacak", proof.value, path=folder)  # a browser that keeps what it should forget
    assert is_the_form_again(citizen.get(address))
    assert only(track(citizen, code)) == address
    assert citizen.get(address).data == PDF


def test_what_is_no_file_of_an_answer_is_never_handed_out(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PDF, "surat.pdf"))
    folder = only(track(citizen, code)).rpartition("/")[0]
    complaint_id = id_of(site, code)
    with site.runtime.engine.begin() as connection:
        casework.note(connection, act(site, code), "Catatan dalam", "n", files(site, (PDF + b"n", "internal.pdf")))
        written = factories.line(connection, complaint_id, "ini KTP saya", account="web", conversation=code)
        automatic = factories.line(
            connection, complaint_id, "otomatis", direction="out", role="auto", account="web", conversation=code
        )
        sha256 = site.runtime.blobs.put(PDF + b"k")
        for line, name in ((written, "ktp.pdf"), (automatic, "otomatis.pdf")):
            values = {"name": name, "content_type": "application/pdf", "size": 9, "sha256": sha256}
            factories.attachment(connection, line, **values)
    answered(site, code, (PDF + b"t", "diserahkan.pdf"), text="Sudah diserahkan", deliver=False)
    page = track(citizen, code)
    assert set(links(page)) == {"surat.pdf"}
    assert "Sudah diserahkan" in page
    rows = site.rows("SELECT id, name FROM attachment WHERE name <> 'surat.pdf'")
    assert {row.name for row in rows} == {"internal.pdf", "ktp.pdf", "otomatis.pdf", "diserahkan.pdf"}
    for row in rows:
        assert row.name not in page
        assert citizen.get(f"{folder}/{row.id}").status_code == 404
    for other in (complaint_id, uuid.uuid4(), *(row.id for row in site.rows("SELECT id FROM message"))):
        assert citizen.get(f"{folder}/{other}").status_code == 404


@pytest.mark.parametrize(
    "deed",
    [
        "UPDATE message SET withdrawn_at = sent_at WHERE role = 'answer'",
        "UPDATE outbox SET state = 'failed' WHERE purpose = 'answer'",
        "UPDATE outbox SET state = 'skipped' WHERE purpose = 'answer'",
        "UPDATE outbox SET account = 'sms1708' WHERE purpose = 'answer'",
        "DELETE FROM outbox WHERE purpose = 'answer'",
    ],
)
def test_of_an_answer_that_was_withdrawn_or_never_stood_there_the_files_are_gone(
    site: Site, citizen: FlaskClient, deed: str
) -> None:
    code = complaint(site)
    answered(site, code, (PDF, "surat.pdf"))
    address = only(track(citizen, code))
    with site.runtime.engine.begin() as connection:
        connection.execute(text(deed))
    assert citizen.get(address).status_code == 404
    assert links(track(citizen, code)) == {}


def test_an_answer_by_another_channel_keeps_its_files_there(site: Site, citizen: FlaskClient) -> None:
    code = ticket.new()
    with site.runtime.engine.begin() as connection:
        factories.complaint(connection, ticket=code, account="sms1708", program="masbupsiaga")
        connection.execute(text("UPDATE message SET account = 'sms1708'"))
    answer(site, code, (PDF, "surat.pdf"))
    with site.runtime.engine.begin() as connection:
        connection.execute(text("UPDATE outbox SET state = 'delivered'"))
    page = track(citizen, code)
    assert "Surat terlampir" in page
    assert "surat.pdf" not in page
    assert "Lampiran (" not in page


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_of_a_hidden_reporter_files_go_by_numbers(site: Site, citizen: FlaskClient, flag: str) -> None:
    code = complaint(site, **{flag: "1"})
    answered(site, code, (PDF, "Surat untuk Budi Santoso.pdf"), (PHOTO, "Rumah Budi Santoso.jpg"))
    page = track(citizen, code)
    assert "Budi" not in page
    found = links(page)
    assert set(found) == {"Lampiran 1.pdf", "Lampiran 2.jpg"}
    for name, address in found.items():
        got = citizen.get(address)
        assert got.status_code == 200
        assert f'filename="{name}"' in got.headers["Content-Disposition"]
        assert got.headers["Cache-Control"] == "private, no-store"
        assert is_the_form_again(site.app.test_client().get(address))


def test_of_merged_complaints_each_citizen_gets_what_was_sent_to_him(site: Site) -> None:
    first, second = complaint(site), complaint(site, isi="Lampu jalan mati juga di sini")
    with site.runtime.engine.begin() as connection:
        assert casework.merge(connection, act(site, second), id_of(site, first), "g")
    both = {"via": ("web", first), "also": [("web", second)]}
    answered(site, first, (PDF, "untuk semua.pdf"), text="Untuk semua", **both)
    answered(site, first, (PDF + b"1", "untuk pertama.pdf"), text="Pertama", via=("web", first))
    answered(site, first, (PDF + b"2", "untuk kedua.pdf"), text="Kedua", via=("web", second))
    one, two = site.app.test_client(), site.app.test_client()
    of_one, of_two = links(track(one, first)), links(track(two, second))
    assert set(of_one) == {"untuk semua.pdf", "untuk pertama.pdf"}
    assert set(of_two) == {"untuk semua.pdf", "untuk kedua.pdf"}
    assert two.get(of_two["untuk kedua.pdf"]).data == PDF + b"2"
    wrong = of_two["untuk kedua.pdf"].rpartition("/")[2]
    assert one.get(of_one["untuk pertama.pdf"].rpartition("/")[0] + f"/{wrong}").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_only_reading(site: Site, citizen: FlaskClient, method: str) -> None:
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.jpg"))
    page = track(citizen, code)
    for address in (only(page), *thumbs(page)):
        assert citizen.open(address, method=method.upper()).status_code == 405
    for odd in ("x", "..%2f..%2fetc", "%00", "1" * 500):
        folder = only(page).rpartition("/")[0]
        assert citizen.get(f"{folder}/{odd}").status_code == 404


def test_one_complaints_files_are_not_fetched_without_end(
    site: Site, citizen: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lacak, "FILES_PER_HOUR", 3)
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.jpg"))
    page = track(citizen, code)
    [thumb], address = thumbs(page), only(page)
    assert [citizen.get(address).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert citizen.get(thumb).status_code == 200
    site.now += timedelta(hours=1)
    track(citizen, code)
    assert citizen.get(address).status_code == 200


# ---- trouble ----


def test_while_the_blob_store_is_away_the_page_stands_and_the_file_says_later(
    site: Site, citizen: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.jpg"), (PDF, "surat.pdf"))

    def away(_blobs: Blobs, _sha256: str) -> bytes:
        raise BlobError("away")

    monkeypatch.setattr(Blobs, "get", away)
    monkeypatch.setattr(Blobs, "size", away)
    page = track(citizen, code)
    assert "Foto, dibuka di tab baru" in page
    for address in links(page).values():
        got = citizen.get(address)
        assert (got.status_code, got.headers["Cache-Control"]) == (503, "no-store")


def test_a_file_that_is_lost_is_a_404_and_the_others_are_there(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PHOTO, "jalan.jpg"), (PDF, "surat.pdf"))
    with site.runtime.engine.begin() as connection:
        connection.execute(text("UPDATE rendition SET shown = repeat('0', 64)"))
    page = track(citizen, code)
    assert "PDF, 1 kB, diunduh" in page
    assert citizen.get(links(page)["jalan.jpg"]).status_code == 404
    assert citizen.get(links(page)["surat.pdf"]).data == PDF


def test_names_are_written_as_text(site: Site, citizen: FlaskClient) -> None:
    code = complaint(site)
    answered(site, code, (PDF, "Ñoño & 'surat' (1).pdf"))
    page = track(citizen, code)
    assert "Ñoño &amp; &#39;surat&#39; (1).pdf" in page
    got = citizen.get(only(page))
    assert "\n" not in got.headers["Content-Disposition"]
    plain, _, marked = got.headers["Content-Disposition"].partition("; filename*=")
    assert plain == "attachment; filename=\"Nono & 'surat' (1).pdf\""
    assert marked == "UTF-8''%C3%91o%C3%B1o%20%26%20%27surat%27%20%281%29.pdf"
