"""What officers do to a complaint: state, thread, outbox and history change in one transaction, or nothing does."""

from __future__ import annotations

from store.casework.answers import answer, close
from store.casework.base import Act, AlreadySortedError, CaseworkError, NotAnswerableError, StaleError
from store.casework.handling import dispose, mark_read, note, set_program, take
from store.casework.sends import retry_send, settle_unknown

__all__ = [
    "Act",
    "AlreadySortedError",
    "CaseworkError",
    "NotAnswerableError",
    "StaleError",
    "answer",
    "close",
    "dispose",
    "mark_read",
    "note",
    "retry_send",
    "set_program",
    "settle_unknown",
    "take",
]
