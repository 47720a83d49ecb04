"""The listener: rows and cursor in one commit, then the bell and the confirmation; nothing ends it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import wiring
from channels.errors import PollFailed
from dispatcher import drain, listener
from dispatcher.bells import listen_channel
from normalizer.saying import kept, say
from store import journal
from store.blobs import BlobError
from tests.journalling import outcomes, rows
from tests.pollkit import Folder, Waiting, channel, journalled, listening, quick, state, until, world
from tests.toy import ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Cursor, PollBatch
    from dispatcher.runtime import Runtime

__all__ = ["channel", "quick", "world"]


def broken(error: str) -> str:
    """The account's last error, where a poll ended so."""
    return kept(say("Penjemputan gagal (%(error)s); lihat log proses listener.", error=error))


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
    assert state(world) == (None, True)
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
        until(lambda: state(world)[:1] == (broken("BlobError"),))
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
        until(lambda: state(world) == ("… says no", False))
    assert "Siti" not in caplog.text
    assert "SECRET" not in caplog.text
    with listening(world):
        until(lambda: channel.done(1))
    assert journalled(world) == ["000001"]
    assert state(world) == ("… says no", True)


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
        until(lambda: state(world, "bad"))
        gate.set()
    assert state(world, "bad") == (broken("MemoryError"), False)
    assert state(world, "toy") == (None, True)


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
            return bool(redis_client.publish(listen_channel("toy"), b"")) and journalled(world) == ["000001"]

        until(rung)


def test_without_redis_polling_goes_on(engine: Engine, tmp_path: Path, channel: Folder) -> None:
    nowhere = wiring.redis_client("unix:///nonexistent/socket")
    world = runtime(engine, nowhere, tmp_path / "blobs", channels=[channel])
    channel.receive(1)
    with listening(world):
        until(lambda: channel.done(1))
    assert journalled(world) == ["000001"]


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
