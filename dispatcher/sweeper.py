"""The sweeper: rings for whatever journal, items, outbox and files say is unfinished; it trusts no bell."""

from __future__ import annotations

import contextlib
import itertools
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from dispatcher import bells, clocks, delivering, pulse, reading
from dispatcher.bells import Bell
from dispatcher.sending import ABANDONED
from store import casework, housekeeping, items, journal, ledger, outbox

if TYPE_CHECKING:
    import threading

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime

log = logging.getLogger(__name__)

#: Seconds between two looks; what a lost bell can cost.
INTERVAL = 1.0
#: Seconds between two looks at what is in nobody's hurry: old log-ins, the ledger.
CARE = 600.0
#: Seconds between two signs that the clock lives, and the age from which on it does not.
BEAT, DEAD = 15.0, 120.0

_OWED = "SELECT 1 FROM attachment WHERE state = 'owed' AND next_attempt_at <= %s LIMIT 1"


def unfinished(runtime: Runtime, connection: Connection) -> list[Bell]:
    """Which bells should be rung now."""
    now = runtime.clock()
    found = []
    if journal.has_pending(connection, now) or items.has_work(connection, now):
        found.append(Bell.DRAIN)
    if outbox.lanes(connection, now, now - ABANDONED):
        found.append(Bell.OUTBOX)
    if connection.exec_driver_sql(_OWED, (now,)).one_or_none() is not None:
        found.append(Bell.MEDIA)
    return found


def look_after(runtime: Runtime, connection: Connection) -> int:
    """Tidy up, and raise the alarm for what the ledger of today and yesterday cannot account for; how much that is."""
    now = runtime.clock()
    housekeeping.tidy(connection, now)
    remainder = 0
    days = (runtime.day(now - timedelta(days=1)), runtime.day(now))
    # Account by account, since the index begins with it.
    for day, account in itertools.product(days, runtime.accounts):
        for line in ledger.balance(connection, day=day, account=account):
            remainder += line.remainder
            if line.remainder:
                log.error("ledger: %d items of %s on %s are not accounted for", line.remainder, line.account, line.day)
    return remainder


def run(runtime: Runtime, stop: threading.Event) -> None:
    """Look and ring until told to stop. Harmless when several run: a bell that waits is not rung twice."""
    away = False
    looked_after, beaten = time.monotonic(), float("-inf")
    behind: UUID | None = UUID(int=0)
    while not stop.wait(INTERVAL):
        try:
            with runtime.engine.connect() as connection:
                changed = casework.resume_due(connection, runtime.clock(), runtime.programs)
                connection.commit()
                changed += clocks.work(runtime, connection)
                connection.commit()
                if changed:
                    pulse.bump(runtime.redis)
                if behind is not None:
                    behind = clocks.reckon_anew(runtime, connection, behind)
                    connection.commit()
                delivering.plan(runtime, connection)
                connection.commit()
                found = unfinished(runtime, connection)
                if time.monotonic() - beaten > BEAT:
                    beaten = time.monotonic()
                    housekeeping.beat(connection, "clock", runtime.clock())
                    connection.commit()
                if time.monotonic() - looked_after > CARE:
                    looked_after = time.monotonic()
                    look_after(runtime, connection)
                    connection.commit()
        except SQLAlchemyError as error:
            if not away:
                log.warning("the database is away: %s", type(error).__name__)
            away = True
            continue
        if away:
            log.info("the database is back")
        away = False
        for bell in found:
            bells.ring(runtime.redis, bell)
        # Where this fails the next look finds out whether the database is away.
        with contextlib.suppress(SQLAlchemyError):
            reading.read(runtime)
