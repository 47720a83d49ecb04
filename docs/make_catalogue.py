"""Brings the English catalogue in step with the inbox's sources: `python docs/make_catalogue.py`; names what to do."""  # noqa: INP001 - a script

from __future__ import annotations

import io
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent
#: Where officers' words are: the pages, and what adapters, senders and the store say to whoever reads them there.
ROOMS: Final = ("channels", "dispatcher", "inbox", "normalizer", "store")
CATALOGUE: Final = ROOT / "inbox" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
#: Without dates and line numbers, so that it changes only where words change.
HEAD: Final = """# English words of Muara's inbox. docs/make_catalogue.py keeps the entries in step with the sources;
# the translations are written here by hand.
msgid ""
msgstr ""
"Project-Id-Version: Muara\\n"
"Language: en\\n"
"Language-Team: none\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
#: As inbox/i18n.py and normalizer/saying.py name them, and what Jinja's `trans` becomes.
#: (1, 2) are one and many, "c" a context.
KEYWORDS: Final = {
    "_": None,
    "_n": (1, 2),
    "_c": ((1, "c"), 2),
    "say": None,
    "lazy": None,
    "lazy_c": ((1, "c"), 2),
    "gettext": None,
    "ngettext": (1, 2),
}
METHODS: Final = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
#: `silent` off: a template that cannot be read is an error, not a template without words.
OPTIONS: Final = {"**/templates/**.html": {"trimmed": "true", "silent": "false"}}


def extracted() -> Catalog:
    """Every marked message of modules and templates and every channel's name, with the files that say it."""
    found = Catalog(locale="en")
    for room in ROOMS:
        for name, _line, message, _comments, context in extract_from_dir(ROOT / room, METHODS, OPTIONS, KEYWORDS):
            found.add(message, locations=[(f"{room}/{Path(name).as_posix()}", 1)], context=context)
    for path in sorted((ROOT / "channels").glob("*/manifest.toml")):
        name = tomllib.loads(path.read_text("utf-8"))["name"]
        found.add(name, locations=[(path.relative_to(ROOT).as_posix(), 1)])
    return found


def updated(old: Catalog, sources: Catalog) -> Catalog:
    """The messages of the sources with the translations that there are; what nobody says any more is gone."""
    made = Catalog(locale="en")
    for message in sources:
        if not message.id:
            continue
        known = old.get(message.id, context=message.context)
        text = known.string if known is not None and known.id == message.id else ""
        made.add(message.id, text, locations=sorted(set(message.locations)), context=message.context)
    return made


def written(catalogue: Catalog) -> str:
    """The file, in the order of the messages."""
    text = io.BytesIO()
    write_po(text, catalogue, width=120, omit_header=True, sort_output=True, include_lineno=False)
    return HEAD + text.getvalue().decode().strip() + "\n"


def read(path: Path = CATALOGUE) -> Catalog:
    """The catalogue as it stands."""
    with path.open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def missing(catalogue: Catalog) -> Iterator[str]:
    """The messages that still have no English."""
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.id and not all(texts):
            yield message.id if isinstance(message.id, str) else message.id[0]


def main() -> int:
    """Write the catalogue; 1 where messages wait for their English."""
    catalogue = updated(read(), extracted())
    CATALOGUE.write_text(written(catalogue), "utf-8")
    left = list(missing(catalogue))
    for message in left:
        print(f"to translate: {message}")  # noqa: T201 - a script's answer
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
