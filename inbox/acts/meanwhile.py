"""What colleagues and the citizen did to a case since an officer opened the form that was not carried out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from inbox.case import thread

if TYPE_CHECKING:
    from inbox.case.thread import Desk, Line
    from inbox.masking import Veil
    from store.casefile import File

#: Acts that come with an answer to the citizen.
_ANSWERED: Final = frozenset({"dijawab", "ditutup"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What was done, in the order of time, and the answers that colleagues gave with it."""

    acts: tuple[Line, ...]
    answers: tuple[Line, ...]


def since(file: File, desk: Desk, cover: Veil, seen: int) -> Meanwhile:
    """What others did after the entry of the history with that number."""
    later = [row for row in file.events if row.id > seen and row.actor != desk.person.username]
    answered = sum(row.kind in _ANSWERED for row in later)
    given: dict[tuple[int | None, str], Line] = {}
    for row in sorted(file.messages, key=lambda each: each.received_at):
        if row.direction == "out" and row.role == "answer" and row.officer_id not in (None, desk.person.id):
            line = thread.answered(row, file, desk, cover)
            given.pop((row.officer_id, line.text), None)
            given[row.officer_id, line.text] = line
    answers = tuple(given.values())[-answered:] if answered else ()
    return Meanwhile(acts=tuple(thread.event(row, file, desk) for row in later), answers=answers)
