"""Checks of single settings: each returns the value in the spelling the house uses, or says what is expected."""

from __future__ import annotations

import ipaddress
import zoneinfo
from email.utils import parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

_REDIS = ("redis", "rediss", "unix", "redis+sentinel")
_BLOBS = ("file", "s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "https")
_KEY_CHARACTERS = 32
_MAX_PORT = 65_535


def port(value: int) -> int:
    """A TCP port that can be named in a URL."""
    if not 1 <= value <= _MAX_PORT:
        raise ValueError(f"expected a port from 1 to {_MAX_PORT}")
    return value


def at_least(low: float) -> Callable[[float], float]:
    """A check for numbers that must not be below `low`."""

    def check(value: float) -> float:
        if value < low:
            raise ValueError(f"expected at least {low}")
        return value

    return check


def between(low: int, high: int) -> Callable[[int], int]:
    """A check for whole numbers from `low` to `high`."""

    def check(value: int) -> int:
        if not low <= value <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return value

    return check


def above_zero(value: float) -> float:
    """A span of time that lets something happen."""
    if value <= 0:
        raise ValueError("expected more than 0")
    return value


def _scheme(url: str) -> str:
    return url.partition("://")[0].lower() if "://" in url else ""


def public_url(url: str) -> str:
    """Without a slash at its end, so that paths can be put behind it; a path of its own is kept."""
    if not url:
        return url
    expected = "expected an address such as https://aduan.example.go.id, with nothing after its path"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        raise ValueError(expected) from None
    if not valid or parts.query or parts.fragment or parts.username or any(map(str.isspace, url)):
        raise ValueError(expected)
    return url.rstrip("/")


def database_url(url: str) -> str:
    """With the driver that the store uses, whatever way the scheme was written."""
    if not url:
        return url
    if _scheme(url) not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ValueError('expected "postgresql://user:password@host/name": PostgreSQL is the only database')
    return "postgresql+psycopg://" + url.partition("://")[2]


def redis_url(url: str) -> str:
    """A Redis, a socket, or `redis+sentinel://host:26379,host:26379/service/0`."""
    if url and _scheme(url) not in _REDIS:
        raise ValueError(f"expected a URL that begins with {', '.join(f'{scheme}://' for scheme in _REDIS)}")
    if _scheme(url) == "redis+sentinel" and not url.partition("://")[2].partition("/")[2]:
        raise ValueError('expected the service after the hosts: "redis+sentinel://host:26379,host:26379/service/0"')
    return url


def blob_url(url: str) -> str:
    """A place that obstore can open."""
    if url and _scheme(url) not in _BLOBS:
        raise ValueError(f"expected a URL that begins with {', '.join(f'{scheme}://' for scheme in _BLOBS)}")
    return url.rstrip("/")


def secret_key(key: str) -> str:
    """Long enough not to be guessed."""
    if key and len(key) < _KEY_CHARACTERS:
        raise ValueError(f"expected at least {_KEY_CHARACTERS} characters")
    return key


def issuer(url: str) -> str:
    """An issuer as the provider writes it, a slash at its end included; without TLS only on this machine."""
    try:
        parts = urlsplit(url)
        local = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
        valid = (parts.scheme == "https" and bool(parts.hostname)) or local
    except ValueError:
        valid = False
    if url and not (valid and not parts.query and not parts.fragment):
        raise ValueError("expected an issuer such as https://sso.example.go.id/realms/pemkab")
    return url


def tiles(url: str) -> str:
    """The address of a map's tiles with {z}, {x} and {y}, over https; empty for none."""
    try:
        parts = urlsplit(url)
        valid = parts.scheme == "https" and bool(parts.hostname) and "{" not in parts.netloc
    except ValueError:
        valid = False
    marked = all(mark in url for mark in ("{z}", "{x}", "{y}")) and not any(sign in url for sign in " ;,'\"<>\\")
    if url and not (valid and marked):
        raise ValueError("expected tiles such as https://peta.example.go.id/{z}/{x}/{y}.png")
    return url


def sender(value: str) -> str:
    """`Name <address>` or an address alone."""
    _, address = parseaddr(value)
    local, _, domain = address.rpartition("@")
    if value and not (local and domain and value.isprintable() and " " not in address):
        raise ValueError('expected a sender such as "Muara <muara@example.go.id>"')
    return value


def timezone(name: str) -> str:
    """A name of the IANA database."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as Asia/Jakarta") from None
    return name


def networks(values: tuple[str, ...]) -> tuple[str, ...]:
    """IP addresses and networks in their usual spelling."""
    try:
        return tuple(str(ipaddress.ip_network(value)) for value in values)
    except ValueError:
        raise ValueError("expected addresses or networks such as 10.0.0.0/8") from None
