"""Files of answers on the tracking page: what the citizen gets, and how it is handed out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from store.blobs import BlobError, Blobs
from tests.lacakkit import (
    PDF,
    answer,
    answered,
    complaint,
    deliver,
    fetch,
    links,
    settle,
    thumbs,
    track,
)
from tests.pictures import OWNER, SOUTH, decoded, exif, film, picture, sound
from tests.publickit import site

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from tests.public_site import Site

__all__ = ["site"]
PHOTO = picture("JPEG", (800, 600), exif=exif(SOUTH))


@pytest.fixture
def citizen(site: Site) -> FlaskClient:
    return site.app.test_client()


def only(page: str) -> str:
    [address] = links(page).values()
    return address


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
