"""What an officer has typed into the search box, taken apart: ticket, phone numbers, mail addresses, words, phrases."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from normalizer import ticket
from normalizer.identity import canonical_phone
from normalizer.text import spellings, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

#: More is no search; it also bounds what one request may cost.
LONGEST: Final = 200
_MOST: Final = 16
#: RFC 5321.
_LONGEST_EMAIL: Final = 254

_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?<![\w+.])\+?\(?\d(?:[\s.()/-]{0,2}\d){7,15}(?!\d)")
#: Without these no phone number stands in a text; found much sooner than that one does.
_SOME_DIGITS: Final = re.compile(r"\d\D{0,2}\d\D{0,2}\d\D{0,2}\d")
#: PostgreSQL has no list of them for Indonesian.
_COMMON_TEXT: Final = "yang dan atau di ke dari untuk dengan pada ini itu juga agar oleh dalam akan adalah para"
_COMMON: Final = frozenset(_COMMON_TEXT.split())
_QUOTED: Final = re.compile(r'"([^"]*)"|\u201c([^\u201c\u201d]*)\u201d')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """`ticket` is a code and nothing else; `phones` are E.164, `emails` small; each phrase is its words in order.

    A word alone is a phrase of one. `common` are words that stand everywhere and are not looked for alone.
    """

    ticket: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phrases: tuple[tuple[str, ...], ...] = ()
    common: tuple[str, ...] = ()


def read(typed: str) -> Sought:
    """What is looked for; all of it must be there. Whatever was typed gives an answer, though perhaps an empty one."""
    typed = typed.replace("\0", " ")[:LONGEST]
    # A word may read as a code once some of its letters are taken for digits ("tambahan").
    code = ticket.read(typed) if any(char.isdigit() for char in typed) else None
    if code is not None:
        return Sought(ticket=code)
    rest = _EMAIL.sub(" ", typed)
    numbers = phones(rest)
    rest = _PHONE.sub(lambda found: " " if canonical_phone(found[0]) else found[0], rest)
    phrases = [tuple(tokens(found[1] or found[2] or "")) for found in _QUOTED.finditer(rest)]
    words = tokens(_QUOTED.sub(" ", rest))
    phrases += [(word,) for word in words if spellings(word)[0] not in _COMMON]
    return Sought(
        phones=numbers,
        emails=emails(typed),
        phrases=tuple(dict.fromkeys(phrase for phrase in phrases if phrase))[:_MOST],
        common=tuple(dict.fromkeys(word for word in words if spellings(word)[0] in _COMMON)),
    )


def phones(text: str) -> tuple[str, ...]:
    """The phone numbers in a text, in E.164, each once."""
    if _SOME_DIGITS.search(text) is None:
        return ()
    return _known(canonical_phone(found) for found in _PHONE.findall(text))


def emails(text: str) -> tuple[str, ...]:
    """The mail addresses in a text, each once."""
    if "@" not in text:
        return ()
    return _known(found.lower() for found in _EMAIL.findall(text) if len(found) <= _LONGEST_EMAIL)


def spans(text: str, wanted: Sought) -> list[tuple[int, int]]:
    """Where the wanted phone numbers and mail addresses stand in a text, however they are written there."""
    found = [each.span() for each in _EMAIL.finditer(text) if each[0].lower() in wanted.emails]
    if wanted.phones:
        found += [each.span() for each in _PHONE.finditer(text) if canonical_phone(each[0]) in wanted.phones]
    return found


def _known(found: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for each in found if each))
