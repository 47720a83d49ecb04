"""Files with an answer: which are taken, what becomes of a refused form, and the bytes that the citizen gets."""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import encode_multipart

from channels.contract import Files, OutboundFile
from channels.errors import Refused
from dispatcher import media
from dispatcher.sending import Sender
from inbox.acts import enclosing
from normalizer.keyword import KeywordIndex
from store.blobs import BlobError, Blobs
from store.casework import GRACE
from tests import factories
from tests.channels.telegram_stand import SITI, serving
from tests.factories import PaperChannel
from tests.inboxkit import Browser, Site, field
from tests.pictures import picture

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

    from channels.contract import OutboundReply
    from normalizer.messages import DeliveryReceipt

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"
ANY = Files(most=10, largest=50_000_000)


class Carrier(PaperChannel):
    """A channel that takes files, and keeps what it was given."""

    def __init__(self, name: str, files: Files = ANY) -> None:
        super().__init__(name)
        self.capabilities = dataclasses.replace(self.capabilities, files=files)
        self.given: list[tuple[str, Sequence[OutboundFile]]] = []
        self.trouble: Exception | None = None

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        if self.trouble is not None:
            raise self.trouble
        self.given.append((reply.text, reply.attachments))
        return super().send(reply)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def carrier(site: Site, files: Files = ANY, account: str = "sms-a") -> Carrier:
    made = Carrier(account, files)
    put(site, account, channel=made)
    return made


def put(site: Site, name: str, **values: Any) -> None:
    accounts = site.runtime.accounts
    assert isinstance(accounts, dict)
    accounts[name] = dataclasses.replace(accounts.get(name) or accounts["sms-a"], name=name, **values)


def deliver(site: Site) -> None:
    sender = Sender(site.runtime)
    try:
        sender.run(2)
    finally:
        sender.close()


def send(browser: Browser, ticket: str, *files: tuple[bytes, str], act: str = "answer", **form: str) -> TestResponse:
    """The form as a browser sends it, whole in memory: the client's own file for large ones is never closed."""
    fields = {"text": "Surat terlampir", **browser.form(ticket), **form}
    fields["csrf"] = field(browser.get(f"/inbox/{ticket}").text, "csrf")
    values = MultiDict(fields)
    for content, name in files:
        values.add("files", FileStorage(io.BytesIO(content), filename=name))
    boundary, body = encode_multipart(values)
    return browser.client.post(
        f"/inbox/{ticket}/{act}", data=body, content_type=f"multipart/form-data; boundary={boundary}"
    )


def words(page: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", page))


def archive(*names: str, first: tuple[str, str] | None = None) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        if first:
            packed.writestr(*first)
        for name in names:
            packed.writestr(name, "isi")
    return made.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
ODT = archive("content.xml", first=("mimetype", "application/vnd.oasis.opendocument.text"))


def test_telegram_is_given_the_very_bytes(site: Site) -> None:
    with serving() as stand:
        put(site, "telegram", channel=stand.channel(), keywords=KeywordIndex(()))
        ticket = site.complaint(account="telegram", channel="telegram", address=str(SITI.id), conversation=str(SITI.id))
        with site.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE message SET account = 'telegram'")
        sari = site.officer("sari")
        assert send(sari, ticket, (PDF, "Surat Tugas.pdf"), (DOCX, "berita acara.docx")).status_code == 303
        deliver(site)
        assert stand.cloud.uploaded == [("Surat Tugas.pdf", PDF), ("berita acara.docx", DOCX)]
    page = sari.get(f"/inbox/{ticket}").text
    assert "Surat Tugas.pdf" in page
    assert "Terkirim" in page
    [(file,)] = site.rows("SELECT id FROM attachment ORDER BY position LIMIT 1")
    assert sari.get(f"/inbox/files/{file}").data == PDF


def test_a_picture_is_shown_by_its_preview_once_the_media_worker_has_looked(site: Site) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    photo = picture("JPEG")
    send(sari, ticket, (photo, "jalan.jpg"))
    assert "pratinjaunya sedang dibuat" in sari.get(f"/inbox/{ticket}").text
    deliver(site)
    [(_text, [file])] = channel.given
    assert (file.name, file.content_type, file.content) == ("jalan.jpg", "image/jpeg", photo)
    media.run(site.runtime)
    assert "/thumb" in sari.get(f"/inbox/{ticket}").text


def test_a_failed_send_is_tried_again_with_its_files(site: Site) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    channel.trouble = Refused("Penyedia menolak")
    send(sari, ticket, (PDF, "surat.pdf"))
    deliver(site)
    assert "Penyedia menolak" in sari.get(f"/inbox/{ticket}").text
    channel.trouble = None
    [(outbox,)] = site.rows("SELECT id FROM outbox")
    assert sari.post(f"/inbox/{ticket}/outbox/{outbox}/retry", **sari.form(ticket)).status_code == 303
    deliver(site)
    assert [[file.content for file in files] for _, files in channel.given] == [[PDF]]


def test_a_double_click_sends_the_files_once_and_other_files_are_another_form(site: Site) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    form = sari.form(ticket)
    for _ in range(2):
        assert send(sari, ticket, (PDF, "surat.pdf"), **form).status_code == 303
    assert send(sari, ticket, (PDF + b"x", "surat.pdf"), **form).status_code == 409
    deliver(site)
    assert len(channel.given) == 1


def test_all_citizens_of_merged_cases_get_the_files(site: Site) -> None:
    channel, sari = carrier(site), site.officer("sari")
    other = site.complaint("Sama", address="+628990000777", conversation="+628990000777")
    ticket = site.complaint()
    sari.post(f"/inbox/{other}/merge", into=ticket, **sari.form(other))
    send(sari, ticket, (PDF, "surat.pdf"), via="semua")
    site.clock.pass_by(GRACE)
    deliver(site)
    assert sorted([file.content for file in files] for _, files in channel.given) == [[], [PDF], [PDF]]


def test_where_one_of_them_takes_no_files_nobody_is_sent_any(site: Site) -> None:
    carrier(site)
    other = site.complaint("Sama", address="+628990000777", conversation="+628990000777", account="kertas")
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET account = 'kertas' WHERE address = '+628990000777'")
    ticket, sari = site.complaint(), site.officer("sari")
    sari.post(f"/inbox/{other}/merge", into=ticket, **sari.form(other))
    assert send(sari, ticket, (PDF, "surat.pdf"), via="semua").status_code == 422
    assert site.rows("SELECT * FROM outbox WHERE purpose = 'answer'") == []


def test_a_channel_without_files_says_so_before_and_after(site: Site) -> None:
    ticket, sari = site.complaint(), site.officer("sari")
    page = sari.get(f"/inbox/{ticket}").text
    assert "Kanal ini tidak menerima lampiran." in page
    assert page.count('name="files"') == 1  # the note's
    refused = send(sari, ticket, (PDF, "surat.pdf"))
    assert refused.status_code == 422
    assert "tidak menerima lampiran" in refused.text
    assert "Surat terlampir</textarea>" in refused.text
    assert site.rows("SELECT * FROM attachment") == []


@pytest.mark.parametrize(
    ("content", "name", "why"),
    [
        (b"MZ\x90\0" + bytes(60), "setup.pdf", "tidak dikirim"),
        (b"<html><script>alert(1)</script>", "halaman.txt", "tidak dikirim"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">', "logo.svg", "tidak dikirim"),
        (archive("surat.exe"), "surat.zip", "tidak dikirim"),
        (archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "makro.docx", "tidak dikirim"),
        (
            archive("Basic/x.xml", first=("mimetype", "application/vnd.oasis.opendocument.text")),
            "m.odt",
            "tidak dikirim",
        ),
        (PDF, "foto.jpg", "tidak dikirim"),
        (b"", "kosong.pdf", "kosong"),
        (PDF + bytes(enclosing.LARGEST), "besar.pdf", "terlalu besar"),
    ],
)
def test_what_is_forbidden_is_refused_with_the_words_kept(site: Site, content: bytes, name: str, why: str) -> None:
    carrier(site)
    ticket, sari = site.complaint(), site.officer("sari")
    refused = send(sari, ticket, (content, name), (PDF, "baik.pdf"))
    assert refused.status_code == 422
    assert why in words(refused.text)
    assert "Surat terlampir</textarea>" in refused.text
    assert site.rows("SELECT * FROM outbox") == []
    [kept] = re.findall(r'name="kept" value="([^"]+)"', refused.text)
    assert sari.post(f"/inbox/{ticket}/answer", text="Lagi", kept=kept, **sari.form(ticket)).status_code == 303
    assert site.rows("SELECT name, size FROM attachment") == [("baik.pdf", len(PDF))]


def test_how_many_and_how_large_all_together(site: Site) -> None:
    carrier(site)
    ticket, sari = site.complaint(), site.officer("sari")
    many = [(PDF + bytes([number]), f"{number}.pdf") for number in range(enclosing.MOST + 1)]
    assert "Paling banyak 5 lampiran" in send(sari, ticket, *many).text
    heavy = [(PDF + bytes([number]) * 8_000_000, f"{number}.pdf") for number in range(2)]
    assert "bersama-sama paling besar" in send(sari, ticket, *heavy).text
    carrier(site, Files(most=1, largest=100, types=frozenset({"image/*", "application/pdf"})))
    assert "Paling banyak 1 lampiran" in send(sari, ticket, (PDF, "a.pdf"), (PDF + b"x", "b.pdf")).text
    assert "tidak menerima jenis berkas itu" in send(sari, ticket, (DOCX, "a.docx")).text
    assert "terlalu besar" in send(sari, ticket, (PDF + bytes(100), "a.pdf")).text
    assert site.rows("SELECT * FROM outbox") == []


def test_a_kept_file_of_anothers_or_of_ones_own_making_is_no_file(site: Site) -> None:
    carrier(site)
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    refused = send(sari, ticket, (PDF, "surat.pdf"), text=" ")
    [kept] = re.findall(r'name="kept" value="([^"]+)"', refused.text)
    for forged in (kept, kept[:-1] + "0", "x", "é.é"):
        form = {**budi.form(ticket), "text": f"Tanpa {forged[:1]}", "kept": forged}
        budi.post(f"/inbox/{ticket}/answer", **form)
    assert site.rows("SELECT * FROM attachment") == []


@pytest.mark.parametrize(
    ("claimed", "expected"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Dokumen\\Surat  Tugas.pdf", "Surat Tugas.pdf"),
        ("faktur\u202efdp.exe.pdf", "fakturfdp.exe.pdf"),
        ('"><img src=x onerror=alert(1)>.pdf', "img src=x onerror=alert(1).pdf"),
        ("\0\x01.pdf", "berkas.pdf"),
        ("..", "berkas"),
        ("a" * 300 + ".pdf", "a" * 96 + ".pdf"),
        ("x." + "b" * 300, "x.bbbbbbbbbb"),
    ],
)
def test_names_are_cleaned(claimed: str, expected: str) -> None:
    assert enclosing.plain(claimed) == expected


@pytest.mark.parametrize(("claimed", "expected"), [("virus.exe", "virus.exe.pdf"), ("surat", "surat.pdf")])
def test_names_end_as_their_bytes_say(site: Site, claimed: str, expected: str) -> None:
    carrier(site)
    ticket, sari = site.complaint(), site.officer("sari")
    send(sari, ticket, (PDF, claimed))
    assert site.rows("SELECT name FROM attachment") == [(expected,)]


@pytest.mark.parametrize(("content", "name"), [(DOCX, "a.docx"), (ODT, "a.odt"), (b"Catatan", "a.txt")])
def test_office_documents_and_texts_go(site: Site, content: bytes, name: str) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    assert send(sari, ticket, (content, name)).status_code == 303
    deliver(site)
    assert [file.name for _, files in channel.given for file in files] == [name]


def test_a_note_keeps_files_that_no_citizen_gets(site: Site) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    assert send(sari, ticket, (PDF, "internal.pdf"), act="note").status_code == 303
    deliver(site)
    assert channel.given == []
    assert "internal.pdf" in sari.get(f"/inbox/{ticket}").text


def test_without_the_blob_store_nothing_is_sent_and_nothing_is_lost(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier(site)
    ticket, sari = site.complaint(), site.officer("sari")

    def away(_blobs: Blobs, _content: bytes) -> str:
        raise BlobError("away")

    monkeypatch.setattr(Blobs, "put", away)
    refused = send(sari, ticket, (PDF, "surat.pdf"))
    assert refused.status_code == 503
    assert "Surat terlampir</textarea>" in refused.text
    assert site.rows("SELECT * FROM outbox") == []


def test_the_sender_waits_for_the_blob_store_and_says_where_a_file_is_gone(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    send(sari, ticket, (PDF, "surat.pdf"))
    with monkeypatch.context() as patched:
        patched.setattr(Blobs, "get", lambda *_: (_ for _ in ()).throw(BlobError("away")))
        deliver(site)
    assert site.rows("SELECT state FROM outbox") == [("queued",)]
    assert site.rows("SELECT paused_until FROM account_state") in ([], [(None,)])
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    site.clock.at = factories.NOW.replace(hour=4)
    deliver(site)
    assert channel.given == []
    assert "tidak ada lagi di penyimpanan" in sari.get(f"/inbox/{ticket}").text


def test_a_channel_that_takes_files_no_more_refuses_them_visibly(site: Site) -> None:
    channel, ticket, sari = carrier(site), site.complaint(), site.officer("sari")
    send(sari, ticket, (PDF, "surat.pdf"))
    channel.capabilities = dataclasses.replace(channel.capabilities, files=Files())
    deliver(site)
    assert channel.given == []
    assert "tidak menerima lampiran sebanyak itu" in sari.get(f"/inbox/{ticket}").text


def test_under_the_veil_a_files_name_tells_nobody(site: Site) -> None:
    carrier(site)
    ticket = site.complaint(name="Siti Aminah", rahasia=True)
    knows, sari = site.officer("dewi", sees_identity=True), site.officer("sari")
    knows.reveal(ticket)
    send(knows, ticket, (PDF, "Surat untuk Siti Aminah.pdf"))
    assert "Surat untuk Siti Aminah.pdf" in knows.get(f"/inbox/{ticket}").text
    assert "Aminah" not in sari.get(f"/inbox/{ticket}").text
    [(file,)] = site.rows("SELECT id FROM attachment")
    assert "Aminah" not in sari.get(f"/inbox/files/{file}").headers["Content-Disposition"]
