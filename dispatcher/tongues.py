"""The catalogue's English, for pages (inbox/i18n.py) and for what leaves the house by mail and chat."""

from __future__ import annotations

import functools
import gettext
import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from babel.support import Translations

#: It lies with the pages, whose words most of it are.
CATALOGUE: Final = (
    Path(__file__).resolve().parent.parent / "inbox" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
)


@functools.cache
def english() -> Translations:
    """The catalogue as gettext takes it, made in memory: no compiled file lies about that could be older."""
    # Some megabytes in every process of the dispatcher, of which few ever speak English.
    from babel.messages.mofile import write_mo  # noqa: PLC0415
    from babel.messages.pofile import read_po  # noqa: PLC0415
    from babel.support import Translations  # noqa: PLC0415

    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en", abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Translations(compiled)


def of(language: str | None) -> gettext.NullTranslations:
    """The words of an officer's language; those of the sources where he chose none."""
    return english() if language == "en" else gettext.NullTranslations()
