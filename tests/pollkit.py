"""Helpers of the listener's tests: a provider in a folder, and a listener for the length of a block."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import AccountInfo, Capabilities, Cursor, PollBatch, Polled
from dispatcher import listener
from tests.journalling import rows
from tests.toy import ToyChannel, runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
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
    columns = "last_error, last_in_at IS NOT NULL"
    found = rows(world, f"SELECT {columns} FROM account_state WHERE account = :account", account=account)  # noqa: S608 - ours
    return found[0] if found else ()


@pytest.fixture
def channel(tmp_path: Path) -> Folder:
    return Folder("toy", tmp_path / "provider")


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, channel: Folder) -> Runtime:
    return runtime(engine, redis_client, tmp_path / "blobs", channels=[channel])
