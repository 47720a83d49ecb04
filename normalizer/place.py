"""Where: the words of a text that name a place, the configured places they may mean, and coordinates."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
#: The first word of a street or a hamlet, and of an administrative place. `jalan` also means road and to walk.
_STREETS: Final = frozenset({"jl", "jln", "jalan", "gg", "gang", "perum", "perumahan", "komplek", "kompleks", "blok"})
_AREAS: Final = frozenset(
    {"desa", "ds", "dusun", "dsn", "dukuh", "dk", "kel", "kelurahan", "kec", "kecamatan", "kab", "kabupaten", "kota"}
)
_NEIGHBOURHOOD: Final = re.compile(r"\b(?:rt|rw)[\s.:]*\d{1,3}(?:\s*/\s*(?:rw[\s.]*)?\d{1,3})?", re.IGNORECASE)
_MARKS: Final = _STREETS | _AREAS
#: Words that never belong to a name, so that a name ends before them.
_NO_NAMES_TEXT: Final = (
    "ada agar akan aspal atas atau bagus banget banjir banyak baru belakang belum berlubang bolong baik dan dari dekat"
    " dengan depan di dg dgn gelap hancur harus ini itu jembatan juga ke kami kapan karena kok krn lagi lampu lubang"
    " macet mati mau mohon oleh pada padam parah pak pd penuh perlu rawan rusak samping sampah saya sangat sdh sebelah"
    " sekali sekitar selalu seperti setelah sudah susah tapi tdk terlalu tidak tolong tsb untuk utk yang yg"
)
_NO_NAMES: Final = frozenset(_NO_NAMES_TEXT.split())
_STREET_WORDS: Final = 3
_LONGEST_NAME: Final = 3
_LONGEST_LABEL: Final = 120
_HEAD: Final = 4000

_NUMBER: Final = r"[-+]?\d{1,3}\.\d{1,15}"
#: In a link: the pin itself before the middle of the shown map.
_IN_LINK: Final = (
    re.compile(rf"!3d({_NUMBER})!4d({_NUMBER})"),
    re.compile(rf"[=/:,]({_NUMBER}),\s?({_NUMBER})"),
    re.compile(rf"@({_NUMBER}),({_NUMBER})"),
)
_PAIR: Final = re.compile(rf"(?<![\w.,+-])({_NUMBER})\s{{0,3}}[,;]?\s{{0,3}}({_NUMBER})(?![\w.]?\d)")
_DECIMALS: Final = 4


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place as the text has it: `label` in the citizen's words, `candidates` from the configuration, WGS 84 degrees.

    Names repeat in the land, so candidates are never an answer; without a named place the label is empty.
    """

    label: str = ""
    candidates: tuple[str, ...] = ()
    lat: float | None = None
    lon: float | None = None


class PlaceFinder:
    """Looks for places in texts; made once for a program's list of place names."""

    def __init__(self, places: Sequence[str]) -> None:
        self._places: dict[str, tuple[str, ...]] = {}
        self._beginnings: set[str] = set()
        longest = 1
        for place in places:
            words = [word.lower() for word in _WORD.findall(place)]
            if len(words) > 1 and words[0] in _AREAS:
                words = words[1:]
            joined = "".join(words)
            if joined:
                self._places[joined] = (*self._places.get(joined, ()), place)
                self._beginnings.update(joined[:end] for end in range(1, len(joined) + 1))
                longest = max(longest, len(words))
        # Citizens divide names that are written in one word ("Kedung banteng").
        self._window = max(2, longest)

    def find(self, text: str) -> Place | None:
        """What the text says about where; None where it says nothing. Only the first 4,000 characters count."""
        text = text[:_HEAD]
        point = coordinates(text)
        # The dotted capital I is the one letter that becomes two when it is made small.
        small = text.replace("\u0130", "I").lower()
        lower = _WORD.findall(small)
        named = self._named(lower)
        marked = not _MARKS.isdisjoint(lower) or (("rt" in small or "rw" in small) and _NEIGHBOURHOOD.search(text))
        words = list(_WORD.finditer(text)) if named or marked else []
        spans = _address(text, words, lower, named) if marked else []
        if not spans and named:
            first, (length, _) = next(iter(named.items()))
            spans = [(words[first].start(), words[first + length - 1].end())]
        if not spans and point is None:
            return None
        candidates = tuple(dict.fromkeys(name for _, names in named.values() for name in names))
        lat, lon = point or (None, None)
        return Place(label=_label(text, spans), candidates=candidates, lat=lat, lon=lon)

    def _named(self, lower: list[str]) -> dict[int, tuple[int, tuple[str, ...]]]:
        """Configured places by the index of their first word: how many words, and which names."""
        found: dict[int, tuple[int, tuple[str, ...]]] = {}
        taken = 0
        for index, first in enumerate(lower):
            if index < taken or first not in self._beginnings:
                continue
            joined = ""
            for length, word in enumerate(lower[index : index + self._window], start=1):
                joined += word
                if joined in self._places:
                    found[index] = (length, self._places[joined])
                    taken = index + length
        return found


def _address(
    text: str, words: list[re.Match[str]], lower: list[str], named: dict[int, tuple[int, tuple[str, ...]]]
) -> list[tuple[int, int]]:
    """Where in the text an address stands: streets, areas and RT/RW, each as (start, end), in their order."""
    spans = [found.span() for found in _NEIGHBOURHOOD.finditer(text)]
    index = 0
    while index < len(words):
        word = lower[index]
        last = index
        if word in _STREETS:
            last = _name_end(text, words, lower, index, _STREET_WORDS)
        elif word in _AREAS:
            known = named.get(index + 1)
            end = index + known[0] if known else 0
            last = end or _name_end(text, words, lower, index, _LONGEST_NAME, capitals=True)
        if last > index:
            spans.append((words[index].start(), words[last].end()))
        index = last + 1
    return sorted(spans)


def _name_end(
    text: str, words: list[re.Match[str]], lower: list[str], marker: int, most: int, *, capitals: bool = False
) -> int:
    """The index of a name's last word behind its marker; the marker's own where no name follows.

    With `capitals` more than one word is taken only while the words are capitalised.
    """
    last = marker
    while last + 1 < len(words) and last - marker < most:
        gap = text[words[last].end() : words[last + 1].start()]
        word = lower[last + 1]
        if gap.strip(" \t") not in ({"", ".", ". "} if last == marker or _abbreviated(words[last][0]) else {""}):
            break
        if word in _NO_NAMES or word in _AREAS or word in _STREETS or word in {"rt", "rw"} or "\n" in gap:
            break
        if capitals and last > marker and not words[last + 1][0][0].isupper():
            break
        last += 1
    return last


def _abbreviated(word: str) -> bool:
    """Whether a full stop behind the word is part of the name, as in "Jend. Sudirman"."""
    return len(word) <= 4 and word[0].isalpha()  # noqa: PLR2004 - Jend., Gen., Dr., KH.


def _label(text: str, spans: list[tuple[int, int]]) -> str:
    """The words of the spans: as they stand where they touch, else with a comma between."""
    label = ""
    before = 0
    for start, end in spans:
        if start < before:
            continue
        gap = text[before:start]
        if label:
            label += ", " if gap.strip(" ,.") or "," in gap else " "
        label += " ".join(text[start:end].split())
        before = end
    return label[:_LONGEST_LABEL].rstrip()


def coordinates(text: str) -> tuple[float, float] | None:
    """(lat, lon) from a map link or a plain "-7.42, 109.23"; None where there is none on this Earth."""
    if "." not in text:
        return None
    if "maps" in text or "geo:" in text:
        for word in text.split():
            point = _in_link(word) if "maps" in word or word.startswith("geo:") else None
            if point:
                return point
    for found in _PAIR.finditer(text):
        if found[1].startswith("-") or all(len(part.partition(".")[2]) >= _DECIMALS for part in found.groups()):
            point = _on_earth(found[1], found[2])
            if point:
                return point
    return None


def _in_link(link: str) -> tuple[float, float] | None:
    address = unquote(link).replace("+", " ")
    for pattern in _IN_LINK:
        found = pattern.search(address)
        point = _on_earth(found[1], found[2]) if found else None
        if point:
            return point
    return None


def _on_earth(lat: str, lon: str) -> tuple[float, float] | None:
    point = (float(lat), float(lon))
    return point if abs(point[0]) <= 90 and abs(point[1]) <= 180 else None  # noqa: PLR2004 - degrees of the globe
