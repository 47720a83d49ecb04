"""Files come in before their deadline, and one that does not says why."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from channels.contract import Media
from channels.errors import Expired, FetchFailed, FetchLater, TooLarge
from dispatcher import jobs, media
from dispatcher import runtime as runtimes
from dispatcher.sniff import NO_PICTURE, UNKNOWN
from store.blobs import BlobError, digest
from tests.mediakit import PHOTO, Files, channel, clock, move, one, owe, run, states, world
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

__all__ = ["channel", "clock", "world"]


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
    assert one(world, "state, error, attempts") == ("stored", None, 12)


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
