"""Ticket codes: reserved in the database before anybody is told one, so that a code is unique and final."""

from __future__ import annotations

from typing import TYPE_CHECKING

from normalizer import ticket

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence

    from sqlalchemy import Connection

_RESERVE = "INSERT INTO ticket (code) SELECT unnest(%b::text[]) ON CONFLICT DO NOTHING RETURNING code"


def reserve(connection: Connection, count: int) -> list[str]:
    """`count` new codes that nobody has and nobody will get."""
    codes: list[str] = []
    while len(codes) < count:
        wanted = sorted(set(ticket.batch(count - len(codes))))
        codes += [row[0] for row in connection.exec_driver_sql(_RESERVE, (wanted,))]
    return codes


_GIVE = """
INSERT INTO ticket (code, complaint_id) SELECT * FROM unnest(%b::text[], %b::uuid[]) AS t(code, complaint_id)
ON CONFLICT DO NOTHING RETURNING complaint_id, code
"""


def give(connection: Connection, complaints: Sequence[uuid.UUID]) -> dict[uuid.UUID, str]:
    """A new code for each of these complaints, which it leads to from now on."""
    given: dict[uuid.UUID, str] = {}
    while left := [complaint for complaint in complaints if complaint not in given]:
        codes = sorted(ticket.batch(len(left)))
        given |= {row[0]: row[1] for row in connection.exec_driver_sql(_GIVE, (codes, left))}
    return given
