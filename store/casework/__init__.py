"""What officers do to a complaint: state, thread, outbox and history change in one transaction, or nothing does."""

from __future__ import annotations

from store.casework.answers import answer, close
from store.casework.base import Act, AlreadySortedError, CaseworkError, NotAnswerableError, StaleError, UntoldError
from store.casework.enclosures import Enclosure
from store.casework.handling import dispose, mark_read, note, set_program, take
from store.casework.merging import BuiltOnError, MergeError, merge, merged_by, part
from store.casework.reasons import GRACE, Reason, archive, hand_on, hold, resume, resume_due
from store.casework.sends import retry_send, settle_unknown
from store.casework.splitting import SplitError, split
from store.casework.undoing import TooLateError, Undoable, last_act, last_of, undo, undoable

__all__ = [
    "GRACE",
    "Act",
    "AlreadySortedError",
    "BuiltOnError",
    "CaseworkError",
    "Enclosure",
    "MergeError",
    "NotAnswerableError",
    "Reason",
    "SplitError",
    "StaleError",
    "TooLateError",
    "Undoable",
    "UntoldError",
    "answer",
    "archive",
    "close",
    "dispose",
    "hand_on",
    "hold",
    "last_act",
    "last_of",
    "mark_read",
    "merge",
    "merged_by",
    "note",
    "part",
    "resume",
    "resume_due",
    "retry_send",
    "set_program",
    "settle_unknown",
    "split",
    "take",
    "undo",
    "undoable",
]
