"""The clock process's look at the accounts: their providers' health, their ledger, and who has fallen silent."""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError

from normalizer.clock import USUAL, ZONE
from normalizer.clock_time import due
from normalizer.program import Calendar
from normalizer.saying import bug
from store import accounts, clocks, ledger, notices, watch
from store.notices import NewNotice
from store.people import Role

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dispatcher.runtime import Account, Runtime

log = logging.getLogger(__name__)

#: Seconds between two looks whose check is due, and between two looks for silence.
INTERVAL, SILENCE_EVERY = 1.0, 60.0
#: How old a check may be; some providers count how often they are asked.
OLD = timedelta(minutes=10)
#: A check that has not ended by then was lost with its process, or its provider does not answer.
LOST = timedelta(minutes=3)
#: How many days of the ledger a check balances.
DAYS = 7


def run(runtime: Runtime, stop: threading.Event) -> None:
    """Check and listen until told to stop. Several processes may: each check and each alarm is one's.

    Each check has a thread of its own: a provider that does not answer holds up no other, and no stop.
    """
    away, judged = False, float("-inf")
    while not stop.wait(INTERVAL):
        try:
            for name in begin(runtime):
                threading.Thread(target=check, args=(runtime, runtime.accounts[name]), daemon=True).start()
            if time.monotonic() - judged > SILENCE_EVERY:
                judged = time.monotonic()
                with runtime.engine.begin() as connection:
                    judge(runtime, connection)
        except SQLAlchemyError as error:
            if not away:
                log.warning("channels are not watched: %s", type(error).__name__)
            away = True
        else:
            away = False


def begin(runtime: Runtime) -> list[str]:
    """Claim the checks that are due."""
    with runtime.engine.begin() as connection:
        accounts.know(connection, runtime.accounts)
        return watch.claim(connection, runtime.accounts, runtime.clock(), old=OLD, lost=LOST)


def check(runtime: Runtime, account: Account) -> None:
    """Ask the provider, balance the books of the week, keep both."""
    begun = runtime.clock()
    try:
        health = account.channel.health()
        found = (health.ok, health.sentence)
    except Exception as error:  # noqa: BLE001 - an adapter that breaks its promise must not end the watch
        log.error("health of %s failed: %s", account.name, type(error).__name__)  # noqa: TRY400 - it could carry a secret
        found = (False, bug(error))
    try:
        with runtime.engine.begin() as connection:
            since = runtime.day(begun - timedelta(days=DAYS - 1))
            week = ledger.balance(connection, account=account.name, since=since)
            watch.keep(connection, account.name, begun, found, week)
    except SQLAlchemyError as error:
        log.warning("the check of %s was not kept: %s", account.name, type(error).__name__)


def judge(runtime: Runtime, connection: Connection) -> list[str]:
    """Raise the alarm for accounts that received nothing for longer than is expected; those that it was raised for.

    Whatever came in before the time was over is handled first: after an outage the message may be in the queue.
    """
    now = runtime.clock()
    rows = watch.expecting(connection, runtime.accounts)
    heard = watch.last_messages(connection, [row.account for row in rows])
    raised = []
    for row in rows:
        account = runtime.accounts[row.account]
        since = max(at for at in (heard.get(row.account), row.since) if at is not None)
        end = deadline(account, since, row.hours, working=row.working)
        if row.polling_paused or end > now:
            if row.silent_since is not None:
                watch.heard(connection, row.account)
        elif not clocks.unread(connection, end) and watch.fell_silent(connection, row.account, end):
            _tell(connection, account, row, since, now)
            raised.append(row.account)
    return raised


def deadline(account: Account, since: datetime, hours: int, *, working: bool) -> datetime:
    """When an account that last received something at `since` counts as silent, by its first program's office hours."""
    program = account.programs[0] if account.programs else None
    settings = USUAL if program is None else program.clocks
    zone = ZONE if program is None else program.timezone
    return due(since, hours, settings, zone, Calendar.HOURS if working else Calendar.PLAIN)


def _tell(connection: Connection, account: Account, row: Any, since: datetime, now: datetime) -> None:
    """The administrators hear of it, and those of the programs that the account serves."""
    log.warning("%s: nothing came in since %s", account.name, since.isoformat())
    data = {"account": account.name, "hours": row.hours, "working": row.working, "since": since.isoformat()}
    ours = {program.key for program in account.programs}
    told = [
        NewNotice(officer_id=person.id, complaint_id=None, kind="silence", data=data)
        for person in notices.people(connection)
        if person.role == Role.ADMINISTRATOR or (person.role == Role.PROGRAM_ADMIN and person.programs & ours)
    ]
    notices.add(connection, told, now)
    accounts.record(connection, now, None, account.name, "silent", hours=row.hours, since=since.isoformat())
