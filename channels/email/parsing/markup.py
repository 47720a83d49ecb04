"""HTML to text, with quotes marked by `>`, and to HTML that is safe to show: no styles, no pictures, no scripts."""

from __future__ import annotations

import dataclasses
import html
import re

from channels.email.parsing import charsets
from channels.email.parsing.limits import MAX_ELEMENTS_DEEP, MAX_HTML
from channels.email.parsing.tags import Tag, cut

_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "form",
    }
    | {"footer", "header", "h1", "h2", "h3", "h4", "h5", "h6", "html", "li", "main", "nav", "ol", "p", "pre", "section"}
    | {"table", "tbody", "tfoot", "thead", "tr", "ul"}
)
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "dl"})
_FRAMES = frozenset(
    {"blockquote", "div", "p", "pre", "ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tfoot", "tr"}
    | {"td", "th", "caption", "h1", "h2", "h3", "h4", "h5", "h6"}
)
_INLINE = frozenset({"a", "b", "strong", "i", "em", "u", "s", "del", "ins", "sub", "sup", "small", "code"})
_VOID = frozenset({"br", "hr"})
_SCHEMES = frozenset({"http", "https", "mailto", "tel"})
_LINK = re.compile(r"(https?://|mailto:|tel:)[^\s<>\"]{1,2000}", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f\xa0\u200b\u200c\ufeff]+")
_DEEPEST_QUOTE = 10
#: An emoji that a mailer sends as a picture has itself as its description.
_EMOJI = 4
#: The cleaner takes some 8 µs for each sign that must be written as a reference.
_MOST_REFERENCES = 50_000


def read(source: str, *, words: bool = True) -> tuple[str, str | None]:
    """Make text and safe HTML of an HTML body; the HTML is None where nothing is left to show or it is too long.

    Without `words` the text is left empty: the mail has it already, as plain text.
    """
    text, safe = _Text(), _Safe()
    for piece in cut(source[:MAX_HTML]):
        if words:
            text.take(piece)
        safe.take(piece)
    return charsets.clean(text.finished()), safe.finished()


@dataclasses.dataclass(slots=True)
class _Text:
    lines: list[str] = dataclasses.field(default_factory=list)
    line: list[str] = dataclasses.field(default_factory=list)
    quotes: list[bool] = dataclasses.field(default_factory=list)
    pre: int = 0
    link: tuple[str, int] | None = None

    def take(self, piece: str | Tag) -> None:
        if isinstance(piece, str):
            self._words(piece)
            return
        if piece.name in _BLOCKS or piece.name in _VOID:
            self._block(piece)
        elif piece.name in {"td", "th"}:
            self._words("" if piece.end or not self.line else " ")
        elif piece.name == "a":
            self._link(piece)
        elif piece.name == "img":
            self._emoji(piece.attributes.get("alt", ""))

    def finished(self) -> str:
        self._end_line()
        text = re.sub(r"\n(?:>* *\n){3,}", "\n\n\n", "\n".join(self.lines))
        return text.strip("\n")

    def _words(self, piece: str) -> None:
        if self.pre:
            first, *others = piece.split("\n")
            self.line.append(first)
            for other in others:
                self._end_line(even_empty=True)
                self.line.append(other)
            return
        words = _SPACES.sub(" ", piece)
        if not self.line or self.line[-1].endswith(" "):
            words = words.removeprefix(" ")
        if words:
            self.line.append(words)

    def _block(self, tag: Tag) -> None:
        self._end_line(even_empty=tag.name == "br" and not tag.end)
        if tag.name in _SPACED:
            self._gap()
        if tag.name == "pre":
            self.pre = max(0, self.pre + (-1 if tag.end else 1))
        elif tag.name == "blockquote":
            self._quote(tag)
        elif tag.name == "li" and not tag.end:
            self.line.append("- ")
        elif tag.name == "hr":
            self.lines.append(self._prefix() + "_" * 20)

    def _quote(self, tag: Tag) -> None:
        if not tag.end:
            # Without a class or a type it is what mailers make of "indent": new words.
            self.quotes.append("class" in tag.attributes or tag.attributes.get("type", "").lower() == "cite")
        elif self.quotes:
            self.quotes.pop()

    def _link(self, tag: Tag) -> None:
        if not tag.end:
            self.link = (tag.attributes.get("href", "").strip(), len(self.line))
            return
        if self.link is None:
            return
        address, start = self.link
        shown = "".join(self.line[start:]).strip()
        self.link = None
        bare = re.sub(r"^https?://(?:www\.)?|/$", "", address)
        if address.lower().startswith(("http://", "https://")) and bare not in shown and _LINK.fullmatch(address):
            self.line.append(f" ({address})" if shown else address)

    def _emoji(self, description: str) -> None:
        if description and len(description) <= _EMOJI and not description.isascii():
            self.line.append(description)

    def _gap(self) -> None:
        above = self.lines[-1] if self.lines else ""
        words = above.lstrip(">")
        marks = above.removesuffix(words)
        if words.strip() and marks == self._prefix().rstrip():
            self.lines.append(marks)

    def _prefix(self) -> str:
        depth = min(_DEEPEST_QUOTE, sum(self.quotes[:100]))
        return ">" * depth + " " if depth else ""

    def _end_line(self, *, even_empty: bool = False) -> None:
        words = "".join(self.line)
        self.line.clear()
        if words.strip() or even_empty:
            self.lines.append((self._prefix() + words).rstrip())


@dataclasses.dataclass(slots=True)
class _Safe:
    """Writes a small, balanced document anew: the cleaner takes the square of the depth, and of what stays open."""

    pieces: list[str] = dataclasses.field(default_factory=list)
    open: list[str] = dataclasses.field(default_factory=list)
    words: bool = False

    def take(self, piece: str | Tag) -> None:
        if isinstance(piece, str):
            self.words = self.words or not piece.isspace()
            self.pieces.append(html.escape(charsets.clean(piece), quote=False))
        elif piece.name in _VOID:
            self.pieces.append(f"<{piece.name}>")
        elif piece.name in _FRAMES or piece.name in _INLINE:
            self._close(piece.name) if piece.end else self._open(piece)

    def finished(self) -> str | None:
        import nh3  # noqa: PLC0415 - a compiled library that only the drain needs

        if not self.words:
            return None
        source = "".join([*self.pieces, *(f"</{name}>" for name in reversed(self.open))])
        if len(source) > 2 * MAX_HTML or source.count("&") > _MOST_REFERENCES:
            return None
        safe = nh3.clean(
            source,
            tags=set(_FRAMES | _INLINE | _VOID),
            clean_content_tags={"script", "style"},
            attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
            url_schemes=set(_SCHEMES),
            link_rel="noopener noreferrer nofollow",
            set_tag_attribute_values={"a": {"target": "_blank"}},
        )
        return safe if len(safe) <= MAX_HTML else None

    def _open(self, tag: Tag) -> None:
        if len(self.open) >= MAX_ELEMENTS_DEEP:
            return
        if tag.name in {"p", "li", "tr", "td", "th"} and self.open and self.open[-1] == tag.name:
            self._close(tag.name)
        self.open.append(tag.name)
        self.pieces.append(f"<{tag.name}{_kept(tag)}>")

    def _close(self, name: str) -> None:
        """Close the nearest of this name and all within it; an inline one not beyond the block that it stands in."""
        for at in range(len(self.open) - 1, -1, -1):
            if self.open[at] == name:
                self.pieces.extend(f"</{inner}>" for inner in reversed(self.open[at:]))
                del self.open[at:]
                return
            if name in _INLINE and self.open[at] in _FRAMES:
                return


def _kept(tag: Tag) -> str:
    if tag.name == "a":
        address = tag.attributes.get("href", "").strip()
        return f' href="{html.escape(address)}"' if _LINK.fullmatch(address) else ""
    if tag.name in {"td", "th"}:
        spans = ((name, tag.attributes.get(name, "")) for name in ("colspan", "rowspan"))
        return "".join(f' {name}="{value}"' for name, value in spans if re.fullmatch(r"[1-9]\d?", value))
    return ""
