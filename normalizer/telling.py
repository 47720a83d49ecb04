"""What officers are told of, on which ways, and when: at once, in a digest, and never within their quiet hours."""

from __future__ import annotations

import dataclasses
import enum
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

#: What comes within this time goes into one message.
SETTLE: Final = timedelta(seconds=30)
_FRIDAY: Final = 4
_DAY: Final = timedelta(days=1)


class Kind(enum.StrEnum):
    """What happened; but for the first, it stands in the bell of whom it concerns, whatever he chose.

    The last is none of that: an officer wants to see whether what he chose reaches him.
    """

    NEW = "new"
    HANDED = "handed"
    AGAIN = "again"
    FAILED = "failed"
    DEADLINE = "deadline"
    PROD = "prod"
    MENTION = "mention"
    SILENCE = "silence"
    TEST = "test"


class Way(enum.StrEnum):
    """How it leaves the house."""

    MAIL = "mail"
    TELEGRAM = "telegram"


class When(enum.StrEnum):
    """How soon."""

    NOW = "now"
    DIGEST = "digest"


class Days(enum.StrEnum):
    """On which days a digest comes."""

    WEEKDAYS = "weekdays"
    ALL = "all"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What an officer chose; what is not in `ways` stays in the house. `quiet` may go over midnight.

    `late_passes`: a deadline that is over is told within the quiet hours too.
    """

    ways: Mapping[tuple[Kind, Way], When] = dataclasses.field(default_factory=dict)
    digest_hour: int = 7
    digest_days: Days = Days.WEEKDAYS
    quiet: tuple[time, time] | None = None
    late_passes: bool = False

    @classmethod
    def of(cls, row: Any) -> Self:
        """Of a row with the columns of `store.models.Choice`."""
        quiet = None if row.quiet_from is None or row.quiet_to is None else (row.quiet_from, row.quiet_to)
        ways = {
            (Kind(kind), Way(way)): When(when) for kind, chosen in row.kinds.items() for way, when in chosen.items()
        }
        return cls(
            ways=ways,
            digest_hour=row.digest_hour,
            digest_days=Days(row.digest_days),
            quiet=quiet,
            late_passes=row.late_passes,
        )

    @property
    def chosen(self) -> frozenset[Way]:
        """The ways on which anything leaves the house."""
        return frozenset(way for _kind, way in self.ways)

    def on(self, kind: Kind, way: Way) -> When | None:
        """How soon a kind goes on a way; None where it does not. A test goes on all that are chosen for anything."""
        if kind is Kind.TEST:
            return When.NOW if way in self.chosen else None
        return self.ways.get((kind, way))

    @property
    def kinds(self) -> dict[str, dict[str, str]]:
        """`ways` as JSON: by kind and way."""
        found: dict[str, dict[str, str]] = {}
        for (kind, way), when in self.ways.items():
            found.setdefault(kind.value, {})[way.value] = when.value
        return found


def due(wishes: Wishes, when: When, made_at: datetime, zone: ZoneInfo, *, late: bool = False) -> datetime:
    """When what was made at the aware `made_at` leaves the house; `late` is a deadline that is over."""
    at = made_at + SETTLE if when is When.NOW else digest_after(wishes, made_at, zone)
    return at if late and wishes.late_passes and when is When.NOW else loud(wishes, at, zone)


def digest_after(wishes: Wishes, at: datetime, zone: ZoneInfo) -> datetime:
    """The first moment of a digest after `at`."""
    day = at.astimezone(zone).date()
    while True:
        found = datetime.combine(day, time(wishes.digest_hour), zone)
        if found > at and (wishes.digest_days is Days.ALL or day.weekday() <= _FRIDAY):
            return found
        day += _DAY


def loud(wishes: Wishes, at: datetime, zone: ZoneInfo) -> datetime:
    """`at`, or the end of the quiet hours in which it falls."""
    if wishes.quiet is None:
        return at
    local = at.astimezone(zone)
    begins, ends = wishes.quiet
    now = local.time()
    if begins <= now < ends or (begins > ends and now < ends):
        return datetime.combine(local.date(), ends, zone)
    if begins > ends and now >= begins:
        return datetime.combine(local.date() + _DAY, ends, zone)
    return at
