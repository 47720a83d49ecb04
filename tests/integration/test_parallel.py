"""Several drains at once: each conversation in its order, nothing doubled, nothing quarantined."""

from __future__ import annotations

import random
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dispatcher import drain
from store import ledger
from tests.journalling import deliver, empty, outcomes, rows, threads
from tests.toy import START, Clock, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

CITIZENS = 25
MESSAGES = 12


def stream(seed: int) -> list[list[dict[str, Any]]]:
    """Payloads of many citizens, shuffled, in batches of up to five, a fifth of them delivered twice."""
    chance = random.Random(seed)
    found: list[dict[str, Any]] = []
    for citizen in range(CITIZENS):
        for number in range(MESSAGES):
            words = "masbupsiaga jalan rusak" if number % 4 == 0 else f"tambahan {number} {citizen}"
            item = {
                "external_id": f"{citizen}.{number}",
                "text": words,
                "who": f"+62811{citizen:06}",
                "at": number * 60,
            }
            found += [item] * (1 + (chance.random() < 0.2))
    chance.shuffle(found)
    batches = []
    while found:
        size = chance.randint(1, 5)
        batches.append(found[:size])
        found = found[size:]
    return batches


@pytest.mark.parametrize("seed", [1, 2])
def test_drains_side_by_side_end_as_one_drain_does(
    engine: Engine, redis_client: Redis, tmp_path: Path, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock(START + timedelta(days=1))
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    batches = stream(seed)
    deliver(world, *batches)
    drain.run(world, 60)
    expected = sorted(threads(world)), outcomes(world)
    assert expected[1]["message"] == CITIZENS * MESSAGES
    empty(world)

    errors: list[BaseException] = []
    fed = threading.Event()

    def work() -> None:
        try:
            while not fed.is_set() or drain.step(world):
                drain.run(world, 60)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for batch in batches:
        deliver(world, batch)
    fed.set()
    for worker in workers:
        worker.join(120)
    assert errors == []
    drain.run(world, 60)
    assert (sorted(threads(world)), outcomes(world)) == expected
    assert not [record for record in caplog.records if record.name == "dispatcher.drain"]
    with engine.connect() as connection:
        assert [(line.remainder, line.pending) for line in ledger.balance(connection)] == [(0, 0)]


def test_two_gateways_worth_of_the_same_event_at_the_same_moment_is_one_message(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    world = runtime(engine, redis_client, tmp_path)
    item = {"external_id": "1", "text": "masbupsiaga jalan rusak"}
    start = threading.Barrier(4)

    def one(target: Runtime) -> None:
        start.wait(20)
        deliver(target, [item])
        drain.run(target, 20)

    workers = [threading.Thread(target=one, args=(world,)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    drain.run(world)
    assert outcomes(world) == {"message": 1, "duplicate": 3}
    assert rows(world, "SELECT count(*) FROM outbox") == [(1,)]
