"""X's rate limits: so many calls of one kind in a quarter of an hour, told in three headers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from standins.x_shapes import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

_WINDOW = 900
#: Calls of one user in a window, from X's tables; the stream's are the app's.
_CALLS = {
    "search": 300,
    "mentions": 300,
    "dm_events": 15,
    "create_post": 100,
    "create_message": 15,
    "upload": 500,
    "me": 75,
    "stream": 50,
    "rules": 100,
}


@dataclasses.dataclass
class Limits:
    """How often each kind was called. `calls` may be changed, and `used` emptied for a new window."""

    clock: Callable[[], float]
    calls: dict[str, int] = dataclasses.field(default_factory=lambda: dict(_CALLS))
    used: dict[tuple[str, int], int] = dataclasses.field(default_factory=dict)

    def take(self, kind: str) -> None:
        """One call more; a Refusal where that is one too many."""
        key = self._key(kind)
        self.used[key] = self.used.get(key, 0) + 1
        if self.used[key] > self.calls[kind]:
            raise plain(429, "Too Many Requests", "Too Many Requests")

    def tell(self, kind: str, response: Response) -> None:
        """Put the headers on an answer."""
        window = self._key(kind)[1]
        left = max(self.calls[kind] - self.used.get((kind, window), 0), 0)
        response.headers["x-rate-limit-limit"] = str(self.calls[kind])
        response.headers["x-rate-limit-remaining"] = str(left)
        response.headers["x-rate-limit-reset"] = str((window + 1) * _WINDOW)

    def _key(self, kind: str) -> tuple[str, int]:
        return kind, int(self.clock()) // _WINDOW
