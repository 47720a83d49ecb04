"""Cursors: how far each polled account is read, and the lock by which only one listener in the world polls it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store.bulk import dumps

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

#: First key of the advisory locks on polled accounts; the second is a hash of the account's name.
LOCK_SPACE = 7_246_005

#: A listener's machine that loses its power says no goodbye: after about 25 s its session, and so its lock, is dropped.
_NOTICE_DEATH = "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3"


def lock(connection: Connection, account: str) -> bool:
    """Take the account for as long as this session lives; False while another session has it."""
    connection.exec_driver_sql(_NOTICE_DEATH)
    sql = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
    return bool(connection.exec_driver_sql(sql, (LOCK_SPACE, account)).scalar_one())


def read(connection: Connection, account: str) -> dict[str, Any] | None:
    """The cursor as last committed; None before the first poll."""
    value = connection.exec_driver_sql("SELECT value FROM cursor WHERE account = %s", (account,)).scalar_one_or_none()
    return None if value is None else dict(value)


def moved(connection: Connection, account: str) -> datetime | None:
    """When the cursor last moved; None before the first poll."""
    sql = "SELECT updated_at FROM cursor WHERE account = %s"
    return connection.exec_driver_sql(sql, (account,)).scalar_one_or_none()


_WRITE = """
INSERT INTO cursor (account, value, updated_at) VALUES (%s, %s::jsonb, %s)
ON CONFLICT (account) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at
"""


def write(connection: Connection, account: str, value: dict[str, Any], now: datetime) -> None:
    """Move the cursor, in the transaction that journals what the poll brought."""
    connection.exec_driver_sql(_WRITE, (account, dumps(value), now))
