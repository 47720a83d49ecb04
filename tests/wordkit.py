"""What the tests know of the inbox's two languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.messages.pofile import read_po

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOM = Path(__file__).parents[1] / "inbox"
WORD = re.compile(r"[A-Za-zÀ-ÿ]{2,}")
#: Attributes that are read out or shown.
READ = ("title", "aria-label", "aria-description", "placeholder", "alt", "label", "summary")
#: Words of the catalogue's Indonesian that English and code have too.
LOANS = {"data"}


def indonesian() -> frozenset[str]:
    """The words of more than three letters that only the Indonesian side of the catalogue knows, in lower case."""
    with (ROOM / "translations" / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id]
    said = {word for message in messages for word in _words(message.id)}
    translated = {word for message in messages for word in _words(message.string)}
    return frozenset(word for word in said - translated - LOANS if len(word) > 3)


def _words(texts: Any) -> Iterator[str]:
    for text in texts if isinstance(texts, tuple) else (texts,):
        yield from (word.lower() for word in WORD.findall(re.sub(r"%\(\w+\)s", " ", text)))


class Shown(HTMLParser):
    """What a page shows or reads out, but for code and for what it says itself to be Indonesian."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        inside = bool(self._open) and self._open[-1][1]
        hidden = inside or given.get("lang") == "id" or tag in {"style", "script", "code"}
        if not hidden:
            self.texts += [value for name, value in attrs if value and (name in READ or name.startswith("data-words"))]
        if tag not in {"meta", "link", "input", "br", "img", "hr", "path", "g", "area", "col"}:
            self._open.append((tag, hidden))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not (self._open and self._open[-1][1]):
            self.texts.append(data.strip())
