"""The journal: raw payloads, committed as they came before anybody is told that they arrived."""

from __future__ import annotations

import dataclasses
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

from normalizer.text import storable
from store.bulk import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

#: Bodies over this size (bytes) go to the blob store, so that a burst of photos does not bloat the table.
INLINE = 256 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One payload to journal. `id` is made before anything is tried; `body` is None where `blob` names it.

    `source` is webhook, poll, spool, form, desk, import or replay; `day` the local date of `received_at`.
    """

    id: uuid.UUID
    account: str
    source: str
    received_at: datetime
    day: date
    query: str = ""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes | None = None
    blob: str | None = None
    meta: Mapping[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pending(Entry):
    """A journalled payload that waits to be parsed; `seq` is its place in the order of arrival."""

    seq: int


def new_id() -> uuid.UUID:
    """A UUIDv7 (RFC 9562): sorts by time, so that the index grows at its end."""
    # An id is no secret: chance need not come from the system.
    chance = random.getrandbits(74)
    high, low = chance >> 62, chance & 0x3FFF_FFFF_FFFF_FFFF
    return uuid.UUID(int=(time.time_ns() // 1_000_000 << 80) | (0x7 << 76) | (high << 64) | (0x2 << 62) | low)


# Binary arrays (%b) cost half the time of text ones.
_INSERT = """
INSERT INTO journal (id, account, source, received_at, day, query, headers, body, blob, meta)
SELECT id, account, source, received_at, day, query, headers::jsonb, body, blob, meta::jsonb
FROM unnest(%b::uuid[], %b::text[], %b::text[], %b::timestamptz[], %b::date[], %b::text[], %b::text[],
            %b::bytea[], %b::text[], %b::text[])
     AS t(id, account, source, received_at, day, query, headers, body, blob, meta)
ON CONFLICT (id) DO NOTHING
"""


def insert(connection: Connection, entries: Sequence[Entry]) -> None:
    """Write the entries in one statement; an id that is there already stays as it is."""
    connection.exec_driver_sql(
        _INSERT,
        (
            [entry.id for entry in entries],
            [entry.account for entry in entries],
            [entry.source for entry in entries],
            [entry.received_at for entry in entries],
            [entry.day for entry in entries],
            [storable(entry.query) for entry in entries],
            [_json(entry.headers) for entry in entries],
            [entry.body for entry in entries],
            [entry.blob for entry in entries],
            [_json(entry.meta) for entry in entries],
        ),
    )


_CLAIM = """
SELECT id, seq, account, source, received_at, day, query, headers, body, blob, meta FROM journal
WHERE parsed_at IS NULL AND (not_before IS NULL OR not_before <= %s) ORDER BY seq LIMIT %s FOR UPDATE SKIP LOCKED
"""


def claim(connection: Connection, now: datetime, limit: int) -> list[Pending]:
    """The oldest unparsed rows that no other worker holds, locked until the transaction ends."""
    return [_pending(row) for row in connection.exec_driver_sql(_CLAIM, (now, limit))]


_ONE = """
SELECT id, seq, account, source, received_at, day, query, headers, body, blob, meta FROM journal WHERE id = %s
"""


def read(connection: Connection, journal_id: uuid.UUID) -> Pending | None:
    """One row, parsed or not."""
    row = connection.exec_driver_sql(_ONE, (journal_id,)).one_or_none()
    return None if row is None else _pending(row)


_PARSED = """
UPDATE journal j SET parsed_at = %s, adapter_version = t.version, item_count = t.items
FROM unnest(%b::uuid[], %b::text[], %b::bigint[]) AS t(id, version, items) WHERE j.id = t.id
"""


def mark_parsed(connection: Connection, now: datetime, rows: Iterable[tuple[uuid.UUID, str, int]]) -> None:
    """Note (id, adapter version, number of items) of each parsed row."""
    ids, versions, counts = zip(*rows, strict=True)
    connection.exec_driver_sql(_PARSED, (now, list(ids), list(versions), list(counts)))


def has_pending(connection: Connection, now: datetime) -> bool:
    """Whether any row can be parsed now."""
    sql = "SELECT 1 FROM journal WHERE parsed_at IS NULL AND (not_before IS NULL OR not_before <= %s) LIMIT 1"
    return connection.exec_driver_sql(sql, (now,)).one_or_none() is not None


def last_parsed(connection: Connection) -> datetime | None:
    """When the latest arrivals were read last; None where none of them has been."""
    sql = "SELECT max(parsed_at) FROM (SELECT parsed_at FROM journal ORDER BY seq DESC LIMIT 100) latest"
    return connection.exec_driver_sql(sql).scalar_one_or_none()


def put_off(connection: Connection, ids: Sequence[uuid.UUID], until: datetime) -> None:
    """Leave these rows alone until then; those behind them go first."""
    connection.exec_driver_sql("UPDATE journal SET not_before = %s WHERE id = ANY(%s)", (until, list(ids)))


def _pending(row: Any) -> Pending:
    names = ("id", "seq", "account", "source", "received_at", "day", "query", "headers", "body", "blob", "meta")
    return Pending(**dict(zip(names, row, strict=True)))


def _json(value: Mapping[str, Any]) -> str:
    return dumps(dict(value))
