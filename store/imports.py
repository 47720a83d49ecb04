"""What an import knows of earlier ones: the journal entry by which each report of an account came last."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

#: First key of the advisory locks on imports; the second is a hash of the account's name.
LOCK_SPACE = 7_246_011
#: How an import's entries are marked in the journal.
SOURCE = "import"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was noted beside the last entry of a report; `updated` is ISO 8601 in UTC, empty where nobody told."""

    words: str
    status: str
    updated: str


def lock(connection: Connection, account: str) -> None:
    """Wait until no other import into this account is under way; held until the transaction ends."""
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", (LOCK_SPACE, account))


# What is not parsed yet is asked for first: a row that is parsed in between is then found twice, never missed.
_WAITING = "SELECT seq, meta FROM journal WHERE parsed_at IS NULL AND account = %s AND source = %s"
_PARSED = """
SELECT j.seq, j.meta FROM unnest(%s::text[]) AS k(id)
JOIN item i ON i.account = %s AND i.kind IN ('message', 'edit', 'ignored', 'malformed') AND i.external_id = k.id
           AND i.duplicate_of IS NULL
JOIN journal j ON j.id = i.journal_id AND j.source = %s
"""


def known(connection: Connection, account: str, external_ids: Sequence[str]) -> dict[str, Known]:
    """The reports among these that were imported before, drained or not."""
    rows: list[Any] = [*connection.exec_driver_sql(_WAITING, (account, SOURCE))]
    rows += connection.exec_driver_sql(_PARSED, (list(external_ids), account, SOURCE))
    found = {}
    for row in sorted(rows, key=lambda row: row[0]):
        meta = row[1]
        if "id" in meta:
            found[str(meta["id"])] = Known(
                words=str(meta.get("words", "")),
                status=str(meta.get("status", "")),
                updated=str(meta.get("updated", "")),
            )
    return found
