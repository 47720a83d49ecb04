"""What RQ calls: each job answers its bell and works until nothing is left; it takes no arguments but ids."""

from __future__ import annotations

from dispatcher import bells, sending
from dispatcher import drain as draining
from dispatcher import media as fetching
from dispatcher.bells import Bell
from dispatcher.runtime import current


def drain() -> None:
    """Journal to queue; rings for the outbox and for media, whatever came of it."""
    runtime = current()
    bells.answered(runtime.redis, Bell.DRAIN)
    more = draining.run(runtime)
    for bell in (Bell.OUTBOX, Bell.MEDIA):
        bells.ring(runtime.redis, bell)
    if more:
        bells.ring(runtime.redis, Bell.DRAIN)


def outbox() -> None:
    """Outbox to providers."""
    runtime = current()
    bells.answered(runtime.redis, Bell.OUTBOX)
    if sending.current().run():
        bells.ring(runtime.redis, Bell.OUTBOX)


def media() -> None:
    """Providers' files to the blob store."""
    runtime = current()
    bells.answered(runtime.redis, Bell.MEDIA)
    if fetching.run(runtime):
        bells.ring(runtime.redis, Bell.MEDIA)
