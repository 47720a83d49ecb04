"""What a password must not be: short, one's own name, or what everybody tries first (NIST SP 800-63B, 3.1.1.2).

No rule asks for capitals, digits or signs: length is what counts, and a sentence is welcome.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SHORTEST: Final = 12
#: A short text that hashes long is a way to keep the server busy.
LONGEST: Final = 1024
#: Words of which the passwords are made that are tried first, Indonesian and English, in lower case.
_COMMON: Final = frozenset(
    """
    admin administrator root superuser operator petugas user pengguna login masuk guest tamu test testing coba
    password passwd pass pwd katasandi sandi rahasia secret default changeme gantisaya welcome selamat datang halo hello
    qwerty qwertyuiop qwertyui asdfghjkl asdfgh zxcvbnm zxcvbn qazwsx qazwsxedc
    bismillah alhamdulillah allahuakbar assalamualaikum insyaallah subhanallah astaghfirullah
    indonesia merdeka garuda pancasila nusantara jakarta bandung surabaya semarang jawatengah jateng bupati pemkab
    kabupaten pemda aduan lapor muara sayang sayangku cinta cintaku akusayangkamu akucintakamu iloveyou kamu aku
    anjing bangsat keren ganteng cantik doraemon naruto superman batman monkey dragon master shadow sunshine princess
    football baseball liverpool juventus persija persib letmein trustno whatever computer komputer internet google
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
#: A name shorter than this stands in too many words.
_SHORTEST_NAME: Final = 3
#: So many letters beside known words are a thought of one's own.
_OWN_LETTERS: Final = 4
_LONGEST_PERIOD: Final = 4


class Weakness(enum.StrEnum):
    """Why a password will not do."""

    SHORT = "short"
    LONG = "long"
    GUESSED = "guessed"


def normal(password: str) -> str:
    """One spelling for what looks the same, however a keyboard composes it (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def weakness(password: str, names: Iterable[str] = ()) -> Weakness | None:
    """Why this password will not do for somebody of these names; None where it will."""
    given = normal(password)
    if len(given) < SHORTEST:
        return Weakness.SHORT
    if len(password) > LONGEST:
        return Weakness.LONG
    plain = "".join(char for char in given.casefold() if not char.isspace())
    return Weakness.GUESSED if _patterned(plain) or _borrowed(plain, names) else None


def _patterned(plain: str) -> bool:
    """`aaaaaaaaaaaa`, `123412341234`, `123456789012`, `abcdefghijkl`."""
    if any(plain == (plain[:length] * len(plain))[: len(plain)] for length in range(1, _LONGEST_PERIOD + 1)):
        return True
    steps = {ord(second) - ord(first) for first, second in pairwise(plain)}
    return steps <= {1, -9} or steps <= {-1, 9}


def _borrowed(plain: str, names: Iterable[str]) -> bool:
    """Whether hardly a letter is left once names and common words are taken out."""
    own = {word for name in names for word in re.split(r"[\W_]+", normal(name).casefold())}
    known = _COMMON | {word for word in own if len(word) >= _SHORTEST_NAME}
    rest = plain
    for word in sorted(known, key=lambda word: (-len(word), word)):
        rest = rest.replace(word, " ")
    return rest != plain and sum(map(str.isalpha, rest)) < _OWN_LETTERS
