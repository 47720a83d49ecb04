"""Helpers of the media tests: a channel whose files can be held back, and a look at what became of them."""

from __future__ import annotations

import io
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from dispatcher import drain, media
from dispatcher.runtime import Pace, Runtime
from tests.journalling import deliver, rows
from tests.toy import START, Clock, ToyChannel, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Media, Obligation


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
