"""Signed texts: what a page gives out and reads back, proven to be ours and of a known age."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

_MAC_CHARS: Final = 32
_MAX_CLOCK_SKEW: Final = timedelta(minutes=2)


class SignatureError(Exception):
    """Not signed by us, or changed since."""


class StaleError(SignatureError):
    """Signed by us, but too long ago."""


class Signer:
    """HMAC-SHA256 under a key of its own for each `purpose`, so that one page's signature is no other page's."""

    def __init__(self, secret_key: bytes, purpose: str) -> None:
        self._key = hmac.digest(secret_key, purpose.encode(), hashlib.sha256)

    def sign(self, text: str, now: datetime) -> str:
        """`<text>.<seconds>.<mac>`; the text may hold anything."""
        stamped = f"{text}.{int(now.timestamp())}"
        return f"{stamped}.{self._mac(stamped)}"

    def read(self, signed: str, now: datetime, max_age: timedelta) -> tuple[str, datetime]:
        """The text and when it was signed. SignatureError, StaleError."""
        stamped, _, mac = signed.rpartition(".")
        if not hmac.compare_digest(mac.encode("utf-8", "replace"), self._mac(stamped).encode()):
            raise SignatureError("not our signature")
        text, _, seconds = stamped.rpartition(".")
        at = datetime.fromtimestamp(int(seconds), UTC)
        if not -_MAX_CLOCK_SKEW <= now - at <= max_age:
            raise StaleError("signed too long ago")
        return text, at

    def _mac(self, text: str) -> str:
        return hmac.new(self._key, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:_MAC_CHARS]
