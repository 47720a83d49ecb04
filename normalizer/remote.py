"""What another complaint system says of a report that it holds as well: its status and its two flags.

It travels as the reason of an ignored item, for it is nothing that a citizen wrote: the thread stays as it is, and the
ledger counts it. `docs/adr/0018` says what becomes of it.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Final

from normalizer.complaint import State

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
