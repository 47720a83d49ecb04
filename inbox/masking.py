"""Hiding who wrote: the reporter of an anonymous or confidential complaint, wherever his identity would show."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Final

from normalizer.text import mask_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

_DOTS: Final = "•••"
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?<![\w+])(?:\+?62|0)[\s.()-]{0,2}\d(?:[\s.()-]{0,2}\d){6,12}(?!\d)")
_NAME_WORD: Final = re.compile(r"[^\W\d_]{3,}")


@dataclasses.dataclass(frozen=True, slots=True)
class Veil:
    """What an officer may read of one complaint: everything, or the words without whoever wrote them."""

    hidden: bool
    pattern: re.Pattern[str] | None = None

    def text(self, text: str | None) -> str:
        """The text; under the veil without the reporter's names and addresses, phone numbers, mail addresses, NIK."""
        if not text:
            return ""
        if not self.hidden:
            return text
        if self.pattern is not None:
            text = self.pattern.sub(_DOTS, text)
        return mask_ids(_PHONE.sub(_DOTS, _EMAIL.sub(_DOTS, text)))

    def who(self, *identity: str | None, anonim: bool) -> str:
        """The first of name and address that there is, or that it is hidden."""
        if self.hidden:
            return "Pelapor anonim" if anonim else "Pelapor dirahasiakan"
        return next((each for each in identity if each), "Tanpa nama")


def veil(hidden: bool, identities: Iterable[str | None]) -> Veil:
    """The veil over a complaint whose reporter is known by `identities`: names, addresses, phone numbers."""
    if not hidden:
        return Veil(hidden=False)
    wanted: set[str] = set()
    for identity in identities:
        if identity and len(identity) > 1:
            wanted.add(re.escape(identity))
            wanted |= {rf"\b{re.escape(word)}\b" for word in _NAME_WORD.findall(identity)}
    pattern = re.compile("|".join(sorted(wanted, key=len, reverse=True)), re.IGNORECASE) if wanted else None
    return Veil(hidden=True, pattern=pattern)
