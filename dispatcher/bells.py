"""The bells: RQ jobs that say "there is work" and carry none of it; many arrivals make few rings."""

from __future__ import annotations

import enum
import logging
from typing import TYPE_CHECKING

from redis.exceptions import RedisError
from rq import Queue, Retry

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)

#: A ring that no worker answered within this time (milliseconds) may be rung again.
HUSH_MS = 2_000


class Bell(enum.StrEnum):
    """The queues; one worker serves one of them, since RQ may lose a job of a worker that serves two."""

    DRAIN = "drain"
    OUTBOX = "outbox"
    MEDIA = "media"


def ring(redis: Redis, bell: Bell) -> bool:
    """Ring once, unless a ring is already waiting. False where Redis is away: the sweeper will ring again."""
    try:
        if redis.set(_key(bell), 1, nx=True, px=HUSH_MS):
            Queue(bell.value, connection=redis).enqueue(
                f"dispatcher.jobs.{bell.value}",
                job_timeout=60,
                result_ttl=0,
                failure_ttl=3600,
                ttl=60,
                retry=Retry(max=1),
            )
    except RedisError as error:
        log.warning("bell %s not rung: %s", bell.value, type(error).__name__)
        return False
    return True


def answered(redis: Redis, bell: Bell) -> None:
    """A worker is at the door: whoever comes from now on rings again."""
    try:
        redis.delete(_key(bell))
    except RedisError as error:
        log.warning("bell %s not hushed: %s", bell.value, type(error).__name__)


def listen_channel(account: str) -> str:
    """The Redis channel on which an account's listener is woken."""
    return f"muara:listen:{account}"


def _key(bell: Bell) -> str:
    return f"muara:bell:{bell.value}"
