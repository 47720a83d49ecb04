"""Waits that grow for whoever tries in vain; counted in the database, so that every gateway counts the same."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from store.models import Throttle

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """`free` tries, then waits of `first` that double up to `longest`; after four times that all is forgotten."""

    free: int
    first: timedelta = timedelta(seconds=15)
    longest: timedelta = timedelta(minutes=15)

    def wait(self, count: int) -> timedelta:
        """How long after try number `count` the next one may come."""
        over = count - self.free
        return timedelta() if over < 0 else min(self.first * 2 ** min(over, 20), self.longest)


def attempt(connection: Connection, bucket: str, now: datetime, backoff: Backoff) -> timedelta:
    """Count a try under `bucket` (a hash), or the time that must still pass, and then nothing is counted.

    The row stays locked until the transaction ends, so that tries side by side count one after another.
    """
    connection.execute(upsert(Throttle).values(bucket=bucket, since=now, count=0).on_conflict_do_nothing())
    row = connection.execute(
        select(Throttle.since, Throttle.count).where(Throttle.bucket == bucket).with_for_update()
    ).one()
    count = 0 if now - row.since > backoff.longest * 4 else int(row[1])
    left: timedelta = row.since + backoff.wait(count) - now
    if count and left > timedelta():
        return left
    connection.execute(update(Throttle).where(Throttle.bucket == bucket).values(since=now, count=count + 1))
    return timedelta()


def forgive(connection: Connection, bucket: str) -> None:
    """The right password was given: the vain tries are forgotten."""
    connection.execute(delete(Throttle).where(Throttle.bucket == bucket))


def uncount(connection: Connection, bucket: str) -> None:
    """Take one try back: others under the same bucket still count."""
    changed = update(Throttle).where(Throttle.bucket == bucket, Throttle.count > 0)
    connection.execute(changed.values(count=Throttle.count - 1))
