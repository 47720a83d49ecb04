"""Notices on their way out of the house: what each officer chose, what reaches him, and what became of each.

A message is a batch of deliveries. It is claimed and marked before it is sent, so that whatever ends the process in
between is seen afterwards; an officer's row of a way is its lock, so that no two processes write to him at once.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, delete, literal_column, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from normalizer.saying import kept
from normalizer.telling import SETTLE, Way, Wishes
from store.journal import new_id
from store.models import Choice, Complaint, Delivery, Notice, Officer, Reach

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

#: Refusals in a row after which a way is left alone until the officer says otherwise.
MOST_REFUSALS: Final = 3
#: Rows of one message; what is more follows in the next.
_MOST: Final = 1000

# As they stand in the indexes, not as parameters: a plan for every state could not use those.
WAITING: Final[ColumnElement[bool]] = Delivery.state == literal_column("'waiting'")
_SENDING: Final[ColumnElement[bool]] = Delivery.state == literal_column("'sending'")
_PAUSED = "(r.paused_at IS NOT NULL AND (r.way <> 'mail' OR r.address = coalesce(o.email, '')))"
_UNPLANNED = f"""
SELECT n.id, n.officer_id, n.kind, n.data, n.made_at, c.kinds, c.digest_hour, c.digest_days, c.quiet_from, c.quiet_to,
  c.late_passes, ARRAY(SELECT r.way FROM officer_reach r JOIN officer o ON o.id = r.officer_id
                       WHERE r.officer_id = n.officer_id AND NOT {_PAUSED}) AS ways
FROM notice n LEFT JOIN officer_choice c ON c.officer_id = n.officer_id
WHERE NOT n.planned ORDER BY n.id LIMIT %s FOR UPDATE OF n SKIP LOCKED
"""  # noqa: S608 - a constant of ours


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One notice on one way, and when it may go."""

    notice_id: int
    officer_id: int
    way: str
    digest: bool
    due_at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is due for one officer on one way; the officer's row of that way is locked until the transaction ends.

    `rows` have the columns of the notice, those of its complaint and `delivery_id`. `batch` is the id of a message that
    was tried before, with just these rows.
    """

    officer: Any
    reach: Any
    wishes: Wishes
    digest: bool
    batch: UUID | None
    attempts: int
    rows: Sequence[Any]


def unplanned(connection: Connection, limit: int) -> Sequence[Any]:
    """Notices whose deliveries are not made yet, locked; each with its officer's choice and the ways that reach him."""
    return connection.exec_driver_sql(_UNPLANNED, (limit,)).all()


def plan(connection: Connection, notices: Sequence[int], planned: Iterable[Planned]) -> None:
    """Make the deliveries of these notices; what was planned before and is on its way or gone stays as it is."""
    rows = [dataclasses.asdict(each) for each in planned]
    if rows:
        connection.execute(upsert(Delivery).on_conflict_do_nothing(), rows)
    connection.execute(update(Notice).where(Notice.id.in_(notices)).values(planned=True))


def claim(connection: Connection, way: Way, now: datetime) -> Claim | None:
    """What is due longest on a way, with all that may go in the same message; None where nothing is."""
    first = connection.execute(
        select(Delivery.officer_id, Delivery.digest, Delivery.batch, Delivery.attempts)
        .join(Reach, (Reach.officer_id == Delivery.officer_id) & (Reach.way == Delivery.way))
        .where(Delivery.way == way.value, WAITING, Delivery.due_at <= now)
        .order_by(Delivery.due_at)
        .limit(1)
        .with_for_update(of=Reach, skip_locked=True)
    ).one_or_none()
    if first is None:
        return None
    same = (
        Delivery.batch == first.batch if first.batch else Delivery.batch.is_(None) & (Delivery.due_at <= now + SETTLE)
    )
    rows = connection.execute(
        select(
            Delivery.id.label("delivery_id"),
            Notice.kind,
            Notice.data,
            Notice.seen_at,
            Notice.complaint_id,
            *(getattr(Complaint, name) for name in ("ticket", "program", "unit", "account", "state", "next_due_at")),
        )
        .join(Notice, Notice.id == Delivery.notice_id)
        .join(Complaint, Complaint.id == Notice.complaint_id, isouter=True)
        .where(
            Delivery.officer_id == first.officer_id,
            Delivery.way == way.value,
            WAITING,
            Delivery.digest == first.digest,
            same,
        )
        .order_by(Notice.id)
        .limit(_MOST)
        .with_for_update(of=Delivery)
    ).all()
    officer = connection.execute(select(Officer).where(Officer.id == first.officer_id)).one()
    reach = connection.execute(select(Reach).where(Reach.officer_id == first.officer_id, Reach.way == way.value)).one()
    return Claim(
        officer=officer,
        reach=reach,
        wishes=wishes(connection, first.officer_id),
        digest=first.digest,
        batch=first.batch,
        attempts=first.attempts,
        rows=rows,
    )


def mark(connection: Connection, ids: Sequence[int], batch: UUID | None, now: datetime) -> UUID:
    """These go out now as one message; its id."""
    batch = batch or new_id()
    values = {"state": "sending", "batch": batch, "claimed_at": now, "attempts": Delivery.attempts + 1}
    connection.execute(update(Delivery).where(Delivery.id.in_(ids)).values(values))
    return batch


def drop(connection: Connection, ids: Sequence[int]) -> None:
    """These stay in the house after all."""
    if ids:
        connection.execute(update(Delivery).where(Delivery.id.in_(ids)).values(state="dropped"))


def hold(connection: Connection, ids: Sequence[int], until: datetime) -> None:
    """These wait until then."""
    if ids:
        connection.execute(update(Delivery).where(Delivery.id.in_(ids)).values(due_at=until))


def settle(connection: Connection, batch: UUID, state: str, now: datetime) -> None:
    """What became of a message: sent, failed or unknown."""
    sent_at = now if state == "sent" else None
    ours = update(Delivery).where(Delivery.batch == batch, _SENDING)
    connection.execute(ours.values(state=state, sent_at=sent_at))


def again(connection: Connection, batch: UUID, until: datetime, *, same: bool) -> None:
    """The message was not sent, or not surely: again at `until`, as the `same` message or with what came meanwhile."""
    values = {"state": "waiting", "due_at": until, "batch": batch if same else None}
    connection.execute(update(Delivery).where(Delivery.batch == batch, _SENDING).values(values))


def put_off(connection: Connection, way: Way, until: datetime) -> None:
    """Nothing goes on this way until then."""
    waiting = (Delivery.way == way.value, WAITING, Delivery.due_at < until)
    connection.execute(update(Delivery).where(*waiting).values(due_at=until))


def recover(connection: Connection, way: Way, before: datetime, now: datetime) -> None:
    """What a dead process left: a mail goes again under its id; of a chat's message nobody knows."""
    stuck = update(Delivery).where(Delivery.way == way.value, _SENDING, Delivery.claimed_at < before)
    values = {"state": "waiting", "due_at": now} if way is Way.MAIL else {"state": "unknown"}
    connection.execute(stuck.values(values))


def reached(connection: Connection, officer_id: int, way: Way) -> None:
    """A message arrived."""
    mine = update(Reach).where(Reach.officer_id == officer_id, Reach.way == way.value, Reach.failures > 0)
    connection.execute(mine.values(failures=0, error=None, paused_at=None))


def refused(  # noqa: PLR0917 - one event
    connection: Connection, officer_id: int, way: Way, address: str, error: str, now: datetime
) -> None:
    """The address took no message; after a few in a row nothing more is tried. Another mail address counts anew."""
    mine = (Reach.officer_id == officer_id, Reach.way == way.value)
    reach = connection.execute(select(Reach).where(*mine).with_for_update()).one_or_none()
    if reach is None:
        return
    failures = (reach.failures if reach.address == address else 0) + 1
    paused = now if failures >= MOST_REFUSALS else None
    values = {"failures": failures, "error": kept(error), "paused_at": paused, "address": address}
    connection.execute(update(Reach).where(*mine).values(values))


def wishes(connection: Connection, officer_id: int) -> Wishes:
    """What the officer chose."""
    row = connection.execute(select(Choice).where(Choice.officer_id == officer_id)).one_or_none()
    return Wishes() if row is None else Wishes.of(row)


def choose(connection: Connection, officer_id: int, wanted: Wishes, now: datetime) -> None:
    """Keep what the officer chose; what waits for him is planned anew."""
    begins, ends = wanted.quiet or (None, None)
    values = {
        "kinds": wanted.kinds,
        "digest_hour": wanted.digest_hour,
        "digest_days": wanted.digest_days.value,
        "quiet_from": begins,
        "quiet_to": ends,
        "late_passes": wanted.late_passes,
    }
    row = upsert(Choice).values(officer_id=officer_id, **values)
    connection.execute(row.on_conflict_do_update(index_elements=[Choice.officer_id], set_=values))
    mail = upsert(Reach).values(officer_id=officer_id, way=Way.MAIL.value, since=now)
    connection.execute(mail.on_conflict_do_nothing())
    gone = delete(Delivery).where(Delivery.officer_id == officer_id, WAITING, Delivery.batch.is_(None))
    notices = connection.scalars(gone.returning(Delivery.notice_id)).all()
    connection.execute(update(Notice).where(Notice.id.in_(notices)).values(planned=False))


def reaches(connection: Connection, officer_id: int) -> Mapping[str, Any]:
    """What reaches an officer, by way."""
    return {row.way: row for row in connection.execute(select(Reach).where(Reach.officer_id == officer_id))}


def resume(connection: Connection, officer_id: int, way: Way) -> None:
    """The officer says that a way works again."""
    mine = update(Reach).where(Reach.officer_id == officer_id, Reach.way == way.value)
    connection.execute(mine.values(failures=0, error=None, paused_at=None))


def resting(connection: Connection, account: str, now: datetime) -> bool:
    """Whether sending on this account rests, by itself or since an officer said so."""
    sql = "SELECT sending_paused OR coalesce(paused_until > :now, false) FROM account_state WHERE account = :account"
    return bool(connection.execute(text(sql), {"account": account, "now": now}).scalar_one_or_none())
