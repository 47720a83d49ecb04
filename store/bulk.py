"""Set-based writes: many rows in one statement, as one JSON parameter that PostgreSQL takes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from normalizer.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection


def dumps(value: Any) -> str:
    """JSON that jsonb takes: NUL and lone surrogates, which it refuses, become U+FFFD."""
    try:
        found = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        found = orjson.dumps(_storable(value), option=orjson.OPT_NON_STR_KEYS)
    if b"\\u0000" in found:
        found = orjson.dumps(_storable(orjson.loads(found)))
    return found.decode()


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert `rows`, each with a value for every one of `columns`; columns that are not named take their defaults."""
    if data := [{name: row[name] for name in columns} for row in rows]:
        names = ", ".join(columns)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names}) "  # noqa: S608 - names of ours
            f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)",
            (dumps(data),),
        )


def update(connection: Connection, table: str, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Set `columns` of the rows that `id` names."""
    if data := [{"id": row["id"], **{name: row[name] for name in columns}} for row in rows]:
        changes = ", ".join(f"{name} = r.{name}" for name in columns)
        connection.exec_driver_sql(
            f"UPDATE {table} t SET {changes} "  # noqa: S608 - names of ours
            f"FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) r WHERE t.id = r.id",
            (dumps(data),),
        )


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list):
        return [_storable(entry) for entry in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(entry) for key, entry in value.items()}
    return value
