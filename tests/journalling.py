"""Helpers of the dispatcher's tests: put payloads into the journal, look at what came of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from store import journal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime


def deliver(world: Runtime, *payloads: object, account: str = "toy") -> None:
    """Journal these payloads of the toy channel."""
    now = world.clock()
    entries = [
        journal.Entry(
            id=journal.new_id(),
            account=account,
            source="webhook",
            received_at=now,
            day=world.day(now),
            body=json.dumps(payload).encode(),
        )
        for payload in payloads
    ]
    with world.engine.begin() as connection:
        journal.insert(connection, entries)


def rows(world: Runtime, sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """What a query finds."""
    with world.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql), values)]


def outcomes(world: Runtime) -> dict[str, int]:
    """How many items ended how; those that have not ended count under their state."""
    return {row[0]: row[1] for row in rows(world, "SELECT coalesce(outcome, state), count(*) FROM item GROUP BY 1")}


def threads(world: Runtime) -> list[tuple[str | None, list[str]]]:
    """Each complaint's program with its citizen's lines, in thread order."""
    found = rows(
        world,
        """SELECT c.program, array_agg(coalesce(m.revised, m.text) ORDER BY m.sent_at, m.sequence, m.external_id)
           FROM complaint c JOIN message m ON m.complaint_id = c.id AND m.direction = 'in'
           WHERE c.merged_into IS NULL GROUP BY c.id ORDER BY min(m.sent_at)""",
    )
    return [(row[0], row[1]) for row in found]


def empty(world: Runtime) -> None:
    """Forget everything."""
    with world.engine.begin() as connection:
        unguarded(connection)
        connection.execute(
            text(
                "TRUNCATE journal, item, revision, message, complaint, outbox, ticket, event, account_event, "
                "history_head CASCADE"
            )
        )


def unguarded(connection: Connection) -> None:
    """No trigger holds in this transaction: what whoever owns the server can do."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
