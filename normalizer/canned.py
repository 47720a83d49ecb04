"""Canned answers: a text with variables in braces, and what each variable may be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What each stands for, inbox/acts/canned.py says to officers.
VARIABLES: Final = ("nama", "nomor", "program", "unit", "petugas", "tenggat")
_BRACED: Final = re.compile(r"\{([^{}\n]*)\}")


def unknown(text: str) -> list[str]:
    """The names in braces that are no variable, in the order in which they stand there."""
    return [name for name in dict.fromkeys(_BRACED.findall(text)) if name not in VARIABLES]


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced, once: braces in a value stay what they are."""
    return _BRACED.sub(lambda found: values.get(found[1], found[0]), text)
