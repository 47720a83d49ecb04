"""Lets the tests of this folder import the suite's helpers by name, and listens to what adapters say to officers."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from babel.messages.pofile import read_po

from channels.contract import Health, ReplyOptions
from channels.errors import PollFailed, SendFailed
from dispatcher.tongues import CATALOGUE
from normalizer.messages import DeliveryReceipt
from normalizer.saying import Sentence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

sys.path.insert(0, str(Path(__file__).parent))

#: What officers read of each: a field, or the first argument of an error.
SPOKEN = {Health: "sentence", ReplyOptions: "reason", DeliveryReceipt: "error", SendFailed: None, PollFailed: None}


@pytest.fixture(scope="session")
def known() -> frozenset[str]:
    """The messages that have their English."""
    with CATALOGUE.open("rb") as file:
        return frozenset(str(message.id) for message in read_po(file, locale="en") if message.id and message.string)


def unknown(said: object, known: frozenset[str]) -> Iterator[object]:
    """What of a sentence no reader could get in another language: a bare text, a message outside of the catalogue."""
    if not isinstance(said, Sentence):
        yield said
        return
    if re.search(r"[A-Za-z]", re.sub(r"%\(\w+\)s", "", said.message)) and said.message not in known:
        yield said.message
    for value in said.values.values():
        if isinstance(value, Sentence):
            yield from unknown(value, known)


@pytest.fixture(autouse=True)
def heard(monkeypatch: pytest.MonkeyPatch, known: frozenset[str]) -> Iterator[None]:
    """Every test of an adapter fails where something is said to officers that the catalogue does not know."""
    found: list[object] = []

    def listening(real: Callable[..., None], field: str | None) -> Callable[..., None]:
        def init(self: Any, *args: Any, **values: Any) -> None:
            real(self, *args, **values)
            said = self.args[0] if field is None else getattr(self, field)
            if said is not None:
                found.extend(unknown(said, known))

        return init

    for kind, field in SPOKEN.items():
        monkeypatch.setattr(kind, "__init__", listening(kind.__init__, field))  # type: ignore[misc] # as Python makes it
    yield
    assert not found, "said outside the catalogue"
