"""`muara doctor` on what the clock and the officers noted: pauses, silence, books, and whether the clock lives."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from channels.contract import Health
from channels.registry import channel_type
from normalizer.saying import say
from store import accounts, housekeeping
from store.bulk import dumps
from tests import factories
from tests.clikit import config, lines, muara, world

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from click.testing import Result

    from dispatcher.runtime import Runtime

__all__ = ["config", "muara", "world"]


def sentences(muara: Callable[..., Result], part: str) -> list[tuple[bool, str]]:
    found = lines(muara("doctor", "--json"))
    return [(line["ok"], line["sentence"]) for line in found if line["part"] == part]


def test_a_pause_is_said_and_silence_and_a_remainder_need_somebody(
    world: Runtime, muara: Callable[..., Result]
) -> None:
    assert len(sentences(muara, "channel sms1708")) == 1  # its health
    now = world.clock()
    with world.engine.begin() as connection:
        admin = factories.officer(connection, "admin", "administrator")
        accounts.pause(connection, "sms1708", (admin, "Admin"), now, "modem rusak", sending=True, polling=False)
        accounts.expect(connection, "sms1708", admin, now, 6, working=True)
        values = {"at": now, "week": dumps([{"remainder": 2}])}
        connection.exec_driver_sql("UPDATE account_state SET silent_since = %(at)s, week = %(week)s::jsonb", values)
    _health, paused, silent, books = sentences(muara, "channel sms1708")
    assert paused == (True, "sending paused by Admin: modem rusak")
    assert silent[0] is False
    assert "one in 6 working hours" in silent[1]
    assert books == (False, "2 items of the last week are not accounted for: run ./muara ledger")


def test_a_clock_that_stands_still_is_named(world: Runtime, muara: Callable[..., Result]) -> None:
    assert sentences(muara, "clock") == []
    with world.engine.begin() as connection:
        housekeeping.beat(connection, "clock", world.clock())
    [(well, _)] = sentences(muara, "clock")
    assert well
    with world.engine.begin() as connection:
        housekeeping.beat(connection, "clock", world.clock() - timedelta(minutes=5))
    [(well, sentence)] = sentences(muara, "clock")
    assert not well
    assert sentence.startswith("does not run (last seen ")


def test_what_an_adapter_says_is_english_on_the_command_line(
    world: Runtime, muara: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Health(
        ok=False, sentence=say("%(who)s tidak dapat dihubungi (%(error)s)", who="Kannel", error="TimeoutError")
    )
    monkeypatch.setattr(channel_type("sms"), "health", lambda _channel: found)
    assert world.accounts
    assert sentences(muara, "channel sms1708")[0] == (False, "Kannel cannot be reached (TimeoutError)")
