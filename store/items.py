"""Items: unique by a key in the database, handled partition by partition, each ending with exactly one outcome."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from normalizer import codec
from store.bulk import dumps
from store.partitions import PARTITIONS

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection

    from normalizer.messages import Inbound

#: The first key of the advisory locks on partitions; the second is the partition.
LOCK_SPACE = 7_246_002


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """An item as parsed, before the unique key has decided whether it is new."""

    journal_id: uuid.UUID
    ordinal: int
    journal_seq: int
    account: str
    day: date
    kind: str
    external_id: str
    version: str
    conversation: str
    partition: int
    received_at: datetime
    payload: dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True)
class ItemRow:
    """An item to handle."""

    id: int
    account: str
    kind: str
    external_id: str
    version: str
    conversation: str
    received_at: datetime
    payload: dict[str, Any]
    state: str
    due_at: datetime | None

    @functools.cached_property
    def content(self) -> Inbound:
        """What the adapter read, without the bytes of its attachments."""
        return codec.decode(self.kind, self.payload)


@dataclasses.dataclass(slots=True, kw_only=True)
class Result:
    """What became of an item: an outcome, or `due_at` while it waits."""

    id: int
    outcome: str | None = None
    reason: str | None = None
    due_at: datetime | None = None
    message_id: uuid.UUID | None = None


_COLUMNS = (
    "journal_id, ordinal, journal_seq, account, day, kind, external_id, version, conversation, partition, received_at,"
    " payload"
)
_TYPES = (
    "journal_id uuid, ordinal bigint, journal_seq bigint, account text, day date, kind text, external_id text,"
    " version text, conversation text, partition smallint, received_at timestamptz, payload jsonb"
)
# The order keeps two workers that insert the same keys from waiting for each other, and lets the first arrival win.
_INSERT = f"""
INSERT INTO item ({_COLUMNS}, state)
SELECT {_COLUMNS}, 'new' FROM jsonb_to_recordset(%s::jsonb) AS r({_TYPES})
ORDER BY account, kind, external_id, version, journal_seq, ordinal
ON CONFLICT DO NOTHING RETURNING journal_id, ordinal
"""  # noqa: S608 - names of ours
_DOUBLES = f"""
INSERT INTO item ({_COLUMNS}, state, outcome, handled_at, duplicate_of)
SELECT {", ".join("r." + name.strip() for name in _COLUMNS.split(","))}, 'done', 'duplicate', %s, i.id
FROM jsonb_to_recordset(%s::jsonb) AS r({_TYPES})
JOIN item i ON i.account = r.account AND i.kind = r.kind AND i.external_id = r.external_id AND i.version = r.version
     AND i.duplicate_of IS NULL
WHERE (i.journal_id, i.ordinal) <> (r.journal_id, r.ordinal)
ON CONFLICT DO NOTHING
"""  # noqa: S608 - names of ours


def insert(connection: Connection, items: Sequence[NewItem], now: datetime) -> None:
    """Write the items; those whose event is known already are written as duplicates of the first."""
    if not items:
        return
    written = {(row[0], row[1]) for row in connection.exec_driver_sql(_INSERT, (dumps(items),))}
    if doubles := [item for item in items if (item.journal_id, item.ordinal) not in written]:
        connection.exec_driver_sql(_DOUBLES, (now, dumps(doubles)))


def count(connection: Connection, journal_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int]:
    """How many items stand for each payload."""
    sql = "SELECT journal_id, count(*) FROM item WHERE journal_id = ANY(%s) GROUP BY journal_id"
    return {row[0]: row[1] for row in connection.exec_driver_sql(sql, (list(journal_ids),))}


_LOCK = f"""
WITH busy AS MATERIALIZED (
  SELECT p FROM generate_series(0, {PARTITIONS - 1}) AS p
  WHERE EXISTS (SELECT 1 FROM item WHERE state = 'new' AND partition = p)
     OR p IN (SELECT partition FROM item WHERE state = 'waiting' AND due_at <= %s)
  ORDER BY random()
)
SELECT p FROM busy WHERE pg_try_advisory_xact_lock({LOCK_SPACE}, p) LIMIT %s
"""  # noqa: S608 - constants of ours


def lock_partitions(connection: Connection, now: datetime, limit: int) -> list[int]:
    """Partitions with work that no other worker holds; ours until the transaction ends, or until we die."""
    return [row[0] for row in connection.exec_driver_sql(_LOCK, (now, limit))]


_NAMES = tuple(field.name for field in dataclasses.fields(ItemRow))
_ROW = ", ".join(_NAMES)
_NEW = f"""
SELECT {", ".join("i." + name.strip() for name in _ROW.split(","))}
FROM unnest(%s::int[]) AS p
CROSS JOIN LATERAL (
  SELECT * FROM item WHERE state = 'new' AND partition = p
    AND journal_seq < coalesce(
      (SELECT min(seq) FROM journal WHERE parsed_at IS NULL AND not_before IS NULL), 9223372036854775807)
  ORDER BY journal_seq, ordinal LIMIT %s
) i
ORDER BY i.journal_seq, i.ordinal
"""  # noqa: S608 - names of ours


def ready(connection: Connection, partitions: Sequence[int], limit: int) -> list[ItemRow]:
    """New items of these partitions in arrival order, `limit` of each; none that an unparsed payload may precede."""
    return [_row(row) for row in connection.exec_driver_sql(_NEW, (list(partitions), limit))]


_DUE = """
SELECT DISTINCT account, conversation FROM item
WHERE state = 'waiting' AND due_at <= %s AND partition = ANY(%s) LIMIT %s
"""


def due(connection: Connection, partitions: Sequence[int], now: datetime, limit: int) -> list[tuple[str, str]]:
    """Conversations in which something has waited long enough."""
    return [(row[0], row[1]) for row in connection.exec_driver_sql(_DUE, (now, list(partitions), limit))]


_WAITING = f"""
SELECT {", ".join("i." + name.strip() for name in _ROW.split(","))}
FROM unnest(%b::text[], %b::text[]) AS k(account, conversation)
JOIN item i ON i.account = k.account AND i.conversation = k.conversation AND i.state = 'waiting'
ORDER BY i.journal_seq, i.ordinal
"""  # noqa: S608 - names of ours


def waiting(connection: Connection, keys: Iterable[tuple[str, str]]) -> list[ItemRow]:
    """All that waits in these conversations (account, conversation), in arrival order."""
    accounts, conversations = zip(*keys, strict=True)
    return [_row(row) for row in connection.exec_driver_sql(_WAITING, (list(accounts), list(conversations)))]


_FINISH = """
UPDATE item i SET
  state = CASE WHEN r.outcome IS NULL THEN 'waiting' ELSE 'done' END,
  outcome = r.outcome, reason = r.reason, due_at = r.due_at, message_id = r.message_id,
  handled_at = CASE WHEN r.outcome IS NULL THEN NULL ELSE %s END
FROM jsonb_to_recordset(%s::jsonb)
     AS r(id bigint, outcome text, reason text, due_at timestamptz, message_id uuid)
WHERE i.id = r.id
"""


def finish(connection: Connection, results: Sequence[Result], now: datetime) -> None:
    """Note what became of each item."""
    if results:
        connection.exec_driver_sql(_FINISH, (now, dumps(results)))


def has_work(connection: Connection, now: datetime) -> bool:
    """Whether any item is new, or has waited long enough."""
    sql = """
    SELECT EXISTS (SELECT 1 FROM item WHERE state = 'new')
        OR EXISTS (SELECT 1 FROM item WHERE state = 'waiting' AND due_at <= %s)
    """
    return bool(connection.exec_driver_sql(sql, (now,)).scalar_one())


def _row(row: Any) -> ItemRow:
    return ItemRow(**dict(zip(_NAMES, row, strict=True)))
