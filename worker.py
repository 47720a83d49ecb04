"""The background roles: RQ workers (drain, outbox, media), listener, clock; each a process with a Runtime of its own.

python worker.py ROLE       one role, for whoever supervises processes with something else than `muara up`
"""

from __future__ import annotations

import contextlib
import enum
import gc
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from rq import Queue, SimpleWorker

import wiring
from config.settings import load
from dispatcher import delivering, listener, logs, runtime, sealing, sending, sweeper, watch
from dispatcher.bells import Bell

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import Settings
    from dispatcher.runtime import Runtime


class Role(enum.StrEnum):
    """What a background process does."""

    DRAIN = "drain"
    OUTBOX = "outbox"
    MEDIA = "media"
    LISTENER = "listener"
    CLOCK = "clock"


class QuickWorker(SimpleWorker):
    """An RQ worker that is back within seconds after Redis is: its own patience grows to a minute."""

    max_connection_wait_time = 2.0


def run(role: Role, settings: Settings, *, database_url: str, redis_url: str) -> None:
    """Do the role's work until SIGTERM or SIGINT."""
    logs.configure(settings.log_level, process=role.value)
    made = wiring.build(
        settings,
        database_url=database_url,
        redis_url=redis_url,
        name=f"muara {role.value}",
        pool_size=settings.outbox.threads if role is Role.OUTBOX else 5,
    )
    if role is Role.DRAIN:
        # A pass makes and drops tens of thousands of objects without cycles; looking for cycles cost a sixth of it.
        gc.set_threshold(100_000, 20, 20)
    with runtime.active(made):
        if role is Role.LISTENER:
            _until_stopped(lambda stop: listener.run(made, stop))
        elif role is Role.CLOCK:
            _until_stopped(lambda stop: _keep_time(made, stop))
        elif role is Role.OUTBOX:
            with sending.sender(made):
                _serve_queue(made, Bell.OUTBOX)
        else:
            _serve_queue(made, Bell(role.value))


def _keep_time(made: Runtime, stop: threading.Event) -> None:
    """The sweeper; beside it what takes long and must hold up no bell: providers, the history, officers' notices."""
    for name, work in {"watch": watch.run, "history": sealing.run}.items():
        threading.Thread(target=work, args=(made, stop), name=name, daemon=True).start()
    with delivering.threads(made, stop):
        sweeper.run(made, stop)


def _serve_queue(made: Runtime, bell: Bell) -> None:
    worker = QuickWorker(
        [Queue(bell.value, connection=made.redis)],
        connection=made.redis,
        worker_ttl=30,
        maintenance_interval=10,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


def _until_stopped(work: Callable[[threading.Event], None]) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with contextlib.suppress(KeyboardInterrupt):
        work(stop)


def main(words: list[str]) -> int:
    """One role with the settings of `config/` and the environment."""
    settings = load(Path(__file__).parent / "config")
    database_url, redis_url = wiring.urls(settings)
    run(Role(words[0]), settings, database_url=database_url, redis_url=redis_url)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
