"""The outbox: sent once, again only where that is safe, and no account waits for another."""

from __future__ import annotations

import dataclasses
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from channels.contract import How, ReplyOptions
from channels.errors import OutcomeUnknown, ProviderDown, Refused, Throttled
from dispatcher import drain, sending, sweeper
from dispatcher.bells import Bell
from store import outbox
from tests.journalling import deliver, rows
from tests.toy import Clock, ToyChannel, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Conversation, OutboundReply
    from dispatcher.runtime import Runtime
    from normalizer.messages import DeliveryReceipt

WORDS = "masbupsiaga jalan rusak"


class World:
    def __init__(self, engine: Engine, redis: Redis, folder: Path, *channels: ToyChannel) -> None:
        self.clock = Clock()
        self.channels = channels or (ToyChannel("toy"),)
        self.runtime: Runtime = runtime(engine, redis, folder, channels=self.channels, clock=self.clock)

    def receive(self, number: int = 1, account: str = "toy", **values: Any) -> None:
        item = {"external_id": f"in-{number}", "text": WORDS, "who": f"+62811{number:06}", **values}
        deliver(self.runtime, [item], account=account)
        drain.run(self.runtime)

    def answer(self, number: int = 1, words: str = "sudah diperbaiki") -> None:
        """What an officer writes, as far as the outbox sees it."""
        with self.runtime.engine.begin() as connection:
            connection.execute(
                text(
                    """INSERT INTO outbox (id, account, conversation, address, complaint_id, purpose, text, lane,
                                           next_attempt_at, created_at)
                       SELECT gen_random_uuid(), account, conversation, conversation, id, 'answer', :words,
                              (SELECT lane FROM outbox o WHERE o.complaint_id = c.id LIMIT 1), :now, :now
                       FROM complaint c WHERE conversation = :conversation"""
                ),
                {"words": words, "now": self.clock(), "conversation": f"+62811{number:06}"},
            )

    def send(self) -> None:
        with sending.sender(self.runtime) as sender:
            sender.run(5.0)

    def states(self) -> list[tuple[Any, ...]]:
        return rows(self.runtime, "SELECT purpose, state, attempts FROM outbox ORDER BY seq")


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> World:
    return World(engine, redis_client, tmp_path)


def test_an_acknowledgement_goes_out_once_with_the_ticket(world: World) -> None:
    world.receive()
    world.send()
    world.send()
    assert world.states() == [("ack", "sent", 1)]
    [reply] = world.channels[0].sent
    [(ticket,)] = rows(world.runtime, "SELECT ticket FROM complaint")
    assert ticket in reply.text
    assert reply.to == "+62811000001"
    assert rows(world.runtime, "SELECT external_id FROM message WHERE direction = 'out'") == [("out-1",)]


def test_throttling_waits_as_long_as_the_provider_says(world: World) -> None:
    world.channels[0].failures = [Throttled("slow down", retry_after=40.0)]
    world.receive()
    world.send()
    assert world.states() == [("ack", "queued", 1)]
    world.clock.now += timedelta(seconds=39)
    world.send()
    assert world.states() == [("ack", "queued", 1)]
    world.clock.now += timedelta(seconds=2)
    world.send()
    assert world.states() == [("ack", "sent", 2)]


def test_a_provider_that_is_down_is_tried_again_and_given_up_after_a_day(world: World) -> None:
    world.channels[0].failures = [ProviderDown("refused")] * 100
    world.receive()
    world.send()
    world.clock.now += timedelta(hours=1)
    world.send()
    assert world.states() == [("ack", "queued", 2)]
    world.clock.now += timedelta(hours=24)
    world.send()
    assert world.states() == [("ack", "failed", 3)]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(True,)]


def test_a_refusal_is_shown_with_its_reason(world: World) -> None:
    world.channels[0].failures = [Refused("bot was blocked by the user")]
    world.receive()
    world.send()
    assert rows(world.runtime, "SELECT state, error FROM outbox") == [("failed", "bot was blocked by the user")]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(True,)]


@pytest.mark.parametrize("failure", [OutcomeUnknown("time-out"), KeyError("a bug in the adapter")])
def test_an_answer_of_unknown_outcome_waits_for_the_officer(world: World, failure: Exception) -> None:
    world.receive()
    world.send()
    world.answer()
    world.channels[0].failures = [failure]
    world.send()
    world.clock.now += timedelta(days=2)
    world.send()
    assert world.states() == [("ack", "sent", 1), ("answer", "unknown", 1)]
    assert len(world.channels[0].sent) == 1


def test_an_acknowledgement_of_unknown_outcome_is_not_repeated(world: World) -> None:
    world.channels[0].failures = [OutcomeUnknown("time-out")]
    world.receive()
    world.send()
    world.clock.now += timedelta(days=2)
    world.send()
    assert world.states() == [("ack", "dropped", 1)]


def test_where_sending_is_idempotent_an_unknown_outcome_is_sent_again(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    world = World(engine, redis_client, tmp_path, ToyChannel("toy", idempotent=True))
    world.channels[0].failures = [OutcomeUnknown("time-out")]
    world.receive()
    world.send()
    world.clock.now += timedelta(minutes=1)
    world.send()
    assert world.states() == [("ack", "sent", 2)]


def test_a_later_answer_does_not_overtake_an_earlier_one(world: World) -> None:
    world.receive()
    world.answer(words="satu")
    world.answer(words="dua")
    world.channels[0].failures = [Throttled("slow down", retry_after=5.0)]
    world.send()
    world.clock.now += timedelta(seconds=6)
    world.send()
    assert [reply.text for reply in world.channels[0].sent][1:] == ["satu", "dua"]


def test_a_receipt_before_the_send_is_recorded_counts(world: World) -> None:
    world.receive()
    deliver(world.runtime, [{"kind": "receipt", "external_id": "out-1", "status": "read"}])
    deliver(world.runtime, [{"kind": "receipt", "external_id": "out-1", "status": "delivered"}])
    drain.run(world.runtime)
    world.send()
    assert world.states() == [("ack", "read", 1)]
    deliver(world.runtime, [{"kind": "receipt", "external_id": "out-1", "status": "sent"}])
    drain.run(world.runtime)
    assert world.states() == [("ack", "read", 1)]


def test_what_an_account_that_is_gone_should_have_sent_is_shown_as_failed(world: World) -> None:
    world.receive()
    accounts = {"other": world.runtime.accounts["toy"]}
    with sending.sender(dataclasses.replace(world.runtime, accounts=accounts)) as sender:
        assert sender.run(5.0) is False
    assert world.states() == [("ack", "failed", 0)]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(True,)]


class SlowChannel(ToyChannel):
    """Hangs until it is let go."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.hanging = threading.Event()
        self.let_go = threading.Event()

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        self.hanging.set()
        self.let_go.wait(30)
        return super().send(reply)


@pytest.fixture
def slow_world(engine: Engine, redis_client: Redis, tmp_path: Path) -> Iterator[tuple[World, SlowChannel, ToyChannel]]:
    slow, quick = SlowChannel("slow"), ToyChannel("quick")
    yield World(engine, redis_client, tmp_path, slow, quick), slow, quick
    slow.let_go.set()


def test_a_slow_account_holds_up_no_other(slow_world: tuple[World, SlowChannel, ToyChannel]) -> None:
    world, slow, quick = slow_world
    for number in range(1, 30):
        world.receive(number, account="slow")
    for number in range(30, 40):
        world.receive(number, account="quick")
    with sending.sender(world.runtime) as sender:
        end = time.monotonic() + 20
        while len(quick.sent) < 10 and time.monotonic() < end:
            sender.run(0.2)
        assert len(quick.sent) == 10
        assert slow.hanging.is_set()
        assert slow.sent == []
        slow.let_go.set()


def test_what_a_dead_sender_left_is_settled_and_what_a_living_one_holds_is_not(world: World) -> None:
    world.receive()
    world.answer()
    [(account, lane)] = rows(world.runtime, "SELECT DISTINCT account, lane FROM outbox")
    with world.runtime.engine.connect() as holder:
        assert outbox.lock_lane(holder, account, lane)
        for _ in range(2):
            outbox.claim(holder, account, lane, world.clock())
            holder.execute(text("UPDATE outbox SET state = 'sent' WHERE purpose = 'ack'"))
        holder.commit()
        assert world.states() == [("ack", "sent", 1), ("answer", "sending", 1)]
        world.clock.now += timedelta(seconds=10)
        world.send()
        assert world.states() == [("ack", "sent", 1), ("answer", "sending", 1)]
        outbox.unlock_lane(holder, account, lane)
        holder.commit()
    with world.runtime.engine.connect() as connection:
        assert Bell.OUTBOX in sweeper.unfinished(world.runtime, connection)
    world.send()
    assert world.states() == [("ack", "sent", 1), ("answer", "unknown", 1)]
    assert world.channels[0].sent == []


class Curious(ToyChannel):
    """Remembers what it was asked before each sending."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.asked: list[Conversation] = []

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        self.asked.append(conversation)
        return ReplyOptions(allowed=True, how=How.TAG)


def test_the_adapter_hears_how_often_we_wrote_since_the_citizen_did(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    channel = Curious("toy")
    world = World(engine, redis_client, tmp_path, channel)
    world.receive()
    world.clock.now += timedelta(seconds=1)
    world.send()
    world.answer()
    world.send()
    world.clock.now += timedelta(minutes=1)
    world.receive(2, who="+62811000001", at=60, text="terima kasih")
    world.clock.now += timedelta(minutes=5)
    world.answer(words="sekali lagi")
    world.send()
    assert [conversation.sent for conversation in channel.asked] == [0, 1, 0]
    assert [reply.how for reply in channel.sent] == [How.TAG] * 3


def reported(world: World, status: str, ident: str, reply: int = 0) -> None:
    """The provider reports on a message by an id of its own, and repeats ours."""
    ours = rows(world.runtime, "SELECT id FROM outbox ORDER BY seq")[reply][0]
    deliver(
        world.runtime, [{"kind": "receipt", "external_id": ident, "status": status, "reply_id": str(ours), "at": 60}]
    )
    drain.run(world.runtime)


def test_a_report_that_repeats_our_id_settles_what_nobody_knew(world: World) -> None:
    world.receive()
    world.send()
    world.channels[0].failures.append(OutcomeUnknown("time-out"))
    world.answer()
    world.send()
    assert world.states()[-1][:2] == ("answer", "unknown")
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(True,)]
    reported(world, "delivered", "theirs-7", reply=1)
    assert world.states()[-1][:2] == ("answer", "delivered")
    assert rows(world.runtime, "SELECT external_id, error FROM outbox ORDER BY seq DESC LIMIT 1") == [
        ("theirs-7", None)
    ]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(False,)]


@pytest.mark.parametrize("trouble", [OutcomeUnknown("time-out"), ProviderDown("gone"), Refused("no")])
def test_a_report_that_came_during_the_sending_is_not_overwritten(
    engine: Engine, redis_client: Redis, tmp_path: Path, trouble: Exception
) -> None:
    class Told(ToyChannel):
        def send(self, reply: OutboundReply) -> DeliveryReceipt:
            reported(world, "delivered", "theirs-8")
            raise trouble

    world = World(engine, redis_client, tmp_path, Told("toy"))
    world.receive()
    world.send()
    assert world.states() == [("ack", "delivered", 1)]
    world.clock.now += timedelta(minutes=10)
    world.send()
    assert world.states() == [("ack", "delivered", 1)]


def test_a_report_on_the_second_piece_of_a_reply_shows_its_failure(world: World) -> None:
    world.receive()
    world.send()
    reported(world, "failed", "second-piece")
    assert world.states() == [("ack", "failed", 1)]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(True,)]


def test_a_report_with_an_id_that_is_none_of_ours_does_nothing(world: World) -> None:
    world.receive()
    world.send()
    deliver(
        world.runtime,
        [{"kind": "receipt", "external_id": "x", "status": "failed", "reply_id": "'; DROP TABLE", "at": 1}],
    )
    drain.run(world.runtime)
    assert world.states() == [("ack", "sent", 1)]


def test_an_automatic_text_that_the_channel_does_not_take_is_let_go_and_an_answer_is_shown(
    engine: Engine, redis_client: Redis, tmp_path: Path
) -> None:
    class Shut(ToyChannel):
        def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
            return ReplyOptions(allowed=False, reason="tidak disebut")

    world = World(engine, redis_client, tmp_path, Shut("toy"))
    world.receive()
    world.send()
    assert world.states() == [("ack", "skipped", 1)]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(False,)]
    world.answer()
    world.send()
    assert world.states()[1] == ("answer", "failed", 1)
    assert rows(world.runtime, "SELECT DISTINCT error FROM outbox") == [("tidak disebut",)]
    assert rows(world.runtime, "SELECT send_failed FROM complaint") == [(True,)]


def test_one_recipient_who_is_put_off_holds_up_no_other(world: World) -> None:
    world.receive(1)
    world.receive(2)
    world.channels[0].failures.append(Throttled("greylisted", retry_after=120, alone=True))
    world.send()
    assert sorted(state for _, state, _ in world.states()) == ["queued", "sent"]
    world.clock.now += timedelta(seconds=121)
    world.send()
    assert [state for _, state, _ in world.states()] == ["sent", "sent"]
