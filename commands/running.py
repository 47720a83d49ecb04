"""`muara up`: everything of one machine under one supervisor."""

from __future__ import annotations

import dataclasses
import functools
import urllib.request
from typing import TYPE_CHECKING

import click

import app
import worker
from commands.saying import fail
from dispatcher import logs
from dispatcher.processes import fork
from dispatcher.supervisor import Child, Supervisor, SupervisorError
from gateway.server import PortInUseError, ensure_free
from store.embedded import EmbeddedError, InstanceLock, Postgres, Valkey
from store.migrate import NewerDatabaseError, upgrade
from worker import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from config.settings import Settings
    from dispatcher.processes import Process


def serve(
    settings: Settings,
    *,
    first: Sequence[Child] = (),
    extra: Sequence[Child] = (),
    on_start: Callable[[str], None] | None = None,
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Run until Ctrl-C or SIGTERM: the servers that are not somebody else's, migrations, gateway, workers.

    `first` are started before all these, `extra` behind them. `on_start` hears a child's name before each of its
    starts, `on_ready` once that all are ready.
    """
    logs.configure(settings.log_level, process="muara")
    try:
        ensure_free(settings.host, settings.port)
        with InstanceLock(settings.data_dir):
            everything = [*first, *children(settings), *extra]
            if on_start is not None:
                everything = [_announced(child, on_start) for child in everything]
            Supervisor(everything).run(on_ready)
    except (PortInUseError, EmbeddedError, SupervisorError) as error:
        fail(str(error))


def _announced(child: Child, on_start: Callable[[str], None]) -> Child:
    def start() -> Process:
        on_start(child.name)
        return child.start()

    return dataclasses.replace(child, start=start)


def children(settings: Settings) -> list[Child]:
    """The processes of one machine in the order of their start."""
    found = []
    database_url, redis_url = settings.database_url, settings.redis_url
    if not database_url:
        postgres = Postgres(settings.data_dir)
        database_url = postgres.url
        found.append(
            Child(
                name="postgres",
                start=postgres.popen,
                ready=postgres.ready,
                stop_signal=Postgres.STOP_SIGNAL,
                kill_signal=Postgres.KILL_SIGNAL,
                stop_timeout=30.0,
            )
        )
    if not redis_url:
        valkey = Valkey(settings.data_dir)
        redis_url = valkey.url
        found.append(Child(name="valkey", start=valkey.popen, ready=valkey.ready))
    found.append(Child(name="migrate", start=_forked("migrate", functools.partial(_migrate, database_url)), once=True))
    serve_web = functools.partial(app.serve, settings, database_url=database_url, redis_url=redis_url)
    found.append(
        Child(name="gateway", start=_forked("gateway", serve_web), ready=functools.partial(_answers, settings))
    )
    for name, role in _roles(settings):
        work = functools.partial(worker.run, role, settings, database_url=database_url, redis_url=redis_url)
        found.append(Child(name=name, start=_forked(name, work)))
    return found


def _roles(settings: Settings) -> list[tuple[str, Role]]:
    drains = [(f"drain-{number}", Role.DRAIN) for number in range(1, settings.drain.workers + 1)]
    return [*drains, *((role.value, role) for role in Role if role is not Role.DRAIN)]


def _forked(name: str, work: Callable[[], None]) -> Callable[[], Process]:
    return lambda: fork(work, name)


def _migrate(database_url: str) -> None:
    try:
        upgrade(database_url)
    except NewerDatabaseError as error:
        click.echo(f"muara: {error}", err=True)
        raise SystemExit(1) from error


def _answers(settings: Settings) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104 - compared with
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - the status itself
    except OSError:
        return False
