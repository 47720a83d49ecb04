"""How a page counts an answer while it is written: each conversation's limit, and how its channel cuts a text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from inbox.acts.answering import Choice


def rules(ways: Iterable[Choice]) -> dict[str, dict[str, Any]]:
    """By each conversation's key, for JSON: `max` in characters, `parts` as the contract's Parts; None where none."""
    return {
        way.key: {
            "max": way.max_text,
            "parts": None if way.options.parts is None else dataclasses.asdict(way.options.parts),
        }
        for way in ways
        if way.options.allowed
    }
