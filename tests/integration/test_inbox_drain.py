"""Citizen and officer at the same case: what the drain writes, the officer sees before he acts on it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from dispatcher import drain
from store import casework, journal
from store.casework import Act
from store.models import Complaint
from tests import factories
from tests.toy import START, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime


def deliver(world: Runtime, *payload: dict[str, Any]) -> None:
    entry = journal.Entry(
        id=journal.new_id(),
        account="toy",
        source="webhook",
        received_at=world.clock(),
        day=world.day(world.clock()),
        body=json.dumps(payload).encode(),
    )
    with world.engine.begin() as connection:
        journal.insert(connection, [entry])
    drain.run(world)


def test_whoever_closes_what_he_has_not_read_is_asked_first(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    world = runtime(engine, redis_client, tmp_path)
    deliver(world, {"external_id": "1", "text": "masbupsiaga lampu mati"})
    with engine.begin() as connection:
        officer = factories.officer(connection, "dewi")
        case = connection.execute(select(Complaint)).one()
        seen = Act(
            complaint_id=case.id, version=case.version, officer_id=officer, username="dewi", now=START, programs={}
        )
    deliver(world, {"external_id": "2", "text": "sekarang kabelnya putus, bahaya", "at": 60})
    with engine.begin() as connection, pytest.raises(casework.StaleError):
        casework.close(connection, seen, "Selesai.", "1")
    with engine.connect() as connection:
        now = connection.execute(select(Complaint)).one()
    assert (now.state, now.unread) == ("baru", True)


def test_an_officers_answer_threads_what_the_citizen_writes_back(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    world = runtime(engine, redis_client, tmp_path)
    deliver(world, {"external_id": "1", "text": "masbupsiaga lampu mati"})
    with engine.begin() as connection:
        officer = factories.officer(connection, "dewi")
        case = connection.execute(select(Complaint)).one()
        act = Act(
            complaint_id=case.id,
            version=case.version,
            officer_id=officer,
            username="dewi",
            now=world.clock(),
            programs={},
        )
        casework.close(connection, act, "Sudah menyala.", "1")
    deliver(world, {"external_id": "2", "text": "mati lagi pak", "at": 120})
    with engine.connect() as connection:
        [reopened] = connection.execute(select(Complaint)).all()
    assert (reopened.state, reopened.closed_at, reopened.officer_id) == ("tindak_lanjut", None, officer)
    assert reopened.next_due_at is not None
