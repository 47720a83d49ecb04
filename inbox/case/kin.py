"""What the case page shows of other complaints: merged ones, likely doubles, the same citizen's earlier ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from inbox import rights, words
from inbox.state import now, person, runtime, scope
from normalizer.complaint import CLOSED, State
from normalizer.text import subject
from store import related

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.queue import Row
    from store.related import Related

_FIRST_WORDS: Final = 90


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """Another complaint in a line; `words` are empty where its reporter is hidden from this officer."""

    ticket: str
    state: str
    words: str
    age: str
    open: bool


def shown(connection: Connection, row: Row) -> dict[str, Any]:
    """Merged, likely doubles, earlier ones of the same citizen.

    A hidden reporter's other complaints would tell who he is: nobody who may not know sees them.
    """
    hidden = rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia, case=row.id)
    likely = [] if State(row.state) in CLOSED else related.likely(connection, row.id)
    found = related.of(connection, scope(), row.id, contact_id=None if hidden else row.contact_id, likely=likely)
    return {
        "merged": found.merged,
        "merged_into": found.target,
        "likely": [_kin(each) for each in found.likely],
        "earlier": [_kin(each) for each in found.earlier],
    }


def _kin(each: Related) -> Kin:
    hidden = rights.masked(person(), anonim=each.anonim, rahasia=each.rahasia)
    state = State(each.state)
    return Kin(
        ticket=each.ticket,
        state=words.STATES[state],
        words="" if hidden else subject(each.body, _FIRST_WORDS),
        age=words.ago(each.opened_at, now(), runtime().zone),
        open=state not in CLOSED,
    )
