"""Search reads what has changed: in the clock, after the bells, for a part of each second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from store import search_index

if TYPE_CHECKING:
    from dispatcher.runtime import Runtime

#: Seconds that one look may take; what is left over is read in the next.
BUDGET = 0.6


def read(runtime: Runtime) -> int:
    """Read what has changed, the last first, until all is read or the time is up; how many changes those were."""
    until = time.monotonic() + BUDGET
    total = 0
    while time.monotonic() < until:
        with runtime.engine.begin() as connection:
            found = search_index.catch_up(connection)
        total += found
        if found < search_index.BATCH:
            break
    return total
