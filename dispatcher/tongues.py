"""The catalogue's English, for pages (inbox/i18n.py) and for what leaves the house by mail and chat."""

from __future__ import annotations

import functools
import io
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

#: It lies with the pages, whose words most of it are.
CATALOGUE: Final = (
    Path(__file__).resolve().parent.parent / "inbox" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
)


@functools.cache
def english() -> Translations:
    """The catalogue as gettext takes it, made in memory: no compiled file lies about that could be older."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en", abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def of(language: str | None) -> NullTranslations:
    """The words of an officer's language; those of the sources where he chose none."""
    return english() if language == "en" else NullTranslations()
