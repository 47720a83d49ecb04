"""The listener: rows and cursor in one commit, one listener an account, and nothing that ends it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import redis

from channels.contract import AccountInfo, Capabilities, Cursor, PollBatch, Polled
from channels.errors import PollFailed
from dispatcher import drain, listener
from store import journal
from store.blobs import BlobError
from store.embedded import InstanceLock, Postgres
from store.embedded.places import runtime_dir
from store.engine import connect
from store.migrate import upgrade
from tests.journalling import outcomes, rows
from tests.toy import ToyChannel, runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    poll_interval: float = 0.01


class Folder(ToyChannel):
    """A provider that keeps what was not confirmed: files named by number; confirming removes them."""

    def __init__(self, name: str, folder: Path, *, batch: int = 10, interval: float = 0.01) -> None:
        super().__init__(name)
        self.account = AccountInfo(name=name)
        self.settings: Any = Settings(poll_interval=interval)
        self.capabilities = Capabilities(polling=True)
        self.folder = folder / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.batch = batch
        self.polls: list[Cursor | None] = []
        self.confirmed: list[Cursor] = []
        self.troubles: list[Exception] = []
        self.confirm_troubles: list[Exception] = []

    def poll(self, cursor: Cursor | None) -> PollBatch:
        self.polls.append(cursor)
        if self.troubles:
            raise self.troubles.pop(0)
        after = str((cursor or {}).get("after", ""))
        found = sorted(path for path in self.folder.iterdir() if path.name > after)
        taken = found[: self.batch]
        raws = [Polled(body=path.read_bytes(), headers={"x": "1"}, meta={"file": path.name}) for path in taken]
        last = taken[-1].name if taken else after
        return PollBatch(raws=raws, cursor={"after": last}, more=len(found) > self.batch)

    def confirm(self, cursor: Cursor) -> None:
        if self.confirm_troubles:
            raise self.confirm_troubles.pop(0)
        self.confirmed.append(cursor)
        for path in self.folder.iterdir():
            if path.name <= str(cursor["after"]):
                path.unlink()

    def done(self, number: int) -> bool:
        return {"after": f"{number:06}"} in self.confirmed

    def receive(self, number: int, text: str = "masbupsiaga jalan rusak") -> None:
        payload = [{"external_id": str(number), "text": text, "who": f"+62811{number:06}"}]
        whole = self.folder.parent / f"{self.account.name}-{number:06}"
        whole.write_text(json.dumps(payload))
        whole.rename(self.folder / f"{number:06}")


class Waiting(Folder):
    """A provider that can be waited for."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name, folder, interval=3600)
        self.something = threading.Event()
        self.waits: list[float] = []

    def wait(self, cursor: Cursor | None, timeout: float) -> bool:
        self.waits.append(timeout)
        assert cursor is not None
        return self.something.wait(0.05)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOCK_PAUSE", "SHORTEST_TURN", "FIRST_PAUSE", "LONGEST_PAUSE"):
        monkeypatch.setattr(listener, name, 0.02)


@contextlib.contextmanager
def listening(world: Runtime) -> Iterator[None]:
    before = set(threading.enumerate())
    stop = threading.Event()
    thread = threading.Thread(target=listener.run, args=(world, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()
        assert not [left for left in set(threading.enumerate()) - before if left.name == "listen-toy"]


def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def journalled(world: Runtime, account: str = "toy") -> list[str]:
    found = rows(world, "SELECT meta ->> 'file' FROM journal WHERE account = :account ORDER BY seq", account=account)
    return [row[0] for row in found]


def state(world: Runtime, account: str = "toy") -> tuple[Any, ...]:
    columns = "failures, last_error, last_in_at IS NOT NULL"
    found = rows(world, f"SELECT {columns} FROM account_state WHERE account = :account", account=account)  # noqa: S608 - ours
    return found[0] if found else ()


@pytest.fixture
def channel(tmp_path: Path) -> Folder:
    return Folder("toy", tmp_path / "provider")


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, channel: Folder) -> Runtime:
    return runtime(engine, redis_client, tmp_path / "blobs", channels=[channel])


def test_what_a_poll_brings_is_journalled_with_its_cursor_rung_and_then_confirmed(
    world: Runtime, channel: Folder
) -> None:
    for number in range(25):
        channel.receive(number)
    with listening(world):
        until(lambda: channel.done(24))
        channel.receive(25)
        until(lambda: channel.done(25))
    assert journalled(world) == [f"{number:06}" for number in range(26)]
    assert rows(world, "SELECT DISTINCT source, headers FROM journal") == [("poll", {"x": "1"})]
    assert rows(world, "SELECT value FROM cursor") == [({"after": "000025"},)]
    assert channel.polls[0] is None
    assert channel.confirmed == [{"after": name} for name in ("000009", "000019", "000024", "000025")]
    assert world.redis.llen("rq:queue:drain") >= 1
    assert state(world) == (0, None, True)
    drain.run(world)
    assert outcomes(world) == {"message": 26}


def test_a_large_body_goes_to_the_blobs_first(world: Runtime, channel: Folder) -> None:
    channel.receive(1, "masbupsiaga " + "a" * journal.INLINE)
    with listening(world):
        until(lambda: channel.done(1))
    [(body, blob)] = rows(world, "SELECT body, blob FROM journal")
    assert body is None
    assert b"aaaa" in world.blobs.get(blob)


def test_a_blob_store_that_takes_nothing_leaves_the_message_with_the_provider(
    world: Runtime, channel: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.receive(1, "masbupsiaga " + "a" * journal.INLINE)

    def full(content: bytes) -> str:
        raise BlobError(f"no room for {len(content)}")

    with monkeypatch.context() as patch, listening(world):
        patch.setattr(world.blobs, "put", full)
        until(lambda: state(world)[:2] == (2, "BlobError"))
        assert channel.confirmed == []
        assert journalled(world) == []
    with listening(world):
        until(lambda: channel.done(1))
    assert journalled(world) == ["000001"]


def test_a_poll_that_fails_is_noted_and_tried_again(
    world: Runtime, channel: Folder, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(listener, "pause", lambda failures, _=None: 0.01 if failures < 3 else 3600)
    channel.troubles = [
        PollFailed("no answer"),
        RuntimeError("Siti +628112626116"),
        PollFailed("https://api.example/bot1:SECRET/x says no"),
    ]
    channel.receive(1)
    with listening(world):
        until(lambda: state(world) == (3, "… says no", False))
    assert "Siti" not in caplog.text
    assert "SECRET" not in caplog.text
    with listening(world):
        until(lambda: channel.done(1))
    assert journalled(world) == ["000001"]
    assert state(world) == (0, "… says no", True)


def test_pauses_double_to_five_minutes_or_are_what_the_provider_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "FIRST_PAUSE", 2.0)
    monkeypatch.setattr(listener, "LONGEST_PAUSE", 300.0)
    assert [listener.pause(n) for n in (1, 2, 3, 7, 8, 9, 5000)] == [2, 4, 8, 128, 256, 300, 300]
    assert [listener.pause(9, asked) for asked in (0.0, 30.0, 1e9)] == [1, 30, 3600]


def test_a_confirmation_that_fails_is_made_up_for_and_doubles_nothing(world: Runtime, channel: Folder) -> None:
    channel.confirm_troubles = [PollFailed("not now"), PollFailed("still not")]
    channel.receive(1)
    with listening(world):
        until(lambda: channel.done(1))
    assert journalled(world) == ["000001"]
    assert list(channel.folder.iterdir()) == []


def test_a_poison_account_stops_no_other(
    engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Poison(Folder):
        def poll(self, cursor: Cursor | None) -> PollBatch:
            raise MemoryError(cursor)

    class Stuck(Folder):
        def poll(self, cursor: Cursor | None) -> PollBatch:
            assert cursor is None
            assert gate.wait(30)
            return super().poll(cursor)

    gate = threading.Event()
    monkeypatch.setattr(listener, "GRACE", 20)
    channels = [Poison("bad", tmp_path), Stuck("stuck", tmp_path), Folder("toy", tmp_path), ToyChannel("hooked")]
    world = runtime(engine, redis_client, tmp_path / "blobs", channels=channels)
    for number in range(3):
        channels[2].receive(number)  # type: ignore[attr-defined]
    with listening(world):
        until(lambda: len(journalled(world)) == 3)
        until(lambda: state(world, "bad")[0] >= 2)
        gate.set()
    assert state(world, "bad")[1:] == ("MemoryError", False)
    assert state(world, "toy") == (0, None, True)


def test_where_the_channel_can_wait_it_is_waited_for(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    channel = Waiting("toy", tmp_path / "provider")
    world = runtime(engine, redis_client, tmp_path / "blobs", channels=[channel])
    with listening(world):
        until(lambda: channel.waits)
        channel.receive(1)
        channel.something.set()
        until(lambda: channel.done(1))
    assert set(channel.waits) == {listener.LONGEST_WAIT}
    assert journalled(world) == ["000001"]


def test_a_bell_ends_the_rest(
    engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = Folder("toy", tmp_path / "provider", interval=3600)
    world = runtime(engine, redis_client, tmp_path / "blobs", channels=[channel])
    monkeypatch.setattr(listener, "LONGEST_WAIT", 3600)
    with listening(world):
        until(lambda: channel.polls)
        channel.receive(1)

        def rung() -> bool:
            return bool(redis_client.publish(listener.listen_channel("toy"), b"")) and journalled(world) == ["000001"]

        until(rung)


def test_gateway_and_listener_mean_the_same_bell() -> None:
    from gateway import ringing  # noqa: PLC0415 - only here

    assert ringing.listen_channel("toy") == listener.listen_channel("toy")


def test_without_redis_polling_goes_on(engine: Engine, tmp_path: Path, channel: Folder) -> None:
    nowhere = redis.Redis.from_url("unix:///nonexistent/socket")
    world = runtime(engine, nowhere, tmp_path / "blobs", channels=[channel])
    channel.receive(1)
    with listening(world):
        until(lambda: channel.done(1))
    assert journalled(world) == ["000001"]


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
    code = "from tests.integration.test_listener import die_before_confirming; die_before_confirming()"
    killed = subprocess.run([python, "-c", code, url, redis_url, str(tmp_path)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert journalled(world) == ["000000", "000001", "000002"]
    assert len(list(channel.folder.iterdir())) == 3
    with listening(world):
        until(lambda: channel.done(2))
    assert channel.polls[0] == {"after": "000002"}
    assert journalled(world) == ["000000", "000001", "000002"]
    assert list(channel.folder.iterdir()) == []


def test_what_a_provider_gives_twice_falls_out_by_its_key(world: Runtime, channel: Folder) -> None:
    """Killed before the commit, or a provider that forgets what was confirmed: the same payload comes again."""
    channel.receive(1)
    with listening(world):
        until(lambda: channel.done(1))
    channel.receive(1)
    with world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM cursor")
    with listening(world):
        until(lambda: len(journalled(world)) == 2)
    drain.run(world)
    assert outcomes(world) == {"message": 1, "duplicate": 1}


def die_before_confirming() -> None:
    """In a process of its own: a listener that is killed after its first commit."""
    import sys  # noqa: PLC0415 - the child's

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
