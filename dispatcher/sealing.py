"""The keeper of the history: a seal each hour, and a look at all of it each night."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from store import checks, seals

if TYPE_CHECKING:
    import threading

    from dispatcher.runtime import Runtime
    from store.seals import Sealed
    from store.verify import Found

log = logging.getLogger(__name__)

#: Seconds between two looks at the clock.
INTERVAL = 20.0


def seal(runtime: Runtime) -> list[Sealed]:
    """Seals until nothing is left that has grown; each one's hash goes to the log, which lies elsewhere."""
    made: list[Sealed] = []
    while True:
        with runtime.engine.begin() as connection:
            found = seals.seal(connection, runtime.clock())
        if found is None:
            return made
        made.append(found)
        log.info("the history is sealed: seal %d over %d chains, %s", found.id, found.chains, found.hash)
        if found.chains < seals.MOST:
            return made


def check(runtime: Runtime, against: str = "") -> Found:
    """The look at everything, written down; what is wrong goes to the log."""
    found = checks.look(runtime.engine, runtime.clock(), against)
    for fault in found.faults:
        log.error("the history does not hold: %s, %s, row %d", fault.wrong, fault.name, fault.row)
    return found


def work(runtime: Runtime) -> None:
    """What is due: the seal of the hour, at the day's end too; once a day the look."""
    now = runtime.clock().astimezone(runtime.zone)
    with runtime.engine.connect() as connection:
        sealed, looked = seals.latest(connection), checks.latest(connection)
    if sealed is None or sealed.at.astimezone(runtime.zone).replace(minute=0, second=0, microsecond=0) != now.replace(
        minute=0, second=0, microsecond=0
    ):
        seal(runtime)
    if looked is None or runtime.day(looked.at) != now.date():
        check(runtime)


def run(runtime: Runtime, stop: threading.Event) -> None:
    """Work until told to stop. Several may run: one seals, and a look more does no harm."""
    away = False
    while not stop.wait(INTERVAL):
        try:
            work(runtime)
        except SQLAlchemyError as error:
            if not away:
                log.warning("the history is not sealed: %s", type(error).__name__)
            away = True
        else:
            away = False
