"""Encoded words in headers (RFC 2047), as they should be and as they are."""

from __future__ import annotations

import base64
import binascii
import re

from channels.email.parsing import charsets

_START = re.compile(r"=\?([A-Za-z0-9._:+*-]{0,60})\?([bBqQ])\?")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def decode(value: bytes) -> str:
    """Decode one header value: encoded words wherever they stand, raw 8-bit text too; whitespace becomes single."""
    return " ".join(decode_text(charsets.decode(value)).split())


def decode_text(text: str) -> str:
    """Decode the encoded words of a text; what is broken stays as it stands."""
    pieces: list[str | tuple[str, bytes]] = []
    at = 0
    while (start := _START.search(text, at)) is not None:
        end = text.find("?=", start.end())
        if end < 0:
            break
        between = text[at : start.start()]
        if between and not (between.isspace() and pieces and isinstance(pieces[-1], tuple)):
            pieces.append(between)
        _append(pieces, start[1].partition("*")[0].lower(), _word(start[2], text[start.end() : end]))
        at = end + 2
    pieces.append(text[at:])
    return charsets.clean(
        "".join(piece if isinstance(piece, str) else charsets.decode(piece[1], piece[0]) for piece in pieces)
    )


def _append(pieces: list[str | tuple[str, bytes]], charset: str, data: bytes) -> None:
    """Neighbours of one charset are decoded as one: mailers cut within a character."""
    last = pieces[-1] if pieces else None
    if isinstance(last, tuple) and last[0] == charset:
        pieces[-1] = (charset, last[1] + data)
    else:
        pieces.append((charset, data))


def _word(coding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if coding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    packed = _NOT_BASE64.sub(b"", raw)
    packed = packed[:-1] if len(packed) % 4 == 1 else packed
    return base64.b64decode(packed + b"=" * (-len(packed) % 4))
