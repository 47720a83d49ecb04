"""Files of answers are kept from everybody but who typed that code; what is no answer's file is kept from him too."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from gateway import lacak
from normalizer import ticket
from store import casework
from tests import factories
from tests.lacakkit import (
    PDF,
    act,
    answer,
    answered,
    complaint,
    files,
    id_of,
    links,
    thumbs,
    track,
)
from tests.pictures import SOUTH, exif, picture
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
    assert "surat.pdf" not in track(citizen, code)


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
