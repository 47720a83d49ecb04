"""What another complaint system says of a report that it holds as well: its status and its two flags.

It travels as the reason of an ignored item, for it is nothing that a citizen wrote: the thread stays as it is, and the
ledger counts it. `docs/adr/0018` says what becomes of it.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from normalizer.complaint import CLOSED, TRANSITIONS, State

_PREFIX: Final = "remote-state:"
_REASON: Final = re.compile(r"remote-state:([a-z_]*):(a?)(r?):(.*)", re.DOTALL)
_LONGEST: Final = 60


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RemoteState:
    """`word` is the other system's own; `state` is None for a word that means nothing to us. Flags are only raised."""

    word: str
    state: State | None
    anonim: bool = False
    rahasia: bool = False

    @property
    def reason(self) -> str:
        """The reason of an ignored item that says this."""
        flags = f"{'a' if self.anonim else ''}{'r' if self.rahasia else ''}"
        return f"{_PREFIX}{self.state or ''}:{flags}:{self.word[:_LONGEST]}"


def read(reason: str) -> RemoteState | None:
    """What an ignored item's reason says; None where it was ignored for anything else."""
    found = _REASON.fullmatch(reason)
    if found is None or found[1] not in {"", *State}:
        return None
    return RemoteState(
        word=found[4], state=State(found[1]) if found[1] else None, anonim=bool(found[2]), rahasia=bool(found[3])
    )


_RANK: Final = {State.BARU: 0, State.DIVERIFIKASI: 1, State.DISPOSISI: 2, State.TINDAK_LANJUT: 3}


def follow(present: State, wanted: State, theirs: State | None) -> State | None:
    """The state that a complaint goes to when the other system says `wanted`; None where it stays as it is.

    `theirs` is the state that the other system last brought it to. What an officer closed stays closed, what he took
    further does not go back; but their closing closes.
    """
    if wanted in {present, State.BARU, State.DIGABUNG}:
        return None
    free = present in {State.BARU, theirs}
    if present in CLOSED:
        return _out_of(present, wanted) if free else None
    if wanted not in TRANSITIONS[present]:
        return None
    further = wanted in CLOSED or _RANK.get(wanted, 0) > _RANK.get(present, len(_RANK))
    return wanted if free or further else None


def _out_of(closed: State, wanted: State) -> State:
    """A closed complaint opens as work that goes on, and from there goes wherever that may go."""
    if wanted in TRANSITIONS[closed] or wanted in TRANSITIONS[State.TINDAK_LANJUT]:
        return wanted
    return State.TINDAK_LANJUT
