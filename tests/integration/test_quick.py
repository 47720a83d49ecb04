"""Short questions to a database that is there, hangs, or listens and never answers."""

from __future__ import annotations

import socket
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import ProgrammingError

from gateway.limits import Throttle
from gateway.quick import AwayError, Quick
from store.engine import connect
from tests.public_site import NOON, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Engine


@pytest.fixture(autouse=True)
def _settled(engine: Engine) -> Iterator[None]:
    assert engine
    yield
    settle()


def one(connection: Connection) -> int:
    found: int = connection.exec_driver_sql("SELECT 1").scalar_one()
    return found


def sleepy(connection: Connection) -> None:
    connection.exec_driver_sql("SELECT pg_sleep(60)")


def test_an_answer_comes_back_and_a_mistake_of_ours_is_no_outage(engine: Engine) -> None:
    quick = Quick(engine)
    assert quick.run(one) == 1
    with pytest.raises(ProgrammingError):
        quick.run(lambda connection: connection.exec_driver_sql("SELECT nothing FROM nowhere"))
    assert quick.run(one) == 1


def test_a_slow_database_is_away_until_the_pause_is_over(engine: Engine) -> None:
    seconds = 0.0
    quick = Quick(engine, seconds=0.3, pause=10.0, monotonic=lambda: seconds)
    with pytest.raises(AwayError):
        quick.run(sleepy)
    with pytest.raises(AwayError):
        quick.run(one)
    seconds = 11.0
    assert quick.run(one) == 1


def test_a_frozen_server_holds_nobody_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        frozen = connect(f"postgresql+psycopg://muara@127.0.0.1:{server.getsockname()[1]}/muara")
        quick = Quick(frozen, seconds=0.2)
        with pytest.raises(AwayError):
            quick.run(one)
    frozen.dispose()


def test_counting_forgets_the_day_before_yesterday(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO throttle VALUES ('old', '2026-11-17', 1), ('new', '2026-11-19', 1)")
    throttle = Throttle(Quick(engine), b"key", lambda: NOON)
    assert throttle.hit("form", "192.0.2.1", 1, timedelta(hours=1))
    assert not throttle.hit("form", "192.0.2.1", 1, timedelta(hours=1))
    assert throttle.spent("form", "192.0.2.1", 1, timedelta(hours=1))
    assert not throttle.spent("form", "192.0.2.2", 1, timedelta(hours=1))
    with engine.connect() as connection:
        buckets = {row[0] for row in connection.exec_driver_sql("SELECT bucket FROM throttle")}
    assert "old" not in buckets
    assert "new" in buckets
