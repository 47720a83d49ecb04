"""Percent-encoded parameters read as bytes, because an SMS gateway puts any charset there, and raw UTF-16 too."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from channels.contract import RawMessage


def parameters(query: str) -> dict[str, bytes]:
    """Each parameter's bytes by its lower-case name; of several with one name the first counts."""
    found: dict[str, bytes] = {}
    for field in query.split("&"):
        name, _, value = field.partition("=")
        if name:
            key = unquote_to_bytes(name.replace("+", " ")).decode("utf-8", "replace").lower()
            found.setdefault(key, unquote_to_bytes(value.replace("+", " ").encode("utf-8", "replace")))
    return found


def text(value: bytes | None) -> str:
    """A parameter as text without blanks around it; empty where it is missing."""
    return (value or b"").decode("utf-8", "replace").strip()


def query_of(raw: RawMessage) -> str:
    """The query string of a GET; a bare body stands for it, as fixtures and `muara parse` give it."""
    return raw.query or raw.body.decode("latin-1").strip("\r\n").removeprefix("?")
