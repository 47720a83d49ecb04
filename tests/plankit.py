"""Reads the plans of what was asked: which large tables are gone through row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection


def walked(connection: Connection, asked: Iterable[tuple[str, Any]], large: Collection[str]) -> set[tuple[str, str]]:
    """Those of the `large` tables, each with its query's beginning."""
    found = set()
    cursor = connection.connection.cursor()
    for sql, parameters in asked:
        if not sql.lstrip().upper().startswith(("SELECT", "WITH")) or "SKIP LOCKED" in sql:
            continue
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
        [(plan,)] = cursor.fetchall()
        found |= {(table, sql[:300]) for table in scanned(plan[0]["Plan"]) if table in large}
    return found


def scanned(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from scanned(child)
