"""A citizen who answers after the silence was over: his complaint is open again, with clocks that begin anew."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from dispatcher import clocks, drain
from normalizer.complaint import State
from normalizer.program import Clock, Clocks, Escalation, Recipient
from store import casework
from store.casework import Act
from store.models import Complaint
from tests import factories, toy
from tests.journalling import deliver, rows

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

HOUR = timedelta(hours=1)
PROGRAM = dataclasses.replace(
    toy.MASBUP,
    clocks=Clocks(first_response=24, resolution=48, silence=72),
    escalation=(Escalation(clock=Clock.RESOLUTION, at="0", to=(Recipient.OFFICER,)),),
)


def case(world: Runtime) -> Any:
    with world.engine.connect() as connection:
        return connection.execute(select(Complaint)).one()


def look(world: Runtime) -> None:
    with world.engine.begin() as connection:
        clocks.work(world, connection)


def test_an_answer_that_comes_late_opens_the_complaint_again(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    time = toy.Clock()
    start = time.now
    world = toy.runtime(engine, redis_client, tmp_path, programs=[PROGRAM], clock=time)
    deliver(world, [{"external_id": "1", "text": "masbupsiaga lampu mati"}])
    drain.run(world)
    row = case(world)
    assert (row.resolution_due_at, row.warn_at) == (row.opened_at + 48 * HOUR, row.opened_at + 48 * HOUR)
    with engine.begin() as connection:
        officer = factories.officer(connection, "dewi", programs=["masbupsiaga"])
        act = Act(
            complaint_id=row.id,
            version=row.version,
            officer_id=officer,
            username="dewi",
            now=time.now,
            programs=world.programs,
        )
        casework.answer(connection, act, "RT berapa?", "1", then=State.MENUNGGU_WARGA)
    time.now = start + 72 * HOUR
    look(world)
    closed = case(world)
    assert (closed.state, closed.next_due_at, closed.warn_at) == ("selesai", None, None)
    time.now += HOUR
    deliver(world, [{"external_id": "2", "text": "RT 5 pak", "at": 73 * 3600}])
    drain.run(world)
    again = case(world)
    assert (again.state, again.closed_at, again.responded_at, again.stays) == ("tindak_lanjut", None, None, [])
    assert again.clock_started_at == time.now
    assert (again.next_due_at, again.silence_due_at) == (time.now + 24 * HOUR, None)
    assert again.warn_at == time.now + 48 * HOUR
    time.now += 48 * HOUR
    look(world)
    assert rows(world, "SELECT kind FROM notice ORDER BY id") == [("again",), ("deadline",)]
    kinds = [kind for (kind,) in rows(world, "SELECT kind FROM event ORDER BY id")]
    assert kinds[-4:] == ["ditutup_otomatis", "menulis_lagi", "dibuka_kembali", "tenggat"]
