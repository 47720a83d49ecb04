"""Hiding who wrote: the reporter of an anonymous or confidential complaint, wherever his identity would show."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from inbox.i18n import _
from normalizer.veil import cover, pattern

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable


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
        return cover(text, self.pattern)

    def who(self, *identity: str | None, anonim: bool) -> str:
        """The first of name and address that there is, or that it is hidden."""
        if self.hidden:
            return _("Pelapor anonim") if anonim else _("Pelapor dirahasiakan")
        return next((each for each in identity if each), _("Tanpa nama"))


def veil(hidden: bool, identities: Iterable[str | None]) -> Veil:
    """The veil over a complaint whose reporter is known by `identities`: names, addresses, phone numbers."""
    if not hidden:
        return Veil(hidden=False)
    return Veil(hidden=True, pattern=pattern(identities))
