"""Accepting: what `accept` returned for is durable, in the journal or in the spool; else NotDurable."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import redis

from gateway import accept, commits, refill
from gateway.accept import NotDurable, Where
from gateway.spool import Spool, SpoolError
from store.blobs import BlobError
from store.engine import connect
from store.journal import INLINE, insert
from tests.gatewaykit import edge, entry, journalled, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from dispatcher.runtime import Runtime
    from gateway.edge import Edge

NOWHERE = "postgresql+psycopg://muara@/muara?host=/nonexistent"


@pytest.fixture
def made(database_url: str, redis_url: str, tmp_path: Path) -> Runtime:
    return runtime(database_url, redis_url, tmp_path)


@pytest.fixture
def running(made: Runtime, tmp_path: Path) -> Iterator[Edge]:
    with edge(made, tmp_path) as started:
        yield started


@pytest.fixture
def still(made: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Edge]:
    """A gateway that empties its spool only when told to."""
    monkeypatch.setattr(refill, "EVERY", 3600)
    with edge(made, tmp_path) as started:
        yield started


def row(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql("SELECT * FROM journal").one()


def test_an_entry_is_committed_as_it_came(running: Edge, engine: Engine) -> None:
    one = entry(b"\x00\xff raw", query="a=%00&b", headers={"content-type": "text/x"}, meta={"n": 1})
    assert running.acceptor.accept(one) is Where.JOURNAL
    found = row(engine)
    assert (found.id, found.body, found.query) == (one.id, one.body, one.query)
    assert (found.headers, found.meta, found.received_at) == (one.headers, one.meta, one.received_at)


def test_many_threads_share_commits_and_lose_nothing(running: Edge, database_url: str) -> None:
    entries = [entry(b"%d" % n) for n in range(400)]
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        assert set(pool.map(running.acceptor.accept, entries)) == {Where.JOURNAL}
    assert sorted(journalled(database_url)) == sorted(one.id for one in entries)


def test_the_bell_is_rung_after_the_commit(running: Edge, made: Runtime) -> None:
    running.acceptor.accept(entry())
    running.ringer.stop()
    assert made.redis.llen("rq:queue:drain") == 1
    running.ringer.start = lambda: None  # type: ignore[method-assign]


def test_a_big_body_goes_to_the_blobs_first(running: Edge, engine: Engine, made: Runtime) -> None:
    body = bytes(range(256)) * (INLINE // 256 + 1)
    assert running.acceptor.accept(entry(body)) is Where.JOURNAL
    found = row(engine)
    assert found.body is None
    assert made.blobs.get(found.blob) == body


def test_a_body_that_the_blobs_refuse_waits_in_the_spool(
    still: Edge, engine: Engine, made: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"x" * (INLINE + 1)

    def full(_: object, __: bytes) -> str:
        raise BlobError("full")

    with monkeypatch.context() as patch:
        patch.setattr(type(made.blobs), "put", full)
        assert still.acceptor.accept(entry(body)) is Where.SPOOL
        assert still.refill.once() == 0
    assert still.spool.depth().pending == 1
    still.refill.once()
    assert made.blobs.get(row(engine).blob) == body
    assert row(engine).meta == {"spooled": True}


def test_blobs_that_hang_do_not_hang_the_provider(
    running: Edge, made: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(accept, "BLOB_DEADLINE", 0.05)
    monkeypatch.setattr(type(made.blobs), "put", lambda *_: release.wait(10))
    try:
        assert running.acceptor.accept(entry(b"x" * (INLINE + 1))) is Where.SPOOL
    finally:
        release.set()


def test_no_server_means_spool_at_once(redis_url: str, tmp_path: Path) -> None:
    with edge(runtime(NOWHERE, redis_url, tmp_path), tmp_path, deadline=30) as running:
        for _ in range(3):
            assert running.acceptor.accept(entry()) is Where.SPOOL
        assert not running.acceptor.database_up
        assert running.spool.depth().pending == 3


def test_neither_database_nor_spool_is_not_durable(redis_url: str, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    with edge(runtime(NOWHERE, redis_url, tmp_path), tmp_path) as running, pytest.raises(NotDurable):
        running.acceptor.accept(entry())


def test_redis_away_slows_and_fails_nothing(database_url: str, tmp_path: Path) -> None:
    made = runtime(database_url, "redis://127.0.0.1:1/0", tmp_path)
    with edge(made, tmp_path) as running:
        assert running.acceptor.accept(entry()) is Where.JOURNAL


def test_redis_that_hangs_is_waited_for_by_nobody(
    running: Edge, made: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    monkeypatch.setattr(redis.Redis, "set", lambda *_, **__: release.wait(10))
    try:
        for _ in range(5):
            assert running.acceptor.accept(entry()) is Where.JOURNAL
        assert not release.is_set()
    finally:
        release.set()
    assert made.redis


def test_an_unknown_outcome_then_spool_is_one_row(
    running: Edge, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit succeeds, but its answer is lost."""

    def lost(_: commits.Committer, entries: list[Any]) -> None:
        engine = connect(database_url)
        with engine.begin() as connection:
            insert(connection, entries)
        engine.dispose()
        raise ConnectionError

    one = entry()
    with monkeypatch.context() as patch:
        patch.setattr(commits.Committer, "_write", lost)
        assert running.acceptor.accept(one) is Where.SPOOL
    assert journalled(database_url) == [one.id]
    until(lambda: running.spool.depth().pending == 0, running)
    assert journalled(database_url) == [one.id]


def test_a_commit_that_is_late_and_a_spool_are_one_row(running: Edge, database_url: str, engine: Engine) -> None:
    """Another transaction holds the table past the deadline; the first insert may still come through."""
    one = entry()
    with lock(engine):
        began = time.monotonic()
        assert running.acceptor.accept(one) is Where.SPOOL
        assert time.monotonic() - began >= 0.5
        again = entry()
        assert running.acceptor.accept(again) is Where.SPOOL  # the circuit is open: no second wait
        assert not running.acceptor.database_up
    until(lambda: len(journalled(database_url)) == 2, running)
    assert sorted(journalled(database_url)) == sorted([one.id, again.id])


def test_the_circuit_closes_when_the_database_is_back(running: Edge, engine: Engine) -> None:
    with lock(engine):
        assert running.acceptor.accept(entry()) is Where.SPOOL
    until(lambda: running.acceptor.database_up, running)
    assert running.acceptor.accept(entry()) is Where.JOURNAL


def test_one_entry_that_the_database_refuses_hurts_no_other(still: Edge, database_url: str) -> None:
    poison = entry(account="nul \0 byte")
    good = [entry() for _ in range(20)]
    with concurrent.futures.ThreadPoolExecutor(21) as pool:
        found = list(pool.map(still.acceptor.accept, [*good[:10], poison, *good[10:]]))
    assert found.count(Where.SPOOL) == 1
    assert found[10] is Where.SPOOL
    assert sorted(journalled(database_url)) == sorted(one.id for one in good)
    for _ in range(3):
        still.refill.once()
    assert (still.spool.depth().pending, still.spool.depth().bad) == (0, 1)


def test_poison_in_the_spool_holds_up_nothing_behind_it(still: Edge, database_url: str) -> None:
    still.spool.put(entry(account="nul \0 byte"))
    good = entry()
    still.spool.put(good)
    (still.spool.folder / "00000000000000000000-torn.spool").write_bytes(b"torn")
    for _ in range(3):
        still.refill.once()
    assert journalled(database_url) == [good.id]
    assert (still.spool.depth().pending, still.spool.depth().bad) == (0, 2)


def test_the_spool_is_drained_in_order_of_arrival(made: Runtime, tmp_path: Path, database_url: str) -> None:
    entries = [entry(b"%d" % n) for n in range(250)]
    for one in reversed(entries):
        Spool(tmp_path / "spool").put(one)
    with edge(made, tmp_path) as running:
        until(lambda: running.spool.depth().pending == 0, running)
    by_arrival = sorted(entries, key=lambda one: (one.received_at, str(one.id)))
    assert journalled(database_url) == [one.id for one in by_arrival]


def test_a_crash_between_insert_and_unlink_doubles_nothing(
    still: Edge, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = entry()
    still.spool.put(one)

    def crash(_: object, __: str) -> None:
        raise OSError("crashed here")

    with monkeypatch.context() as patch:
        patch.setattr(type(still.spool), "remove", crash)
        with pytest.raises(OSError, match="crashed here"):
            still.refill.once()
    assert journalled(database_url) == [one.id]
    still.refill.once()
    assert still.spool.depth().pending == 0
    assert journalled(database_url) == [one.id]


def test_after_the_stop_entries_still_go_to_the_spool(made: Runtime, tmp_path: Path) -> None:
    with edge(made, tmp_path) as running:
        pass
    assert running.acceptor.accept(entry()) is Where.SPOOL


def test_a_spool_that_fails_says_so(running: Edge, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: object, __: object) -> None:
        raise SpoolError("No space left on device")

    monkeypatch.setattr(type(running.spool), "put", full)
    assert running.acceptor.accept(entry()) is Where.JOURNAL
    with lock(engine), pytest.raises(NotDurable):
        running.acceptor.accept(entry())


@contextlib.contextmanager
def lock(engine: Engine) -> Iterator[Connection]:
    """Nobody can insert into the journal for the length of the block."""
    with engine.connect() as connection:
        connection.exec_driver_sql("LOCK TABLE journal IN ACCESS EXCLUSIVE MODE")
        yield connection
        connection.rollback()


def until(condition: Any, running: Edge, patience: float = 15.0) -> None:
    """Wait for the gateway's own threads; the time is an upper bound, not what is tested."""
    end = time.monotonic() + patience
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, (running.spool.depth(), running.acceptor.database_up)
        pause.wait(0.02)
