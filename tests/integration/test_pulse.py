"""Whoever commits what open pages show bumps the pulse, after the commit; and the stamp, whatever befalls Redis."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import wiring
from channels.contract import Media
from dispatcher import drain, media, pulse, sending, sweeper
from tests import factories
from tests.factories import NOW
from tests.journalling import deliver, rows
from tests.toy import ToyChannel, runtime

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

WORDS = "masbupsiaga jalan rusak"


class Rounds:
    """Stands in for the event that ends the sweeper: it looks once."""

    def __init__(self) -> None:
        self.looked = False

    def wait(self, seconds: float) -> bool:
        assert seconds > 0
        self.looked, before = True, self.looked
        return before


@pytest.fixture
def channel() -> ToyChannel:
    return ToyChannel("toy")


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, channel: ToyChannel) -> Runtime:
    return runtime(engine, redis_client, tmp_path, channels=[channel])


@pytest.fixture
def seen(world: Runtime, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[object]]:
    """What another connection sees at each bump from now on."""

    def look(sql: str) -> list[object]:
        found: list[object] = []
        monkeypatch.setattr(pulse, "bump", lambda _redis: found.extend(row[0] for row in rows(world, sql)))
        return found

    return look


def test_the_drain_bumps_what_it_has_committed(world: Runtime, seen: Callable[[str], list[object]]) -> None:
    found = seen("SELECT count(*) FROM complaint")
    drain.run(world)
    assert found == []
    deliver(world, [{"external_id": "1", "text": WORDS}])
    drain.run(world)
    assert found[-1] == 1


def test_the_sender_bumps_what_became_of_an_answer(world: Runtime, seen: Callable[[str], list[object]]) -> None:
    deliver(world, [{"external_id": "1", "text": WORDS}])
    drain.run(world)
    found = seen("SELECT state FROM outbox")
    with sending.sender(world) as sender:
        sender.run(5.0)
    assert found[0] == "sent"


def test_a_fetched_file_bumps(world: Runtime, channel: ToyChannel, seen: Callable[[str], list[object]]) -> None:
    channel.media["f"] = Media(content=b"%PDF-1.7")
    deliver(world, [{"external_id": "1", "text": WORDS, "files": [{"ref": "f"}]}])
    drain.run(world)
    found = seen("SELECT state FROM attachment")
    media.run(world)
    assert found == ["stored"]


def test_the_clock_bumps_only_what_it_has_done(
    engine: Engine, redis_client: Redis, tmp_path: Path, seen: Callable[[str], list[object]]
) -> None:
    house = factories.house(engine, redis_client, tmp_path, factories.Clock())
    with engine.begin() as connection:
        held = {"held_until": NOW + timedelta(hours=1), "held_from": "tindak_lanjut"}
        factories.complaint(connection, state="ditunda", **held)
    found = seen("SELECT state FROM complaint")
    sweeper.run(house, Rounds())  # type: ignore[arg-type]
    assert found == []
    house.clock.pass_by(timedelta(hours=2))  # type: ignore[attr-defined]
    sweeper.run(house, Rounds())  # type: ignore[arg-type]
    assert found == ["tindak_lanjut"]


def test_a_stamp_is_the_same_until_a_bump_and_never_comes_again(redis_client: Redis) -> None:
    stamps = {pulse.stamp(redis_client), pulse.stamp(redis_client)}
    assert len(stamps) == 1
    for _ in range(5):
        pulse.bump(redis_client)
        stamps.add(pulse.stamp(redis_client))
    redis_client.flushdb()
    stamps.add(pulse.stamp(redis_client))
    assert len(stamps) == 7
    assert None not in stamps


def test_without_redis_nobody_is_told_and_nothing_fails(caplog: pytest.LogCaptureFixture) -> None:
    away = wiring.redis_client("redis://127.0.0.1:1")
    pulse.bump(away)
    assert pulse.stamp(away) is None
    assert len(caplog.records) == 2
