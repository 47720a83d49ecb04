"""Values with parameters (Content-Type, Content-Disposition), with continuations and charsets of RFC 2231."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from channels.email.parsing import charsets, words

# The bounds keep a field of nothing but quotes and backslashes from costing the square of its length.
_PARAM = re.compile(r"""\s*([^\s=;"]{1,80})\s*=\s*("(?:[^"\\]|\\.){0,2000}"|[^;]*)[^;]*""", re.DOTALL)
_SECTION = re.compile(r"(.+?)(?:\*(\d{1,4}))?(\*?)")
_MOST = 100


def parse(value: bytes | None) -> tuple[str, dict[str, str]]:
    """Divide a header value into its first word, lower case, and its parameters, decoded; the first of a name wins."""
    text = charsets.decode(value or b"")
    head, _, rest = text.partition(";")
    return "".join(head.split()).strip("\"'").lower(), _joined(_pairs(rest))


def _pairs(rest: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    at = 0
    while at < len(rest) and len(pairs) < _MOST:
        found = _PARAM.match(rest, at)
        if found is not None:
            pairs.append((found[1].lower(), _unquoted(found[2].strip())))
            at = found.end() + 1
        else:
            semicolon = rest.find(";", at)
            at = len(rest) if semicolon < 0 else semicolon + 1
    return pairs


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        # Windows mailers do not double their backslashes: only quotes and backslashes are escaped.
        return re.sub(r'\\(["\\])', r"\1", value[1:-1])
    return value.strip('"')


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    plain: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for key, value in pairs:
        match = _SECTION.fullmatch(key)
        if match is None or (match[2] is None and not match[3]):
            plain.setdefault(key, words.decode_text(value))
        else:
            pieces.setdefault(match[1], {}).setdefault(int(match[2] or 0), (bool(match[3]), value))
    return plain | {key: _extended(sections) for key, sections in pieces.items()}


def _extended(sections: dict[int, tuple[bool, str]]) -> str:
    """One value from its numbered pieces; the first encoded one names the charset of all."""
    charset, data, encoded = "", b"", False
    for number, (percent, value) in sorted(sections.items()):
        text = value
        if percent and not encoded and number == min(sections) and text.count("'") >= 2:  # noqa: PLR2004 - charset'language'text
            charset, _, text = text.split("'", 2)
        encoded = encoded or percent
        raw = text.encode("utf-8", "replace")
        data += unquote_to_bytes(raw) if percent else raw
    text = charsets.decode(data, charset)
    return text if encoded else words.decode_text(text)
