"""Untrusted JSON: read so that whatever comes out can be stored, and whatever goes wrong is a PayloadError."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from channels.errors import PayloadError

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_DEEPEST: Final = 64


def load_json(data: bytes) -> Any:
    """The value of a UTF-8 JSON text; NUL and lone surrogates, which no database keeps, become U+FFFD."""
    try:
        value = json.loads(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as error:
        raise PayloadError(f"not JSON ({type(error).__name__})") from error
    return _clean(value, 0)


def storable(text: str) -> str:
    """The text with NUL and lone surrogates replaced by U+FFFD."""
    return _UNSTORABLE.sub("\ufffd", text)


def _clean(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        raise PayloadError(f"JSON nested deeper than {_DEEPEST}")
    match value:
        case str():
            return storable(value)
        case list():
            return [_clean(item, depth + 1) for item in value]
        case dict():
            return {storable(key): _clean(item, depth + 1) for key, item in value.items()}
        case _:
            return value
