"""What the watching process reads and writes: whose check is due, what it found, who has fallen silent."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from normalizer.saying import kept
from store.bulk import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Connection

    from store.ledger import Line

# The claim is a lease, not a lock: a check talks to a provider, and a transaction must not stay open over that.
_CLAIM = """
UPDATE account_state SET check_begun_at = %(now)s
WHERE account = ANY(%(accounts)s) AND (check_begun_at IS NULL OR check_begun_at <= %(lost)s)
  AND (checked_at IS NULL OR checked_at <= %(old)s OR check_asked_at IS NOT NULL)
RETURNING account
"""


def claim(
    connection: Connection, accounts: Iterable[str], now: datetime, *, old: timedelta, lost: timedelta
) -> list[str]:
    """Accounts to check now: the last check is `old`, or one was asked for; a claim is `lost` after that time."""
    values = {"now": now, "accounts": sorted(accounts), "old": now - old, "lost": now - lost}
    return [row[0] for row in connection.exec_driver_sql(_CLAIM, values)]


_KEEP = """
UPDATE account_state SET health_ok = %s, health = %s, week = %s::jsonb, checked_at = %s, check_begun_at = NULL,
  check_asked_at = CASE WHEN check_asked_at > %s THEN check_asked_at END
WHERE account = %s
"""


def keep(connection: Connection, account: str, begun: datetime, health: tuple[bool, str], week: Sequence[Line]) -> None:
    """What a check found that began then; whoever asked for one since gets another."""
    lines = dumps([{**dataclasses.asdict(line), "day": line.day.isoformat()} for line in week])
    connection.exec_driver_sql(_KEEP, (health[0], kept(health[1]), lines, begun, begun, account))


_LAST = """
SELECT a, (SELECT received_at FROM item WHERE account = a AND kind = 'message'
           ORDER BY day DESC, received_at DESC LIMIT 1)
FROM unnest(%s::text[]) AS a
"""


def last_messages(connection: Connection, accounts: Iterable[str]) -> dict[str, datetime]:
    """When each account last received something that a citizen wrote; none: not there."""
    rows = connection.exec_driver_sql(_LAST, (sorted(accounts),))
    return {row[0]: row[1] for row in rows if row[1] is not None}


_EXPECTING = """
SELECT account, expect_hours AS hours, expect_working AS working, expect_since AS since, silent_since, polling_paused
FROM account_state WHERE expect_hours IS NOT NULL AND account = ANY(%s)
"""


def expecting(connection: Connection, accounts: Iterable[str]) -> Sequence[Any]:
    """Accounts of which something is expected: account, hours, working, since, silent_since, polling_paused."""
    return connection.exec_driver_sql(_EXPECTING, (sorted(accounts),)).all()


def fell_silent(connection: Connection, account: str, since: datetime) -> bool:
    """Raise the alarm; False where another process has."""
    sql = "UPDATE account_state SET silent_since = %s WHERE account = %s AND silent_since IS NULL RETURNING account"
    return connection.exec_driver_sql(sql, (since, account)).one_or_none() is not None


def heard(connection: Connection, account: str) -> None:
    """The alarm is over."""
    sql = "UPDATE account_state SET silent_since = NULL WHERE account = %s"
    connection.exec_driver_sql(sql, (account,))
