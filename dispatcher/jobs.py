"""What RQ calls: each job answers its bell and works until nothing is left; it takes no arguments but ids.

No error leaves a job: RQ would log its message, which may quote a citizen, and try again at once, ten times a second
while a database is away. The sweeper rings again for whatever is unfinished.
"""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from dispatcher import bells, sending
from dispatcher import drain as draining
from dispatcher import media as fetching
from dispatcher.bells import Bell
from dispatcher.logs import where
from dispatcher.runtime import current
from store.engine import is_away

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger(__name__)


def drain() -> None:
    """Journal to queue; rings for the outbox and for media, whatever came of it."""
    runtime = current()
    bells.answered(runtime.redis, Bell.DRAIN)
    with _told(Bell.DRAIN):
        more = draining.run(runtime)
        for bell in (Bell.OUTBOX, Bell.MEDIA):
            bells.ring(runtime.redis, bell)
        if more:
            bells.ring(runtime.redis, Bell.DRAIN)


def outbox() -> None:
    """Outbox to providers."""
    runtime = current()
    bells.answered(runtime.redis, Bell.OUTBOX)
    with _told(Bell.OUTBOX):
        if sending.current().run():
            bells.ring(runtime.redis, Bell.OUTBOX)


def media() -> None:
    """Providers' files to the blob store."""
    runtime = current()
    bells.answered(runtime.redis, Bell.MEDIA)
    with _told(Bell.MEDIA):
        if fetching.run(runtime):
            bells.ring(runtime.redis, Bell.MEDIA)


@contextlib.contextmanager
def _told(bell: Bell) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker lives on and the sweeper rings
        if is_away(error):
            log.warning("%s: the database is away (%s)", bell.value, type(error).__name__)
        else:
            log.error("%s failed: %s", bell.value, where(error))  # noqa: TRY400 - a traceback's message may quote
