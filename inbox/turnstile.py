"""The turnstile before the whole answers of open pages: however many wait there, webhooks do not wait for them.

Of what a page is told when something has changed, one is made at a time, and all of them together take no more than
their share of the server. Whoever finds it closed comes again with his next pulse.
"""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Of the time that passes, so much is theirs, and so many seconds of it are kept for when they are needed at once.
SHARE: Final = 1 / 3
KEPT: Final = 5.0


class Turnstile:
    """Lets one through at a time, as long as there is time left that is theirs."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._busy = threading.Lock()
        self._left = KEPT
        self._counted = clock()

    @property
    def closed(self) -> bool:
        """Whether it is no use to try now."""
        return self._busy.locked() or self._balance() <= 0

    @contextlib.contextmanager
    def turn(self) -> Iterator[bool]:
        """Go through for the block; False for whoever has to come again."""
        if self._balance() <= 0 or not self._busy.acquire(blocking=False):
            yield False
            return
        began = self._clock()
        try:
            yield True
        finally:
            self._left = self._balance() - (self._clock() - began)
            self._counted = self._clock()
            self._busy.release()

    def _balance(self) -> float:
        return min(KEPT, self._left + (self._clock() - self._counted) * SHARE)
