"""OAuth 1.0a as X checks it: the signature is made again from the request and the four keys."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote

if TYPE_CHECKING:
    from flask import Request

_NEEDED = frozenset(
    {
        "oauth_consumer_key",
        "oauth_nonce",
        "oauth_signature",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_token",
    }
)
_APART_SECONDS = 300


@dataclasses.dataclass(frozen=True, kw_only=True)
class Keys:
    """What the developer console gave out: the app's keys, the account's access token, the app's bearer token."""

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    bearer_token: str = ""


class Checker:
    """Checks requests of one account; a nonce is good once."""

    def __init__(self, keys: Keys) -> None:
        self.keys = keys
        self._seen: set[str] = set()

    def is_bearer(self, request: Request) -> bool:
        """Signed in as the app itself?"""
        given = request.headers.get("Authorization", "")
        return bool(self.keys.bearer_token) and _same(given, f"Bearer {self.keys.bearer_token}")

    def is_account(self, request: Request) -> bool:
        """Signed with the four keys, now, and for the first time?"""
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        if scheme != "OAuth":
            return False
        given = dict(_parameter(part) for part in rest.split(","))
        if not set(given) >= _NEEDED or given["oauth_signature_method"] != "HMAC-SHA1":
            return False
        fresh = given["oauth_timestamp"].isdecimal() and given["oauth_nonce"] not in self._seen
        if not fresh or abs(int(given["oauth_timestamp"]) - time.time()) > _APART_SECONDS:
            return False
        known = _same(given["oauth_consumer_key"], self.keys.consumer_key)
        known &= _same(given["oauth_token"], self.keys.access_token)
        right = _same(given["oauth_signature"], self._signature(request, given))
        self._seen.add(given["oauth_nonce"])
        return known and right

    def _signature(self, request: Request, given: dict[str, str]) -> str:
        query = parse_qsl(request.query_string.decode(), keep_blank_values=True)
        signed = [*query, *((name, value) for name, value in given.items() if name not in {"oauth_signature", "realm"})]
        pairs = sorted((_escaped(name), _escaped(value)) for name, value in signed)
        joined = "&".join(f"{name}={value}" for name, value in pairs)
        base = "&".join((request.method, _escaped(request.base_url), _escaped(joined)))
        key = f"{_escaped(self.keys.consumer_secret)}&{_escaped(self.keys.access_token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _parameter(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return unquote(name), unquote(value.strip('"'))


def _escaped(text: str) -> str:
    return quote(text, safe="-._~")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
