"""The ledger: for every account and day, what came in and what became of it; a remainder is an alarm."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

OUTCOMES = ("message", "edit", "unsent", "receipt", "joined", "duplicate", "ignored", "quarantined")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One account on one local day.

    `payloads` were journalled, `unparsed` of them wait; `items` is what parsing counted in the rest. `pending` items
    are new or wait for a part. `remainder` is what cannot be accounted for: items counted against items there, and
    outcomes against the messages they should have left. It is zero.
    """

    account: str
    day: date
    payloads: int
    unparsed: int
    items: int
    pending: int
    outcomes: dict[str, int]
    remainder: int


# Items are counted twice from two sides: as parsing noted them on each payload, and as they stand in the table. An item
# that was routed to another account stays on the line of the account that journalled it.
_LINES = """
WITH payloads AS (
  SELECT account, day, count(*) AS payloads, count(*) FILTER (WHERE parsed_at IS NULL) AS unparsed,
         coalesce(sum(item_count), 0) AS items
  FROM journal WHERE (%(day)s::date IS NULL OR day = %(day)s) AND (%(account)s::text IS NULL OR account = %(account)s)
    AND (%(since)s::date IS NULL OR day >= %(since)s)
  GROUP BY account, day
), outcomes AS (
  SELECT j.account, j.day, i.outcome, count(*) AS n,
         count(*) FILTER (WHERE i.outcome IN ('message', 'joined') AND m.id IS NULL) AS lost
  FROM item i JOIN journal j ON j.id = i.journal_id LEFT JOIN message m ON m.id = i.message_id
  WHERE (%(day)s::date IS NULL OR j.day = %(day)s) AND (%(account)s::text IS NULL OR j.account = %(account)s)
    AND (%(since)s::date IS NULL OR j.day >= %(since)s)
  GROUP BY j.account, j.day, i.outcome
)
SELECT p.account, p.day, p.payloads, p.unparsed, p.items,
       coalesce(jsonb_object_agg(coalesce(o.outcome, 'pending'), o.n) FILTER (WHERE o.n IS NOT NULL), '{}'),
       coalesce(sum(o.n), 0), coalesce(sum(o.lost), 0)
FROM payloads p LEFT JOIN outcomes o ON o.account = p.account AND o.day = p.day
GROUP BY p.account, p.day, p.payloads, p.unparsed, p.items ORDER BY p.day, p.account
"""


def balance(
    connection: Connection, *, day: date | None = None, account: str | None = None, since: date | None = None
) -> list[Line]:
    """The lines, oldest day first; all of them, or those of one day or account, or of the days from `since` on."""
    found = []
    for row in connection.exec_driver_sql(_LINES, {"day": day, "account": account, "since": since}):
        name, at, payloads, unparsed, items, counts, there, lost = row
        pending = counts.pop("pending", 0)
        found.append(
            Line(
                account=name,
                day=at,
                payloads=payloads,
                unparsed=unparsed,
                items=int(items),
                pending=pending,
                outcomes={outcome: counts.get(outcome, 0) for outcome in OUTCOMES},
                remainder=abs(int(items) - int(there)) + int(lost),
            )
        )
    return found
