"""What every act on a complaint shares: who acts on what he saw, the lock, the version, the clock, the history."""

from __future__ import annotations

import dataclasses
import uuid
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, insert, select, update

from normalizer.clock import Facts
from normalizer.complaint import CLOSED, State
from store.models import Complaint, Event, Message

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from normalizer.program import Program


#: The history's word for whoever had a hidden reporter shown to him: it changes nothing of the complaint.
LOOKED: Final = "identitas_dilihat"


class CaseworkError(Exception):
    """An act that cannot be done; nothing was changed."""


class StaleError(CaseworkError):
    """Somebody else was faster: the complaint is no longer as the officer saw it."""


class NotAnswerableError(CaseworkError):
    """There is nobody to answer: no line of the citizen's with an address."""


class UntoldError(CaseworkError):
    """The citizen would not learn why."""


class AlreadySortedError(CaseworkError):
    """The complaint has a program already."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who acts on which complaint, as he saw it (`version`), and when; `programs` by key say how the clocks run."""

    complaint_id: uuid.UUID
    version: int
    officer_id: int
    username: str
    now: datetime
    programs: Mapping[str, Program]


def locked(connection: Connection, act: Act) -> Any:
    """The complaint's row, locked until the transaction ends."""
    return connection.execute(select(Complaint).where(Complaint.id == act.complaint_id).with_for_update()).one()


def fresh(connection: Connection, act: Act) -> Any:
    """The complaint's row, locked. StaleError unless it is what the officer saw."""
    row = locked(connection, act)
    if row.version != act.version:
        raise StaleError(f"version {row.version}, seen {act.version}")
    return row


def write(connection: Connection, act: Act, row: Any, state: State, *, asked: bool = False, **changes: Any) -> None:
    """Bring the complaint into `state` with the changes, its clocks reckoned anew; `asked` says the citizen was."""
    closing = state in CLOSED
    program = act.programs.get(changes.get("program", row.program) or "")
    known = dataclasses.replace(Facts.of(row), responded_at=changes.get("responded_at", row.responded_at))
    values = {
        "state": state.value,
        "touched": True,
        "unread": False,
        **known.moved(state, act.now, asked=asked).columns(program),
        "closed_at": (row.closed_at or act.now) if closing else None,
        "last_activity_at": act.now,
        "version": row.version + 1,
        **({} if state is State.DITUNDA else {"held_until": None, "held_from": None}),
        **changes,
    }
    connection.execute(update(Complaint).where(Complaint.id == act.complaint_id).values(values))


def record(connection: Connection, act: Act, kind: str, **data: Any) -> None:
    """Into the complaint's history; `data` must be JSON and tell nobody's identity."""
    connection.execute(
        insert(Event).values(complaint_id=act.complaint_id, at=act.now, actor=act.username, kind=kind, data=data)
    )


def before(row: Any) -> dict[str, Any]:
    """What undoing an act needs of the complaint as it was, for the act's entry in the history."""
    times = {name: getattr(row, name) for name in ("held_until", "responded_at", "clock_started_at")}
    return {
        "version": row.version + 1,
        **{name: getattr(row, name) for name in ("state", "unit", "officer_id", "held_from", "stays")},
        **{name: None if at is None else at.isoformat() for name, at in times.items()},
    }


def line_of(act: Act, row: Any, line_id: uuid.UUID, text: str, *, role: str) -> dict[str, Any]:
    """The columns of an officer's line in the thread; `role` is answer or note."""
    return {
        "id": line_id,
        "complaint_id": act.complaint_id,
        "direction": "note" if role == "note" else "out",
        "role": role,
        "account": row.account,
        "conversation": row.conversation,
        "officer_id": act.officer_id,
        "text": text,
        "sent_at": act.now,
        "received_at": act.now,
    }


def line_id_of(act: Act, submission: str) -> uuid.UUID:
    """The same for the same form of the same complaint, so that a double click meets its own key."""
    return uuid.uuid5(act.complaint_id, submission)


def repeated(connection: Connection, act: Act, submission: str) -> bool:
    """Whether this very form was carried out before; such an act's entry in the history has it as `form`."""
    form = str(line_id_of(act, submission))
    entry = exists().where(Event.complaint_id == act.complaint_id, Event.data["form"].astext == form)
    return connection.execute(select(entry)).scalar_one()


def line_exists(connection: Connection, line_id: uuid.UUID) -> bool:
    """Whether a line of this id was written, whatever its words."""
    return connection.execute(select(exists().where(Message.id == line_id))).scalar_one()
