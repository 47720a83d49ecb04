"""What the case page offers beside the answer: grounds, the dates of a hold, the last act to take back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from inbox import kin, words
from inbox.state import now, person, runtime
from store import casework
from store.casework import Act

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.queue import Row

#: No case waits longer than a complaint may take at all (Perpres 76/2013).
LONGEST_HOLD: Final = timedelta(days=60)


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


def shown(connection: Connection, row: Row) -> dict[str, Any]:
    """What the case page offers: grounds, the dates of a hold, and the last act where it can be taken back."""
    last = casework.undoable(connection, act_for(row, row.version))
    today = now().astimezone(zone_of(row)).date()
    return {
        "grounds": words.GROUNDS,
        "first_day": (today + timedelta(days=1)).isoformat(),
        "last_day": (today + LONGEST_HOLD).isoformat(),
        **kin.shown(connection, row),
        "may_unmerge": casework.merged_by(connection, row) is not None,
        "undoable": None if last is None else words.ACTS[last.kind],
        "undoable_until": "" if last is None else words.absolute(last.until, runtime().zone),
    }


def zone_of(row: Row) -> ZoneInfo:
    """The time zone of the complaint's program."""
    program = runtime().programs.get(row.program or "")
    return runtime().zone if program is None else ZoneInfo(program.timezone)
