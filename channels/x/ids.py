"""X's ids: numbers that hold the time at which they were given out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

#: Milliseconds since 1970 at which X's clock begins; the lowest 22 bits of an id are not time.
_EPOCH: Final = 1_288_834_974_657
_SHIFT: Final = 22
_LONGEST: Final = 19
_LARGEST: Final = (1 << 63) - 1


def is_id(value: Any) -> bool:
    """Is it an id as X writes them: a text of digits that fits 63 bits?"""
    return (
        isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) <= _LONGEST
        and int(value) <= _LARGEST
    )


def moment(id_: str) -> datetime:
    """When an id was given out."""
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=(int(id_) >> _SHIFT) + _EPOCH)


def smallest(at: datetime) -> int:
    """The smallest id of that moment; 0 for one before X's clock."""
    milliseconds = int(at.timestamp() * 1000) - _EPOCH
    return max(milliseconds, 0) << _SHIFT
