"""The routing keyword: `masbupsiaga <aduan>` in every way that citizens write it.

Exact is the keyword itself: in any case, with `#`, `:`, `,` or a line break, in brackets, split, or in letters that
look like its own. Nearly right is a keyword misspelt, run into the next word, or behind a greeting or "aduan".
"""
# ruff: noqa: RUF001 - punctuation of every keyboard divides the keyword from the words

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from normalizer.letters import distance, fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from normalizer.program import Program

#: How far into a text a keyword is looked for, and how many greeting words may stand before it.
_HEAD: Final = 400
_GREETING_WORDS: Final = 16
_WINDOW: Final = 4
#: From these lengths on, a keyword may be run into the next word, and be misspelt by one or two letters. Shorter ones
#: only with two neighbours swapped or a letter doubled: "lapar" is not "lapor".
_LONG: Final = 8
_MISSPELT_ONCE: Final = 6
_MISSPELT_TWICE_SPLIT: Final = 11
_MISSPELT_AT_ALL: Final = 4
_LETTERS_APART: Final = 4
_TOO_FAR: Final = 3
_NOTHING_NEAR: Final = (_TOO_FAR, 0)

#: Accounts that a post is addressed to: they stand before the citizen's words and are none of them.
_NAMED: Final = re.compile(r"\s*(?:@\w{1,64}[\s,:.]+)+")
_BEFORE: Final = re.compile(r"[\W_]*")
_WORD: Final = re.compile(r"[^\W_]+")
#: Marks and joiners that belong to the keyword's last letter, then what divides it from the citizen's words.
_BEHIND: Final = re.compile(
    "[\u0300-\u036f\u200b-\u200f\u2060\ufe0e\ufe0f\ufeff\u20e3]*"
    r"(?:[#＃:：;；,，、.=|/*_~!?>＞»›\)\]}–—\-]|[\"'”’](?=\s|$))*"
    r"\s*(?:[:：;；,，=]+|[#＃.|/*>＞–—\-]+(?=\s|$))?\s*"
)
_OPENING: Final = {"<": ">", "＜": "＞", "‹": "›", "«": "»", '"': '"', "“": "”", "'": "'", "‘": "’", "[": "]", "(": ")"}
_ANGLES: Final = {"<": ">", "＜": "＞", "‹": "›", "«": "»"}
_LAST_ANGLES: Final = frozenset(_ANGLES.values())
_ANGLE: Final = re.compile("[<>＜＞‹›«»]")

_GREETING_TEXT: Final = (
    "aduan adu pengaduan ngadu mengadu laporan lapor melapor format sms reg ketik kirim re fw fwd"
    " assalamualaikum asalamualaikum assalamu asalamu assalam alaikum alaykum ass aslm askum asw wr wb warahmatullahi"
    " wabarakatuh wabarokatuh waalaikumsalam salam shalom om swastiastu rahayu"
    " selamat slamat met pagi siang sore malam pgi mlm sugeng enjing sonten dalu ndalu kulonuwun nuwun kulo sewu"
    " halo hallo hai hay hi helo hello permisi maaf punten mohon izin ijin dengan dgn dg hormat"
    " yth yang terhormat yg kepada kpd untuk utk dari dr saya sy kami warga mau ingin tolong tlg minta"
    " pak bapak bp bpk bu ibu mas mbak kang mba min admin bupati wabup gubernur camat kabupaten kab kota di ke"
)
_GREETINGS: Final = frozenset(_GREETING_TEXT.split())
_LEET_I: Final = str.maketrans("013457", "oieast")
_LEET_L: Final = str.maketrans("013457", "oleast")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`program` is its key, `body` the citizen's words without the keyword; not `exact`: the format is unclear."""

    program: str
    body: str
    exact: bool


class KeywordIndex:
    """The keywords of all programs that one account can be meant for; ValueError where two programs share one."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._owner: dict[str, str] = {}
        tags: dict[str, str] = {}
        names: set[str] = set()
        for program in programs:
            for keyword in program.keywords:
                self._own(self._owner, keyword, program.key)
            for tag in (*program.keywords, *program.hashtags):
                self._own(tags, tag, program.key)
            names.update(_WORD.findall(fold(f"{program.name} {program.organisation}")[0]))
        self._greetings = _GREETINGS | names
        # Longest first: "laporbupati" before "lapor".
        self._keywords = sorted(self._owner, key=len, reverse=True)
        self._letters = {keyword: frozenset(keyword) for keyword in self._keywords}
        self._long = tuple(keyword for keyword in self._keywords if len(keyword) >= _LONG)
        self._by_length: dict[int, list[str]] = {}
        for keyword in self._keywords:
            for length in range(len(keyword) - 2, len(keyword) + 3):
                self._by_length.setdefault(length, []).append(keyword)
        self._exact = _compile(r"[\W_]*+", self._keywords, r"[\W_]{0,2}")
        self._tags = sorted(tags, key=len, reverse=True)
        self._tag_owner = tags
        self._tag = _compile("[#＃]", self._tags, "")

    @staticmethod
    def _own(owners: dict[str, str], keyword: str, program: str) -> None:
        plain = "".join(_WORD.findall(fold(keyword)[0]))
        if not plain:
            raise ValueError(f"program {program}: the keyword {keyword!r} has no letters")
        if owners.setdefault(plain, program) != program:
            raise ValueError(f"the keyword {plain} belongs to {owners[plain]} and to {program}")

    def find(self, text: str) -> Match | None:
        """The keyword at the beginning of a text (or as a hashtag anywhere); None where no keyword is near."""
        if not self._keywords:
            return None
        found = self._exact.match(text)
        if found:
            return self._match(self._keywords[_group(found)], text, found.end(), exact=True)
        named = _NAMED.match(text)
        behind = self.find(text[named.end() :]) if named else None
        return behind or self._in_head(text) or self._hashtag(text)

    def _in_head(self, text: str) -> Match | None:
        """Looks at the first words once their letters are made plain."""
        start = _first(text)
        head, origin = fold(text[start : start + _HEAD])
        found = self._exact.match(head)
        if found:
            end = start + _behind(origin, found.end())
            return self._match(self._keywords[_group(found)], text, end, exact=True)
        words = list(_WORD.finditer(head))[: _GREETING_WORDS + _WINDOW]
        for index, word in enumerate(words[:_GREETING_WORDS]):
            at = word.start()
            found = self._exact.match(head, at) if index else None
            near = (self._keywords[_group(found)], found.end()) if found else self._near(words[index : index + _WINDOW])
            if near:
                return self._match(near[0], text, start + _behind(origin, near[1]), exact=False)
            if word[0] not in self._greetings:
                return None
        return None

    def _near(self, words: list[re.Match[str]]) -> tuple[str, int] | None:
        """The one keyword that the first of these words, alone or joined with the next, nearly are; where it ends."""
        first = words[0][0]
        for keyword in self._long if first.startswith(self._long) else ():
            if first.startswith(keyword) and len(first) > len(keyword) + 2:
                return keyword, words[0].start() + len(keyword)
        best = _NOTHING_NEAR
        near: dict[str, tuple[str, int]] = {}
        joined = ""
        for count, word in enumerate(words, start=1):
            joined += word[0]
            keywords = self._by_length.get(len(joined))
            own = frozenset(joined) if keywords else frozenset()
            for keyword in keywords or ():
                # Each wrong letter takes at most one letter away and adds one: most words are told apart by that.
                if joined.isalpha() and len(own ^ self._letters[keyword]) > _LETTERS_APART:
                    continue
                rank = (self._edits(joined, keyword, alone=count == 1), count)
                if rank < best:
                    best, near = rank, {}
                if rank == best and rank < _NOTHING_NEAR:
                    near[self._owner[keyword]] = (keyword, word.end())
        return next(iter(near.values())) if len(near) == 1 else None

    def _edits(self, word: str, keyword: str, *, alone: bool) -> int:
        """How many letters of a keyword are wrong in the word; `_TOO_FAR` where it is rather another word."""
        limit = _limit(len(keyword), alone=alone)
        if not word.isalpha():
            word = min((word, word.translate(_LEET_I), word.translate(_LEET_L)), key=lambda w: distance(w, keyword, 2))
            if word == keyword:
                return 1
        if not limit:
            return 1 if _slip(word, keyword) else _TOO_FAR
        if len(keyword) < _LONG and word[0] != keyword[0]:
            return _TOO_FAR
        edits = distance(word, keyword, limit)
        return edits if edits <= limit else _TOO_FAR

    def _hashtag(self, text: str) -> Match | None:
        """A hashtag of a program that is not at the beginning; at the very end it is no part of the citizen's words."""
        if "#" not in text and "＃" not in text:
            return None
        found = self._tag.search(text)
        if found is None:
            return None
        owner = self._tag_owner[self._tags[_group(found)]]
        if not text[: found.start()].strip():
            return Match(program=owner, body=_body(text, found.end()), exact=True)
        body = text if text[found.end() :].strip(" \t\r\n.!") else text[: found.start()]
        return Match(program=owner, body=body.strip(), exact=True)

    def _match(self, keyword: str, text: str, end: int, *, exact: bool) -> Match:
        return Match(program=self._owner[keyword], body=_body(text, end), exact=exact)


def _compile(before: str, keywords: Sequence[str], between: str) -> re.Pattern[str]:
    """One pattern for all keywords, each a group; `between` may stand between two letters of one."""
    groups = "|".join("(" + between.join(re.escape(letter) for letter in keyword) + ")" for keyword in keywords)
    return re.compile(rf"{before}(?:{groups})(?![^\W_])", re.IGNORECASE)


def _group(found: re.Match[str]) -> int:
    return (found.lastindex or 1) - 1


def _first(text: str) -> int:
    before = _BEFORE.match(text)
    return before.end() if before else 0


def _behind(origin: Sequence[int], end: int) -> int:
    """The index in the text behind the character that the folded text before `end` came from."""
    return origin[end - 1] + 1


def _limit(length: int, *, alone: bool) -> int:
    """How many letters may be wrong in a keyword of this length; words joined by chance get less room."""
    if length < _MISSPELT_ONCE:
        return 0
    return 2 if length >= (_LONG if alone else _MISSPELT_TWICE_SPLIT) else 1


def _slip(word: str, keyword: str) -> bool:
    """Two neighbours swapped or a letter doubled: all that a short keyword may suffer and be no other word."""
    if len(keyword) < _MISSPELT_AT_ALL or word[:1] != keyword[0]:
        return False
    if len(word) == len(keyword):
        return distance(word, keyword, 1) == 1 and sorted(word) == sorted(keyword)
    doubled = range(1, len(word)) if len(word) == len(keyword) + 1 else ()
    return any(word[i] == word[i - 1] and word[:i] + word[i + 1 :] == keyword for i in doubled)


def _body(text: str, end: int) -> str:
    """The words behind the keyword, without what divides them from it and without brackets typed literally."""
    behind = _BEHIND.match(text, end)
    body = text[behind.end() if behind else end :].strip()
    opening = body[:1]
    if opening in _ANGLES:
        return _unbracket(body, opening, _ANGLES[opening])
    lead = text[:end].lstrip()[:1]
    if body[-1:] in _LAST_ANGLES and not _ANGLE.search(body, 0, len(body) - 1):
        return body[:-1].rstrip()
    closing = _OPENING.get(lead, "")
    unopened = body.count(closing) % 2 if closing == lead else body.count(closing) > body.count(lead)
    return body[:-1].rstrip() if closing and unopened and body.endswith(closing) else body


def _unbracket(body: str, opening: str, closing: str) -> str:
    """A body that begins with a bracket without it and the one that closes it; more brackets are the citizen's own."""
    stripped = body.lstrip(opening)
    inside, closed, rest = stripped.partition(closing)
    rest = rest.lstrip(closing)
    if opening in stripped or closing in rest or (not closed and stripped[:1].isdigit()):
        return body
    return f"{inside}{rest}".strip()
