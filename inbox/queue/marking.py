"""Found words in a text: which they are, and the text around the first of them with all of them marked."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from normalizer import seek
from normalizer.text import clean, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normalizer.seek import Sought

_WORD: Final = re.compile(r"[^\W_]+")
_BEFORE: Final = 60
_LONGEST: Final = 200
_ELLIPSIS: Final = "…"


@dataclasses.dataclass(frozen=True, slots=True)
class Marker:
    """What was looked for: `words` are found words as `normalizer.text.tokens` gives them."""

    sought: Sought
    words: frozenset[str]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where something found stands, in order, none over another."""
        found = seek.spans(text, self.sought)
        found += [each.span() for each in _WORD.finditer(text) if not self.words.isdisjoint(tokens(each[0]))]
        kept: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if not kept or start >= kept[-1][1]:
                kept.append((start, end))
        return kept

    def hits(self, text: str) -> int:
        """How many different things were found in the text."""
        return len({text[start:end].casefold() for start, end in self.spans(text)})

    def whole(self, text: str) -> Markup:
        """The whole text with what was found marked."""
        return _marked(text, self.spans(text))

    def around(self, text: str) -> Markup:
        """One line of the text: from a little before the first that was found."""
        line = flat(text)
        spans = self.spans(line)
        start = _start(line, spans[0][0]) if spans else 0
        end = _end(line, start + _LONGEST)
        shown = [(left - start, right - start) for left, right in spans if start <= left and right <= end]
        before = _ELLIPSIS if start else ""
        after = _ELLIPSIS if end < len(line) else ""
        return Markup(before) + _marked(line[start:end].strip(), _shifted(line[start:end], shown)) + Markup(after)  # noqa: S704 - ellipses


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(clean(text).split())


def _start(line: str, hit: int) -> int:
    """Where a snippet begins so that a hit stands in it: between words."""
    if hit <= _BEFORE:
        return 0
    space = line.find(" ", hit - _BEFORE, hit)
    return space + 1 if space >= 0 else hit


def _end(line: str, wanted: int) -> int:
    if wanted >= len(line):
        return len(line)
    space = line.rfind(" ", wanted - _BEFORE, wanted)
    return space if space > 0 else wanted


def _shifted(piece: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans once the blanks before the piece are gone."""
    lost = len(piece) - len(piece.lstrip())
    return [(start - lost, end - lost) for start, end in spans]


def _marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    pieces, last = [], 0
    for start, end in spans:
        pieces += [escape(text[last:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        last = end
    return Markup("").join([*pieces, escape(text[last:])])
