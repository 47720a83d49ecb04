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
    """Edits between two words: a letter more, less or another, or two neighbours swapped. Over `limit`: `limit` + 1.

    Tries each edit where the words first differ, so the cost grows with `limit` (1 or 2 here), hardly with the words.
    """
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    shorter = min(len(one), len(other))
    start = 0
    while start < shorter and one[start] == other[start]:
        start += 1
    end = 0
    while end < shorter - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if not one or not other:
        return len(one or other)
    if limit == 0:
        return 1
    edits = min(
        distance(one[1:], other[1:], limit - 1),
        distance(one[1:], other, limit - 1),
        distance(one, other[1:], limit - 1),
    )
    if one[:2] == other[1::-1]:
        edits = min(edits, distance(one[2:], other[2:], limit - 1))
    return edits + 1
