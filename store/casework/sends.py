"""What an officer decides about a message that failed, or of which nobody knows whether it arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, select, update

from store.casework.base import Act, StaleError, locked, record
from store.models import Complaint, Outbox

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Connection

_UNSETTLED: Final = ("failed", "unknown")


def retry_send(connection: Connection, act: Act, outbox_id: uuid.UUID) -> None:
    """A failed message goes into the outbox again. StaleError unless it still stands there as failed."""
    _settle(connection, act, outbox_id, "failed", _again(act))
    record(connection, act, "dikirim_ulang", outbox=str(outbox_id))


def settle_unknown(connection: Connection, act: Act, outbox_id: uuid.UUID, *, arrived: bool) -> None:
    """The officer decides about a message of unknown outcome: it arrived, or it goes out again. StaleError."""
    values = {"state": "sent", "sent_at": act.now, "error": None} if arrived else _again(act)
    _settle(connection, act, outbox_id, "unknown", values)
    record(connection, act, "dipastikan", outbox=str(outbox_id), arrived=arrived)


def _again(act: Act) -> dict[str, Any]:
    return {"state": "queued", "attempts": 0, "next_attempt_at": act.now, "claimed_at": None, "error": None}


def _settle(connection: Connection, act: Act, outbox_id: uuid.UUID, present: str, values: dict[str, Any]) -> None:
    row = locked(connection, act)
    ours = (Outbox.id == outbox_id, Outbox.complaint_id == act.complaint_id)
    changed = connection.execute(update(Outbox).where(*ours, Outbox.state == present).values(values))
    if changed.rowcount != 1:
        raise StaleError(f"the message is no longer {present}")
    left = exists().where(Outbox.complaint_id == act.complaint_id, Outbox.state.in_(_UNSETTLED))
    still = connection.execute(select(left)).scalar_one()
    changes = {"send_failed": still, "touched": True, "last_activity_at": act.now, "version": row.version + 1}
    connection.execute(update(Complaint).where(Complaint.id == act.complaint_id).values(changes))
