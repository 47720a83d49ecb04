"""Ticket codes: reserved in the database before anybody is told one, so that a code is unique and final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalizer import ticket

if TYPE_CHECKING:
    from sqlalchemy import Connection

_RESERVE = "INSERT INTO ticket (code) SELECT unnest(%b::text[]) ON CONFLICT DO NOTHING RETURNING code"


def reserve(connection: Connection, count: int) -> list[str]:
    """`count` new codes that nobody has and nobody will get."""
    codes: list[str] = []
    while len(codes) < count:
        wanted = sorted(set(ticket.batch(count - len(codes))))
        codes += [row[0] for row in connection.exec_driver_sql(_RESERVE, (wanted,))]
    return codes
