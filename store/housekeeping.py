"""What has lost its meaning with time is taken away; nothing of a citizen is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def tidy(connection: Connection, now: datetime) -> None:
    """Delete log-ins that have run out, and counters of tries from before yesterday."""
    connection.exec_driver_sql("DELETE FROM session WHERE expires_at < %s", (now,))
    connection.exec_driver_sql("DELETE FROM throttle WHERE since < %s - interval '2 days'", (now,))
