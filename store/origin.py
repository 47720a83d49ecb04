"""From where something is done: the word that every row of the history takes without its writer thinking of it."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

#: By the program itself, or from the command line.
SYSTEM: Final = "system"
COMMAND: Final = "command"
_CURRENT: ContextVar[str] = ContextVar("origin", default=SYSTEM)


def inbox(device: str) -> str:
    """In the inbox, on a device as its officer knows it; no network address, which would say where he lives."""
    return f"inbox:{device}"


def channel(account: str) -> str:
    """Over the account of a channel."""
    return f"channel:{account}"


def current() -> str:
    """The word for what is being done now."""
    return _CURRENT.get()


@contextlib.contextmanager
def at(word: str) -> Iterator[None]:
    """Whatever is written in the block is done from there."""
    token = _CURRENT.set(word)
    try:
        yield
    finally:
        _CURRENT.reset(token)
