"""What can be wrong at a provider, switched on and off while its stand-in runs."""

from __future__ import annotations

import dataclasses
import socket
import threading
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, request

if TYPE_CHECKING:
    from collections.abc import Callable

#: A slow answer ends by itself after this many seconds, so that a forgotten one holds no test run up.
_LONGEST_HOLD = 20.0


@dataclasses.dataclass
class Faults:
    """Each fault lasts until it is switched off.

    `down`: 503 to all. `unauthorized`: the log-in has expired. `retry_after`: 429 with this header. `server_error`:
    500. `slow`: no answer before `released` is set. `lose_answer`: the work is done, and the connection drops
    before the answer (where the server shows its socket; else 502).
    """

    down: bool = False
    unauthorized: bool = False
    retry_after: str | None = None
    server_error: bool = False
    slow: bool = False
    lose_answer: bool = False
    released: threading.Event = dataclasses.field(default_factory=threading.Event)

    def install(self, app: Flask, refusal: Callable[[int, str], Response]) -> None:
        """Put the faults around every view of a stand-in; `refusal` makes an answer in the provider's words."""
        app.before_request(lambda: self._before(refusal))
        app.after_request(self._after)

    def _before(self, refusal: Callable[[int, str], Response]) -> Response | None:
        if self.slow:
            self.released.wait(_LONGEST_HOLD)
        if self.down:
            return refusal(503, "temporarily unavailable")
        if self.server_error:
            return refusal(500, "internal error")
        if self.retry_after is not None:
            throttled = refusal(429, "too many requests")
            throttled.headers["Retry-After"] = self.retry_after
            return throttled
        return None

    def _after(self, response: Response) -> Response:
        if self.lose_answer and response.status_code < 300:  # noqa: PLR2004 - only what was done can be lost
            connection: Any = request.environ.get("werkzeug.socket")
            if connection is None:
                return Response(status=502)
            connection.shutdown(socket.SHUT_RDWR)
        return response
