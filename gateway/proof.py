"""Who typed a ticket code a moment ago: what lets his browser, and no other, fetch the files of its answers."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.signing import SignatureError, Signer

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response

#: How long after the code was typed; long enough for a slow line, short for a computer that others use.
AGE: Final = timedelta(hours=1)
_COOKIE: Final = "lacak"
_KEY_CHARS: Final = 32


class Proof:
    """A cookie that says which code was typed, sent back to that complaint's own addresses only.

    The addresses have a key in the code's place, so that neither a log nor a history nor a shared link tells it, and
    the key opens nothing without the cookie.
    """

    def __init__(self, secret_key: bytes, *, https: bool) -> None:
        self._signer = Signer(secret_key, "lacak")
        self._secret = hmac.digest(secret_key, b"lacak-address", hashlib.sha256)
        self._https = https

    def key(self, code: str) -> str:
        """What stands for the code in addresses: nobody makes it without our secret."""
        return hmac.new(self._secret, code.encode(), hashlib.sha256).hexdigest()[:_KEY_CHARS]

    def give(self, response: Response, code: str, now: datetime) -> None:
        """Let this browser fetch the complaint's files for a while."""
        response.set_cookie(
            _COOKIE,
            self._signer.sign(code, now),
            max_age=AGE,
            path=f"/lacak/{self.key(code)}",
            secure=self._https,
            httponly=True,
            samesite="Strict",
        )

    def code(self, cookies: dict[str, str], key: str, now: datetime) -> str | None:
        """The code that was typed in this browser, where it is the one that the key stands for."""
        try:
            code, _at = self._signer.read(cookies.get(_COOKIE, ""), now, AGE)
        except SignatureError:
            return None
        return code if hmac.compare_digest(self.key(code).encode(), key.encode()) else None
