"""Quarantine and replay: what could not be read is kept, shown, and read again once the adapter is mended."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from store.engine import KEPT

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
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
    outcome: str | None


_FIELDS = "i.id, i.journal_id, i.ordinal, j.account, i.received_at, i.kind, i.reason, j.adapter_version, i.outcome"
_LIST = f"""
SELECT {_FIELDS} FROM item i JOIN journal j ON j.id = i.journal_id
WHERE i.outcome = 'quarantined' AND (%s::text IS NULL OR j.account = %s) AND i.id > %s ORDER BY i.id LIMIT %s
"""  # noqa: S608 - names of ours
_OF = "i.outcome = 'quarantined' AND (%(accounts)s::text[] IS NULL OR j.account = ANY(%(accounts)s))"
_PAGE = f"""
SELECT {_FIELDS} FROM item i JOIN journal j ON j.id = i.journal_id
WHERE {_OF} AND (%(account)s::text IS NULL OR j.account = %(account)s)
  AND (%(reason)s::text IS NULL OR coalesce(i.reason, '') = %(reason)s)
  AND (%(before)s::bigint IS NULL OR i.id < %(before)s)
ORDER BY i.id DESC LIMIT %(limit)s
"""  # noqa: S608 - names of ours
_GROUPS = f"""
SELECT j.account, coalesce(i.reason, '') AS reason, count(*) AS number
FROM item i JOIN journal j ON j.id = i.journal_id WHERE {_OF}
GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2 LIMIT 100
"""  # noqa: S608 - the same
#: Counting stops here.
CAP = 1000
_COUNT = f"""
SELECT count(*) FROM (
  SELECT 1 FROM item i JOIN journal j ON j.id = i.journal_id WHERE {_OF} LIMIT {CAP + 1}
) capped
"""  # noqa: S608 - the same
_ONE = f"SELECT {_FIELDS} FROM item i JOIN journal j ON j.id = i.journal_id WHERE i.id = %s"  # noqa: S608 - the same


def listing(
    connection: Connection, *, account: str | None = None, after: int = 0, limit: int = 1000
) -> list[Quarantined]:
    """What stands in quarantine, in the order of its numbers, from behind `after` on."""
    return [_quarantined(row) for row in connection.exec_driver_sql(_LIST, (account, account, after, limit))]


def page(
    connection: Connection,
    accounts: Sequence[str] | None,
    *,
    account: str | None = None,
    reason: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Quarantined]:
    """The newest first, of these accounts (None: all), of one account or one error; `before` is a page's last id."""
    values = {"accounts": accounts, "account": account, "reason": reason, "before": before, "limit": limit}
    return [_quarantined(row) for row in connection.exec_driver_sql(_PAGE, values)]


def groups(connection: Connection, accounts: Sequence[str] | None) -> Sequence[Any]:
    """What stands in quarantine by account and error, the most first: account, reason, number."""
    return connection.exec_driver_sql(_GROUPS, {"accounts": accounts}).all()


def count(connection: Connection, accounts: Sequence[str] | None) -> int:
    """How many stand there, at most CAP + 1."""
    return int(connection.exec_driver_sql(_COUNT, {"accounts": accounts}, KEPT).scalar_one())


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


_ALIKE = """
SELECT DISTINCT i.journal_id FROM item i JOIN journal j ON j.id = i.journal_id
WHERE i.outcome = 'quarantined' AND j.account = %s AND coalesce(i.reason, '') = %s
"""


def replay(connection: Connection, ids: list[uuid.UUID]) -> int:
    """Let these payloads be parsed again; how many there were. Ring for the drain afterwards."""
    return len(connection.exec_driver_sql(_AGAIN, {"ids": ids}).fetchall())


def dismiss(connection: Connection, item_id: int, reason: str, now: datetime) -> bool:
    """What is nothing of a citizen's ends as ignored, with the reason; False where it stands there no more.

    A replay of its payload reads it again: nothing is lost by a wrong decision.
    """
    sql = """
    UPDATE item SET outcome = 'ignored', reason = %s, handled_at = %s WHERE id = %s AND outcome = 'quarantined'
    RETURNING id
    """
    return connection.exec_driver_sql(sql, (f"dismissed: {reason}", now, item_id)).one_or_none() is not None


def select(connection: Connection, *, account: str | None, day: date | None, version: str | None) -> list[uuid.UUID]:
    """Parsed payloads by account, local day or adapter version."""
    values = {"account": account, "day": day, "version": version}
    return [row[0] for row in connection.exec_driver_sql(_SELECT, values)]


def payloads(connection: Connection, account: str | None = None) -> list[uuid.UUID]:
    """Payloads with anything in quarantine."""
    return [row[0] for row in connection.exec_driver_sql(_QUARANTINED, (account, account))]


def payloads_of(connection: Connection, account: str, reason: str) -> list[uuid.UUID]:
    """Payloads of an account with anything that stands in quarantine for this reason."""
    return [row[0] for row in connection.exec_driver_sql(_ALIKE, (account, reason))]


def _quarantined(row: Any) -> Quarantined:
    return Quarantined(**dict(zip(Quarantined.__slots__, row, strict=True)))
