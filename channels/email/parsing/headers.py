"""The header block of a mail or a part: its fields as raw bytes, decoded only when asked for."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from channels.email.parsing import charsets, words
from channels.email.parsing.limits import MAX_FIELD, MAX_FIELDS, MAX_HEADERS, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FIELD = re.compile(rb"([!-9;-~]{1,100})[ \t]*:")


@dataclasses.dataclass(frozen=True, slots=True)
class Headers:
    """Fields in their order: lower-case name and unfolded raw value."""

    fields: Sequence[tuple[str, bytes]] = ()

    def all(self, name: str) -> list[bytes]:
        """Every raw value of a field, from the top."""
        return [value for key, value in self.fields if key == name]

    def raw(self, name: str) -> bytes | None:
        """The topmost raw value of a field, or None."""
        return next((value for key, value in self.fields if key == name), None)

    def text(self, name: str) -> str:
        """The topmost value of a field, encoded words decoded; empty where there is none."""
        return words.decode(self.raw(name) or b"")

    def plain(self, name: str) -> str:
        """The topmost value of a field whose syntax matters, so that encoded words still stand."""
        return charsets.decode(self.raw(name) or b"").strip()


def split(body: bytes) -> tuple[Headers, bytes]:
    """Divide a mail or a part into its fields and what comes after them. Unreadable beyond the limits."""
    fields, end = _fields(body)
    return Headers(fields), body[end:]


def _fields(body: bytes) -> tuple[list[tuple[str, bytes]], int]:
    fields: list[tuple[str, bytes]] = []
    folded: list[bytes] = []
    name, at = "", 0
    for line, end in _lines(body):
        if not line:
            at = end
            break
        if line[:1] in b" \t" and name:
            folded.append(line)
        elif (found := _FIELD.match(line)) is not None:
            _close(fields, name, folded)
            name, folded = found[1].decode("ascii").lower(), [line[found.end() :]]
        elif at or not line.startswith((b"From ", b">From ")):
            break  # the blank line is missing: the text begins here
        at = end
        if at > MAX_HEADERS or len(fields) > MAX_FIELDS:
            raise Unreadable("headers")
    _close(fields, name, folded)
    return fields, at


def _lines(body: bytes) -> Iterator[tuple[bytes, int]]:
    """Each line without its end, and where the next begins."""
    at = 0
    while at < len(body):
        found = body.find(b"\n", at, at + 2 * MAX_HEADERS)
        end = len(body) if found < 0 else found + 1
        yield body[at : min(end, at + 2 * MAX_HEADERS)].rstrip(b"\r\n"), end
        at = end


def _close(fields: list[tuple[str, bytes]], name: str, folded: list[bytes]) -> None:
    if name:
        fields.append((name, b"".join(folded)[:MAX_FIELD].strip()))
