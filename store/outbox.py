"""The outbox: answers on their way, each claimed, sent and settled under locks that die with their holder."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from normalizer.saying import kept, say
from store.bulk import dumps

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

#: First key of the advisory locks on lanes; the second is a hash of account and lane.
LANE_SPACE = 7_246_003

#: How far a message came, so that a late "sent" never hides a "read".
_RANK = (
    "array_position(ARRAY['queued','sending','dropped','unknown','accepted','sent','failed','delivered','read'], {})"
)

COLUMNS = (
    "id",
    "account",
    "conversation",
    "address",
    "complaint_id",
    "message_id",
    "purpose",
    "dedupe",
    "text",
    "subject",
    "in_reply_to",
    "hints",
    "lane",
    "state",
    "attempts",
    "next_attempt_at",
    "created_at",
)
_NAMES = ", ".join(COLUMNS)
_INSERT = f"""
INSERT INTO outbox ({_NAMES}) SELECT {_NAMES} FROM jsonb_populate_recordset(NULL::outbox, %s::jsonb)
ON CONFLICT (dedupe) DO NOTHING
"""  # noqa: S608 - names of ours


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Queue these messages; an automatic text that was queued before is not queued again."""
    if rows:
        connection.exec_driver_sql(_INSERT, (dumps([{name: row[name] for name in COLUMNS} for row in rows]),))


_AUTOMATIC = """
SELECT o.account, o.conversation, count(*) FROM outbox o
WHERE (o.account, o.conversation) IN (SELECT * FROM unnest(%s::text[], %s::text[]))
  AND o.purpose <> 'answer' AND o.created_at > %s
GROUP BY 1, 2
"""


def automatic(connection: Connection, keys: Iterable[tuple[str, str]], since: datetime) -> dict[tuple[str, str], int]:
    """How many automatic texts each conversation (account, conversation) was given since then; none: not there."""
    accounts, conversations = (list(column) for column in zip(*keys, strict=True))
    rows = connection.exec_driver_sql(_AUTOMATIC, (accounts, conversations, since))
    return {(row[0], row[1]): row[2] for row in rows}


_RECEIPT = """
INSERT INTO receipt (account, external_id, status, at, error, reply_id)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::uuid[])
ON CONFLICT DO NOTHING
"""
_LOCK = "SELECT pg_advisory_xact_lock(7246004, hashtext(k)) FROM unnest(%s::text[]) AS k ORDER BY hashtext(k)"
# A provider that repeats our own id tells of a message even where its own id never reached us.
_APPLY = f"""
WITH told AS (
  SELECT r.* FROM receipt r
  WHERE (r.account, r.external_id) IN (SELECT * FROM unnest(%(accounts)s::text[], %(ids)s::text[]))
), mine AS (
  SELECT o.id, r.external_id, r.status, r.at, r.error
  FROM told r JOIN outbox o ON o.account = r.account AND o.external_id = r.external_id
  UNION ALL
  SELECT o.id, r.external_id, r.status, r.at, r.error
  FROM told r JOIN outbox o ON o.id = r.reply_id AND o.account = r.account
), furthest AS (
  SELECT DISTINCT ON (id) * FROM mine ORDER BY id, {_RANK.format("status")} DESC
), moved AS (
  UPDATE outbox o SET state = r.status, error = CASE WHEN r.status = 'failed' THEN coalesce(r.error, o.error) END,
    external_id = coalesce(o.external_id, r.external_id), sent_at = coalesce(o.sent_at, r.at)
  FROM furthest r WHERE o.id = r.id AND {_RANK.format("r.status")} > {_RANK.format("o.state")}
  RETURNING o.complaint_id, o.message_id, o.external_id
), named AS (
  UPDATE message m SET external_id = moved.external_id FROM moved
  WHERE m.id = moved.message_id AND m.external_id IS NULL
)
SELECT complaint_id FROM moved
"""  # noqa: S608 - constants of ours
_RECKON = """
WITH known AS (
  SELECT c.id, c.send_failed AS before, f.failed IS NOT NULL AS after, coalesce(c.officer_id, f.writer) AS officer
  FROM complaint c LEFT JOIN LATERAL (
    SELECT true AS failed, m.officer_id AS writer FROM outbox o LEFT JOIN message m ON m.id = o.message_id
    WHERE o.complaint_id = c.id AND o.state IN ('failed', 'unknown') ORDER BY o.seq DESC LIMIT 1
  ) f ON true
  WHERE c.id = ANY(%s)
), changed AS (
  UPDATE complaint c SET send_failed = known.after FROM known WHERE c.id = known.id
)
INSERT INTO notice (officer_id, complaint_id, kind, made_at)
SELECT k.officer, k.id, 'failed', %s FROM known k JOIN officer o ON o.id = k.officer AND o.active
WHERE k.after AND NOT k.before
"""

#: Account, external id, status, when, error, our own id of the reply.
Told = tuple[str, str, str, "datetime", str | None, str | None]


def note_receipts(connection: Connection, receipts: Sequence[Told], now: datetime) -> None:
    """Keep what was told, and move our messages on as far as it tells."""
    if not receipts:
        return
    columns = [list(column) for column in zip(*receipts, strict=True)]
    columns[4] = [None if error is None else kept(error) for error in columns[4]]
    connection.exec_driver_sql(_RECEIPT, tuple(columns))
    apply_receipts(connection, [(row[0], row[1]) for row in receipts], now)


def apply_receipts(connection: Connection, keys: Iterable[tuple[str, str]], now: datetime) -> None:
    """Bring our messages (account, external id) to the furthest state that any receipt reported.

    Called by whoever writes the receipt and by whoever records the send: the lock makes one of them see the other.
    """
    accounts, ids = (list(column) for column in zip(*sorted(set(keys)), strict=True))
    connection.exec_driver_sql(_LOCK, ([f"{account}:{ident}" for account, ident in zip(accounts, ids, strict=True)],))
    moved = connection.exec_driver_sql(_APPLY, {"accounts": accounts, "ids": ids}).fetchall()
    reckon(connection, [row[0] for row in moved], now)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A claimed message, what it belongs to, and the citizen's last line in its conversation.

    `sent` counts our messages that went out, or may have, since that line. `files` go along, each with `name`,
    `content_type` and `sha256`.
    """

    id: uuid.UUID
    account: str
    conversation: str
    address: str
    complaint_id: uuid.UUID | None
    message_id: uuid.UUID | None
    purpose: str
    text: str
    subject: str | None
    in_reply_to: str | None
    hints: dict[str, Any]
    attempts: int
    created_at: datetime
    last_inbound_at: datetime | None
    last_hints: dict[str, Any] | None
    ticket: str | None
    program: str | None
    complaint_state: str | None
    sent: int
    files: list[dict[str, str]] | None


_LANES = """
SELECT DISTINCT o.account, o.lane FROM outbox o LEFT JOIN account_state s ON s.account = o.account
WHERE (o.state = 'queued' AND o.next_attempt_at <= %s AND coalesce(s.paused_until, '-infinity') <= %s
       AND s.sending_paused IS NOT TRUE)
   OR (o.state = 'sending' AND o.claimed_at < %s)
LIMIT 500
"""


def lanes(connection: Connection, now: datetime, abandoned: datetime) -> list[tuple[str, int]]:
    """Lanes (account, lane) with something to send now, or with a claim from before `abandoned`."""
    return [(row[0], row[1]) for row in connection.exec_driver_sql(_LANES, (now, now, abandoned))]


def lock_lane(connection: Connection, account: str, lane: int) -> bool:
    """Take the lane for this connection until it is unlocked or the process dies; False if another holds it."""
    sql = "SELECT pg_try_advisory_lock(%s, hashtext(%s))"
    return bool(connection.exec_driver_sql(sql, (LANE_SPACE, f"{account}:{lane}")).scalar_one())


def unlock_lane(connection: Connection, account: str, lane: int) -> None:
    """Give the lane back."""
    connection.exec_driver_sql("SELECT pg_advisory_unlock(%s, hashtext(%s))", (LANE_SPACE, f"{account}:{lane}"))


_ABANDONED = """
UPDATE outbox SET
  state = CASE WHEN %s THEN 'queued' WHEN purpose = 'answer' THEN 'unknown' ELSE 'dropped' END,
  error = %s
WHERE account = %s AND lane = %s AND state = 'sending' RETURNING complaint_id, state
"""


#: What became of it then only the citizen knows.
_ENDED = say("Proses pengirim berhenti di tengah pengiriman.")


def settle_abandoned(connection: Connection, account: str, lane: int, now: datetime, *, idempotent: bool) -> None:
    """What a dead sender left behind, in a lane that we hold: again where that is safe, else for the officer."""
    rows = connection.exec_driver_sql(_ABANDONED, (idempotent, kept(_ENDED), account, lane)).fetchall()
    reckon(connection, [row[0] for row in rows if row[1] == "unknown"], now)


# A message never overtakes an earlier one of its conversation, even while that one waits for its next try.
# Its state is asked again once its row is ours: an officer may have taken it back meanwhile.
# A sender that is in the middle of a lane when an officer pauses the account stops at the next message.
# What we sent since the citizen wrote is counted by our own clock alone: when we received that line.
_CLAIM = """
WITH next AS (
  SELECT id FROM outbox o
  WHERE account = %s AND lane = %s AND state = 'queued' AND next_attempt_at <= %s
    AND NOT EXISTS (SELECT 1 FROM account_state s WHERE s.account = o.account AND s.sending_paused)
    AND NOT EXISTS (SELECT 1 FROM outbox e WHERE e.account = o.account AND e.lane = o.lane
                    AND e.conversation = o.conversation AND e.state IN ('queued', 'sending') AND e.seq < o.seq)
  ORDER BY seq LIMIT 1
), claimed AS (
  UPDATE outbox o SET state = 'sending', attempts = attempts + 1, claimed_at = %s FROM next
  WHERE o.id = next.id AND o.state = 'queued'
  RETURNING o.*
)
SELECT c.id, c.account, c.conversation, c.address, c.complaint_id, c.message_id, c.purpose, c.text, c.subject,
       c.in_reply_to, c.hints, c.attempts, c.created_at, m.sent_at, m.hints, k.ticket, k.program, k.state,
       (SELECT count(*) FROM outbox o WHERE o.account = c.account AND o.conversation = c.conversation
          AND o.id <> c.id AND o.state = ANY(%s) AND o.created_at >= coalesce(m.received_at, '-infinity')),
       (SELECT jsonb_agg(jsonb_build_object('name', a.name, 'content_type', a.content_type, 'sha256', a.sha256)
                         ORDER BY a.position) FROM attachment a WHERE a.message_id = c.message_id)
FROM claimed c LEFT JOIN complaint k ON k.id = c.complaint_id
LEFT JOIN LATERAL (
  SELECT sent_at, received_at, hints FROM message m WHERE m.account = c.account AND m.conversation = c.conversation
    AND m.direction = 'in' ORDER BY sent_at DESC LIMIT 1
) m ON true
"""
#: States of a message that the citizen has, or may have.
GONE = ["unknown", "accepted", "sent", "delivered", "read"]


def claim(connection: Connection, account: str, lane: int, now: datetime) -> Letter | None:
    """The next message of a lane that we hold, marked as being sent; commit before sending it."""
    row = connection.exec_driver_sql(_CLAIM, (account, lane, now, now, GONE)).one_or_none()
    return None if row is None else Letter(**dict(zip(Letter.__slots__, row, strict=True)))


_SENT = """
UPDATE outbox SET state = CASE WHEN %s = 'accepted' THEN 'sent' ELSE %s END, external_id = %s, sent_at = %s,
  error = NULL
WHERE id = %s
"""


def record_sent(connection: Connection, letter: Letter, external_id: str, status: str, now: datetime) -> None:
    """The provider took it. Receipts that came before this are applied now."""
    connection.exec_driver_sql(_SENT, (status, status, external_id, now, letter.id))
    if letter.message_id is not None:
        connection.exec_driver_sql(
            "UPDATE message SET external_id = %s, sent_at = %s WHERE id = %s", (external_id, now, letter.message_id)
        )
    apply_receipts(connection, [(letter.account, external_id)], now)


_NO_ACCOUNT = say("Akun kanal ini tidak ada lagi di config/muara.toml; jawab lewat saluran lain.")


def forsake(connection: Connection, account: str, lane: int, now: datetime) -> None:
    """An account that is configured no more sends nothing; the officers see it."""
    sql = """
    UPDATE outbox SET state = 'failed', error = %s
    WHERE account = %s AND lane = %s AND state = 'queued' RETURNING complaint_id
    """
    rows = connection.exec_driver_sql(sql, (kept(_NO_ACCOUNT), account, lane)).fetchall()
    reckon(connection, [row[0] for row in rows], now)


def postpone(connection: Connection, letter: Letter, until: datetime, error: str) -> None:
    """Not sent: try again at `until`; not where a receipt has told meanwhile that it was."""
    sql = "UPDATE outbox SET state = 'queued', next_attempt_at = %s, error = %s WHERE id = %s AND state = 'sending'"
    connection.exec_driver_sql(sql, (until, kept(error), letter.id))


def give_up(connection: Connection, letter: Letter, state: str, error: str, now: datetime) -> None:
    """Not sent (`failed`, `skipped`), or nobody knows (`unknown`, `dropped`); the officer sees it at the complaint.

    Nothing changes where a receipt has told meanwhile what became of it.
    """
    sql = "UPDATE outbox SET state = %s, error = %s WHERE id = %s AND state = 'sending'"
    connection.exec_driver_sql(sql, (state, kept(error), letter.id))
    reckon(connection, [letter.complaint_id], now)


def reckon(connection: Connection, complaints: Sequence[uuid.UUID | None], now: datetime) -> None:
    """Whether the officer has to look at a message of the complaint's; where he has to now, he is told."""
    if found := [complaint for complaint in complaints if complaint is not None]:
        connection.exec_driver_sql(_RECKON, (found, now))
