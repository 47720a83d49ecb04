"""Reading the text and the user data header of an SMS, right where they are labelled right, and somehow where not.

A label is often wrong: the SMSC, the gateway's version and its settings each change it. So valid UTF-8 is believed
before a label that says otherwise, and what no rule reads is read with replacement characters; a citizen's words are
never lost.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from channels.sms import gsm
from normalizer.messages import Part

BINARY: Final = "1"
UCS2: Final = "2"
#: Labels for what is no text; and for the GSM alphabet, which Python has no codec for.
_NO_TEXT: Final = frozenset({"", "binary", "8bit", "8-bit"})
_GSM: Final = frozenset({"gsm", "gsm7", "gsm-7", "gsm 03.38", "gsm-03.38", "gsm0338"})
_UTF16: Final = frozenset({"utf-16", "utf-16-be", "utf-16-le"})
_TEXT_CODECS: Final = frozenset(
    "utf-8 iso8859-1 iso8859-15 cp1252 big5 euc_jp euc_kr gb18030 gb2312 gbk shift_jis".split()  # noqa: SIM905 - one line
)
_ALIASES: Final = {"ucs-2": "utf-16-be", "ucs2": "utf-16-be", "ucs-2be": "utf-16-be", "utf16be": "utf-16-be"}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HEX: Final = re.compile(rb"(?:[0-9a-fA-F]{2})+")
_HALF: Final = re.compile("[\ud800-\udfff]")
_SHORT_REFERENCE: Final = 0x00
_LONG_REFERENCE: Final = 0x08


def read_text(data: bytes, *, coding: str = "", charset: str = "") -> str | None:
    """The text of a message, or None where it is binary. `coding` is Kannel's: 0 seven bit, 1 eight bit, 2 UCS-2.

    A text that the network cut between the two halves of an emoji keeps its half (a lone surrogate) for the joining.
    """
    label = charset.strip().lower()
    if coding == BINARY and label in _NO_TEXT:
        return None
    plain = _utf8(data)
    if plain is not None and not _CONTROL.search(plain):
        return plain
    codec = _codec(label)
    if order := _utf16_order(data, coding, codec):
        return utf16(data, order)
    if label in _GSM and data.isascii():
        return gsm.decode(data)
    return plain if plain is not None else data.decode(codec if codec in _TEXT_CODECS else "cp1252", "replace")


def _utf16_order(data: bytes, coding: str, codec: str | None) -> str | None:
    """`be` or `le` where the bytes are UTF-16: by their mark, by their label, or because every other one is NUL."""
    if data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        return "be" if data.startswith(codecs.BOM_UTF16_BE) else "le"
    if coding == UCS2 or codec in _UTF16:
        return "le" if codec == "utf-16-le" else "be"
    zeros = data[0::2].count(0)
    return "be" if zeros * 4 > len(data) else None


def utf16(data: bytes, order: str) -> str:
    """UTF-16 text without its mark, an odd last byte as U+FFFD; halves of characters stay as they are."""
    even = len(data) // 2 * 2
    text = data[:even].decode(f"utf-16-{order}", "surrogatepass").removeprefix("\ufeff")
    return text if even == len(data) else text + "\ufffd"


def whole(text: str) -> str:
    """The text with halves of characters replaced, where no other part can complete them."""
    return _HALF.sub("\ufffd", text)


def read_part(udh: bytes) -> Part | None:
    """The concatenation element of a user data header, as bytes or in hexadecimal; None where there is none.

    Elements 00 (8-bit reference) and 08 (16-bit), 3GPP TS 23.040, 9.2.3.24.1 and 9.2.3.24.8.
    """
    header = _unhex(udh)
    if not header or header[0] != len(header) - 1:
        return None
    at = 1
    while at + 1 < len(header):
        kind, length = header[at], header[at + 1]
        value = header[at + 2 : at + 2 + length]
        if (part := _part(kind, value)) is not None:
            return part
        at += 2 + length
    return None


def _part(kind: int, value: bytes) -> Part | None:
    width = {_SHORT_REFERENCE: 1, _LONG_REFERENCE: 2}.get(kind)
    if width is None or len(value) != width + 2:
        return None
    total, number = value[width], value[width + 1]
    if not 1 <= number <= total or total == 1:
        return None
    return Part(reference=f"{kind:02x}-{value[:width].hex()}", number=number, total=total)


def _unhex(udh: bytes) -> bytes:
    """Raw as it is; hexadecimal where the whole is, and where its first byte then is the header's length."""
    if _HEX.fullmatch(udh):
        raw = bytes.fromhex(udh.decode("ascii"))
        if raw[0] == len(raw) - 1:
            return raw
    return udh


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _codec(label: str) -> str | None:
    """A text codec for a charset's label; None for what is not one that a message may name."""
    try:
        name = codecs.lookup(_ALIASES.get(label, label)).name
    except (LookupError, ValueError):
        return None
    return name if name in _UTF16 | _TEXT_CODECS else None
