"""Letters as the eye reads them: folding of look-alikes to plain small letters, and how far two words are apart."""
# ruff: noqa: RUF001 - letters that look alike are what this file is about

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Letters of other scripts, and small capitals, that look like a Latin letter; each group maps to its first character.
_GROUPS: Final = (
    "aАаΑαɑаᴀ",
    "bВвΒβЬьʙ",
    "cСсϹϲᴄ",
    "dԀԁᴅ",
    "eЕеΕεєᴇ",
    "fϜϝꜰƒ",
    "gԌɡɢց",
    "hНнΗһҺհʜ",
    "iІіΙιıɩӀӏɪ",
    "jЈјϳᴊ",
    "kКкΚκᴋ",
    "lʟ",
    "mМмΜᴍ",
    "nΝηпոɴ",
    "oОоΟοσօᴏ",
    "pРрΡρᴘ",
    "qԚԛզ",
    "rГгᴦʀ",
    "sЅѕՏꜱ",
    "tТтΤτᴛ",
    "uυսцᴜ",
    "vνѵᴠ",
    "wԜԝωᴡ",
    "xХхΧχ",
    "yУуΥγүʏ",
    "zΖᴢ",
)
_LOOKALIKES: Final = {char: group[0] for group in _GROUPS for char in group[1:]}


@functools.lru_cache(maxsize=4096)
def _fold_char(char: str) -> str:
    """What one character folds to; empty for marks, joiners and other things without a width."""
    folded = ""
    for piece in unicodedata.normalize("NFKD", char):
        if unicodedata.category(piece) not in {"Mn", "Me", "Cf"}:
            folded += _LOOKALIKES.get(piece) or piece.lower()
    return folded


def fold(text: str) -> tuple[str, Sequence[int]]:
    """`text` in plain small letters, and for each of its characters the index in `text` that it comes from."""
    if text.isascii():
        return text.lower(), range(len(text))
    pieces: list[str] = []
    origin: list[int] = []
    for index, char in enumerate(text):
        folded = _fold_char(char)
        pieces.append(folded)
        origin.extend([index] * len(folded))
    return "".join(pieces), origin


def distance(one: str, other: str, limit: int) -> int:
    """Edits between two words: a letter more, less or another, or two neighbours swapped. Over `limit`: `limit` + 1."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    shorter = min(len(one), len(other))
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    return _table(one[start : len(one) - end], other[start : len(other) - end], limit)


def _table(one: str, other: str, limit: int) -> int:
    """The distance of two words that have neither beginning nor end in common, given up once it must exceed `limit`."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > limit and (i == 1 or min(before) > limit):
            return limit + 1
    return min(row[-1], limit + 1)
