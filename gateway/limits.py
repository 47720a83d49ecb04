"""How often one address or one phone may do something: counted in the database, or here while it is away."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import hmac
import ipaddress
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.quick import AwayError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from gateway.quick import Quick

#: Buckets that this process counts while the database is away; the oldest give way.
_REMEMBERED: Final = 10_000
_SWEEP_EVERY: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(days=2)
_V6_NETWORK: Final = 64

_HIT = """
INSERT INTO throttle AS t (bucket, since, count) VALUES (%s, %s, 1)
ON CONFLICT (bucket) DO UPDATE
SET count = CASE WHEN t.since <= %s THEN 1 ELSE t.count + 1 END,
    since = CASE WHEN t.since <= %s THEN excluded.since ELSE t.since END
RETURNING count
"""
_COUNT = "SELECT count FROM throttle WHERE bucket = %s AND since > %s"
_SWEEP = "DELETE FROM throttle WHERE since < %s"


class Throttle:
    """Counts in windows that begin with the first hit. Who did it is kept as a keyed hash, never in the clear."""

    def __init__(self, quick: Quick, secret_key: bytes, clock: Callable[[], datetime]) -> None:
        self._quick = quick
        self._key = hmac.digest(secret_key, b"throttle", hashlib.sha256)
        self._clock = clock
        self._lock = threading.Lock()
        self._swept: datetime | None = None
        self._local: collections.OrderedDict[str, tuple[datetime, int]] = collections.OrderedDict()

    def hit(self, what: str, who: str, limit: int, window: timedelta) -> bool:
        """Count one more, and say whether it is still within the limit."""
        bucket, now = self._bucket(what, who), self._clock()
        try:
            count = self._quick.run(lambda connection: _hit(connection, bucket, now, window))
        except AwayError:
            count = self._hit_here(bucket, now, window)
        else:
            self._sweep(now)
        return count <= limit

    def spent(self, what: str, who: str, limit: int, window: timedelta) -> bool:
        """Whether the limit is reached already, counting nothing."""
        bucket, since = self._bucket(what, who), self._clock() - window
        try:
            count = self._quick.run(lambda connection: _count(connection, bucket, since))
        except AwayError:
            with self._lock:
                began, count = self._local.get(bucket, (since, 0))
            count = count if began > since else 0
        return count >= limit

    def _bucket(self, what: str, who: str) -> str:
        return f"{what}:{hmac.new(self._key, f'{what}:{who}'.encode(), hashlib.sha256).hexdigest()[:32]}"

    def _sweep(self, now: datetime) -> None:
        """Forget, once in a while, who did what the day before yesterday."""
        with self._lock:
            if self._swept is not None and now - self._swept < _SWEEP_EVERY:
                return
            self._swept = now
        with contextlib.suppress(AwayError):
            self._quick.run(lambda connection: connection.exec_driver_sql(_SWEEP, (now - _LONGEST,)))

    def _hit_here(self, bucket: str, now: datetime, window: timedelta) -> int:
        with self._lock:
            began, count = self._local.pop(bucket, (now, 0))
            began, count = (began, count + 1) if began > now - window else (now, 1)
            self._local[bucket] = (began, count)
            while len(self._local) > _REMEMBERED:
                self._local.popitem(last=False)
        return count


def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or an IPv6 /64, of which a household has all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((int(parsed), _V6_NETWORK), strict=False))
    return str(parsed)


def _hit(connection: Connection, bucket: str, now: datetime, window: timedelta) -> int:
    count: int = connection.exec_driver_sql(_HIT, (bucket, now, now - window, now - window)).scalar_one()
    return count


def _count(connection: Connection, bucket: str, since: datetime) -> int:
    count: int = connection.exec_driver_sql(_COUNT, (bucket, since)).scalar() or 0
    return count
