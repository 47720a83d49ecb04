"""One citizen, many addresses: where he can be answered, who may be the same person, joining and parting contacts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from store.engine import KEPT
from store.journal import new_id
from store.models import Complaint, ContactAddress, Event
from store.outbox import GONE

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

#: Conversations that are offered for an answer; nobody writes on more channels than this.
MOST_WAYS = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A conversation in which the citizen can be answered: his last line there, and how often we wrote since.

    `own` says that the line belongs to the complaint itself, or to one that was merged into it; `hidden` that it was
    written anonymously or in confidence. `reporter` is the same for all conversations of one citizen, `ticket` the
    complaint with which this one began.
    """

    account: str
    conversation: str
    address: str
    external_id: str | None
    subject: str | None
    hints: dict[str, Any]
    sent_at: datetime
    own: bool
    hidden: bool
    reporter: uuid.UUID
    ticket: str
    sent: int


# The complaint's own conversations come first, so that the default is the channel on which he wrote about this. Those
# of complaints that were merged into it are its own too: `reporter` is whose case the conversation began with.
_WAYS = f"""
WITH RECURSIVE family AS (
  SELECT id FROM complaint WHERE id = %(complaint)s
  UNION SELECT c.id FROM complaint c JOIN family f ON c.merged_into = f.id
), cases AS (
  SELECT id, true AS own FROM family
  UNION ALL
  SELECT id, false FROM complaint WHERE contact_id = %(contact)s AND id NOT IN (SELECT id FROM family)
), lines AS (
  SELECT m.account, m.conversation, m.address, m.external_id, m.subject, m.hints, m.sent_at, m.received_at, m.sequence,
         k.own, c.id = %(complaint)s AS itself, c.anonim OR c.rahasia AS hidden,
         first_value(coalesce(c.contact_id, c.id)) OVER began AS reporter, first_value(c.ticket) OVER began AS ticket
  FROM cases k JOIN complaint c ON c.id = k.id JOIN message m ON m.complaint_id = c.id
  WHERE m.direction = 'in' AND m.address IS NOT NULL AND m.address <> ''
  WINDOW began AS (PARTITION BY m.account, m.conversation, k.own ORDER BY m.sent_at, m.sequence)
), latest AS (
  SELECT DISTINCT ON (account, conversation) * FROM lines
  ORDER BY account, conversation, own DESC, sent_at DESC, sequence DESC
)
SELECT l.account, l.conversation, l.address, l.external_id, l.subject, l.hints, l.sent_at, l.own, l.hidden, l.reporter,
       l.ticket, (SELECT count(*) FROM outbox o WHERE o.account = l.account AND o.conversation = l.conversation
                  AND o.state = ANY(%(gone)s) AND o.created_at >= l.received_at)
FROM latest l ORDER BY own DESC, itself DESC, sent_at DESC LIMIT {MOST_WAYS}
"""  # noqa: S608 - a number of ours


def ways(connection: Connection, complaint_id: uuid.UUID, contact_id: uuid.UUID | None) -> list[Way]:
    """Where the reporter can be answered, the complaint's own conversations first, the last used of them on top."""
    values = {"complaint": complaint_id, "contact": contact_id, "gone": list(GONE)}
    rows = connection.exec_driver_sql(_WAYS, values, KEPT).fetchall()
    return [Way(**dict(zip(Way.__slots__, row, strict=True))) for row in rows]


_SUGGESTED = """
SELECT DISTINCT ON (other.contact_id) other.contact_id, other.scheme, other.address, other.name,
       CASE WHEN other.phone = mine.phone THEN 'phone' ELSE 'email' END
FROM contact_address mine
JOIN contact_address other ON other.contact_id <> mine.contact_id
 AND (other.phone = mine.phone
      OR (other.email = mine.email AND (other.email_verified OR mine.email_verified)))
WHERE mine.contact_id = %s
  AND NOT EXISTS (SELECT 1 FROM complaint c WHERE c.contact_id = other.contact_id AND (c.anonim OR c.rahasia))
ORDER BY other.contact_id, other.last_seen_at DESC
LIMIT 10
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """Another contact that may be the same citizen: one of its addresses, and what is equal (`phone` or `email`)."""

    contact_id: uuid.UUID
    scheme: str
    address: str
    name: str | None
    equal: str


def suggested(connection: Connection, contact_id: uuid.UUID) -> list[Likeness]:
    """Contacts with an equal phone, or an equal e-mail address that a mail server vouched for.

    None that has reported anonymously or in confidence (invariant 10).
    """
    rows = connection.exec_driver_sql(_SUGGESTED, (contact_id,), KEPT).fetchall()
    return [Likeness(**dict(zip(Likeness.__slots__, row, strict=True))) for row in rows]


def addresses(connection: Connection, contact_id: uuid.UUID) -> Sequence[Any]:
    """The addresses of a contact, the last seen first."""
    query = select(ContactAddress).where(ContactAddress.contact_id == contact_id)
    return connection.execute(query.order_by(ContactAddress.last_seen_at.desc())).all()


_CONFIDENTIAL = "SELECT 1 FROM complaint WHERE contact_id = %s AND (anonim OR rahasia) LIMIT 1"


def is_confidential(connection: Connection, contact_id: uuid.UUID) -> bool:
    """Whether the contact has ever reported anonymously or in confidence."""
    return connection.exec_driver_sql(_CONFIDENTIAL, (contact_id,), KEPT).first() is not None


def join(connection: Connection, kept: uuid.UUID, taken: uuid.UUID, *, actor: str, now: datetime) -> bool:
    """One citizen from now on: addresses and complaints of `taken` become those of `kept`; False if they were one.

    Both contacts are locked in one order, so that two officers who join them at the same time do not wait in a ring.
    """
    lock = "SELECT id FROM contact WHERE id = ANY(%s) ORDER BY id FOR UPDATE"
    if kept == taken or len(connection.exec_driver_sql(lock, ([kept, taken],)).fetchall()) < 2:  # noqa: PLR2004 - both
        return False
    moved = connection.exec_driver_sql(
        "UPDATE contact_address SET contact_id = %s WHERE contact_id = %s RETURNING scheme", (kept, taken)
    ).fetchall()
    connection.exec_driver_sql("UPDATE complaint SET contact_id = %s WHERE contact_id = %s", (kept, taken))
    if not moved:
        return False
    _note(connection, kept, "kontak_disatukan", sorted({row[0] for row in moved}), actor=actor, now=now)
    return True


_OPENED_BY = """
UPDATE complaint c SET contact_id = %s
WHERE c.contact_id = %s AND EXISTS (
  SELECT 1 FROM message m WHERE m.complaint_id = c.id AND m.direction = 'in' AND m.address = %s
    AND coalesce(m.hints->>'scheme', c.channel) = %s
    AND NOT EXISTS (SELECT 1 FROM message e WHERE e.complaint_id = c.id AND e.direction = 'in'
                      AND e.sent_at < m.sent_at))
"""


def part(
    connection: Connection, contact_id: uuid.UUID, scheme: str, address: str, *, actor: str, now: datetime
) -> bool:
    """An address becomes a citizen of its own again, with the complaints that were opened from it.

    False where it is the contact's only one, or not the contact's.
    """
    connection.exec_driver_sql("SELECT id FROM contact WHERE id = %s FOR UPDATE", (contact_id,))
    known = {(row.scheme, row.address): row.name for row in addresses(connection, contact_id)}
    if (scheme, address) not in known or len(known) == 1:
        return False
    _note(connection, contact_id, "kontak_dipisahkan", [scheme], actor=actor, now=now)
    fresh = new_id()
    connection.exec_driver_sql(
        "INSERT INTO contact (id, name, created_at) VALUES (%s, %s, %s)", (fresh, known[scheme, address], now)
    )
    connection.exec_driver_sql(
        "UPDATE contact_address SET contact_id = %s WHERE scheme = %s AND address = %s", (fresh, scheme, address)
    )
    connection.exec_driver_sql(_OPENED_BY, (fresh, contact_id, address, scheme))
    return True


def _note(
    connection: Connection, contact_id: uuid.UUID, kind: str, channels: list[str], *, actor: str, now: datetime
) -> None:
    """Into the history of every complaint of the contact; without the address, which history must not repeat."""
    mine = select(Complaint.id).where(Complaint.contact_id == contact_id).order_by(Complaint.id)
    found = connection.execute(mine).scalars().all()
    if found:
        data = {"channels": channels}
        rows = [{"complaint_id": each, "at": now, "actor": actor, "kind": kind, "data": data} for each in found]
        connection.execute(insert(Event), rows)
