"""HTML as a stream of text and tags, cut in one pass; it only cuts, what is safe is decided elsewhere."""

from __future__ import annotations

import dataclasses
import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_TAG = re.compile(r"</?([A-Za-z][^\s/>]{0,60})[^\s/>]*")
# A quoted value that never ends is tried once, at the last quote of the document; so this stays linear.
_ATTRIBUTE = re.compile(r"""[\s/]*([^\s=/>"'][^\s=/>]{0,200})(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?|[\s/]*["'=]""")
#: html.unescape makes whole numbers of these, which Python refuses or is slow at when they are long.
_LONG_NUMBER = re.compile(r"&#(?:[xX][0-9a-fA-F]{7,}|[0-9]{8,});?")
#: Elements whose content nobody sees, or that only a browser could draw.
_UNSEEN = frozenset(
    {"script", "style", "title", "template", "svg", "math", "iframe", "object", "noembed", "noframes", "applet"}
)


@dataclasses.dataclass(frozen=True, slots=True)
class Tag:
    """A start tag with its attributes, unescaped, or an end tag."""

    name: str
    attributes: Mapping[str, str]
    end: bool = False


def cut(text: str) -> Iterator[str | Tag]:
    """Give texts, unescaped, and tags in their order; comments and what nobody sees are left out."""
    at, unclosed = 0, set[str]()
    while at < len(text):
        start = text.find("<", at)
        if start < 0:
            yield unescaped(text[at:])
            return
        if start > at:
            yield unescaped(text[at:start])
        found = _TAG.match(text, start)
        if found is None:
            at = _past_comment(text, start)
            if at == start + 1:
                yield "<"
            continue
        name, end = found[1].lower(), text[start + 1] == "/"
        attributes, at = _attributes(text, found.end())
        yield Tag(name, attributes, end)
        if not end and name in _UNSEEN and name not in unclosed:
            closing = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
            at = closing.start() if closing else at
            unclosed |= set() if closing else {name}


def unescaped(text: str) -> str:
    """Resolve character references."""
    return html.unescape(_LONG_NUMBER.sub("\ufffd", text)) if "&" in text else text


def _past_comment(text: str, start: int) -> int:
    """Where the text goes on behind `<!-- -->`, `<!DOCTYPE>` or `<?xml>`; one further where `<` is just a sign."""
    if text.startswith("<!--", start):
        end = text.find("-->", start + 2)
        return len(text) if end < 0 else end + 3
    if text.startswith(("<!", "<?", "</"), start):
        end = text.find(">", start)
        return len(text) if end < 0 else end + 1
    return start + 1


def _attributes(text: str, at: int) -> tuple[dict[str, str], int]:
    attributes: dict[str, str] = {}
    while (found := _ATTRIBUTE.match(text, at)) is not None:
        at = found.end()
        if found[1]:
            attributes.setdefault(found[1].lower(), unescaped((found[2] or "").strip("\"'")))
    end = text.find(">", at)
    return attributes, len(text) if end < 0 else end + 1
