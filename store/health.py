"""What we know of each account's provider, for the officers, for `doctor`, and for pausing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_OK = """
INSERT INTO account_state (account, last_in_at, last_out_at, failures) VALUES (%(account)s, %(seen)s, %(sent)s, 0)
ON CONFLICT (account) DO UPDATE SET failures = 0, paused_until = NULL,
  last_in_at = coalesce(EXCLUDED.last_in_at, account_state.last_in_at),
  last_out_at = coalesce(EXCLUDED.last_out_at, account_state.last_out_at)
"""
_FAILED = """
INSERT INTO account_state (account, last_error_at, last_error, failures, paused_until)
VALUES (%(account)s, %(now)s, %(error)s, 1, %(until)s)
ON CONFLICT (account) DO UPDATE SET last_error_at = EXCLUDED.last_error_at, last_error = EXCLUDED.last_error,
  failures = account_state.failures + 1,
  paused_until = greatest(EXCLUDED.paused_until, account_state.paused_until)
RETURNING failures
"""


def note_sent(connection: Connection, account: str, now: datetime) -> None:
    """Sending works."""
    connection.exec_driver_sql(_OK, {"account": account, "seen": None, "sent": now})


def note_received(connection: Connection, account: str, now: datetime) -> None:
    """Polling works."""
    connection.exec_driver_sql(_OK, {"account": account, "seen": now, "sent": None})


def note_failure(connection: Connection, account: str, error: str, now: datetime, until: datetime | None) -> int:
    """It does not; `until` pauses sending. How often in a row it has failed."""
    values = {"account": account, "now": now, "error": error, "until": until}
    return int(connection.exec_driver_sql(_FAILED, values).scalar_one())


def failures(connection: Connection, account: str) -> int:
    """How often in a row the account has failed."""
    sql = "SELECT failures FROM account_state WHERE account = %s"
    return int(connection.exec_driver_sql(sql, (account,)).scalar_one_or_none() or 0)
