"""Sums that took long to count are kept in Redis for a while: a nation's year is counted once, not for each reader."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections import Counter
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import orjson
from redis.exceptions import RedisError

from inbox.state import now, runtime
from store.figures.facts import ANSWERS, OUTCOMES, Band
from store.figures.spans import Spread
from store.figures.tally import Counts, Tally, tally

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.figures.facts import Asked

#: Whoever waits this long (seconds) may read the same sums for so long.
_LONG: Final = 1.0
_KEPT: Final = timedelta(minutes=5)


def sums(connection: Connection, asked: Asked) -> tuple[Tally, datetime | None]:
    """The sums of what is asked for, and when they were counted; None where that was just now."""
    key = _key(asked)
    with contextlib.suppress(RedisError):
        kept: Any = runtime().redis.get(key)
        if kept is not None:
            told = orjson.loads(kept)
            return _read(told), datetime.fromisoformat(told["at"])
    begun = time.monotonic()
    found = tally(connection, asked, str(runtime().zone))
    if time.monotonic() - begun > _LONG:
        with contextlib.suppress(RedisError):
            runtime().redis.set(key, orjson.dumps(_written(found)), ex=_KEPT)
    return found, None


def _key(asked: Asked) -> str:
    """Everything that the sums depend on: for sums of now, not the moment itself."""
    scope = [
        None if each is None else sorted(each) for each in (asked.scope.programs, asked.scope.units, asked.scope.tray)
    ]
    programs = [(program.key, program.timezone, repr(program.clocks)) for program in asked.programs]
    moment = asked.moment if asked.past else None
    told = repr((scope, asked.scope.units and asked.scope.officer_id, asked.cut, programs, moment))
    return f"muara:sums:{hashlib.sha256(told.encode()).hexdigest()}"


def _written(found: Tally) -> dict[str, Any]:
    def counts(each: Counts) -> list[list[int]]:
        return [[each.answers[key] for key in ANSWERS], [each.outcomes[key] for key in OUTCOMES]]

    return {
        "at": now().isoformat(),
        "total": counts(found.total),
        "by": {name: {key: counts(each) for key, each in values.items()} for name, values in found.by.items()},
        "days": {day.isoformat(): counts(each) for day, each in found.days.items()},
        "bands": [found.bands[band] for band in Band],
        "spreads": [[each.count, each.median, each.p90] for each in (found.response, found.resolution)],
    }


def _read(told: dict[str, Any]) -> Tally:
    def counts(each: list[list[int]]) -> Counts:
        found = Counts()
        found.came = sum(each[0])
        found.answers = Counter(dict(zip(ANSWERS, each[0], strict=True)))
        found.outcomes = Counter(dict(zip(OUTCOMES, each[1], strict=True)))
        return found

    response, resolution = (Spread(count=count, median=median, p90=p90) for count, median, p90 in told["spreads"])
    return Tally(
        total=counts(told["total"]),
        by={name: {key: counts(each) for key, each in values.items()} for name, values in told["by"].items()},
        days={date.fromisoformat(day): counts(each) for day, each in told["days"].items()},
        bands=dict(zip(Band, told["bands"], strict=True)),
        response=response,
        resolution=resolution,
    )
