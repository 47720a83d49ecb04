"""What the case page offers beside the answer: grounds, the dates of a hold, the last act to take back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from flask import g

from inbox import rights, words
from inbox.case import kin
from inbox.rights import Need
from inbox.state import now, person, runtime
from store import casework, reveals
from store.casework import Act
from store.tokens import digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from store.queue import Row

#: No case waits longer than a complaint may take at all (Perpres 76/2013).
LONGEST_HOLD: Final = timedelta(days=60)

#: How long a reason for seeing an identity is, in letters.
REASON: Final = {"shortest": 5, "longest": 200}


def act_for(row: Row, version: int) -> Act:
    """The logged-in officer's act on a complaint as he saw it."""
    return Act(
        complaint_id=row.id,
        version=version,
        officer_id=person().id,
        username=person().username,
        now=now(),
        programs=runtime().programs,
    )


def shown(connection: Connection, row: Row, events: Sequence[Any]) -> dict[str, Any]:
    """What the case page offers: grounds, the dates of a hold, and the last of its `events` where it can be undone."""
    last = casework.undoable(connection, act_for(row, row.version), casework.last_of(events))
    today = now().astimezone(zone_of(row)).date()
    return {
        "grounds": words.GROUNDS,
        "first_day": (today + timedelta(days=1)).isoformat(),
        "last_day": (today + LONGEST_HOLD).isoformat(),
        **kin.shown(connection, row),
        **_identity(connection, row),
        "may_unmerge": casework.merged_by(connection, row) is not None,
        "undoable": None if last is None else words.ACTS[last.kind],
        "undoable_until": "" if last is None else words.absolute(last.until, runtime().zone),
    }


def _identity(connection: Connection, row: Row) -> dict[str, Any]:
    """The question for a reason to see who a hidden reporter is, or until when he is shown."""
    if not ((row.anonim or row.rahasia) and rights.may(person(), Need.REVEAL)):
        return {"may_reveal": False, "revealed_until": "", "reveal_left": None}
    until = reveals.open_to(connection, digest(g.token), now()).get(row.id)
    return {
        "may_reveal": until is None,
        "revealed_until": "" if until is None else words.absolute(until, runtime().zone),
        "reveal_left": None if until is None else reveals.left(until, now()),
        "reveal_minutes": int(reveals.OPEN.total_seconds() // 60),
        "reveal_reason": REASON,
    }


def zone_of(row: Row) -> ZoneInfo:
    """The time zone of the complaint's program."""
    program = runtime().programs.get(row.program or "")
    return runtime().zone if program is None else ZoneInfo(program.timezone)
