"""What the clock process asks and writes: complaints whose silence is over, or that somebody must be warned of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, literal_column, select, update

from normalizer.clock import Facts
from normalizer.complaint import OPEN, State
from store import identity
from store.journal import new_id
from store.models import Complaint, Event, Message, Outbox
from store.partitions import partition

if TYPE_CHECKING:
    import uuid
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from normalizer.program import Program

#: Complaints of one look; the next look comes a second later.
BATCH = 100
#: What the citizen wrote before the deadline may still be on its way through the drain.
_UNREAD = """
SELECT EXISTS (SELECT 1 FROM journal WHERE parsed_at IS NULL AND received_at <= %s)
    OR EXISTS (SELECT 1 FROM item WHERE state = 'new' AND received_at <= %s)
    OR EXISTS (SELECT 1 FROM item WHERE state = 'waiting' AND received_at <= %s)
"""


def silent(connection: Connection, now: datetime) -> Sequence[Any]:
    """Complaints whose citizen has not answered in time, locked; what others hold a lock on waits for the next look."""
    # The state as it stands in the index, not as a parameter: a plan for every state could not use that index.
    waiting = Complaint.state == literal_column(f"'{State.MENUNGGU_WARGA.value}'")
    query = select(Complaint).where(waiting, Complaint.silence_due_at <= now)
    query = query.order_by(Complaint.silence_due_at).limit(BATCH).with_for_update(skip_locked=True)
    return connection.execute(query).all()


def unread(connection: Connection, until: datetime) -> bool:
    """Whether anything that came in until then has not been handled yet."""
    return bool(connection.exec_driver_sql(_UNREAD, (until, until, until)).scalar_one())


def close_silent(  # noqa: PLR0917 - the one act of the clock on a complaint
    connection: Connection, row: Any, program: Program | None, text: str, accounts: frozenset[str], now: datetime
) -> None:
    """Close a complaint for silence; the citizen is told on the channel he used last, where its account answers."""
    facts = Facts.of(row).moved(State.SELESAI, now)
    values = {
        "state": State.SELESAI.value,
        "closed_at": now,
        "touched": True,
        "last_activity_at": now,
        "version": row.version + 1,
        **facts.columns(program),
    }
    connection.execute(update(Complaint).where(Complaint.id == row.id).values(values))
    record(connection, row.id, now, "ditutup_otomatis", sejak=facts.stays[-1].since.isoformat())
    ways = identity.ways(connection, row.id, None)
    way = next((each for each in ways if each.account in accounts), None)
    line = {
        "id": new_id(),
        "complaint_id": row.id,
        "direction": "out",
        "role": "answer",
        "account": way.account if way else row.account,
        "conversation": way.conversation if way else row.conversation,
        "address": way.address if way else None,
        "text": text,
        "sent_at": now,
        "received_at": now,
    }
    connection.execute(insert(Message).values(line))
    if way is None:
        return
    connection.execute(
        insert(Outbox).values(
            id=new_id(),
            account=way.account,
            conversation=way.conversation,
            address=way.address,
            complaint_id=row.id,
            message_id=line["id"],
            purpose="silence",
            dedupe=f"silence:{line['id']}",
            text=text,
            subject=way.subject,
            in_reply_to=way.external_id,
            hints=way.hints,
            lane=partition(way.account, way.conversation),
            next_attempt_at=now,
            created_at=now,
        )
    )


def warnable(connection: Connection, now: datetime) -> Sequence[Any]:
    """Complaints with a step of escalation that is due, locked as above."""
    query = select(Complaint).where(Complaint.warn_at <= now).order_by(Complaint.warn_at).limit(BATCH)
    return connection.execute(query.with_for_update(skip_locked=True)).all()


def open_after(connection: Connection, last: uuid.UUID) -> Sequence[Any]:
    """The next open complaints in the order of their ids, locked."""
    query = select(Complaint).where(Complaint.state.in_([state.value for state in OPEN]), Complaint.id > last)
    return connection.execute(query.order_by(Complaint.id).limit(BATCH).with_for_update()).all()


def set_clock(connection: Connection, complaint_id: uuid.UUID, columns: dict[str, Any]) -> None:
    """Write what was reckoned anew; an officer's open form stays good, since nothing that he decides has changed."""
    connection.execute(update(Complaint).where(Complaint.id == complaint_id).values(columns))


def record(connection: Connection, complaint_id: uuid.UUID, now: datetime, kind: str, **data: Any) -> None:
    """Into the complaint's history, as the program's own doing."""
    connection.execute(insert(Event).values(complaint_id=complaint_id, at=now, actor="sistem", kind=kind, data=data))
