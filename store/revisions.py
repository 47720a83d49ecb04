"""Later versions of citizens' messages, kept whether or not the original is there yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from store.bulk import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

_LOAD = """
SELECT r.account, r.external_id, r.kind, r.version, r.at, r.text
FROM unnest(%s::text[], %s::text[]) AS k(account, external_id)
JOIN revision r ON r.account = k.account AND r.external_id = k.external_id
"""
_COLUMNS = ("account", "external_id", "kind", "version", "at", "text")


def load(connection: Connection, keys: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
    """What is known of these messages, by (account, external id)."""
    accounts, ids = (list(column) for column in zip(*keys, strict=True))
    return [dict(zip(_COLUMNS, row, strict=True)) for row in connection.exec_driver_sql(_LOAD, (accounts, ids))]


_WRITE = """
INSERT INTO revision (account, external_id, kind, version, at, text)
SELECT account, external_id, kind, version, at, text FROM jsonb_populate_recordset(NULL::revision, %s::jsonb)
ON CONFLICT DO NOTHING
"""


def write(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Keep these versions; one that is known already stays as it is."""
    if rows:
        connection.exec_driver_sql(_WRITE, (dumps([{name: row[name] for name in _COLUMNS} for row in rows]),))
