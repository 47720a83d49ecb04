"""What a citizen writes after an officer merged or split his complaints: it stands in the case that goes on, once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dispatcher import drain
from normalizer.program import Program
from store import casework
from tests import factories
from tests.journalling import deliver, rows
from tests.toy import Clock, ToyChannel, runtime

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

PROGRAM = Program(
    key="masbup", name="Mas Bup", organisation="Pemalang", keywords=("masbupsiaga",), accounts=("sms", "wa")
)
SITI, BUDI = "+628112626116", "wa-7"


class World:
    def __init__(self, engine: Engine, redis: Redis, folder: Path) -> None:
        self.clock = Clock()
        channels = [ToyChannel("sms"), ToyChannel("wa")]
        self.runtime = runtime(engine, redis, folder, programs=(PROGRAM,), channels=channels, clock=self.clock)
        with engine.begin() as connection:
            self.officer = factories.officer(connection, "sari")

    def hear(self, account: str, who: str, ident: str, words: str) -> None:
        at = (self.clock() - Clock()()).total_seconds()
        for _ in range(2):  # every provider says things twice
            entry = {"external_id": ident, "text": words, "who": who, "at": at}
            deliver(self.runtime, [entry], account=account)
            drain.run(self.runtime)
        self.clock.now += timedelta(minutes=1)

    def case_of(self, ident: str) -> uuid.UUID:
        [(found,)] = rows(self.runtime, "SELECT complaint_id FROM message WHERE external_id = :i", i=ident)
        return found  # type: ignore[no-any-return]

    def act(self, case: uuid.UUID) -> casework.Act:
        [(version,)] = rows(self.runtime, "SELECT version FROM complaint WHERE id = :c", c=case)
        return casework.Act(
            complaint_id=case,
            version=version,
            officer_id=self.officer,
            username="sari",
            now=self.clock(),
            programs=self.runtime.programs,
        )

    def count(self) -> Any:
        return rows(self.runtime, "SELECT count(*) FROM complaint WHERE merged_into IS NULL")[0][0]


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> World:
    return World(engine, redis_client, tmp_path)


def test_the_citizen_of_a_merged_case_writes_into_the_one_that_took_it_in(world: World) -> None:
    world.hear("sms", SITI, "a", "masbupsiaga lampu pasar mati")
    world.hear("wa", BUDI, "b", "lampu pasar mati")
    siti, budi = world.case_of("a"), world.case_of("b")
    with world.runtime.engine.begin() as connection:
        assert casework.merge(connection, world.act(budi), siti, "1")
    world.hear("wa", BUDI, "c", "sampai sekarang masih mati")
    world.hear("sms", SITI, "d", "betul, masih mati")
    assert (world.case_of("c"), world.case_of("d")) == (siti, siti)
    assert world.count() == 1
    assert rows(world.runtime, "SELECT state, unread FROM complaint WHERE id = :c", c=budi)[0][0] == "digabung"
    acks = rows(world.runtime, "SELECT count(*) FROM outbox WHERE purpose = 'ack'")
    assert acks == [(2,)]


def test_after_a_split_each_line_stays_where_the_officer_put_it(world: World) -> None:
    world.hear("sms", SITI, "a", "masbupsiaga lampu pasar mati")
    world.hear("sms", SITI, "b", "juga jalan di gang kami berlubang")
    first = world.case_of("a")
    assert world.case_of("b") == first
    [(line,)] = rows(world.runtime, "SELECT id FROM message WHERE external_id = 'b'")
    with world.runtime.engine.begin() as connection:
        second = casework.split(connection, world.act(first), line, None, "1")
    world.hear("sms", SITI, "c", "tolong segera ya")
    assert world.case_of("a") == first
    assert world.case_of("b") == second
    assert world.case_of("c") in {first, second}
    assert world.count() == 2
