"""The citizen's words cleaned for reading, spelt out for search, shortened for a card, and kept storable."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: Whatever `clean` may have to change in a text that is NFC; without it a text is done.
_UNTIDY: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ud800-\udfff\ufeff"
    "\ufff9-\ufffb]|  | \n|\n |\n\n\n"
)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_LINE_ENDS: Final = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
#: Controls, bidirectional marks and characters without width. Joiners and variation selectors make emoji: they stay.
_INVISIBLE: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
#: A joiner that joins nothing: beside a plain letter, a space or an end.
_LOOSE_JOINER: Final = re.compile(
    "(?:(?<=[\x00-\x7f])|^)[\u200c\u200d]+|(?<![\u200c\u200d])[\u200c\u200d]+(?=[\x00-\x7f]|$)"
)
_BLANKS: Final = re.compile(r"[^\S\n]+")
_BLANK_LINES: Final = re.compile(r"\n{3,}")
_LINE_EDGES: Final = re.compile(r" ?\n ?")

#: Everyday spelling of SMS, for search only.
_SPELT_OUT: Final = {
    "yg": "yang",
    "dg": "dengan",
    "dgn": "dengan",
    "tdk": "tidak",
    "tak": "tidak",
    "gak": "tidak",
    "ga": "tidak",
    "nggak": "tidak",
    "krn": "karena",
    "karna": "karena",
    "utk": "untuk",
    "sdh": "sudah",
    "udah": "sudah",
    "blm": "belum",
    "jgn": "jangan",
    "tsb": "tersebut",
    "pd": "pada",
    "dr": "dari",
    "dlm": "dalam",
    "kpd": "kepada",
    "dpt": "dapat",
    "hrs": "harus",
    "jg": "juga",
    "klo": "kalau",
    "kalo": "kalau",
    "tp": "tetapi",
    "tapi": "tetapi",
    "sy": "saya",
    "org": "orang",
    "bnyk": "banyak",
    "skrg": "sekarang",
    "kmrn": "kemarin",
    "tlg": "tolong",
    "mhn": "mohon",
    "thn": "tahun",
    "bln": "bulan",
    "jln": "jalan",
    "jl": "jalan",
    "ds": "desa",
    "dsn": "dusun",
    "dk": "dukuh",
    "kel": "kelurahan",
    "kec": "kecamatan",
    "kab": "kabupaten",
    "gg": "gang",
}
_SHORT: Final = {
    whole: tuple(short for short, meant in _SPELT_OUT.items() if meant == whole) for whole in _SPELT_OUT.values()
}
_WORDS_AND_GAPS: Final = re.compile(r"\w+|\W+")
_TOKEN: Final = re.compile(r"[^\W_]+")

_ELLIPSIS: Final = "…"
_JOINER: Final = "\u200d"

#: 16 digits as one number, in fours, or otherwise divided; never a phone number, which begins with 0 or +.
_IDENTITY_NUMBER: Final = re.compile(
    r"(?<![\d+])[1-9](?:\d{15}(?!\d)|\d{3}([ .\-])\d{4}\1\d{4}\1\d{4}(?!\d)"
    r"|(?<!\d[ .\-].)(?:[ .\-]?\d){15}(?![ .\-]?\d))"
)


def storable(text: str) -> str:
    """What PostgreSQL's text and jsonb can hold: NUL and lone surrogates become U+FFFD, nothing else changes."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def clean(text: str) -> str:
    """The text in NFC without invisible characters, with single blanks and at most one empty line between lines.

    Letters, emoji and line breaks stay as they were written. Cleaning twice changes nothing more.
    """
    if not _UNTIDY.search(text) and unicodedata.is_normalized("NFC", text):
        return text.strip()
    text = _LINE_ENDS.sub("\n", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", storable(text.replace("\x00", "")))
    text = _INVISIBLE.sub("", text)
    # A joiner between two blanks hides that they are a run.
    text = _BLANKS.sub(" ", _LOOSE_JOINER.sub("", _BLANKS.sub(" ", text)))
    text = _BLANK_LINES.sub("\n\n", _LINE_EDGES.sub("\n", text))
    return unicodedata.normalize("NFC", text).strip()


def searchable(text: str) -> str:
    """The text for the search index and for a query to it: small letters, everyday abbreviations spelt out."""
    text = clean(text).lower() if text.isascii() else unicodedata.normalize("NFKC", clean(text)).lower()
    return "".join([_SPELT_OUT.get(word, word) for word in _WORDS_AND_GAPS.findall(text)])


def tokens(text: str) -> list[str]:
    """The words of a text as search knows them: runs of letters and digits, small, in NFKC."""
    text = clean(text).lower() if text.isascii() else unicodedata.normalize("NFKC", clean(text)).lower()
    return _TOKEN.findall(text)


def spellings(token: str) -> tuple[str, ...]:
    """A word spelt out, and then all its everyday abbreviations: `("jalan", "jln", "jl")` for any of them."""
    whole = _SPELT_OUT.get(token, token)
    return (whole, *_SHORT.get(whole, ()))


def subject(text: str, limit: int = 80) -> str:
    """The first words on one line of at most `limit` characters, cut between words, never inside a character."""
    line = " ".join(clean(text[: 8 * limit]).split())
    if len(line) <= limit and len(text) > 8 * limit:
        line = " ".join(clean(text).split())
    if len(line) <= limit:
        return line
    space = line.rfind(" ", limit // 2, limit)
    end = space if space > 0 else min(limit - 1, len(line))
    while end > 0 and _inside(line, end):
        end -= 1
    return line[:end].rstrip(" ,;:-") + _ELLIPSIS


def _inside(line: str, index: int) -> bool:
    """Whether a cut before `line[index]` would divide what a reader sees as one character."""
    if index >= len(line):
        return False
    char = line[index]
    if char.isascii():
        return False
    if _extends(char) or line[index - 1] == _JOINER:
        return True
    return _regional(char) and _flag_halves_before(line, index) % 2 == 1


def _extends(char: str) -> bool:
    """Marks, joiners, selectors, skin tones, tags, and the vowels and finals of a Hangul syllable."""
    return (
        unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf"}
        or "\U0001f3fb" <= char <= "\U0001f3ff"
        or "\u1160" <= char <= "\u11ff"
    )


def _regional(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _flag_halves_before(line: str, index: int) -> int:
    count = 0
    while count < index and _regional(line[index - 1 - count]):
        count += 1
    return count


def mask_ids(text: str) -> str:
    """The text with each NIK and KK number (16 digits, also spaced or dotted) cut down to its four of the region."""
    return _IDENTITY_NUMBER.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    digits = [char for char in found[0] if char.isdigit()]
    return "".join(digits[:4]) + "•" * 12
