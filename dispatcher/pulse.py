"""The pulse: a stamp in Redis that changes whenever something that officers' open pages show was committed."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Final

from redis.exceptions import RedisError

if TYPE_CHECKING:
    from redis import Redis

log = logging.getLogger(__name__)

_KEY: Final = "muara:pulse"


def bump(redis: Redis) -> None:
    """Say that something has changed; only after the commit, or a page would be told what is not there yet.

    Where Redis is away nobody is told, and open pages notice when their answer has grown old.
    """
    try:
        # Never the same again, also not in a Redis that was wiped or came back with what it knew an hour ago.
        redis.set(_KEY, secrets.token_hex(12))
    except RedisError as error:
        log.warning("the pulse was not bumped: %s", type(error).__name__)


def stamp(redis: Redis) -> str | None:
    """What changes with every bump; None where Redis is away, and then nobody can say that nothing has changed.

    Read it before what it is to stand for: then a change meanwhile makes an answer old, and never an old one fresh.
    """
    try:
        found = redis.get(_KEY)
        if found is None:
            redis.set(_KEY, secrets.token_hex(12), nx=True)
            found = redis.get(_KEY)
    except RedisError as error:
        log.warning("the pulse cannot be read: %s", type(error).__name__)
        return None
    if isinstance(found, bytes):
        return found.decode("ascii", "replace")
    return found if isinstance(found, str) else None
