"""The mail parser: attachments and their names, attached mails, winmail.dat, invitations."""

from __future__ import annotations

import base64
import struct

import pytest
from letters import BUDI, OURS, PIXEL, file, items, mail, message, nested, part, parts, properties, winmail

from channels.email.parsing import files, tnef
from channels.email.parsing.limits import MAX_NAME, Unreadable


def names(body: bytes) -> list[str | None]:
    return [found.name for found in message(body).attachments]


def test_files_come_with_their_bytes_and_claims() -> None:
    found = message(parts(part("text/plain", "Lihat foto"), file("image/png; name=jalan.png", PIXEL)))
    [picture] = found.attachments
    assert (picture.name, picture.content_type, picture.size, picture.content) == (
        "jalan.png",
        "image/png",
        len(PIXEL),
        PIXEL,
    )
    assert found.text == "Lihat foto"


def test_inline_pictures_are_files_with_names() -> None:
    inside = nested(
        "related",
        part("text/html", "<p>Lihat<img src=cid:a></p>"),
        file("image/jpeg", PIXEL, "inline"),
        file("image/jpeg; name=dua.jpg", PIXEL, "inline"),
        boundary="dalam",
    )
    assert names(parts(part("text/plain", "Lihat"), inside, kind="alternative")) == ["gambar-1.jpg", "dua.jpg"]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ('attachment; filename="foto jalan.jpg"', "foto jalan.jpg"),
        ("attachment; filename=foto jalan.jpg", "foto jalan.jpg"),
        ("attachment; filename*=utf-8''jalan%20%E2%80%9Crusak%E2%80%9D.jpg", "jalan “rusak”.jpg"),
        ("attachment; filename*0*=utf-8''jal%C3%A9; filename*1=an; filename*2*=%2Ejpg", "jaléan.jpg"),
        ("attachment; filename*0=jalan; filename*1=.jpg", "jalan.jpg"),
        ("attachment; filename*=iso-8859-1'fr'caf%E9.jpg", "café.jpg"),
        ('attachment; filename="=?utf-8?B?amFsYW7wn5iKLmpwZw==?="', "jalan😊.jpg"),
        ('attachment; filename="=?utf-8?Q?jal?= =?utf-8?Q?an.jpg?="', "jalan.jpg"),
        ('attachment; filename="jalé.jpg"', "jalé.jpg"),
        ('attachment; filename="..\\\\..\\\\windows\\\\a.exe"', "a.exe"),
        ('attachment; filename="C:\\Users\\Budi\\foto.jpg"', "foto.jpg"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..."', "lampiran-1.bin"),
        ('attachment; filename="/"', "lampiran-1.bin"),
        ('attachment; filename="a=?utf-8?Q?=0A=0D=00=E2=80=AEgpj?=.exe"', "agpj.exe"),
        ('attachment; filename="a:b|c?.jpg"', "a_b_c_.jpg"),
        ('attachment; filename="' + "x" * 500 + '.jpg"', "x" * (MAX_NAME - 4) + ".jpg"),
        ("attachment; filename*=tak-ada''a%FFb.jpg", "aÿb.jpg"),
        ("attachment; filename*99999999999=x", "lampiran-1.bin"),
        ("attachment; filename*=", "lampiran-1.bin"),
        ("attachment", "lampiran-1.bin"),
    ],
)
def test_names_as_mailers_write_them(disposition: str, name: str) -> None:
    assert names(parts(part("text/plain", "x"), file("application/octet-stream", b"abc", disposition))) == [name]


def test_a_name_only_in_the_content_type_serves() -> None:
    assert names(parts(part("text/plain", "x"), file("image/png; name*=utf-8''a%20b.png", PIXEL))) == ["a b.png"]


def test_a_text_file_is_a_file_and_a_named_text_alone_is_the_text() -> None:
    found = message(parts(part("text/plain", "Isi"), part('text/plain; name="catatan.txt"', "catatan")))
    assert (found.text, [one.name for one in found.attachments]) == ("Isi", ["catatan.txt"])
    only = message(parts(part('text/plain; name="text_0.txt"', "Isi")))
    assert (only.text, only.attachments) == ("Isi", ())
    attached = message(parts(part("text/plain", "a", "Content-Disposition: attachment; filename=a.txt")))
    assert (attached.text, attached.attachments[0].content) == ("Jalan rusak", b"a")


@pytest.mark.parametrize(
    ("encoding", "written", "content"),
    [
        ("base64", "SmFs\nYW4=", b"Jalan"),
        ("BASE64", " SmFs!!YW4", b"Jalan"),
        ("base64", "SmE=bGFu\nIQ==", b"Jalan!"),
        ("base64", "SmFsYW5", b"Jalan"),
        ("base64", "====", b""),
        ("quoted-printable", "J=61lan =C3=A9=\nx =ZZ", "Jalan éx =ZZ".encode()),
        ("x-uuencode", "begin 644 a\n%2F%L86X \n`\nend\n", b"Jalan"),
        ("x-uuencode", "tanpa awal", b"tanpa awal"),
        ("tidak-ada", "Jalan", b"Jalan"),
        ("8bit", "Jalan", b"Jalan"),
    ],
)
def test_transfer_encodings_right_and_wrong(encoding: str, written: str, content: bytes) -> None:
    body = parts(
        part("text/plain", "x"), part("application/pdf; name=a.pdf", written, f"Content-Transfer-Encoding: {encoding}")
    )
    assert message(body).attachments[0].content == content


# attached mails


def test_an_attached_mail_is_a_file_and_its_words_and_files_are_lifted() -> None:
    inner = parts(
        part("text/plain", "Air mati tiga hari."),
        file("image/png; name=air.png", PIXEL),
        boundary="dalam",
        From="Ibu <ibu@x.example>",
        Subject="Air/PDAM mati",
    )
    found = message(parts(part("text/plain", "Mohon dibantu."), part("message/rfc822", inner), Subject="Fwd: Air"))
    assert [one.name for one in found.attachments] == ["Air-PDAM mati.eml", "air.png"]
    assert found.attachments[0].content == inner
    assert found.text == (
        "Mohon dibantu.\n\n---------- Pesan terusan ----------\nDari: Ibu <ibu@x.example>\n"
        "Tanggal: Mon, 02 Nov 2026 08:00:00 +0700\nPerihal: Air/PDAM mati\n\nAir mati tiga hari."
    )


def test_our_own_mail_that_comes_back_attached_is_history() -> None:
    ours = mail("Mohon letaknya.", From=f"Aduan <{OURS}>", To=BUDI)
    found = message(parts(part("text/plain", "Di pasar."), part("message/rfc822", ours)))
    assert found.text == "Di pasar."
    assert (found.quoted or "").endswith("Mohon letaknya.")


def test_mails_within_mails_come_as_one_file() -> None:
    inmost = mail("Isi", Subject="Dalam")
    middle = parts(part("message/rfc822", inmost), boundary="tengah", Subject="Tengah")
    found = message(parts(part("message/rfc822", middle), boundary="luar"))
    assert [one.name for one in found.attachments] == ["Tengah.eml"]
    assert found.text.count("Pesan terusan") == 2
    assert found.text.endswith("Isi")


def test_a_digest_holds_mails() -> None:
    found = message(parts(b"\nFrom: a@x.example\nSubject: Satu\n\nIsi satu", kind="digest"))
    assert "Isi satu" in found.text


def test_a_container_encoded_as_a_whole_is_opened() -> None:
    body = parts(part("text/plain", "Jalan rusak"), **{"Content-Transfer-Encoding": "base64"})
    head, _, content = body.partition(b"\r\n\r\n")
    assert message(head + b"\r\n\r\n" + base64.encodebytes(content)).text == "Jalan rusak"


# winmail.dat

FILE = (
    (2, 0x00069002, b"\0" * 14),
    (2, 0x00018010, b"FOTO~1.PNG\0"),
    (2, 0x0006800F, PIXEL),
    (
        2,
        0x00069005,
        properties((0x3707, 0x1F, "foto lubang é.png".encode("utf-16-le") + b"\0\0"), (0x370E, 0x1E, b"image/png\0")),
    ),
)
TEXT = (1, 0x00069003, properties((0x0017, 0x3, b"\1\0\0\0"), (0x1000, 0x1E, b"Jalan r\xfcsak\0")))
PAGE = (1, 0x00069003, properties((0x1013, 0x102, b"<p>Jalan <b>rusak</b></p>")))


def test_a_winmail_is_opened() -> None:
    packed = winmail((1, 0x00069007, struct.pack("<II", 1252, 0)), TEXT, *FILE)
    found = message(parts(file("application/ms-tnef; name=winmail.dat", packed)))
    assert found.text == "Jalan rüsak"
    [picture] = found.attachments
    assert (picture.name, picture.content_type, picture.content) == ("foto lubang é.png", "image/png", PIXEL)
    beside = message(
        parts(part("text/plain", "Teks biasa"), file("application/octet-stream", packed, "x; filename=WINMAIL.DAT"))
    )
    assert (beside.text, len(beside.attachments)) == ("Teks biasa", 1)


def test_a_winmails_html_is_cleaned() -> None:
    found = message(parts(file("application/ms-tnef", winmail(PAGE))))
    assert (found.text, found.html) == ("Jalan rusak", "<p>Jalan <b>rusak</b></p>")


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"bukan winmail",
        winmail(*FILE)[:-40],
        winmail((1, 0x00069003, b"\xff\xff\xff\xff" + b"\0" * 40)),
        winmail(*((2, 0x00069002, b""),) * 20_000),
        struct.pack("<IHBII", 0x223E9F78, 1, 1, 0x8004, 0xFFFFFFFF),
    ],
)
def test_a_winmail_that_cannot_be_read_is_a_file(broken: bytes) -> None:
    found = message(parts(part("text/plain", "Isi"), file("application/ms-tnef; name=winmail.dat", broken)))
    assert (found.text, [one.name for one in found.attachments]) == ("Isi", ["winmail.dat"])


def test_every_beginning_of_a_winmail_is_read_or_refused() -> None:
    whole = winmail(TEXT, PAGE, *FILE)
    for length in range(len(whole)):
        try:
            tnef.read(whole[:length])
        except Unreadable:
            continue


def test_named_and_repeated_properties_are_stepped_over() -> None:
    named = struct.pack("<HH", 0x1F, 0x8001) + b"g" * 16 + struct.pack("<II", 1, 6) + b"n\0a\0m\0\0\0"
    named += struct.pack("<II", 1, 2) + b"x\0\0\0"
    several = struct.pack("<HHI", 0x1003, 0x0E01, 2) + b"\0" * 8
    data = struct.pack("<I", 3) + named + several + struct.pack("<HHII", 0x1E, 0x1000, 1, 4) + b"Isi\0"
    assert tnef.read(winmail((1, 0x00069003, data))).text == "Isi"


# invitations, odds and ends


def test_an_invitation_says_what_when_and_where() -> None:
    event = (
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Rapat\\, RW\nDTSTART;TZID=Asia/Jakarta:20261115T190000\n"
        "DTEND:20261115T140000Z\nLOCATION:Balai\n  RW\nDESCRIPTION:a\\nb\nEND:VEVENT\nEND:VCALENDAR\n"
    )
    found = message(parts(part("text/calendar; charset=utf-8; method=REQUEST; name=undangan.ics", event)))
    assert found.text == (
        "Acara: Rapat, RW\nMulai: 15-11-2026 19.00\nSelesai: 15-11-2026 14.00 UTC\nTempat: Balai RW\nKeterangan: a\nb"
    )
    assert [one.name for one in found.attachments] == ["undangan.ics"]
    words = message(parts(part("text/plain", "Undangan"), part("text/calendar", event), kind="alternative"))
    assert words.text == "Undangan"


def test_a_mail_of_one_picture_has_its_subject_for_words() -> None:
    fields = {"Content-Type": "image/png; name=a.png", "Content-Transfer-Encoding": "base64"}
    found = message(mail(base64.encodebytes(PIXEL), **fields))
    assert (found.text, found.attachments[0].content) == ("Jalan rusak", PIXEL)


@pytest.mark.parametrize(
    "body",
    [
        mail("--x\nContent-Type: text/plain\n\nIsi\n--x--\n", **{"Content-Type": "multipart/mixed"}),
        mail("--x\n\nIsi\n--x", **{"Content-Type": "multipart/mixed; boundary=x"}),
        mail("--x\n\nIsi", **{"Content-Type": "multipart/mixed; boundary=x"}),
        mail("Isi", **{"Content-Type": "multipart/mixed; boundary=x"}),
        mail("Isi", **{"Content-Type": "multipart/mixed"}),
        mail("Isi", **{"Content-Type": "bukan tipe"}),
        mail("Isi", **{"Content-Type": "text"}),
        mail("Isi").replace(b"\r\n", b"\n"),
        mail("Isi").replace(b"\r\n", b"\r"),
        b"From budi Mon Nov  2 08:00:00 2026\n" + mail("Isi"),
        mail("Isi").replace(b"\r\n\r\n", b"\r\nIsi", 1).replace(b"IsiIsi", b"Isi"),
    ],
)
def test_broken_structures_still_say_what_they_say(body: bytes) -> None:
    assert message(body).text == "Isi"
    assert len(items(body)) == 1


def test_names_for_a_disk() -> None:
    assert files.name("a\u200bb\ufffd.txt ") == "ab.txt"
    assert files.unnamed("audio/ogg", 3) == "suara-3.ogg"
    assert files.unnamed("x/y", 1) == "lampiran-1.bin"
