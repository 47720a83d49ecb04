"""The keeper of the history seals each hour and at the day's end, looks once a day, and says aloud what is wrong."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from dispatcher import sealing
from store import checks, seals
from store.verify import Fault, Wrong
from tests import factories
from tests.journalling import rows, unguarded

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime


@pytest.fixture
def clock() -> factories.Clock:
    return factories.Clock()


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, clock: factories.Clock) -> Runtime:
    return factories.house(engine, redis_client, tmp_path, clock)


def write(world: Runtime) -> uuid.UUID:
    with world.engine.begin() as connection:
        case = factories.complaint(connection)
        connection.execute(
            text("INSERT INTO event (complaint_id, at, actor, kind) VALUES (:c, :at, 'warga', 'diterima')"),
            {"c": case, "at": world.clock()},
        )
    return case


def test_a_seal_an_hour_and_a_look_a_day(world: Runtime, clock: factories.Clock) -> None:
    found = []
    for _ in range(40):
        write(world)
        sealing.work(world)
        sealing.work(world)
        found.append((rows(world, "SELECT count(*) FROM seal"), rows(world, "SELECT count(*) FROM audit_check")))
        clock.pass_by(timedelta(minutes=60))
    assert [counts[0][0][0] for counts in found] == list(range(1, 41))
    # 10:00 in Jakarta when it begins: midnight has come twice.
    assert found[-1][1] == [(3,)]
    assert rows(world, "SELECT DISTINCT faults FROM audit_check") == [(0,)]


def test_within_the_hour_there_is_no_second_seal(world: Runtime, clock: factories.Clock) -> None:
    for _ in range(3):
        write(world)
        sealing.work(world)
        clock.pass_by(timedelta(minutes=15))
    assert rows(world, "SELECT count(*) FROM seal") == [(1,)]


def test_what_a_seal_leaves_over_gets_the_next_at_once(world: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST", 2)
    for _ in range(5):
        write(world)
    assert [made.chains for made in sealing.seal(world)] == [2, 2, 1]


def test_each_seal_goes_to_the_log_and_so_does_what_is_wrong(world: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    case = write(world)
    with caplog.at_level(logging.INFO, logger="dispatcher.sealing"):
        [made] = sealing.seal(world)
        with world.engine.begin() as connection:
            unguarded(connection)
            connection.execute(text("UPDATE event SET actor = 'budi' WHERE complaint_id = :c"), {"c": case})
        sealing.check(world)
    assert made.hash in caplog.text
    with world.engine.connect() as connection:
        latest = checks.latest(connection)
        ticket = connection.execute(text("SELECT ticket FROM complaint")).scalar_one()
    assert latest is not None
    assert latest.first == Fault(wrong=Wrong.CHANGED, name=ticket, row=1)
    assert f"changed, {ticket}, row 1" in caplog.text
