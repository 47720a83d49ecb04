"""Fields of what Meta sends, checked before they are used: a leaf of the wrong type is an Unreadable, never a crash."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ID: Final = re.compile(r"[A-Za-z0-9_.:$=+/-]{1,400}")
_NAME: Final = re.compile(r"[a-z][a-z_]{0,39}")
#: Above this a time is in milliseconds: as seconds it would lie in the year 5138.
_MILLISECONDS: Final = 10**11
_LATEST: Final = 253_370_764_800
_LONGEST_ADDRESS: Final = 8000
#: How long an address at Meta's CDN lives where it does not say.
_CDN_LIFE: Final = timedelta(days=7)
_HEX_TIME: Final = re.compile(r"[0-9A-Fa-f]{8}")


class Unreadable(Exception):  # noqa: N818 - says what the item is
    """A part that cannot be read; the text names the part and none of its content."""


def mapping(value: Any, part: str) -> Mapping[str, Any]:
    """An object, else Unreadable."""
    if not isinstance(value, dict):
        raise Unreadable(f"{part}: not an object")
    return value


def entries(value: Any, part: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; nothing for an absent one. Unreadable for anything else."""
    if value is None:
        return
    if not isinstance(value, list):
        raise Unreadable(f"{part}: not a list")
    for each in value:
        yield mapping(each, part)


def text(value: Any, part: str) -> str:
    """A string; empty where it is absent. Unreadable for anything else."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Unreadable(f"{part}: not a text")
    return value


def ident(value: Any, part: str) -> str:
    """An id as text: Meta writes some as numbers. Unreadable where it is absent or is no id."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 63:
        return str(value)
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Unreadable(f"{part}: no id")
    return value


def ident_or_none(value: Any, part: str) -> str | None:
    """An id, None where it is absent, empty or zero."""
    return None if value in (None, "", 0, "0") else ident(value, part)


def whole(value: Any) -> int | None:
    """A whole number that a database column of 64 bits holds, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63:
        return value
    return None


def moment(value: Any) -> datetime | None:
    """A time in seconds or milliseconds since 1970, or as ISO 8601 with its offset; None for anything else."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            return None
        return found.astimezone(UTC) if found.tzinfo else None
    number = whole(value)
    if not number or number / 1000 > _LATEST:
        return None
    seconds, rest = divmod(number, 1000) if number > _MILLISECONDS else (number, 0)
    return datetime.fromtimestamp(seconds, UTC) + timedelta(milliseconds=rest)


def web_address(value: Any) -> str | None:
    """An http(s) address that can be taken apart, None for anything else."""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS:
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in {"https", "http"} and parts.hostname else None


def cdn_deadline(url: str, sent_at: datetime | None, life: timedelta = _CDN_LIFE) -> datetime | None:
    """Until when Meta's CDN serves an address: what its parameter `oe` says, else `life` after it was sent."""
    stamps = parse_qs(urlsplit(url).query, errors="replace").get("oe", [])
    if stamps and _HEX_TIME.fullmatch(stamps[0]):
        return datetime.fromtimestamp(int(stamps[0], 16), UTC)
    return sent_at + life if sent_at else None


def name_of(value: Any) -> str:
    """A field's or event's name as it may stand in a reason: one that Meta could have given, else a question mark."""
    return value if isinstance(value, str) and _NAME.fullmatch(value) else "?"
