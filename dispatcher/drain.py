"""The drain: from the journal to the queue, in batches, each in one transaction."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from rq.timeouts import BaseTimeoutException

from dispatcher import handling, mirroring, parsing, pulse
from normalizer.messages import Malformed
from store import items, journal
from store.blobs import BlobError
from store.engine import is_away

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from dispatcher.conversation import Key
    from dispatcher.runtime import Runtime

log = logging.getLogger(__name__)
T = TypeVar("T")

#: Partitions that one pass takes at most, so that a second worker finds some too.
SHARE = 48
#: How long a payload waits whose files the blob store did not take or give.
PUT_OFF = timedelta(seconds=30)


def run(runtime: Runtime, seconds: float = 5.0) -> bool:
    """Drain for about that long; True if something may be left."""
    end = time.monotonic() + seconds
    while step(runtime):
        if time.monotonic() > end:
            return True
    return False


def step(runtime: Runtime) -> int:
    """One pass: parse what the journal holds, handle what is ready. The number of rows that it took."""
    with runtime.engine.begin() as connection:
        now = runtime.clock()
        rows = journal.claim(connection, now, runtime.pace.batch)
        if rows:
            parsed = _parse(runtime, connection, rows, now)
            _halving(
                connection,
                parsed,
                lambda part: _write_items(connection, part, now),
                lambda row, error: _write_items(connection, [_unwritable(runtime, row, error)], now),
            )
        taken = len(rows) + _handle(runtime, connection, now)
    if taken:
        pulse.bump(runtime.redis)
    return taken


def _parse(
    runtime: Runtime, connection: Connection, rows: Sequence[journal.Pending], now: datetime
) -> list[parsing.Parsed]:
    parsed, later = [], []
    for row in rows:
        try:
            parsed.append(parsing.parse(runtime, row))
        except BlobError as error:
            log.warning("journal row %s is put off: %s", row.id, error)
            later.append(row.id)
    if later:
        journal.put_off(connection, later, now + PUT_OFF)
    return parsed


def _handle(runtime: Runtime, connection: Connection, now: datetime) -> int:
    partitions = items.lock_partitions(connection, now, SHARE)
    if not partitions:
        return 0
    ready = items.ready(connection, partitions, runtime.pace.batch // len(partitions) + 1)
    due = items.due(connection, partitions, now, runtime.pace.batch)
    _halving(
        connection,
        ready,
        lambda part: _handled(runtime, connection, part, now),
        lambda row, error: _quarantine(connection, [row], error, now),
    )
    known = [key for key in due if key[0] in runtime.accounts]
    for key in set(due) - set(known):
        _forsake(connection, key, now)
    _halving(
        connection,
        known,
        lambda part: handling.handle(runtime, connection, (), part, now),
        lambda key, error: _quarantine(connection, _due(connection, key, now), error, now),
    )
    return len(ready) + len(due)


def _handled(runtime: Runtime, connection: Connection, rows: Sequence[items.ItemRow], now: datetime) -> None:
    handling.handle(runtime, connection, rows, (), now)
    mirroring.mirrored(runtime, connection, rows, now)


def _halving(
    connection: Connection,
    rows: Sequence[T],
    work: Callable[[Sequence[T]], None],
    give_up: Callable[[T, Exception], None],
) -> None:
    """Do the work on all rows at once; if that fails, on halves, until the bad row stands alone."""
    if not rows:
        return
    try:
        with connection.begin_nested():
            work(rows)
    except BaseTimeoutException:
        raise
    except Exception as error:
        if is_away(error):
            raise
        log.warning("a batch of %d failed: %s at %s", len(rows), type(error).__name__, _where(error))
        if len(rows) == 1:
            give_up(rows[0], error)
            return
        middle = len(rows) // 2
        _halving(connection, rows[:middle], work, give_up)
        _halving(connection, rows[middle:], work, give_up)


def _write_items(connection: Connection, parsed: Sequence[parsing.Parsed], now: datetime) -> None:
    items.insert(connection, [item for row in parsed for item in row.items], now)
    # A replayed row keeps what it brought before, so its items are counted, not taken from the parser's word.
    replayed = [row.row.id for row in parsed if row.row.meta.get("replayed")]
    counts = items.count(connection, replayed) if replayed else {}
    marks = [(row.row.id, row.adapter_version, counts.get(row.row.id, len(row.items))) for row in parsed]
    journal.mark_parsed(connection, now, marks)


def _unwritable(runtime: Runtime, parsed: parsing.Parsed, error: Exception) -> parsing.Parsed:
    log.error("journal row %s cannot be written: %s", parsed.row.id, type(error).__name__)
    return parsing.replaced(parsed, Malformed(error=f"{type(error).__name__} while writing the items"), runtime)


def _quarantine(connection: Connection, rows: Sequence[items.ItemRow], error: Exception, now: datetime) -> None:
    reason = f"{type(error).__name__} while handling"
    for row in rows:
        log.error("item %s (%s) quarantined: %s", row.id, row.account, type(error).__name__)
    items.finish(connection, [items.Result(id=row.id, outcome="quarantined", reason=reason) for row in rows], now)


def _forsake(connection: Connection, key: Key, now: datetime) -> None:
    """What waits in an account that is configured no more waits in quarantine instead."""
    reason = f"account {key[0]} is not configured"
    waiting = _due(connection, key, now)
    items.finish(connection, [items.Result(id=row.id, outcome="quarantined", reason=reason) for row in waiting], now)


def _where(error: Exception) -> str:
    """The place of a bug without its message, which may hold a citizen's words."""
    trace: Any = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_code.co_name}:{trace.tb_lineno}"


def _due(connection: Connection, key: Key, now: datetime) -> list[items.ItemRow]:
    return [row for row in items.waiting(connection, [key]) if row.due_at is not None and row.due_at <= now]
