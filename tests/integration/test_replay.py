"""Quarantine, replay and the ledger: what could not be read is read again, nothing doubles, the sums balance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from channels.errors import PayloadError
from dispatcher import drain
from normalizer.messages import Malformed
from store import ledger, quarantine
from tests.journalling import deliver, outcomes, rows, threads, unguarded
from tests.toy import MASBUP, ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import RawMessage
    from dispatcher.runtime import Runtime
    from normalizer.messages import Inbound


class BlindChannel(ToyChannel):
    """Cannot read texts that begin with `new:` until it is mended."""

    mended = False

    def parse(self, raw: RawMessage) -> list[Inbound]:
        if b"crash" in raw.body and not self.mended:
            raise ZeroDivisionError("a bug in the adapter")
        if b"unreadable" in raw.body and not self.mended:
            raise PayloadError("unknown envelope")
        found = super().parse(raw)
        return [
            Malformed(error="unknown kind") if "new:" in getattr(item, "text", "") and not self.mended else item
            for item in found
        ]


ADDED = """
INSERT INTO item (journal_id, ordinal, journal_seq, account, day, kind, external_id, version, conversation, partition,
                  received_at, payload, state, outcome)
SELECT journal_id, 99, journal_seq, account, day, kind, 'z', version, conversation, partition, received_at, payload,
       state, 'ignored'
FROM item LIMIT 1
"""


@pytest.fixture
def channel() -> BlindChannel:
    return BlindChannel("toy")


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path, channel: BlindChannel) -> Runtime:
    return runtime(engine, redis_client, tmp_path, channels=[channel], programs=[MASBUP])


def balances(world: Runtime) -> list[ledger.Line]:
    with world.engine.connect() as connection:
        return ledger.balance(connection)


def test_a_mended_adapter_reads_what_stood_in_quarantine_and_doubles_nothing(
    world: Runtime, channel: BlindChannel
) -> None:
    deliver(
        world,
        [{"external_id": "1", "text": "satu"}, {"external_id": "2", "text": "new: dua", "at": 5}],
        [{"external_id": "3", "text": "crash tiga", "at": 6}],
        [{"external_id": "4", "text": "unreadable empat", "at": 7}],
    )
    drain.run(world)
    assert outcomes(world) == {"message": 1, "quarantined": 3}
    with world.engine.begin() as connection:
        reasons = [row.reason for row in quarantine.listing(connection)]
        assert set(reasons) == {"unknown kind", "ZeroDivisionError in the adapter", "PayloadError: unknown envelope"}
        assert quarantine.replay(connection, quarantine.payloads(connection)) == 3
    channel.mended = True
    drain.run(world)
    assert outcomes(world) == {"message": 4}
    assert threads(world) == [("masbup", ["satu", "new: dua", "crash tiga", "unreadable empat"])]
    [line] = balances(world)
    assert (line.items, line.remainder) == (4, 0)


def test_replaying_everything_changes_nothing(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": "satu"}], [{"external_id": "1", "text": "satu"}])
    deliver(world, [{"kind": "ignored", "reason": "group"}, {"kind": "receipt", "external_id": "x", "status": "read"}])
    drain.run(world)
    before = outcomes(world), threads(world), rows(world, "SELECT purpose, text FROM outbox")
    for _ in range(2):
        with world.engine.begin() as connection:
            quarantine.replay(connection, quarantine.select(connection, account="toy", day=None, version=None))
        drain.run(world)
        assert (outcomes(world), threads(world), rows(world, "SELECT purpose, text FROM outbox")) == before
        assert [line.remainder for line in balances(world)] == [0]


def test_payloads_are_selected_by_account_day_and_adapter_version(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": "satu"}])
    drain.run(world)
    today = world.day(world.clock())
    with world.engine.connect() as connection:

        def selected(**values: object) -> int:
            wanted = {"account": None, "day": None, "version": None, **values}
            return len(quarantine.select(connection, **wanted))  # type: ignore[arg-type]

        assert selected(account="toy", day=today, version="1") == 1
        assert selected(account="other") == 0
        assert selected(version="2") == 0
        assert selected(day=today.replace(year=2001)) == 0


def test_what_waits_is_pending_and_what_is_not_parsed_is_unparsed(world: Runtime) -> None:
    deliver(world, [{"external_id": "a", "text": "x", "part": ["7", 1, 2]}])
    drain.run(world)
    deliver(world, [{"external_id": "b", "text": "y"}])
    [line] = balances(world)
    assert (line.payloads, line.unparsed, line.items, line.pending, line.remainder) == (2, 1, 1, 1, 0)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM item WHERE external_id = '2'",
        ADDED,
        "DELETE FROM outbox; DELETE FROM event; DELETE FROM attachment; DELETE FROM message WHERE external_id = '2'",
    ],
)
def test_the_ledger_shows_what_is_lost_or_too_much(world: Runtime, damage: str) -> None:
    deliver(world, [{"external_id": "1", "text": "satu"}, {"external_id": "2", "text": "dua"}])
    drain.run(world)
    assert [line.remainder for line in balances(world)] == [0]
    with world.engine.begin() as connection:
        unguarded(connection)
        connection.execute(text(damage))
    assert [line.remainder for line in balances(world)] == [1]


def test_a_payload_of_an_account_that_is_gone_waits_in_quarantine(world: Runtime) -> None:
    deliver(world, [{"external_id": "1", "text": "satu"}], account="gone")
    deliver(world, [{"external_id": "1", "text": "satu"}])
    drain.run(world)
    assert outcomes(world) == {"message": 1, "quarantined": 1}
    assert rows(world, "SELECT reason FROM item WHERE outcome = 'quarantined'") == [("account gone is not configured",)]


def test_raw_bytes_and_original_words_stay_as_they_came(world: Runtime) -> None:
    payload = [{"external_id": "1", "text": "  masbupsiaga\tjalan\u200b RUSAK!!  \n\n"}]
    deliver(world, payload)
    drain.run(world)
    [(body,)] = rows(world, "SELECT body FROM journal")
    assert bytes(body) == json.dumps(payload).encode()
    [(words, clean)] = rows(world, "SELECT text, clean FROM message WHERE direction = 'in'")
    assert words == payload[0]["text"]
    assert clean == "jalan RUSAK!!"
