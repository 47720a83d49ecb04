"""Conversations as the drain works on them: read with a few set-based queries, written back with a few more."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from store import bulk

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclasses.dataclass(slots=True, kw_only=True)
class MessageRow:
    """A line of a thread, with its columns' names (`store.models.Message`); `fresh` and `dirty` say what to write."""

    id: uuid.UUID
    account: str
    conversation: str
    sent_at: datetime
    received_at: datetime
    text: str
    complaint_id: uuid.UUID | None = None
    direction: str = "in"
    role: str = "text"
    external_id: str | None = None
    item_id: int | None = None
    address: str | None = None
    name: str | None = None
    clean: str = ""
    subject: str | None = None
    quoted: str | None = None
    html: str | None = None
    revised: str | None = None
    revision: str | None = None
    revised_at: datetime | None = None
    withdrawn_at: datetime | None = None
    location: dict[str, Any] | None = None
    in_reply_to: str | None = None
    opener: bool = False
    keyword: dict[str, Any] | None = None
    group_key: str | None = None
    parts: dict[str, Any] | None = None
    missing: list[int] | None = None
    original_missing: bool = False
    hints: dict[str, Any] = dataclasses.field(default_factory=dict)
    sequence: int = 0
    fresh: bool = False
    dirty: bool = False

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Where the line stands in its thread, whatever the order of arrival."""
        return (self.sent_at, self.sequence, self.external_id or "")


@dataclasses.dataclass(slots=True, kw_only=True)
class CaseRow:
    """A complaint, with its columns' names; see `store.models.Complaint`."""

    id: uuid.UUID
    ticket: str
    account: str
    channel: str
    conversation: str
    opened_at: datetime
    created_at: datetime
    last_inbound_at: datetime
    last_activity_at: datetime
    program: str | None = None
    contact_id: uuid.UUID | None = None
    state: str = "baru"
    type: str = "pengaduan"
    anonim: bool = False
    rahasia: bool = False
    format_unclear: bool = False
    likely_double: bool = False
    subject: str = ""
    body: str = ""
    words: str = ""
    place: dict[str, Any] | None = None
    touched: bool = False
    unread: bool = True
    response_due_at: datetime | None = None
    resolution_due_at: datetime | None = None
    next_due_at: datetime | None = None
    clock_started_at: datetime | None = None
    verification_due_at: datetime | None = None
    silence_due_at: datetime | None = None
    stays: list[Any] = dataclasses.field(default_factory=list)
    warned: list[Any] = dataclasses.field(default_factory=list)
    warn_at: datetime | None = None
    responded_at: datetime | None = None
    closed_at: datetime | None = None
    merged_into: uuid.UUID | None = None
    version: int = 1
    fresh: bool = False
    dirty: bool = False


_FLAGS = frozenset({"fresh", "dirty"})
MESSAGE = tuple(name for name in MessageRow.__slots__ if name not in _FLAGS)
CASE = tuple(name for name in CaseRow.__slots__ if name not in _FLAGS)
_M = ", ".join(f"m.{name}" for name in MESSAGE)
_C = ", ".join(f"c.{name}" for name in CASE)

#: What stands before a message decides where it belongs; a citizen who writes without end must not slow the rest.
BEFORE = 50
_LINES = f"""
WITH k AS (SELECT * FROM unnest(%b::text[], %b::text[], %b::timestamptz[]) AS k(account, conversation, since))
SELECT {_M} FROM k
JOIN message m ON m.account = k.account AND m.conversation = k.conversation AND m.sent_at >= k.since
WHERE m.direction <> 'note' AND m.role <> 'auto'
UNION ALL
SELECT {_M} FROM k CROSS JOIN LATERAL (
  SELECT * FROM message b WHERE b.account = k.account AND b.conversation = k.conversation AND b.sent_at < k.since
    AND b.direction <> 'note' AND b.role <> 'auto'
  ORDER BY b.sent_at DESC LIMIT {BEFORE}
) m
"""  # noqa: S608 - names of ours


def lines(connection: Connection, keys: Iterable[tuple[str, str, datetime]]) -> list[MessageRow]:
    """Of these conversations (account, conversation, since when) all lines from then on, and the last few before.

    Without notes and automatic texts.
    """
    accounts, conversations, since = zip(*keys, strict=True)
    rows = connection.exec_driver_sql(_LINES, (list(accounts), list(conversations), list(since)))
    return [_message(row) for row in rows]


_NAMED = f"""
SELECT k.account, k.external_id, {_M} FROM unnest(%b::text[], %b::text[]) AS k(account, external_id)
JOIN message m ON m.account = k.account AND m.external_id = k.external_id AND m.direction IN ('in', 'out')
UNION ALL
SELECT k.account, k.external_id, {_M} FROM unnest(%b::text[], %b::text[]) AS k(account, external_id)
JOIN item i ON i.account = k.account AND i.kind = 'message' AND i.external_id = k.external_id
           AND i.duplicate_of IS NULL AND i.outcome = 'joined'
JOIN message m ON m.id = i.message_id
"""  # noqa: S608 - names of ours


def named(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], MessageRow]:
    """Messages by (account, external id), their own or a joined item's: what replies, edits, withdrawals point at."""
    accounts, ids = (list(column) for column in zip(*keys, strict=True))
    rows = connection.exec_driver_sql(_NAMED, (accounts, ids, accounts, ids))
    return {(row[0], row[1]): _message(row[2:]) for row in rows}


_GROUPS = f"""
SELECT {_M} FROM unnest(%s::text[], %s::text[], %s::text[]) AS k(account, conversation, group_key)
JOIN message m ON m.account = k.account AND m.conversation = k.conversation AND m.group_key = k.group_key
"""  # noqa: S608 - names of ours


def groups(connection: Connection, keys: Iterable[tuple[str, str, str]]) -> list[MessageRow]:
    """Messages made of several items, by (account, conversation, group): albums and split texts."""
    accounts, conversations, group_keys = zip(*keys, strict=True)
    rows = connection.exec_driver_sql(_GROUPS, (list(accounts), list(conversations), list(group_keys)))
    return [_message(row) for row in rows]


_WAITING = f"""
SELECT DISTINCT ON (m.account, m.conversation) {_M}
FROM unnest(%b::text[], %b::text[]) AS k(account, conversation)
JOIN message m ON m.account = k.account AND m.conversation = k.conversation AND m.direction = 'out'
              AND m.role = 'answer'
JOIN complaint c ON c.id = m.complaint_id AND c.state = 'menunggu_warga'
ORDER BY m.account, m.conversation, m.sent_at DESC
"""  # noqa: S608 - names of ours


def asked(connection: Connection, keys: Iterable[tuple[str, str]]) -> list[MessageRow]:
    """For each conversation our last question that still waits for the citizen's answer, however old."""
    accounts, conversations = zip(*keys, strict=True)
    return [_message(row) for row in connection.exec_driver_sql(_WAITING, (list(accounts), list(conversations)))]


_CASES = f"SELECT {_C} FROM complaint c WHERE c.id = ANY(%s) ORDER BY c.id FOR UPDATE"  # noqa: S608 - names of ours


def cases(connection: Connection, ids: Iterable[uuid.UUID]) -> list[CaseRow]:
    """These complaints, locked until the transaction ends, so that an officer's change waits for ours."""
    return [_case(row) for row in connection.exec_driver_sql(_CASES, (sorted(ids),))]


_TICKETS = """
SELECT t.code, c.state, c.program FROM ticket t JOIN complaint c ON c.id = t.complaint_id WHERE t.code = ANY(%s)
"""


def states(connection: Connection, codes: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """State and program of the complaints with these ticket codes; what is not there is not known."""
    rows = connection.exec_driver_sql(_TICKETS, (list(codes),))
    return {row[0]: (row[1], row[2]) for row in rows}


_LATEST = """
SELECT DISTINCT ON (c.account, c.conversation) c.account, c.conversation, c.ticket, c.state, c.program
FROM unnest(%b::text[], %b::text[]) AS k(account, conversation)
JOIN complaint c ON c.account = k.account AND c.conversation = k.conversation AND c.merged_into IS NULL
ORDER BY c.account, c.conversation, c.opened_at DESC
"""


def latest(
    connection: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[str, str, str | None]]:
    """Ticket, state and program of each conversation's newest complaint."""
    accounts, conversations = zip(*keys, strict=True)
    rows = connection.exec_driver_sql(_LATEST, (list(accounts), list(conversations)))
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


def write(connection: Connection, messages: Sequence[MessageRow], complaints: Sequence[CaseRow]) -> None:
    """Write what is fresh or dirty; complaints first, since messages point at them."""
    bulk.insert(connection, "complaint", CASE, [case for case in complaints if case.fresh])
    changed = [case for case in complaints if case.dirty and not case.fresh]
    bulk.update(connection, "complaint", [name for name in CASE if name not in ("id", "ticket")], changed)
    bulk.insert(connection, "message", MESSAGE, [row for row in messages if row.fresh])
    edited = [row for row in messages if row.dirty and not row.fresh]
    bulk.update(connection, "message", [name for name in MESSAGE if name != "id"], edited)


_TICKET = """
INSERT INTO ticket (code, complaint_id) SELECT code, id FROM unnest(%b::text[], %b::uuid[]) AS t(code, id)
ON CONFLICT (code) DO UPDATE SET complaint_id = EXCLUDED.complaint_id
"""


def point_tickets(connection: Connection, rows: Iterable[tuple[str, uuid.UUID]]) -> None:
    """Let ticket codes lead to complaints: (code, complaint)."""
    if pairs := sorted(rows):
        connection.exec_driver_sql(_TICKET, ([code for code, _ in pairs], [complaint for _, complaint in pairs]))


def _message(row: Any) -> MessageRow:
    return MessageRow(**dict(zip(MESSAGE, row, strict=True)))


def _case(row: Any) -> CaseRow:
    return CaseRow(**dict(zip(CASE, row, strict=True)))
