"""The end state is the same for every order of arrival, with doubles, crashes, time-outs and replays in between."""

from __future__ import annotations

import contextlib
import logging
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from dispatcher import drain
from store import items, ledger, quarantine
from tests.journalling import deliver, empty, outcomes, rows, threads
from tests.toy import START, Clock, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

HOUR = 3600
TEXTS = [
    "masbupsiaga jalan rusak",
    "maturbupati lampu mati",
    "di depan pasar",
    "sudah seminggu",
    "MASBUPSIAGA",
    "mas bup siaga: air",
]


@st.composite
def scenarios(draw: st.DrawFn) -> list[dict[str, Any]]:
    """What one or two citizens sent: messages, edits, withdrawals, split texts, albums; each with its own time."""
    found: list[dict[str, Any]] = []
    number = 0
    for who in ("+62811000001", "+62811000002")[: draw(st.integers(1, 2))]:
        at = 0
        for _ in range(draw(st.integers(1, 5))):
            number += 1
            at += draw(st.sampled_from([1, 60, HOUR, 23 * HOUR, 26 * HOUR]))
            base = {"who": who, "at": at}
            kind = draw(st.sampled_from(["plain", "plain", "plain", "edited", "withdrawn", "split", "album"]))
            words = draw(st.sampled_from(TEXTS))
            if kind == "split":
                half = len(words) // 2
                found.append({**base, "external_id": f"{number}a", "text": words[:half], "part": [str(number), 1, 2]})
                found.append({**base, "external_id": f"{number}b", "text": words[half:], "part": [str(number), 2, 2]})
                continue
            if kind == "album":
                for place in range(draw(st.integers(1, 3))):
                    caption = words if place == 0 else ""
                    photo = {
                        "external_id": f"{number}.{place}",
                        "sequence": place,
                        "album": str(number),
                        "text": caption,
                    }
                    found.append({**base, **photo, "files": [{"ref": "x"}]})
                continue
            reply = draw(st.sampled_from([None, None, "1"]))
            found.append(
                {**base, "external_id": str(number), "text": words, "in_reply_to": None if number == 1 else reply}
            )
            if kind == "edited":
                for version in range(draw(st.integers(1, 2))):
                    edit = {
                        "kind": "edit",
                        "external_id": str(number),
                        "version": str(version),
                        "text": f"ubah {version}",
                    }
                    found.append({**base, **edit})
            if kind == "withdrawn":
                found.append({**base, "kind": "unsent", "external_id": str(number)})
    return found


class CrashError(Exception):
    """The process dies here; whatever it had not committed is gone."""


class Arrivals(RuleBasedStateMachine):
    """Delivers a scenario in any order, as often as it likes, and compares with the same delivered once, in order."""

    world: Runtime
    clock: Clock
    failures: list[logging.LogRecord]

    @initialize(scenario=scenarios())
    def start(self, scenario: list[dict[str, Any]]) -> None:
        self.scenario = scenario
        self.clock.now = START + timedelta(days=10)
        empty(self.world)
        deliver(self.world, *([item] for item in scenario))
        self.settle()
        self.expected = self.ends()
        empty(self.world)
        self.waiting = list(scenario)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def one_arrives(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.waiting) - 1))
        deliver(self.world, [self.waiting.pop(index)])

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def some_arrive_together_with_old_ones(self, data: st.DataObject) -> None:
        count = data.draw(st.integers(1, len(self.waiting)))
        batch, self.waiting = self.waiting[:count], self.waiting[count:]
        again = data.draw(st.lists(st.sampled_from(self.scenario), max_size=3))
        deliver(self.world, data.draw(st.permutations([*batch, *again])))

    @rule()
    def the_drain_runs(self) -> None:
        drain.run(self.world)

    @rule(after=st.integers(0, 40))
    def the_drain_dies(self, after: int) -> None:
        count = iter(range(after))
        original = items.finish

        def dying(*arguments: Any) -> None:
            original(*arguments)
            if next(count, None) is None:
                raise drain.BaseTimeoutException("dies")

        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(drain.BaseTimeoutException):
            patch.setattr(items, "finish", dying)
            drain.run(self.world)

    @rule(seconds=st.sampled_from([1, 3, 700]))
    def time_passes(self, seconds: int) -> None:
        self.clock.now += timedelta(seconds=seconds)

    @rule()
    def everything_is_replayed(self) -> None:
        with self.world.engine.begin() as connection:
            ids = quarantine.select(connection, account="toy", day=None, version=None)
            quarantine.replay(connection, ids)

    def settle(self) -> None:
        drain.run(self.world)
        self.clock.now += timedelta(seconds=1000)
        drain.run(self.world)

    def ends(self) -> tuple[Any, ...]:
        withdrawn = rows(self.world, "SELECT external_id FROM message WHERE withdrawn_at IS NOT NULL ORDER BY 1")
        ended = {name: count for name, count in outcomes(self.world).items() if name != "duplicate"}
        return sorted(threads(self.world), key=repr), ended, withdrawn

    def teardown(self) -> None:
        if not hasattr(self, "waiting"):
            return
        assert not self.failures, "a batch failed and was halved: a bug, even where the halves went through"
        deliver(self.world, *([item] for item in self.waiting))
        self.settle()
        assert self.ends() == self.expected
        with self.world.engine.connect() as connection:
            for line in ledger.balance(connection):
                assert (line.remainder, line.pending, line.unparsed) == (0, 0, 0)


@pytest.fixture
def machine(engine: Engine, redis_client: Redis, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> type[Arrivals]:
    clock = Clock()
    world = runtime(engine, redis_client, tmp_path, clock=clock)
    caplog.set_level(logging.WARNING, logger="dispatcher.drain")
    return type("Machine", (Arrivals,), {"clock": clock, "world": world, "failures": caplog.records})


def run(machine: type[Arrivals], examples: int) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=14, deadline=None, suppress_health_check=checks, database=None
        ),
    )


def test_every_order_of_arrival_ends_the_same(machine: type[Arrivals]) -> None:
    run(machine, int(os.environ.get("MUARA_EXAMPLES", "40")))


@pytest.mark.slow
def test_every_order_of_arrival_ends_the_same_for_long(machine: type[Arrivals]) -> None:
    run(machine, 2000)
