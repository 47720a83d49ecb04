"""What has lost its meaning with time is taken away; nothing of a citizen is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


# Some of them at a time: the caller comes by every few minutes.
_OLD_NOTICES = """
DELETE FROM notice WHERE id IN (
  SELECT id FROM notice WHERE seen_at IS NOT NULL AND made_at < %s - interval '180 days' ORDER BY made_at LIMIT 5000)
"""


def beat(connection: Connection, name: str, now: datetime) -> None:
    """A process of that name came by."""
    sql = "INSERT INTO beat (name, at) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET at = EXCLUDED.at"
    connection.exec_driver_sql(sql, (name, now))


def last_beat(connection: Connection, name: str) -> datetime | None:
    """When a process of that name last came by."""
    return connection.exec_driver_sql("SELECT at FROM beat WHERE name = %s", (name,)).scalar_one_or_none()


def tidy(connection: Connection, now: datetime) -> None:
    """Delete log-ins that have run out, counters of tries from before yesterday, notices read half a year ago."""
    connection.exec_driver_sql("DELETE FROM session WHERE expires_at < %s", (now,))
    connection.exec_driver_sql("DELETE FROM throttle WHERE since < %s - interval '2 days'", (now,))
    connection.exec_driver_sql(_OLD_NOTICES, (now,))
