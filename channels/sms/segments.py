"""How many SMS a text takes, and the text cut as a network would cut it."""

from __future__ import annotations

import dataclasses
from typing import Final

from channels.contract import Parts
from channels.sms import gsm

GSM7: Final = "GSM-7"
UCS2: Final = "UCS-2"
#: Units in one message that stands alone, and in each part of a longer one, whose header takes the rest.
_LIMITS: Final = {GSM7: (160, 153), UCS2: (70, 67)}

#: The same rule for a page that counts while somebody writes.
RULE: Final = Parts(single=gsm.SINGLE, double=gsm.DOUBLE, narrow=_LIMITS[GSM7], wide=_LIMITS[UCS2])


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """`parts` messages in `encoding`; `left` units are free in the last one. An empty text is one message."""

    encoding: str
    parts: int
    left: int


def count(text: str) -> Segments:
    """How the text goes out; counted part by part, because a two-unit character is never cut."""
    encoding, pieces = _cut(text)
    alone, each = _LIMITS[encoding]
    room = alone if len(pieces) == 1 else each
    return Segments(encoding=encoding, parts=len(pieces), left=room - sum(_units(c, encoding) for c in pieces[-1]))


def split(text: str) -> list[str]:
    """The text of each part, in order."""
    return _cut(text)[1]


def _units(character: str, encoding: str) -> int:
    if encoding == GSM7:
        return gsm.septets(character) or 1
    return 2 if ord(character) > 0xFFFF else 1  # noqa: PLR2004 - beyond it UTF-16 takes a pair


def _cut(text: str) -> tuple[str, list[str]]:
    encoding = UCS2 if gsm.septets(text) is None else GSM7
    alone, each = _LIMITS[encoding]
    if sum(_units(character, encoding) for character in text) <= alone:
        return encoding, [text]
    pieces: list[str] = []
    start = used = 0
    for at, character in enumerate(text):
        units = _units(character, encoding)
        if used + units > each:
            pieces.append(text[start:at])
            start, used = at, 0
        used += units
    return encoding, [*pieces, text[start:]]
