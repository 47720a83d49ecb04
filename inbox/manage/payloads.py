"""A raw payload made safe to look at: cut, without secrets, nothing in it that a page or an eye could be fooled by."""

from __future__ import annotations

import codecs
import dataclasses
import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How much of a body is shown: of text (bytes), and of what is no text.
TEXT, BINARY = 20_000, 1_024
_ROW: Final = 16
_HIDDEN: Final = "•••"
_COVERED: Final = (
    r"token|secret|passw|passphrase|authoriz|signature|api[_-]?key|access[_-]?key|private|cookie|session|hmac"
)
_NAME: Final = re.compile(_COVERED, re.IGNORECASE)
# Bounded before the value, so that no body makes the search slow. A value ends with its quotation mark, or with the
# text where it was cut, or else with the word.
_PAIR: Final = re.compile(
    rf"""([\w.-]{{0,40}}(?:{_COVERED})[\w.-]{{0,40}}\\{{0,3}}["']?\s{{0,8}}[:=]\s{{0,8}}\\{{0,3}})"""
    r"""("(?:[^"\\]|\\.)*"?|'[^']*'?|(?:(?:Bearer|Basic)\s)?[^"'&\s,;}\]<]+)""",
    re.IGNORECASE | re.DOTALL,
)
_KEPT: Final = frozenset("\n\t")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What is shown of a payload; `hexadecimal` says that the body is no text, `cut` that there is more of it."""

    headers: list[tuple[str, str]]
    query: str
    body: str
    size: int
    hexadecimal: bool
    cut: bool


def preview(headers: Mapping[str, str], query: str, body: bytes) -> Preview:
    """The payload as an officer may look at it; the page escapes it, as all text."""
    text = _text(body)
    most = BINARY if text is None else TEXT
    return Preview(
        headers=[(plain(name), _HIDDEN if _NAME.search(name) else redacted(value)) for name, value in headers.items()],
        query=redacted(query),
        body=_hexadecimal(body[:BINARY]) if text is None else redacted(text),
        size=len(body),
        hexadecimal=text is None,
        cut=len(body) > most,
    )


def redacted(text: str) -> str:
    """Without the values of what is named like a secret, and with nothing invisible in it."""
    return _PAIR.sub(rf"\1{_HIDDEN}", plain(text))


def plain(text: str) -> str:
    r"""Control characters and those that turn or hide text stand as `\u202e`."""
    return "".join(
        each if each in _KEPT or unicodedata.category(each) not in {"Cc", "Cf", "Cs", "Co"} else f"\\u{ord(each):04x}"
        for each in text.replace("\r\n", "\n")
    )


def _text(body: bytes) -> str | None:
    """The beginning as text; None where it is none. A character that is cut in two is left out."""
    if b"\0" in body[:TEXT]:
        return None
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(body[:TEXT], final=len(body) <= TEXT)
    except UnicodeDecodeError:
        return None


def _hexadecimal(body: bytes) -> str:
    lines = []
    for start in range(0, len(body), _ROW):
        row = body[start : start + _ROW]
        shown = "".join(chr(each) if 32 <= each < 127 else "." for each in row)  # noqa: PLR2004 - printable ASCII
        lines.append(f"{start:06x}  {row.hex(' '):<{_ROW * 3}} {shown}")
    return "\n".join(lines)
