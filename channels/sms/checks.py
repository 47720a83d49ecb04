"""Checks of single settings: each returns the value, or says what is expected (the settings' reader adds the key)."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

_MOST_PARTS: Final = 255
_CONTENT_SID: Final = re.compile(r"HX[0-9a-fA-F]{32}")


def region(value: str) -> str:
    """A country of libphonenumber, in capitals."""
    if value.upper() not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError("expected a country's two letters, such as ID")
    return value.upper()


def url(value: str) -> str:
    """An http(s) address, without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected an address that begins with http:// or https:// and has no query")
    return value.rstrip("/")


def networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """IP networks or single addresses."""
    for value in values:
        try:
            ipaddress.ip_network(value)
        except ValueError:
            raise ValueError("expected networks such as 10.1.0.0/16, or single addresses") from None
    return values


def timezone(value: str) -> str:
    """A name of the IANA database."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as Asia/Jakarta") from None
    return value


def above_zero(value: float) -> float:
    """A number of seconds, or of messages, that lets something happen."""
    if value <= 0:
        raise ValueError("expected more than 0")
    return value


def content_sid(value: str) -> str:
    """A content template of Twilio's, or none."""
    if value and not _CONTENT_SID.fullmatch(value):
        raise ValueError("expected a content template such as HX and 32 hexadecimal digits")
    return value


def parts(value: int) -> int:
    """As many as the header of a part can count."""
    if not 1 <= value <= _MOST_PARTS:
        raise ValueError(f"expected a whole number from 1 to {_MOST_PARTS}")
    return value


def checked(default: Any, check: Any) -> Any:
    """A field of a settings class with a default and one of these checks."""
    return dataclasses.field(default=default, metadata={"check": check})
