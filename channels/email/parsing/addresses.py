"""Address lists of headers (RFC 5322, 3.4), read in one pass; whatever is not an address is passed over."""

from __future__ import annotations

import dataclasses
import re

from channels.email.parsing import charsets, words
from channels.email.parsing.limits import MAX_ADDRESS, MAX_NAME

# Quoted strings are bounded, and addresses begin where a word begins: else hostile fields cost their length squared.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.){0,300}"|[(),:;<>\\]|[^"(),:;<>\\]+|"', re.DOTALL)
_ADDRESS = re.compile(r"""(?<![^\s@<>,;:()"\\])[^\s@<>,;:()"\\]+@[^\s@<>,;:()"\\]+""")
_IN_NAME = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
#: Recipients of one field that are looked at.
_MOST = 2_000


def parse(value: bytes) -> list[tuple[str, str]]:
    """Read (name, address) pairs from a header value; the name is empty where none is given."""
    text = charsets.decode(value)
    found = _scan(text)
    if not found and "=?" in text:  # a mailer that encoded the whole field
        found = _scan(words.decode_text(text))
    return found


def name(text: str) -> str:
    """A person's name in one line, without signs that hide or turn others."""
    return " ".join(_IN_NAME.sub(" ", charsets.clean(text)).split())[:MAX_NAME].strip()


@dataclasses.dataclass(slots=True)
class _Mailbox:
    """What has been read of one mailbox: words before the angles, what stands in them, comments."""

    words: list[str] = dataclasses.field(default_factory=list)
    inside: list[str] = dataclasses.field(default_factory=list)
    comment: list[str] = dataclasses.field(default_factory=list)
    angled: bool = False
    open: bool = False
    has_at: bool = False

    def turn(self, sign: str) -> None:
        """Go into the angles, or out of them."""
        self.open = sign == "<"
        if self.open:
            self.angled = True
            self.inside.clear()

    def add(self, piece: str) -> None:
        (self.inside if self.open else self.words).append(piece)
        self.has_at = self.has_at or "@" in piece

    def pair(self) -> list[tuple[str, str]]:
        """Name and address of `name <address>`, `address (name)` or `address`; empty where there is no address."""
        before = "".join(_unquoted(piece) for piece in self.words)
        text = _unquoted("".join("".join(self.inside).split())) if self.angled else before
        match = _ADDRESS.search(text)
        if match is None or len(match[0]) > MAX_ADDRESS:
            return []
        spoken = before if self.angled else "".join(self.comment)
        return [(name(words.decode_text(spoken)), match[0].strip(".'`"))]


def _scan(text: str) -> list[tuple[str, str]]:
    if text.count("(") != text.count(")"):
        text = text.replace("(", " ").replace(")", " ")
    found: list[tuple[str, str]] = []
    box, depth = _Mailbox(), 0
    for sign in _TOKEN.findall(text + ";"):
        if sign in "()":
            depth = max(0, depth + (1 if sign == "(" else -1))
        elif depth:
            box.comment.append(sign)
        elif sign in "<>":
            box.turn(sign)
        elif sign == ":" and not box.open:
            box = _Mailbox()  # what stood before is the name of a group
        elif sign == ";" or (sign == "," and box.has_at):
            found.extend(box.pair())
            box = _Mailbox()
        else:
            box.add(sign)  # a comma too: in "Budi, S.H. <budi@example.id>" it belongs to the name
    return found[:_MOST]


def _unquoted(token: str) -> str:
    if len(token) > 1 and token[0] == token[-1] == '"':
        return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
    return token
