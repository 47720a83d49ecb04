"""The mail parser against mail that was made to hurt: always an item, never endless reckoning, never an exception."""

from __future__ import annotations

import random
import signal
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letters import MAILBOX, OURS, PIXEL, file, items, mail, message, part, parts

from channels.email.parsing import mime
from channels.email.parsing.limits import MAX_DEPTH, MAX_PARTS
from channels.email.reading import read_mail
from normalizer.messages import Inbound, InboundMessage

FIXTURES = sorted((Path(__file__).parents[2] / "channels" / "email" / "fixtures").glob("*.body"))
#: Seconds of this process's own reckoning for any mail of 25 MB, however busy the machine is; what takes the square of
#: its length takes hours.
SECONDS = 60
MEGABYTES = 25_000_000
MARKER = "tidak dapat dibaca"


def timed(body: bytes) -> InboundMessage:
    def too_long(_signal: int, _frame: object) -> None:
        raise AssertionError("this mail takes more than its length allows")

    before = signal.signal(signal.SIGVTALRM, too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return message(body)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def refused(body: bytes) -> InboundMessage:
    """What stands for a mail that is not read: who wrote it, a sentence, and the mail itself."""
    found = timed(body)
    assert MARKER in found.text
    [original] = found.attachments
    assert (original.name, original.content_type, original.content) == ("surel-asli.eml", "message/rfc822", body)
    assert found.hints["unreadable"]
    return found


def test_ten_thousand_parts_of_25_megabytes_are_refused() -> None:
    found = refused(parts(*[file("image/jpeg; name=x.jpg", b"x" * 1_800)] * 10_000))
    assert (found.subject, found.sender.address, found.to) == ("Jalan rusak", "budi@surat.example", OURS)
    assert found.hints["unreadable"] == "parts"


def test_nine_hundred_parts_of_25_megabytes_are_read() -> None:
    found = timed(parts(*[file("image/jpeg; name=x.jpg", b"x" * 20_000)] * 900))
    assert len(found.attachments) == 900


@pytest.mark.parametrize("depth", [MAX_DEPTH + 2, 1_000, 100_000])
@pytest.mark.parametrize("kind", ["multipart/mixed; boundary=b{0}\n\n--b{0}", "message/rfc822\n"])
def test_deep_nesting_is_refused(kind: str, depth: int) -> None:
    body = "".join(f"Content-Type: {kind.format(level)}\n" for level in range(depth))
    found = refused(b"From: budi@surat.example\n" + body.encode())
    assert found.sender.address == "budi@surat.example"


def test_a_forward_of_a_forward_is_read() -> None:
    body = mail("Isi yang paling dalam")
    for level in range(12):
        body = parts(part("text/plain", f"Tingkat {level}"), part("message/rfc822", body), boundary=f"b{level}")
    found = timed(body)
    assert found.text.endswith("Isi yang paling dalam")
    assert len(found.attachments) == 1


def test_memory_stays_a_few_times_the_mail() -> None:
    body = b"Content-Type: message/rfc822\r\n\r\n" * (MAX_DEPTH - 1) + b"\r\n" + b"isi\r\n" * 1_000_000
    tracemalloc.start()
    items(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * len(body)


@pytest.mark.parametrize(
    "header",
    [
        b"X: " + b"y" * 1_000_000,
        b"X: y\r\n" * 300_000,
        b"X:\r\n" + b" y\r\n" * 300_000,
    ],
)
def test_headers_without_end_are_refused(header: bytes) -> None:
    refused(b"From: budi@surat.example\r\n" + header.rstrip() + b"\r\n\r\nIsi")


@pytest.mark.parametrize(
    "sign", [b'"', b'"\\', b"(", b")(", b"<", b",", b"a@", b"a,", b"=?", b"=?a?b?", b"=?a?q?=?= ", b"%", b"a@b:"]
)
@pytest.mark.parametrize("field", ["From", "To", "Subject", "Date", "Message-ID", "References", "Content-Type", "Cc"])
def test_hostile_fields_take_no_time(field: str, sign: bytes) -> None:
    value = sign * (30_000 // len(sign))
    timed(mail("Isi", **{field: value}))
    timed(mail("Isi", **{"Content-Type": b"text/plain; " + b"; ".join([b'name*0*="' + sign * 300] * 180)}))


@pytest.mark.parametrize(
    "line",
    [
        b"> kata menulis:\n",
        b"Pada 1/2/2026\n",
        b"Pada " * 3_000 + b"\n",
        b"Dari: a@b\nTanggal: 1\n",
        b"-----\n",
        b"Dikirim dari iPhone saya\n",
        b"--\n",
        b"--batas\n",
        b"\n",
        b"x" * 9 + b" \n",
    ],
)
@pytest.mark.parametrize(
    "kind", ["text/plain", "text/html", "text/plain; format=flowed", "multipart/mixed; boundary=b"]
)
def test_megabytes_of_one_line(line: bytes, kind: str) -> None:
    timed(b"From: budi@surat.example\nContent-Type: %b\n\n" % kind.encode() + line * (MEGABYTES // 5 // len(line)))


PIECES = [
    "<div>",
    "<b id=x>",
    "<p><b>",
    "<table>",
    "<td>",
    "<blockquote class=x>",
    "<a href=https://x.example>y",
    "<",
    "&",
]
PIECES += [
    "&a",
    "&lt;",
    "<a '",
    '<a "',
    "<!--",
    "<svg>",
    "<script>",
    "</p>",
    "<br>",
    "<pre>",
    "&#9",
    "\u200b",
    "<a =",
    "<li><ul>",
]


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_html_takes_no_time(piece: str) -> None:
    found = timed(mail(piece * (400_000 // len(piece)), **{"Content-Type": "text/html; charset=utf-8"}))
    assert len(found.html or "") <= 1_000_000


def test_random_megabytes_take_no_time() -> None:
    noise = random.Random(1).randbytes(MEGABYTES // 3)
    for kind in ("text/plain", "text/html", "application/ms-tnef", "text/plain; charset=utf-16", "multipart/mixed"):
        timed(b"From: budi@surat.example\nContent-Type: %b\n\n" % kind.encode() + noise)
    for coding in ("base64", "quoted-printable", "x-uuencode"):
        timed(b"From: budi@surat.example\nContent-Transfer-Encoding: %b\n\nbegin 644 x\n" % coding.encode() + noise)


def test_many_texts_in_odd_charsets_take_no_time() -> None:
    odd = part("text/plain", "Дорога разбита, помогите".encode("koi8-r") * 10)
    timed(parts(*[odd] * (MAX_PARTS - 10)))
    timed(parts(*[part("text/html", b"<b>a</b>" * 3_000)] * (MAX_PARTS - 10)))


def test_boundaries_that_are_none_wear_nobody_out() -> None:
    refused(mail("--batasx\n" * 200_000, **{"Content-Type": "multipart/mixed; boundary=batas"}))


def test_encodings_within_encodings_are_refused() -> None:
    body = b"isi " * 100_000
    for _ in range(MAX_DEPTH - 1):
        body = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\n" + body
    assert refused(b"From: budi@surat.example\n" + body).hints["unreadable"] == "encodings"


def test_whatever_breaks_inside_an_officer_learns_of_the_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(body: bytes) -> mime.Part:
        raise LookupError("unknown encoding: jalan")

    monkeypatch.setattr(mime, "parse", broken)
    assert refused(mail("Isi")).hints["unreadable"] == "LookupError"


# arbitrary bytes


def sound(found: list[Inbound]) -> None:
    """At least one item, and nothing in it that a database or a screen cannot take."""
    assert found
    for item in found:
        assert len(item.external_id or "") < 500
        if isinstance(item, InboundMessage):
            texts = [item.text, item.quoted, item.html, item.subject, item.sender.name, item.sender.address]
            for text in [*texts, *(one.name for one in item.attachments), str(item.hints)]:
                assert "\0" not in (text or "")
                (text or "").encode("utf-8")


@settings(deadline=None)  # the first guess of a charset imports the detector
@given(st.binary(max_size=2_000))
def test_arbitrary_bytes_are_a_mail(body: bytes) -> None:
    sound(read_mail(body, MAILBOX))


WORDS = [
    b"From: a@b.example\n",
    b"Content-Type: multipart/mixed; boundary=x\n",
    b"Content-Type: text/html\n",
    b"\n",
    b"--x\n",
]
WORDS += [
    b"--x--\n",
    b"Content-Transfer-Encoding: base64\n",
    b"=?utf-8?b?",
    b"?=",
    b"Subject: ",
    b"\r",
    b"\0",
    b"\xff",
    b"; name*0*=",
]
WORDS += [
    b"Content-Type: message/rfc822\n",
    b"Content-Type: message/delivery-status\n",
    b"<",
    b">",
    b"&#x",
    b'"',
    b"begin 644 a\n",
]
WORDS += [
    b"Content-Type: multipart/report; boundary=x\n",
    b"Content-Type: multipart/alternative; boundary=x\n",
    b"-- \n",
    b"> ",
]
WORDS += [
    b"Message-ID: <",
    b"From: MAILER-DAEMON@x\n",
    b"Content-Type: application/ms-tnef\n",
    b"menulis:\n",
    PIXEL,
    b"Date: ",
]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=8)), max_size=60))
def test_arbitrary_pieces_of_mails_are_a_mail(pieces: list[bytes]) -> None:
    body = b"".join(pieces)
    sound(read_mail(body, MAILBOX))
    assert read_mail(body, MAILBOX) == read_mail(body, MAILBOX)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_every_beginning_of_a_mail_is_a_mail(path: Path) -> None:
    whole = path.read_bytes()
    for length in range(1, len(whole), 1 + len(whole) // 200):
        sound(read_mail(whole[:length], MAILBOX))


@settings(deadline=None)
@given(st.sampled_from(FIXTURES), st.data())
def test_a_mail_with_bytes_changed_is_a_mail(path: Path, data: st.DataObject) -> None:
    body = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    sound(read_mail(bytes(body), MAILBOX))
