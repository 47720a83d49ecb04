"""Mails for the tests of the mail parser, written as mailers write them."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING

from channels.email.mailbox import Mailbox
from channels.email.reading import read_mail
from normalizer.messages import InboundMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normalizer.messages import Inbound

OURS = "aduan@pemalang.example"
MAILBOX = Mailbox(("aduan@pemalang.example", "lapor@pemalang.example"), "rahasia-untuk-uji")
BUDI = "budi@surat.example"
TOKEN = MAILBOX.token(BUDI)
TAGGED = MAILBOX.tagged(OURS, TOKEN)
OUR_ID = MAILBOX.message_id("0192aa10-7c1e-7e5f-9b6b-3a1d2c4e5f60", TOKEN, "pemalang.example")
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII=")


def mail(text: str | bytes = "Jalan rusak.", /, *extra: str | bytes, **fields: str | bytes | None) -> bytes:
    """A mail from Budi to us; `fields` change its header (None takes one out), `extra` are further header lines."""
    header: dict[str, str | bytes | None] = {
        "From": f"Budi Santoso <{BUDI}>",
        "To": f"Aduan <{OURS}>",
        "Subject": "Jalan rusak",
        "Date": "Mon, 02 Nov 2026 08:00:00 +0700",
        "Message-ID": "<CAF1kQ8xYz77aBcD1234@mail.surat.example>",
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
    }
    header |= {name.replace("_", "-"): value for name, value in fields.items()}
    lines = [name.encode() + b": " + _bytes(value) for name, value in header.items() if value is not None]
    return b"\r\n".join(
        [*lines, *map(_bytes, extra), b"", _bytes(text).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")]
    )


def parts(*pieces: bytes, kind: str = "mixed", boundary: str = "batas-1", **fields: str | bytes | None) -> bytes:
    """A multipart mail of pieces that `part` made."""
    body = b"".join(b"--%b\n%b\n" % (boundary.encode(), piece) for piece in pieces) + b"--%b--\n" % boundary.encode()
    return mail(body, **{"Content-Type": f'multipart/{kind}; boundary="{boundary}"', **fields})


def part(kind: str, content: str | bytes, *extra: str) -> bytes:
    """One part: its type with parameters, its content, further header lines."""
    return "\n".join([f"Content-Type: {kind}", *extra, "", ""]).encode() + _bytes(content)


def file(kind: str, content: bytes, disposition: str = "attachment") -> bytes:
    """A part in base64; `disposition` may carry parameters."""
    lines = (f"Content-Disposition: {disposition}", "Content-Transfer-Encoding: base64")
    return part(kind, base64.encodebytes(content), *lines)


def nested(kind: str, *pieces: bytes, boundary: str) -> bytes:
    """A multipart to stand in another."""
    body = b"".join(b"--%b\n%b\n" % (boundary.encode(), piece) for piece in pieces) + b"--%b--" % boundary.encode()
    return part(f"multipart/{kind}; boundary={boundary}", body)


def items(body: bytes) -> Sequence[Inbound]:
    """What the parser makes of a mail."""
    return read_mail(body, MAILBOX)


def message(body: bytes) -> InboundMessage:
    """The one message that a mail becomes."""
    [item] = items(body)
    assert isinstance(item, InboundMessage), item
    return item


def winmail(*attributes: tuple[int, int, bytes]) -> bytes:
    """A winmail.dat of (level, attribute, data)."""
    stream = struct.pack("<IH", 0x223E9F78, 1)
    for level, attribute, data in attributes:
        stream += struct.pack("<BII", level, attribute, len(data)) + data + struct.pack("<H", sum(data) & 0xFFFF)
    return stream


def properties(*found: tuple[int, int, bytes]) -> bytes:
    """MAPI properties of (key, type, value); a type with a length gets it."""
    stream = struct.pack("<I", len(found))
    for key, kind, value in found:
        stream += struct.pack("<HH", kind, key)
        if kind in {0x1E, 0x1F, 0x102, 0xD}:
            stream += struct.pack("<II", 1, len(value))
        stream += value + b"\0" * (-len(value) % 4)
    return stream


def _bytes(value: str | bytes | None) -> bytes:
    return value if isinstance(value, bytes) else (value or "").encode()
