"""Taking one's own last act back, while nobody has built on it and the citizen has not been told."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select, update

from normalizer.clock import Facts
from store.casework.base import LOOKED, Act, CaseworkError, fresh, record, write
from store.models import Event, Message, Outbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

#: How long an act that told nobody can be taken back.
WINDOW: Final = timedelta(minutes=10)
_TIMES: Final = ("held_until", "responded_at", "clock_started_at")
_KEPT: Final = ("unit", "officer_id", "held_from", "stays")


class TooLateError(CaseworkError):
    """The act cannot be taken back any more: time has passed, something followed it, or the citizen was told."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Undoable:
    """An officer's last act on a complaint: its kind, what it was told with, and until when it can be taken back."""

    kind: str
    data: dict[str, Any]
    until: datetime


def last_act(connection: Connection, act: Act) -> Any:
    """The last entry of the complaint's history that changed something; None before there is one."""
    query = select(Event).where(Event.complaint_id == act.complaint_id, Event.kind != LOOKED)
    return connection.execute(query.order_by(Event.seq.desc()).limit(1)).one_or_none()


def last_of(events: Sequence[Any]) -> Any:
    """As `last_act`, of a history that is at hand."""
    return next((each for each in reversed(events) if each.kind != LOOKED), None)


def undoable(connection: Connection, act: Act, last: Any) -> Undoable | None:
    """What this officer could take back now: the `last_act`, where it is his and the complaint is as he left it."""
    if last is None or last.actor != act.username or "undo" not in last.data:
        return None
    until = last.at + WINDOW
    if last.data["undo"]["version"] != act.version or until <= act.now:
        return None
    waiting = [uuid.UUID(each) for each in last.data.get("outbox", ())]
    if waiting:
        still = connection.execute(
            select(Outbox.next_attempt_at).where(
                Outbox.id.in_(waiting), Outbox.state == "queued", Outbox.attempts == 0, Outbox.next_attempt_at > act.now
            )
        ).all()
        if len(still) < len(waiting):
            return None
        until = min(row.next_attempt_at for row in still)
    return Undoable(kind=last.kind, data=last.data, until=until)


def undo(connection: Connection, act: Act) -> None:
    """The complaint is again as before the officer's last act. StaleError, TooLateError."""
    row = fresh(connection, act)
    found = undoable(connection, act, last_act(connection, act))
    if found is None:
        raise TooLateError("nothing to take back")
    _withhold(connection, act, found.data)
    restore(connection, act, row, found.data["undo"])
    record(connection, act, "diurungkan", what=found.kind)


def restore(connection: Connection, act: Act, row: Any, then: dict[str, Any], **changes: Any) -> None:
    """Bring the complaint to what `base.before` wrote down, its clocks as if nothing had been; `changes` on top."""
    times = {name: datetime.fromisoformat(then[name]) if then[name] else None for name in _TIMES}
    was = {name: then[name] for name in _KEPT} | times
    facts = Facts.of(SimpleNamespace(**{**row._mapping, **was, "state": then["state"]}))  # noqa: SLF001 - SQLAlchemy's public name
    columns = facts.columns(act.programs.get(row.program or ""))
    write(connection, act, row, facts.state, **was | columns | changes)


def _withhold(connection: Connection, act: Act, data: dict[str, Any]) -> None:
    """What was about to be sent is not; the sender may have been faster."""
    waiting = [uuid.UUID(each) for each in data.get("outbox", ())]
    values = {"state": "skipped", "error": "diurungkan petugas"}
    stopped = connection.execute(
        update(Outbox).where(Outbox.id.in_(waiting), Outbox.state == "queued", Outbox.attempts == 0).values(values)
    )
    if stopped.rowcount != len(waiting):
        raise TooLateError("the citizen is being told")
    lines = [uuid.UUID(each) for each in data.get("lines", ())]
    connection.execute(update(Message).where(Message.id.in_(lines)).values(withdrawn_at=act.now))
