"""The outbox: answers on their way, each claimed, sent and settled under locks that die with their holder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store.bulk import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

#: First key of the advisory locks on lanes; the second is a hash of account and lane.
LANE_SPACE = 7_246_003

#: How far a message came, so that a late "sent" never hides a "read".
_RANK = "array_position(ARRAY['queued','sending','unknown','accepted','sent','failed','delivered','read'], {})"

COLUMNS = (
    "id",
    "account",
    "conversation",
    "address",
    "complaint_id",
    "message_id",
    "purpose",
    "dedupe",
    "text",
    "subject",
    "in_reply_to",
    "hints",
    "lane",
    "state",
    "attempts",
    "next_attempt_at",
    "created_at",
)
_NAMES = ", ".join(COLUMNS)
_INSERT = f"""
INSERT INTO outbox ({_NAMES}) SELECT {_NAMES} FROM jsonb_populate_recordset(NULL::outbox, %s::jsonb)
ON CONFLICT (dedupe) DO NOTHING
"""  # noqa: S608 - names of ours


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue these messages; an automatic text that was queued before is not queued again."""
    if rows:
        connection.exec_driver_sql(_INSERT, (dumps([{name: row[name] for name in COLUMNS} for row in rows]),))


_RECEIPT = """
INSERT INTO receipt (account, external_id, status, at, error)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[]) ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT pg_advisory_xact_lock(7246004, hashtext(k)) FROM unnest(%s::text[]) AS k ORDER BY hashtext(k)"
_APPLY = f"""
UPDATE outbox o SET state = r.status, error = coalesce(r.error, o.error)
FROM (SELECT DISTINCT ON (account, external_id) account, external_id, status, error FROM receipt
      WHERE (account, external_id) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
      ORDER BY account, external_id, {_RANK.format("status")} DESC) r
WHERE o.account = r.account AND o.external_id = r.external_id
  AND {_RANK.format("r.status")} > {_RANK.format("o.state")}
RETURNING o.complaint_id, o.state
"""  # noqa: S608 - constants of ours
_FLAG = "UPDATE complaint SET send_failed = true WHERE id = ANY(%s)"


def note_receipts(
    connection: Connection, receipts: Sequence[tuple[str, str, str, datetime, str | None]]
) -> None:
    """Keep (account, external id, status, at, error), and move our messages on as far as they tell."""
    if not receipts:
        return
    columns = [list(column) for column in zip(*receipts, strict=True)]
    connection.exec_driver_sql(_RECEIPT, tuple(columns))
    apply_receipts(connection, [(row[0], row[1]) for row in receipts])


def apply_receipts(connection: Connection, keys: Iterable[tuple[str, str]]) -> None:
    """Bring our messages (account, external id) to the furthest state that any receipt reported.

    Called by whoever writes the receipt and by whoever records the send: the lock makes one of them see the other.
    """
    accounts, ids = (list(column) for column in zip(*sorted(set(keys)), strict=True))
    connection.exec_driver_sql(_LOCK, ([f"{account}:{ident}" for account, ident in zip(accounts, ids, strict=True)],))
    failed = [
        row[0]
        for row in connection.exec_driver_sql(_APPLY, (accounts, ids)).fetchall()
        if row[1] == "failed" and row[0] is not None
    ]
    if failed:
        connection.exec_driver_sql(_FLAG, (failed,))
