"""An account that an officer paused neither polls nor sends, whichever process would; what comes in is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from channels.errors import ProviderDown
from dispatcher import drain, listener, sending, sweeper
from dispatcher.bells import Bell
from store import accounts
from tests import factories
from tests.journalling import deliver, outcomes, rows
from tests.pollkit import Folder, channel, journalled, listening, quick, until, world
from tests.toy import Clock, ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Connection, Engine

    from channels.contract import OutboundReply
    from dispatcher.runtime import Runtime
    from normalizer.messages import DeliveryReceipt

__all__ = ["channel", "quick", "world"]


def pause(world: Runtime, account: str = "toy", *, sending: bool = False, polling: bool = False) -> int:
    with world.engine.begin() as connection:
        admin = factories.officer(connection, f"admin-{account}", "administrator", programs=[])
        accounts.pause(connection, account, (admin, "Admin"), world.clock(), "rusak", sending=sending, polling=polling)
    return admin


def resume(world: Runtime, admin: int, account: str = "toy") -> None:
    with world.engine.begin() as connection:
        assert accounts.resume(connection, account, admin, world.clock())


def send(world: Runtime) -> None:
    with sending.sender(world) as sender:
        sender.run(5.0)


def bells_due(world: Runtime) -> list[Bell]:
    with world.engine.connect() as connection:
        return sweeper.unfinished(world, connection)


def states(world: Runtime) -> list[tuple[Any, ...]]:
    return rows(world, "SELECT account, state, attempts FROM outbox ORDER BY seq")


@pytest.fixture
def sms(engine: Engine, redis_client: Redis, tmp_path: Path) -> Runtime:
    channels = [ToyChannel("toy"), ToyChannel("other")]
    return runtime(engine, redis_client, tmp_path, channels=channels, clock=Clock())


def sent(world: Runtime, account: str = "toy") -> int:
    return len(world.accounts[account].channel.sent)  # type: ignore[attr-defined]


def test_a_paused_account_keeps_what_comes_sends_nothing_and_sends_it_once_afterwards(sms: Runtime) -> None:
    admin = pause(sms, sending=True)
    deliver(sms, [{"external_id": "1", "text": "masbupsiaga jalan", "who": "+62811000001"}])
    deliver(sms, [{"external_id": "2", "text": "masbupsiaga jalan", "who": "+62811000002"}], account="other")
    drain.run(sms)
    assert outcomes(sms) == {"message": 2}
    send(sms)
    assert (sent(sms), sent(sms, "other")) == (0, 1)
    assert states(sms)[0] == ("toy", "queued", 0)
    assert Bell.OUTBOX not in bells_due(sms)  # nothing rings for what waits for an officer
    resume(sms, admin)
    assert Bell.OUTBOX in bells_due(sms)
    send(sms)
    send(sms)
    assert sent(sms) == 1
    assert states(sms)[0] == ("toy", "sent", 1)


def test_a_pause_stops_a_lane_that_is_being_sent(sms: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        deliver(sms, [{"external_id": str(number), "text": "masbupsiaga jalan", "who": "+62811000001", "at": number}])
        drain.run(sms)
    with sms.engine.begin() as connection:  # a second message of the same conversation, and so of the same lane
        connection.exec_driver_sql(
            "INSERT INTO outbox (id, account, conversation, address, purpose, text, lane, next_attempt_at, created_at) "
            "SELECT gen_random_uuid(), account, conversation, address, 'status', 'lagi', lane, next_attempt_at, "
            "created_at FROM outbox LIMIT 1"
        )
    toy: Any = sms.accounts["toy"].channel
    real = toy.send
    admins: list[int] = []

    def first(reply: OutboundReply) -> DeliveryReceipt:
        if not admins:
            admins.append(pause(sms, sending=True))
        return real(reply)  # type: ignore[no-any-return]

    monkeypatch.setattr(toy, "send", first)
    send(sms)
    assert sent(sms) == 1
    resume(sms, admins[0])
    send(sms)
    assert sorted(state for _, state, _ in states(sms)) == ["sent"] * len(states(sms))


def test_a_rest_of_the_provider_and_a_pause_of_an_officer_are_two_things(sms: Runtime) -> None:
    toy: Any = sms.accounts["toy"].channel
    toy.failures = [ProviderDown("away")]
    deliver(sms, [{"external_id": "1", "text": "masbupsiaga jalan"}])
    drain.run(sms)
    send(sms)
    admin = pause(sms, sending=True)
    sms.clock.now += sending.PATIENCE / 2  # type: ignore[attr-defined]
    send(sms)
    assert sent(sms) == 0
    resume(sms, admin)
    send(sms)
    assert sent(sms) == 1


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What the listener found each time that it looked whether it may poll."""
    found: list[bool] = []
    real = accounts.polling_paused

    def look(connection: Connection, account: str) -> bool:
        found.append(real(connection, account))
        return found[-1]

    monkeypatch.setattr(accounts, "polling_paused", look)
    monkeypatch.setattr(listener, "PAUSED_LOOK", 0.02)
    return found


def test_a_day_of_pause_is_no_day_of_trying(sms: Runtime) -> None:
    toy: Any = sms.accounts["toy"].channel
    deliver(sms, [{"external_id": "1", "text": "masbupsiaga jalan"}])
    drain.run(sms)
    admin = pause(sms, sending=True)
    sms.clock.now += sending.PATIENCE * 3  # type: ignore[attr-defined]
    resume(sms, admin)
    toy.failures = [ProviderDown("away")]
    send(sms)
    assert states(sms) == [("toy", "queued", 1)]
    sms.clock.now += sending.PATIENCE / 2  # type: ignore[attr-defined]
    send(sms)
    assert (sent(sms), states(sms)) == (1, [("toy", "sent", 2)])


def test_a_paused_account_is_not_polled_and_goes_on_where_it_stopped(
    world: Runtime, channel: Folder, looks: list[bool]
) -> None:
    channel.receive(1)
    with listening(world):
        until(lambda: channel.done(1))
        admin = pause(world, polling=True)
        until(lambda: looks[-1])
        polls = len(channel.polls)
        channel.receive(2)
        seen = len(looks)
        until(lambda: len(looks) > seen + 3)
        assert len(channel.polls) == polls
        assert journalled(world) == ["000001"]
        resume(world, admin)
        until(lambda: channel.done(2))
    assert journalled(world) == ["000001", "000002"]


def test_one_that_is_paused_from_the_start_is_never_asked(world: Runtime, channel: Folder, looks: list[bool]) -> None:
    pause(world, polling=True)
    with listening(world):
        until(lambda: len(looks) > 3)
    assert channel.polls == []


def test_what_was_done_stands_in_the_history_and_stays(world: Runtime) -> None:
    admin = pause(world, sending=True, polling=True)
    resume(world, admin)
    with world.engine.connect() as connection:
        history = accounts.history(connection, "toy")
        state = accounts.states(connection)["toy"]
    assert [(line.kind, line.actor) for line in history] == [("resumed", "Admin-Toy"), ("paused", "Admin-Toy")]
    assert history[1].data == {"sending": True, "polling": True, "reason": "rusak"}
    assert (state.paused, state.pause_reason) == (False, None)
    with pytest.raises(Exception, match="append-only"), world.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM account_event")
