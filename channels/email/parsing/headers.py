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


def split(source: bytes, start: int = 0, end: int | None = None) -> tuple[Headers, int]:
    """Read the fields of a mail or part that lies in `source`, and where its content begins. Unreadable beyond the
    limits.
    """
    fields: list[tuple[str, bytes]] = []
    folded: list[bytes] = []
    name, at = "", start
    for line, after in _lines(source, start, len(source) if end is None else end):
        if not line:
            at = after
            break
        if line[:1] in b" \t" and name:
            folded.append(line)
        elif (found := _FIELD.match(line)) is not None:
            _close(fields, name, folded)
            name, folded = found[1].decode("ascii").lower(), [line[found.end() :]]
        elif at > start or not line.startswith((b"From ", b">From ")):
            break  # the blank line is missing: the text begins here
        at = after
        if at - start > MAX_HEADERS or len(fields) > MAX_FIELDS:
            raise Unreadable("headers")
    _close(fields, name, folded)
    return Headers(fields), at


def _lines(source: bytes, at: int, end: int) -> Iterator[tuple[bytes, int]]:
    """Each line without its end, and where the next begins; no more of a line than a header may have."""
    while at < end:
        found = source.find(b"\n", at, end)
        after = end if found < 0 else found + 1
        yield source[at : min(after, at + 2 * MAX_HEADERS)].rstrip(b"\r\n"), after
        at = after


def _close(fields: list[tuple[str, bytes]], name: str, folded: list[bytes]) -> None:
    if name:
        fields.append((name, b"".join(folded)[:MAX_FIELD].strip()))
