"""A slow provider holds up no other account, and whoever dies leaves its files to the next."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import redis

from channels.contract import Media
from dispatcher import media
from store import attachments
from store.engine import connect
from tests.mediakit import PHOTO, Files, channel, clock, move, one, owe, run, states, world
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    import pytest
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

__all__ = ["channel", "clock", "world"]

HERE = "tests.integration.test_media_slow"


def test_the_nearest_deadline_comes_first(world: Runtime, channel: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "PER_ACCOUNT", 1)
    for name in "abcd":
        channel.media[name] = Media(content=name.encode())
    owe(world, *({"ref": name} for name in "abcd"))
    with world.engine.begin() as connection:
        for name, hours in (("b", 3), ("c", 1), ("d", 2)):
            connection.exec_driver_sql(
                "UPDATE attachment SET deadline = %s WHERE ref = %s", (world.clock() + timedelta(hours=hours), name)
            )
    run(world)
    assert [asked.ref for asked in channel.asked] == ["c", "d", "b", "a"]


def test_a_slow_provider_holds_up_no_other_account(world: Runtime, channel: Files) -> None:
    gate = channel.gates["slow0"] = threading.Event()
    for number in range(6):
        channel.gates[f"slow{number}"] = gate
        channel.media[f"slow{number}"] = Media(content=PHOTO)
    owe(world, *({"ref": f"slow{number}"} for number in range(6)))
    other = world.accounts["other"].channel
    assert isinstance(other, Files)
    for number in range(20):
        other.media[f"quick{number}"] = Media(content=PHOTO)
    assert media.run(world, 0.1) is True
    owe(world, *({"ref": f"quick{number}"} for number in range(20)), account="other")
    try:
        end = time.monotonic() + 30
        while sum(state == "stored" for state in states(world).values()) < 20:
            assert media.run(world, 0.2) is True
            assert time.monotonic() < end
        assert channel.most == media.PER_ACCOUNT
    finally:
        gate.set()
    run(world)
    assert set(states(world).values()) == {"stored"}
    assert other.most <= media.PER_ACCOUNT
    assert len(channel.asked) == 6


def test_a_fetch_that_never_ends_is_given_up_and_its_account_kept_from_piling_up(
    world: Runtime, channel: Files, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(media, "LONGEST_FETCH", 0.05)
    gate = channel.gates["f"] = threading.Event()
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    try:
        for _ in range(media.PER_ACCOUNT):
            run(world)
            assert one(world, "state, error") == ("owed", "took too long")
            move(clock, 600)
        assert media.run(world, 0.3) is True
        assert len(channel.asked) == media.PER_ACCOUNT
    finally:
        gate.set()
    monkeypatch.undo()
    run(world)
    assert one(world, "state") == ("stored",)


def test_two_workers_never_fetch_the_same_file(world: Runtime, channel: Files) -> None:
    gate = channel.gates["f"] = threading.Event()
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    try:
        media.run(world, 0.1)
        channel.begun.acquire()
        with world.engine.connect() as connection:
            assert attachments.claim(connection, world.clock(), ()) is None
    finally:
        gate.set()
    run(world)
    assert len(channel.asked) == 1


def test_a_worker_that_is_killed_leaves_its_files_to_the_next(
    world: Runtime, channel: Files, engine: Engine, python: Path, tmp_path: Path
) -> None:
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    url = engine.url.render_as_string(hide_password=False)
    command = [python, "-c", f"from {HERE} import hang; hang()", url, str(tmp_path), world.clock().isoformat()]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as worker:
        try:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"fetching\n"
            assert media.run(world, 0.2) is False
            assert channel.asked == []
        finally:
            os.kill(worker.pid, signal.SIGKILL)
    end = time.monotonic() + 10
    while states(world) != {"f": "stored"}:
        media.run(world, 0.5)
        assert time.monotonic() < end
    assert one(world, "attempts") == (2,)


def hang() -> None:
    """In a process of its own: claim a file and never finish with it."""
    url, folder, now = sys.argv[1:]
    channel = Files()
    channel.gates["f"] = threading.Event()
    world = runtime(
        connect(url), redis.Redis(), Path(folder), channels=[channel], clock=Clock(datetime.fromisoformat(now))
    )
    media.run(world, 0.1)
    channel.begun.acquire()
    sys.stdout.write("fetching\n")
    sys.stdout.flush()
    channel.gates["f"].wait()


def test_a_database_that_goes_while_a_file_is_fetched_costs_another_fetch_only(world: Runtime, channel: Files) -> None:
    gate = channel.gates["f"] = threading.Event()
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    media.run(world, 0.1)
    channel.begun.acquire()
    with contextlib.closing(world.engine.raw_connection()) as own, own.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
    gate.set()
    end = time.monotonic() + 20
    while states(world) != {"f": "stored"}:
        media.run(world, 0.5)
        assert time.monotonic() < end
    assert len(channel.asked) == 2
