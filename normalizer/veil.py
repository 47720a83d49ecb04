"""Texts without the one who wrote them: his names and addresses, and whatever looks like a phone, a mail or a NIK."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

from normalizer.identity import canonical_phone
from normalizer.text import mask_ids

if TYPE_CHECKING:
    from collections.abc import Iterable

DOTS: Final = "•••"
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE: Final = re.compile(r"(?<![\w+])(?:\+?62|0)[\s.()-]{0,2}\d(?:[\s.()-]{0,2}\d){6,12}(?!\d)")
_NAME_WORD: Final = re.compile(r"[^\W\d_]{3,}")
#: A name's word ends where its letters end: `kartono99`, `kartono_w` and `@kartono` are Kartono too.
_BEFORE, _AFTER = r"(?<![^\W\d_])", r"(?![^\W\d_])"
_GAP: Final = r"[\s.()-]{0,2}"
#: The country's code of +62; what is dialled stands behind it.
_COUNTRY: Final = 3


def pattern(identities: Iterable[str | None]) -> re.Pattern[str] | None:
    """What gives away somebody known by these names, addresses and phone numbers; None where nothing is known."""
    wanted: set[str] = set()
    for identity in identities:
        if identity and len(identity) > 1:
            words = _NAME_WORD.findall(identity)
            wanted.add(re.escape(identity))
            wanted |= {f"{_BEFORE}{re.escape(word)}{_AFTER}" for word in words}
            wanted |= {f"{re.escape(one)}{re.escape(two)}" for one, two in itertools.pairwise(words)}
            phone = canonical_phone(identity)
            if phone is not None:
                wanted.add(rf"(?<!\d){_GAP.join(phone[_COUNTRY:])}(?!\d)")
    return re.compile("|".join(sorted(wanted, key=len, reverse=True)), re.IGNORECASE) if wanted else None


def cover(text: str, identity: re.Pattern[str] | None) -> str:
    """The text with dots instead of the identity and of every phone number, mail address and NIK."""
    if identity is not None:
        text = identity.sub(DOTS, text)
    return mask_ids(_PHONE.sub(DOTS, _EMAIL.sub(DOTS, text)))
