"""What goes out on each account: what waits, what failed, and the messages that test it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from store import outbox
from store.journal import new_id
from store.models import Outbox
from store.partitions import partition

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

#: What an officer still has to look at.
FAILED = ("failed", "unknown")
_WAITING = ("queued", "sending")
_TESTS_SHOWN = 5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """Messages of one account that wait, since when the oldest does, and how many failed lately."""

    waiting: int = 0
    oldest: datetime | None = None
    failed: int = 0


def outgoing(connection: Connection, since: datetime) -> dict[str, Outgoing]:
    """By account; failures are counted from `since` on. An account with neither is not there."""
    waiting = connection.execute(
        select(Outbox.account, func.count(), func.min(Outbox.created_at))
        .where(Outbox.state.in_(_WAITING))
        .group_by(Outbox.account)
    )
    found = {row[0]: Outgoing(waiting=row[1], oldest=row[2]) for row in waiting}
    failed = connection.execute(
        select(Outbox.account, func.count())
        .where(Outbox.state.in_(FAILED), Outbox.created_at >= since)
        .group_by(Outbox.account)
    )
    for account, count in failed:
        found[account] = dataclasses.replace(found.get(account, Outgoing()), failed=count)
    return found


def send_test(  # noqa: PLR0917 - one message
    connection: Connection, form: uuid.UUID, account: str, to: str, text: str, now: datetime
) -> bool:
    """Queue a test message, which belongs to no complaint; False where this form was handled before."""
    dedupe = f"test:{form}"
    if connection.scalar(select(Outbox.id).where(Outbox.dedupe == dedupe)) is not None:
        return False
    row = {
        "id": new_id(),
        "account": account,
        "conversation": to,
        "address": to,
        "complaint_id": None,
        "message_id": None,
        "purpose": "test",
        "dedupe": dedupe,
        "text": text,
        "subject": "Pesan uji",
        "in_reply_to": None,
        "hints": {},
        "lane": partition(account, to),
        "state": "queued",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
    outbox.insert(connection, [row])
    return True


def tests(connection: Connection, account: str) -> Sequence[Any]:
    """The last test messages of an account, newest first: address, state, error, created_at, sent_at."""
    query = (
        select(Outbox.address, Outbox.state, Outbox.error, Outbox.created_at, Outbox.sent_at)
        .where(Outbox.account == account, Outbox.purpose == "test")
        .order_by(Outbox.created_at.desc())
        .limit(_TESTS_SHOWN)
    )
    return connection.execute(query).all()
