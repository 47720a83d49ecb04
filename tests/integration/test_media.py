"""Files come in before their deadline, and one that does not says why; a slow provider holds up no other."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from channels.contract import Media
from channels.errors import Expired, FetchFailed, FetchLater, TooLarge
from dispatcher import drain, jobs, media
from dispatcher import runtime as runtimes
from dispatcher.runtime import Pace, Runtime
from dispatcher.sniff import NO_PICTURE, UNKNOWN
from store import attachments
from store.blobs import BlobError, digest
from tests.journalling import deliver, rows
from tests.toy import START, Clock, ToyChannel, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Obligation

HERE = "tests.integration.test_media"


def picture() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 3)).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTO = picture()


class Files(ToyChannel):
    """Fetches what the test put there; a `ref` that is a gate is waited for."""

    def __init__(self, name: str = "toy") -> None:
        super().__init__(name)
        self.asked: list[Obligation] = []
        self.gates: dict[str, threading.Event] = {}
        self.begun = threading.Semaphore(0)
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def fetch(self, obligation: Obligation) -> Media:
        with self._lock:
            self.asked.append(obligation)
            self._now += 1
            self.most = max(self.most, self._now)
        self.begun.release()
        try:
            if gate := self.gates.get(str(obligation.ref)):
                assert gate.wait(30)
            return super().fetch(obligation)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def channel() -> Files:
    return Files()


@pytest.fixture
def clock() -> Clock:
    """Near the real time, which is what ids are made from."""
    return Clock(datetime.now(UTC))


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, channel: Files, clock: Clock) -> Iterator[Runtime]:
    made = runtime(
        engine,
        redis_client,
        tmp_path,
        channels=[channel, Files("other"), Files("third")],
        clock=clock,
        pace=Pace(max_media=1_000_000),
    )
    yield made
    for thread in threading.enumerate():
        if isinstance(thread, media._Fetch | media._Settle):
            thread.join(30)


def owe(world: Runtime, *files: dict[str, Any], account: str = "toy") -> None:
    """Through the journal, as they really come."""
    sent = (world.clock() - START).total_seconds()
    number = rows(world, "SELECT count(*) FROM journal")[0][0]
    message = {"external_id": f"m{number}", "text": "masbupsiaga", "at": sent, "files": list(files)}
    deliver(world, [message], account=account)
    drain.run(world)


def run(world: Runtime) -> None:
    """Until nothing is under way or due."""
    end = time.monotonic() + 30
    while media.run(world, 5.0):
        assert time.monotonic() < end


def states(world: Runtime) -> dict[str, Any]:
    return {row[0]: row[1] for row in rows(world, "SELECT coalesce(ref, url, name), state FROM attachment")}


def one(world: Runtime, columns: str) -> tuple[Any, ...]:
    [row] = rows(world, f"SELECT {columns} FROM attachment")  # noqa: S608 - the test's own words
    return row


def move(clock: Clock, seconds: float) -> None:
    clock.now += timedelta(seconds=seconds)


def test_a_file_is_fetched_sniffed_and_stored(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=PHOTO, content_type="application/pdf", name="dari-penyedia.jpg")
    deadline = world.clock() + timedelta(hours=1)
    owe(world, {"ref": "f", "name": "foto.jpg", "content_type": "image/png"})
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attachment SET deadline = %s", (deadline,))
    run(world)
    columns = "state, content_type, size, sha256, name, error, next_attempt_at"
    assert one(world, columns) == ("stored", "image/jpeg", len(PHOTO), digest(PHOTO), "foto.jpg", None, None)
    assert world.blobs.get(digest(PHOTO)) == PHOTO
    [asked] = channel.asked
    assert (asked.ref, asked.url, asked.deadline, asked.max_bytes) == ("f", None, deadline, 1_000_000)


def test_the_providers_name_serves_where_the_message_had_none(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=b"%PDF-1.7", name="surat\0.pdf")
    owe(world, {"ref": "f"})
    run(world)
    assert one(world, "state, content_type, name") == ("stored", "application/pdf", "surat\ufffd.pdf")


def test_bytes_that_came_along_are_only_looked_at(
    engine: Engine, redis_client: Redis, tmp_path: Path, channel: Files, clock: Clock
) -> None:
    world = runtime(engine, redis_client, tmp_path, channels=[channel], clock=clock)
    sha256 = world.blobs.put(PHOTO)
    owe(world, {"ref": "f", "name": "foto.jpg"})
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attachment SET sha256 = %s, ref = NULL", (sha256,))
    run(world)
    assert one(world, "state, content_type, size, sha256, name") == (
        "stored",
        "image/jpeg",
        len(PHOTO),
        sha256,
        "foto.jpg",
    )
    assert channel.asked == []


def test_no_photo_is_kept_as_a_download_and_said_to_be_none(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=b"\xff\xd8\xff but no picture", content_type="image/jpeg")
    owe(world, {"ref": "f", "name": "foto.jpg"})
    run(world)
    assert one(world, "state, content_type, error") == ("stored", UNKNOWN, NO_PICTURE)
    assert world.blobs.get(digest(b"\xff\xd8\xff but no picture"))


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (Expired("the file is gone (HTTP 404)"), "expired", "the file is gone (HTTP 404)"),
        (TooLarge("more than 20 MB"), "too_large", "more than 20 MB"),
        (FetchFailed("refused by https://api.example/bot12:SECRET/f now"), "failed", "refused by … now"),
        (FetchFailed("x" * 5000), "failed", "x" * 200),
        (NotImplementedError("toy"), "failed", "the channel fetches no files"),
    ],
)
def test_a_file_that_will_not_come_says_why(
    world: Runtime, channel: Files, error: Exception, state: str, words: str
) -> None:
    channel.media["f"] = error  # type: ignore[assignment]
    owe(world, {"ref": "f"})
    run(world)
    assert one(world, "state, error, next_attempt_at") == (state, words, None)


def test_an_adapter_that_gives_more_than_it_may_is_not_believed(world: Runtime, channel: Files) -> None:
    channel.media["f"] = Media(content=bytes(1_000_001))
    owe(world, {"ref": "f"}, {"name": "names nothing"})
    run(world)
    assert states(world) == {"f": "too_large", "names nothing": "failed"}


def test_a_provider_that_is_down_is_asked_again_with_growing_pauses(
    world: Runtime, channel: Files, clock: Clock
) -> None:
    channel.media["f"] = FetchLater("down")
    owe(world, {"ref": "f"})
    waits = []
    for _ in range(9):
        run(world)
        state, error, at = one(world, "state, error, next_attempt_at")
        assert (state, error) == ("owed", "down")
        waits.append((at - clock.now).total_seconds())
        clock.now = at
    assert waits == [5, 10, 20, 40, 80, 160, 320, 600, 600]
    channel.media["f"] = FetchLater("busy", retry_after=17)
    run(world)
    assert one(world, "next_attempt_at") == (clock.now + timedelta(seconds=17),)
    run(world)
    assert len(channel.asked) == 10
    move(clock, 17)
    channel.media["f"] = Media(content=PHOTO)
    run(world)
    assert one(world, "state, error, attempts") == ("stored", None, 11)


def test_it_is_asked_a_last_time_at_the_deadline_and_then_counts_as_expired(
    world: Runtime, channel: Files, clock: Clock
) -> None:
    channel.media["f"] = FetchLater("down")
    deadline = clock.now + timedelta(seconds=8)
    owe(world, {"ref": "f"})
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attachment SET deadline = %s", (deadline,))
    for expected in (5, 8):
        run(world)
        [at] = one(world, "next_attempt_at")
        assert at == deadline + timedelta(seconds=expected - 8)
        clock.now = at
    run(world)
    assert one(world, "state, error") == ("expired", "down")
    assert len(channel.asked) == 3


def test_without_a_deadline_we_try_for_a_day(world: Runtime, channel: Files, clock: Clock) -> None:
    channel.media["f"] = FetchLater("down")
    owe(world, {"ref": "f"})
    run(world)
    move(clock, 23 * 3600)
    run(world)
    assert one(world, "state") == ("owed",)
    move(clock, 2 * 3600)
    run(world)
    assert one(world, "state, error") == ("failed", "down")


def test_a_bug_in_an_adapter_is_tried_again_and_its_words_are_kept_nowhere(
    world: Runtime, channel: Files, caplog: pytest.LogCaptureFixture
) -> None:
    channel.media["f"] = RuntimeError("Siti +628112626116")
    owe(world, {"ref": "f"})
    run(world)
    assert one(world, "state, error, attempts") == ("owed", "RuntimeError", 1)
    assert "RuntimeError" in caplog.text
    assert "Siti" not in caplog.text


def test_a_blob_store_that_takes_nothing_postpones(
    world: Runtime, channel: Files, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})

    def full(content: bytes) -> str:
        raise BlobError(f"no room for {len(content)}")

    with monkeypatch.context() as patch:
        patch.setattr(world.blobs, "put", full)
        run(world)
    assert one(world, "state, error") == ("owed", "BlobError")
    move(clock, 5)
    run(world)
    assert one(world, "state") == ("stored",)


def test_a_file_of_an_account_that_was_taken_out_waits_for_it(world: Runtime, channel: Files, clock: Clock) -> None:
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attachment SET account = 'gone'")
    run(world)
    assert one(world, "state, error") == ("owed", "account is not configured")
    with world.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attachment SET account = 'toy'")
    move(clock, 5)
    run(world)
    assert one(world, "state") == ("stored",)


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
    assert one(world, "attempts") == (1,)


def hang() -> None:
    """In a process of its own: claim a file and never finish with it."""
    import sys  # noqa: PLC0415 - the child's

    import redis  # noqa: PLC0415 - the child's

    from store.engine import connect  # noqa: PLC0415 - the child's

    url, folder, now = sys.argv[1:]
    from pathlib import Path as Folder  # noqa: PLC0415 - the child's

    channel = Files()
    channel.gates["f"] = threading.Event()
    world = runtime(
        connect(url), redis.Redis(), Folder(folder), channels=[channel], clock=Clock(datetime.fromisoformat(now))
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


def test_the_job_answers_its_bell_and_rings_for_the_rest(
    world: Runtime, channel: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel.media["f"] = Media(content=PHOTO)
    owe(world, {"ref": "f"})
    world.redis.set("muara:bell:media", 1)
    with runtimes.active(world):
        jobs.media()
    assert states(world) == {"f": "stored"}
    assert world.redis.exists("muara:bell:media") == 0
    assert world.redis.llen("rq:queue:media") == 0
    monkeypatch.setattr(media, "run", lambda _: True)
    with runtimes.active(world):
        jobs.media()
    assert world.redis.llen("rq:queue:media") == 1
