"""One listener polls an account, whoever loses its session commits nothing, and death at any step costs nothing."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import redis

from dispatcher import listener
from store.embedded import InstanceLock, Postgres
from store.embedded.places import runtime_dir
from store.engine import connect
from store.migrate import upgrade
from tests.pollkit import Folder, channel, journalled, listening, quick, until, world
from tests.toy import runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

    from channels.contract import Cursor, PollBatch
    from dispatcher.runtime import Runtime

__all__ = ["channel", "quick", "world"]


def test_two_listeners_never_poll_one_account_together(
    world: Runtime, database_url: str, redis_client: Redis, tmp_path: Path, channel: Folder
) -> None:
    second = Folder("toy", tmp_path / "provider")
    other_engine = connect(database_url, name="second")
    other = runtime(other_engine, redis_client, tmp_path / "blobs", channels=[second])
    try:
        with listening(other):
            with listening(world):
                until(lambda: channel.polls or second.polls)
                first = channel if channel.polls else second
                for number in range(40):
                    channel.receive(number)
                until(lambda: len(journalled(world)) == 40)
                assert not channel.polls or not second.polls
            # Whichever remains takes the account over.
            channel.receive(40)
            until(lambda: len(journalled(world)) == 41)
        assert first.polls
        assert len(second.polls) > 0
        assert len(set(journalled(world))) == 41
    finally:
        other_engine.dispose()


def sever(world: Runtime) -> None:
    """End every session but this one, as a database that restarts does."""
    with world.engine.connect() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_who_lost_the_lock_cannot_commit_what_it_polled(world: Runtime, channel: Folder, tmp_path: Path) -> None:
    """A poll hangs, its session dies, another listener takes the account over: the first one's rows are void."""
    gate, inside = threading.Event(), threading.Event()

    class Slow(Folder):
        def poll(self, cursor: Cursor | None) -> PollBatch:
            batch = super().poll(cursor)
            if len(self.polls) == 1:
                inside.set()
                assert gate.wait(30)
            return batch

    slow = Slow("toy", tmp_path / "provider")
    accounts = {"toy": dataclasses.replace(world.accounts["toy"], channel=slow)}
    channel.receive(1)
    with listening(dataclasses.replace(world, accounts=accounts)):
        assert inside.wait(20)
        sever(world)
        with listening(world):
            until(lambda: channel.done(1))
            gate.set()
            channel.receive(2)
            until(lambda: len(journalled(world)) == 2)
    assert journalled(world) == ["000001", "000002"]


@pytest.fixture
def data() -> Iterator[Path]:
    """A data directory for a server of the test's own, passable where that runs as another user than we."""
    path = Path(tempfile.mkdtemp(prefix="muara-listener-"))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(runtime_dir(path), ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)


def test_a_database_that_restarts_costs_nothing(
    tmp_path: Path, redis_client: Redis, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    monkeypatch.setattr(listener, "pause", lambda *_: 0.05)
    with InstanceLock(data):
        server = Postgres(data)
        server.start()
        engine = connect(server.url)
        try:
            upgrade(server.url)
            channel = Folder("toy", tmp_path / "provider")
            world = runtime(engine, redis_client, tmp_path / "blobs", channels=[channel])
            with listening(world):
                channel.receive(1)
                until(lambda: channel.done(1))
                server.stop()
                channel.receive(2)
                polls = len(channel.polls)
                server.start()
                until(lambda: channel.done(2))
            assert journalled(world) == ["000001", "000002"]
            assert len(channel.polls) > polls
        finally:
            engine.dispose()
            server.stop()


def test_kill_between_commit_and_confirmation_loses_and_doubles_nothing(
    world: Runtime, channel: Folder, redis_url: str, python: Path, tmp_path: Path
) -> None:
    for number in range(3):
        channel.receive(number)
    url = world.engine.url.render_as_string(hide_password=False)
    code = "from tests.integration.test_listener_lock import die_before_confirming; die_before_confirming()"
    killed = subprocess.run([python, "-c", code, url, redis_url, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert journalled(world) == ["000000", "000001", "000002"]
    assert len(list(channel.folder.iterdir())) == 3
    with listening(world):
        until(lambda: channel.done(2))
    assert channel.polls[0] == {"after": "000002"}
    assert journalled(world) == ["000000", "000001", "000002"]
    assert list(channel.folder.iterdir()) == []


def die_before_confirming() -> None:
    """In a process of its own: a listener that is killed after its first commit."""

    class Dying(Folder):
        def confirm(self, cursor: Cursor) -> None:
            assert cursor
            os.kill(os.getpid(), signal.SIGKILL)

    url, redis_url, folder = sys.argv[1:]
    base = Path(folder)
    channels = [Dying("toy", base / "provider")]
    listener.run(
        runtime(connect(url), redis.Redis.from_url(redis_url), base / "blobs", channels=channels), threading.Event()
    )
