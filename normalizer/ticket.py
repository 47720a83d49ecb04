"""Ticket codes that survive an SMS and a telephone: `K7MP-2XWD`, the last character checks the others."""

from __future__ import annotations

import dataclasses
import re
import secrets
import unicodedata
from typing import Final

#: 23 characters: none looks or sounds like another, nor like 0 O 1 I L. A prime count makes the check complete.
ALPHABET: Final = "23456789ACDEFHJKMPRTWXY"
_BASE: Final = len(ALPHABET)
_RANDOM: Final = 7
_SPACE: Final = _BASE**_RANDOM
_VALUE: Final = {char: value for value, char in enumerate(ALPHABET)}

#: What people write instead: each of these is in no code, and looks or sounds like one character that is.
_MISREAD: Final = str.maketrans("BGNSVZ", "86M5F2")
_BEFORE: Final = re.compile(r"(?:(?:NOMOR|NOMER|NO|KODE|TIKET|ADUAN|LAPORAN|NR)\b[\s.:#]*|[#(<\"']+\s*)+")
_SEPARATORS: Final = re.compile(r"[\s.,:_/\-\u2010-\u2015\u2212()<>\"'#]+")
_IN_TEXT: Final = re.compile(rf"(?<![^\W_])([{ALPHABET}]{{4}})[-\u2010-\u2015\u2212. ]?([{ALPHABET}]{{4}})(?![^\W_])")
_LONGEST_TYPED: Final = 60

_PLEASE: Final = r"(?:(?:TOLONG|MOHON|MINTA|MAAF|PAK|BU|MAS|MBAK|MIN|ADMIN|HALO|PERMISI)\s+)*"
_OBJECT: Final = r"(?:\s*\b(?:ADUAN|LAPORAN|PENGADUAN|TIKET|NOMOR|NOMER|NO|KODE|SAYA|INI|DENGAN)\b\.?)*"
_QUESTION: Final = re.compile(
    rf"/?{_PLEASE}(?:(?P<ask>(?:BAGAIMANA|GIMANA|CEK|CHECK|LIHAT|TANYA|INFO)?\s*STATUS(?:NYA)?|LACAK)|CEK|CHECK)"
    rf"(?P<object>{_OBJECT})[\s:#=.,]*(?P<code>.*?)(?:\s*\b(?:BAGAIMANA|GIMANA|SAMPAI MANA|YA|PAK|BU|MIN)\b)*[\s.!?]*",
    re.DOTALL,
)
#: Something meant as a code: one word with a digit in it, or two of four characters of which one mixes both.
_LIKE_CODE: Final = re.compile(
    r"(?=\S*\d)[A-Z0-9]{2,6}[-.\u2010-\u2015][A-Z0-9]{2,6}"
    r"|(?=[A-Z]*\d)(?=\d*[A-Z])[A-Z0-9]{5,10}"
    r"|(?=[A-Z]+\d|\d+[A-Z]|\S+ (?:[A-Z]+\d|\d+[A-Z]))[A-Z0-9]{4} [A-Z0-9]{4}"
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest:
    """A citizen's question how it stands: `ticket` is the valid code in it, `typed` what was meant as a code."""

    ticket: str | None = None
    typed: str | None = None


def _plain(number: int) -> str:
    """The characters of a number below 23**7.

    Weights 8 … 1 modulo the prime 23 make the check character catch every wrong character and every swap of two.
    """
    chars = []
    total = 0
    for weight in range(8, 1, -1):
        number, value = divmod(number, _BASE)
        chars.append(ALPHABET[value])
        total += weight * value
    chars.append(ALPHABET[-total % _BASE])
    return "".join(chars)


def _mixed(code: str) -> bool:
    """Whether letters and digits both stand in it, so that no word and no number in a text is a code."""
    return not code.isalpha() and not code.isdigit()


def _valid(plain: str) -> bool:
    total = 0
    for weight, char in zip(range(8, 0, -1), plain, strict=True):
        total += weight * _VALUE[char]
    return total % _BASE == 0 and _mixed(plain)


def new() -> str:
    """One code that nobody can guess; unique only by chance, so the database keeps a unique key on it."""
    while True:
        plain = _plain(secrets.randbelow(_SPACE))
        if _mixed(plain):
            return f"{plain[:4]}-{plain[4:]}"


def batch(count: int) -> list[str]:
    """`count` different codes."""
    codes: set[str] = set()
    while len(codes) < count:
        codes.add(new())
    return list(codes)


def read(text: str) -> str | None:
    """The code that somebody typed, however spaced or written, as `XXXX-XXXX`; None where it is no valid code."""
    if len(text) > _LONGEST_TYPED:
        return None
    typed = unicodedata.normalize("NFKC", text).upper().strip()
    before = _BEFORE.match(typed)
    plain = _SEPARATORS.sub("", typed[before.end() :] if before else typed).translate(_MISREAD)
    if len(plain) != _RANDOM + 1 or not _VALUE.keys() >= set(plain) or not _valid(plain):
        return None
    return f"{plain[:4]}-{plain[4:]}"


def find(text: str) -> str | None:
    """The first valid code in a longer text, in any case."""
    upper = text.upper() if text.isascii() else unicodedata.normalize("NFKC", text).upper()
    for found in _IN_TEXT.finditer(upper):
        if _valid(found[1] + found[2]):
            return f"{found[1]}-{found[2]}"
    return None


def status_request(text: str) -> StatusRequest | None:
    """The question in a short text that is nothing else ("STATUS", "cek K7MP-2XWD", a code alone); else None."""
    if len(text) > _LONGEST_TYPED:
        return None
    typed = " ".join(unicodedata.normalize("NFKC", text).upper().split()).strip(" <>\"'#")
    alone = _read_with_digit(typed)
    if alone is not None:
        return StatusRequest(ticket=alone, typed=typed)
    question = _QUESTION.fullmatch(typed)
    return _asked(question) if question else None


def _read_with_digit(typed: str) -> str | None:
    """As `read`, but no word: "tambahan" is a code once its B and N are taken for 8 and M."""
    return read(typed) if any(char.isdigit() for char in typed) else None


def _asked(question: re.Match[str]) -> StatusRequest | None:
    """What the question is about; a word that is no code makes it something else than a question."""
    code = question["code"].strip(" <>()\"'")
    if not code:
        return StatusRequest() if question["ask"] or question["object"] else None
    ticket = _read_with_digit(code)
    if ticket is not None or (question["ask"] and _LIKE_CODE.fullmatch(code)):
        return StatusRequest(ticket=ticket, typed=code)
    return None
