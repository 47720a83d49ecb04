"""Quarantine and replay: what could not be read is kept, shown, and read again once the adapter is mended."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uuid
    from datetime import date, datetime

    from sqlalchemy import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined:
    """An item that could not be read or handled, with the payload that it came in."""

    id: int
    journal_id: uuid.UUID
    ordinal: int
    account: str
    received_at: datetime
    kind: str
    reason: str | None
    adapter_version: str | None


_FIELDS = "i.id, i.journal_id, i.ordinal, j.account, i.received_at, i.kind, i.reason, j.adapter_version"
_LIST = f"""
SELECT {_FIELDS} FROM item i JOIN journal j ON j.id = i.journal_id
WHERE i.outcome = 'quarantined' AND (%s::text IS NULL OR j.account = %s) AND i.id > %s ORDER BY i.id LIMIT %s
"""  # noqa: S608 - names of ours
_ONE = f"SELECT {_FIELDS} FROM item i JOIN journal j ON j.id = i.journal_id WHERE i.id = %s"  # noqa: S608 - the same


def listing(
    connection: Connection, *, account: str | None = None, after: int = 0, limit: int = 1000
) -> list[Quarantined]:
    """What stands in quarantine, in the order of its numbers, from behind `after` on."""
    return [_quarantined(row) for row in connection.exec_driver_sql(_LIST, (account, account, after, limit))]


def find(connection: Connection, item_id: int) -> Quarantined | None:
    """One item, quarantined or not."""
    row = connection.exec_driver_sql(_ONE, (item_id,)).one_or_none()
    return None if row is None else _quarantined(row)


# What had no effect is taken off and read again; what became a message, an edit, a receipt stays, and the unique key
# keeps the second reading from doubling it.
_AGAIN = """
WITH again AS (
  SELECT id FROM journal WHERE parsed_at IS NOT NULL AND id = ANY(%(ids)s) FOR UPDATE
), gone AS (
  DELETE FROM item i USING again a WHERE i.journal_id = a.id
    AND (i.outcome = 'quarantined' OR (i.outcome = 'ignored' AND i.reason NOT LIKE 'command:%%'))
)
UPDATE journal j SET parsed_at = NULL, not_before = NULL, item_count = NULL, meta = meta || '{"replayed": true}'
FROM again a
WHERE j.id = a.id RETURNING j.id
"""
_SELECT = """
SELECT id FROM journal WHERE parsed_at IS NOT NULL
  AND (%(account)s::text IS NULL OR account = %(account)s) AND (%(day)s::date IS NULL OR day = %(day)s)
  AND (%(version)s::text IS NULL OR adapter_version = %(version)s)
ORDER BY seq
"""
_QUARANTINED = (
    "SELECT DISTINCT journal_id FROM item WHERE outcome = 'quarantined' AND (%s::text IS NULL OR account = %s)"
)


def replay(connection: Connection, ids: list[uuid.UUID]) -> int:
    """Let these payloads be parsed again; how many there were. Ring for the drain afterwards."""
    return len(connection.exec_driver_sql(_AGAIN, {"ids": ids}).fetchall())


def select(connection: Connection, *, account: str | None, day: date | None, version: str | None) -> list[uuid.UUID]:
    """Parsed payloads by account, local day or adapter version."""
    values = {"account": account, "day": day, "version": version}
    return [row[0] for row in connection.exec_driver_sql(_SELECT, values)]


def payloads(connection: Connection, account: str | None = None) -> list[uuid.UUID]:
    """Payloads with anything in quarantine."""
    return [row[0] for row in connection.exec_driver_sql(_QUARANTINED, (account, account))]


def _quarantined(row: Any) -> Quarantined:
    return Quarantined(**dict(zip(Quarantined.__slots__, row, strict=True)))
