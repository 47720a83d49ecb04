"""Set-based writes: many rows in one statement, as one JSON parameter that PostgreSQL takes apart."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import orjson

from normalizer.text import storable

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
    """Insert `columns` of `rows`, mappings or dataclasses with these names; columns not named take their defaults."""
    if rows:
        names = ", ".join(columns)
        connection.exec_driver_sql(
            f"INSERT INTO {table} ({names}) "  # noqa: S608 - names of ours
            f"SELECT {names} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)",
            (dumps(rows),),
        )


def update(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
    """Set `columns` of the rows that `id` names; `rows` as above."""
    if rows:
        changes = ", ".join(f"{name} = r.{name}" for name in columns)
        connection.exec_driver_sql(
            f"UPDATE {table} t SET {changes} "  # noqa: S608 - names of ours
            f"FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) r WHERE t.id = r.id",
            (dumps(rows),),
        )


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, list | tuple):
        return [_storable(entry) for entry in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(entry) for key, entry in value.items()}
    if dataclasses.is_dataclass(value):
        return {field.name: _storable(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value
