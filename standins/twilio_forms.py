"""Twilio's signed webhook forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping


def sign(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """X-Twilio-Signature: base64 of HMAC-SHA1 over the address and the sorted parameters."""
    signed = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def form(hook_url: str, auth_token: str, fields: Mapping[str, str]) -> Request:
    """One call of a webhook."""
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": sign(auth_token, hook_url, fields),
    }
    return Request(method="POST", url=hook_url, headers=headers, body=urlencode(fields).encode())
