"""The watch over the accounts: health and books are kept for the pages, and silence is an alarm once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import Health
from dispatcher import drain, sweeper, watch
from normalizer import saying
from store import accounts, housekeeping
from tests import factories
from tests.journalling import deliver, rows
from tests.pollkit import until
from tests.toy import START, Clock, ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

HOUR = timedelta(hours=1)


class Ailing(ToyChannel):
    """Its health is what the test says."""

    found: Health | Exception = Health(ok=True, sentence="fine")
    asked = 0

    def health(self) -> Health:
        self.asked += 1
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


class World:
    def __init__(self, engine: Engine, redis: Redis, folder: Path) -> None:
        self.clock = Clock()
        self.channel, self.other = Ailing("toy"), Ailing("other")
        self.runtime: Runtime = runtime(engine, redis, folder, channels=[self.channel, self.other], clock=self.clock)

    def state(self, account: str = "toy") -> accounts.State:
        with self.runtime.engine.connect() as connection:
            return accounts.states(connection)[account]

    def check(self) -> list[str]:
        begun = watch.begin(self.runtime)
        for name in begun:
            watch.check(self.runtime, self.runtime.accounts[name])
        return sorted(begun)

    def expect(self, hours: int | None, *, working: bool = False, by: int) -> None:
        with self.runtime.engine.begin() as connection:
            accounts.expect(connection, "toy", by, self.clock(), hours, working=working)

    def judge(self) -> list[str]:
        with self.runtime.engine.begin() as connection:
            return watch.judge(self.runtime, connection)

    def receive(self, number: int) -> None:
        deliver(self.runtime, [{"external_id": str(number), "text": "masbupsiaga jalan", "at": number}])
        drain.run(self.runtime)

    def officer(self, username: str, role: str, **values: Any) -> int:
        with self.runtime.engine.begin() as connection:
            return factories.officer(connection, username, role, **values)


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> World:
    return World(engine, redis_client, tmp_path)


def test_a_check_keeps_the_sentence_and_the_books_of_the_week(world: World) -> None:
    world.receive(1)
    world.channel.found = Health(ok=False, sentence="The token is wrong.")
    assert world.check() == ["other", "toy"]
    state = world.state()
    assert (state.health_ok, state.health, state.checked_at) == (False, "The token is wrong.", START)
    [line] = state.week
    assert (line["day"], line["payloads"], line["items"], line["outcomes"]["message"]) == ("2026-11-02", 1, 1, 1)
    assert state.remainder == 0
    assert world.state("other").week == []


def test_a_check_is_made_when_the_last_is_old_or_one_is_asked_for_and_by_one_process(world: World) -> None:
    world.check()
    assert watch.begin(world.runtime) == []
    with world.runtime.engine.begin() as connection:
        accounts.ask_check(connection, "toy", world.clock())
    assert world.state().checking
    assert watch.begin(world.runtime) == ["toy"]
    assert watch.begin(world.runtime) == []
    world.clock.now += watch.LOST
    assert watch.begin(world.runtime) == ["toy"]
    watch.check(world.runtime, world.runtime.accounts["toy"])
    assert not world.state().checking
    world.clock.now += watch.OLD
    assert world.check() == ["other", "toy"]


def test_asked_for_while_one_is_made_there_is_another(world: World) -> None:
    assert "toy" in watch.begin(world.runtime)
    with world.runtime.engine.begin() as connection:
        accounts.ask_check(connection, "toy", world.clock() + timedelta(seconds=1))
    watch.check(world.runtime, world.runtime.accounts["toy"])
    assert world.state().checking
    assert watch.begin(world.runtime) == ["toy"]


def test_a_health_that_raises_is_no_end_of_the_watch_and_shows_no_secret(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.channel.found = RuntimeError("token=RAHASIA")
    world.check()
    state = world.state()
    assert state.health_ok is False
    assert saying.remembered(state.health or "") == saying.bug(RuntimeError())
    assert "RAHASIA" not in caplog.text


def test_the_process_checks_by_itself_and_a_provider_that_hangs_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, stop = threading.Event(), threading.Event()

    def hang() -> Health:
        gate.wait(60)
        return Health(ok=True, sentence="late")

    monkeypatch.setattr(world.channel, "health", hang)
    monkeypatch.setattr(watch, "INTERVAL", 0.01)
    thread = threading.Thread(target=watch.run, args=(world.runtime, stop))
    thread.start()
    try:
        until(lambda: rows(world.runtime, "SELECT 1 FROM account_state WHERE health = 'fine'"))
        gate.set()
        until(lambda: rows(world.runtime, "SELECT 1 FROM account_state WHERE health = 'late'"))
    finally:
        gate.set()
        stop.set()
        thread.join(20)
    assert not thread.is_alive()


def test_silence_beyond_what_is_expected_is_an_alarm_once_until_something_comes(world: World) -> None:
    admin = world.officer("admin", "administrator", programs=[])
    ours = world.officer("kita", "program_admin", programs=["masbup"])
    world.officer("lain", "program_admin", programs=["dinas"])
    world.officer("dewi", "officer", programs=["masbup"])
    world.expect(6, by=admin)
    world.clock.now += 5 * HOUR
    assert world.judge() == []
    world.receive(1)
    world.clock.now += 5 * HOUR
    assert world.judge() == []
    world.clock.now += 2 * HOUR
    assert world.judge() == ["toy"]
    assert world.judge() == []
    assert world.state().silent_since == START + 11 * HOUR
    told = rows(world.runtime, "SELECT officer_id, complaint_id, kind, data ->> 'account' FROM notice ORDER BY 1")
    assert told == [(admin, None, "silence", "toy"), (ours, None, "silence", "toy")]
    world.receive(2)
    assert world.judge() == []
    assert world.state().silent_since is None
    world.clock.now += 7 * HOUR
    assert world.judge() == ["toy"]


def test_what_waits_to_be_read_is_no_silence(world: World) -> None:
    admin = world.officer("admin", "administrator", programs=[])
    world.expect(6, by=admin)
    world.clock.now += 5 * HOUR
    deliver(world.runtime, [{"external_id": "1", "text": "masbupsiaga jalan"}])
    world.clock.now += 5 * HOUR
    assert world.judge() == []
    drain.run(world.runtime)
    assert world.judge() == []
    world.clock.now += 5 * HOUR
    assert world.judge() == ["toy"]


def test_working_hours_do_not_count_the_weekend(world: World) -> None:
    admin = world.officer("admin", "administrator", programs=[])
    world.clock.now = START + timedelta(days=4)  # Friday 08:00 in Jakarta
    world.expect(20, working=True, by=admin)
    world.clock.now += timedelta(days=2)
    assert world.judge() == []
    world.clock.now += timedelta(days=1, hours=5)
    assert world.judge() == ["toy"]


def test_nothing_is_expected_of_an_account_that_is_not_polled(world: World) -> None:
    admin = world.officer("admin", "administrator", programs=[])
    world.expect(6, by=admin)
    with world.runtime.engine.begin() as connection:
        accounts.pause(connection, "toy", (admin, "Admin"), world.clock(), "libur", sending=False, polling=True)
    world.clock.now += 10 * HOUR
    assert world.judge() == []
    with world.runtime.engine.begin() as connection:
        assert accounts.resume(connection, "toy", admin, world.clock())
        assert not accounts.resume(connection, "toy", admin, world.clock())
    world.clock.now += 5 * HOUR
    assert world.judge() == []
    world.clock.now += 2 * HOUR
    assert world.judge() == ["toy"]


def test_the_clock_shows_that_it_lives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeper, "INTERVAL", 0.01)
    stop = threading.Event()
    thread = threading.Thread(target=sweeper.run, args=(world.runtime, stop))
    thread.start()
    try:
        until(lambda: rows(world.runtime, "SELECT 1 FROM beat"))
    finally:
        stop.set()
        thread.join(20)
    with world.runtime.engine.connect() as connection:
        assert housekeeping.last_beat(connection, "clock") == START
