"""Signatures and shared secrets: made with HMAC, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac


def same(given: str, expected: str) -> bool:
    """Are both equal? Constant time in their content; False where nothing is expected, so no secret proves nothing."""
    if not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "backslashreplace"), expected.encode("utf-8", "backslashreplace"))


def hmac_sha256(key: str, *parts: bytes) -> str:
    """The HMAC-SHA256 of all parts in a row, in lower-case hexadecimal."""
    mac = hmac.new(key.encode(), digestmod=hashlib.sha256)
    for part in parts:
        mac.update(part)
    return mac.hexdigest()
