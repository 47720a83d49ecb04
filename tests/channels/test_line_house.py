"""LINE through the whole house: journal, drain, outbox, against LINE's stand-in."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from line_stand import BUDI, HOOK, SITI, Line, line_at

from channels.contract import AccountInfo
from channels.line.adapter import LineChannel
from dispatcher import drain, sending
from tests.journalling import deliver, outcomes, rows
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from standins.line_cloud import Event

WORDS = "masbupsiaga jalan rusak"


@dataclasses.dataclass
class House:
    """The product with one LINE account."""

    line: Line
    clock: Clock
    runtime: Any

    def receive(self, *events: Event, redelivery: bool = False) -> None:
        request = self.line.cloud.webhook(HOOK, *events, redelivery=redelivery)
        deliver(self.runtime, json.loads(request.body))
        drain.run(self.runtime)

    def send(self) -> None:
        with sending.sender(self.runtime) as sender:
            sender.run(5.0)

    def pass_seconds(self, seconds: float) -> None:
        self.clock.now += timedelta(seconds=seconds)
        self.line.clock.pass_seconds(seconds)

    def states(self) -> list[tuple[Any, ...]]:
        return rows(self.runtime, "SELECT purpose, state FROM outbox ORDER BY seq")


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with line_at(monkeypatch) as line:
        line.clock.now = datetime.fromtimestamp(Clock().now.timestamp(), Clock().now.tzinfo)
        channel = LineChannel(AccountInfo(name="toy", hook_url=HOOK), line.channel().settings)
        clock = Clock()
        yield House(line, clock, runtime(engine, redis_client, tmp_path, channels=[channel], clock=clock))  # type: ignore[list-item] # a real channel


def test_the_acknowledgement_comes_back_by_the_reply_token(house: House) -> None:
    house.receive(house.line.cloud.text(SITI, WORDS))
    house.send()
    [(ticket,)] = rows(house.runtime, "SELECT ticket FROM complaint")
    (text,) = house.line.delivered()
    assert ticket in text
    assert house.line.cloud.pushed == 0


def test_an_acknowledgement_that_came_too_late_is_pushed(house: House) -> None:
    house.receive(house.line.cloud.text(SITI, WORDS))
    house.pass_seconds(90)
    house.send()
    assert (len(house.line.delivered()), house.line.cloud.pushed) == (1, 1)


def test_a_redelivered_event_is_one_complaint_and_one_acknowledgement(house: House) -> None:
    event = house.line.cloud.text(SITI, WORDS)
    house.receive(event)
    house.receive(event, house.line.cloud.text(BUDI, WORDS), redelivery=True)
    house.send()
    assert outcomes(house.runtime) == {"message": 2, "duplicate": 1}
    assert [len(house.line.delivered(who)) for who in (SITI, BUDI)] == [1, 1]
    assert house.line.cloud.pushed == 0


def test_a_push_whose_answer_was_lost_is_tried_again_and_arrives_once(house: House) -> None:
    house.receive(house.line.cloud.text(SITI, WORDS))
    house.pass_seconds(90)
    house.line.faults.lose_answer = True
    house.send()
    assert house.states() == [("ack", "queued")]
    house.line.faults.lose_answer = False
    house.pass_seconds(60)
    house.send()
    assert house.states() == [("ack", "sent")]
    assert (len(house.line.delivered()), house.line.cloud.pushed) == (1, 1)


def test_images_sent_together_are_one_complaint_with_one_acknowledgement(house: House) -> None:
    house.receive(house.line.cloud.text(SITI, WORDS), *house.line.cloud.images(SITI, [b"1", b"2", b"3"]))
    house.pass_seconds(10)
    drain.run(house.runtime)
    house.send()
    assert rows(house.runtime, "SELECT count(*) FROM complaint") == [(1,)]
    assert len(house.line.delivered()) == 1


def test_a_message_taken_back_is_marked(house: House) -> None:
    event = house.line.cloud.text(SITI, WORDS)
    house.receive(house.line.cloud.unsend(event), event)
    assert outcomes(house.runtime) == {"message": 1, "unsent": 1}


def test_a_quoted_answer_of_ours_leads_back_to_its_complaint(house: House) -> None:
    house.receive(house.line.cloud.text(SITI, WORDS))
    house.send()
    (message,) = house.line.mailroom.delivered(SITI)
    house.pass_seconds(30 * 3600)
    house.receive(house.line.cloud.text(SITI, "masih rusak", quotedMessageId=message.external_id))
    assert rows(house.runtime, "SELECT count(*) FROM complaint") == [(1,)]
    assert rows(house.runtime, "SELECT in_reply_to FROM message WHERE text = 'masih rusak'") == [(message.external_id,)]


def test_in_standby_nobody_is_answered(house: House) -> None:
    house.receive(house.line.cloud.text(SITI, WORDS) | {"mode": "standby"})
    house.send()
    assert house.states() == []
    assert rows(house.runtime, "SELECT count(*) FROM complaint") == [(1,)]
