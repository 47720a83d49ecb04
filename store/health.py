"""What we know of each account's provider, for the officers, for `doctor`, and for pausing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalizer.saying import kept

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

# Receiving and sending fail for reasons of their own: a poll that works does not end a pause that a send began.
_SENT = """
INSERT INTO account_state (account, last_out_at, failures) VALUES (%s, %s, 0)
ON CONFLICT (account) DO UPDATE SET last_out_at = EXCLUDED.last_out_at, failures = 0, paused_until = NULL
"""
_RECEIVED = """
INSERT INTO account_state (account, last_in_at) VALUES (%s, %s)
ON CONFLICT (account) DO UPDATE SET last_in_at = EXCLUDED.last_in_at
"""
_FAILED = """
INSERT INTO account_state (account, last_error_at, last_error) VALUES (%s, %s, %s)
ON CONFLICT (account) DO UPDATE SET last_error_at = EXCLUDED.last_error_at, last_error = EXCLUDED.last_error
"""
_REST = """
UPDATE account_state SET failures = failures + 1, paused_until = greatest(paused_until, %s) WHERE account = %s
"""


def note_sent(connection: Connection, account: str, now: datetime) -> None:
    """Sending works."""
    connection.exec_driver_sql(_SENT, (account, now))


def note_received(connection: Connection, account: str, now: datetime) -> None:
    """Polling works."""
    connection.exec_driver_sql(_RECEIVED, (account, now))


def note_failure(connection: Connection, account: str, error: str, now: datetime) -> None:
    """Something did not work; `error` holds no personal data."""
    connection.exec_driver_sql(_FAILED, (account, now, kept(error)))


def rest(connection: Connection, account: str, error: str, now: datetime, until: datetime) -> None:
    """Sending does not work: the account rests until then."""
    note_failure(connection, account, error, now)
    connection.exec_driver_sql(_REST, (until, account))


def resumed_at(connection: Connection, account: str) -> datetime | None:
    """When an officer last ended his pause of the account."""
    sql = "SELECT resumed_at FROM account_state WHERE account = %s"
    return connection.exec_driver_sql(sql, (account,)).scalar_one_or_none()


def failures(connection: Connection, account: str) -> int:
    """How often in a row sending has failed."""
    sql = "SELECT failures FROM account_state WHERE account = %s"
    return int(connection.exec_driver_sql(sql, (account,)).scalar_one_or_none() or 0)
