"""Kill storms: a stream of messages while every part is killed with -9, Valkey's data wiped with it."""

from __future__ import annotations

import itertools

import pytest

from tests.storm import Citizens, check_all_there, check_silent, conversation, installation, wait_until

#: In this order, each while the wounds of the one before are still open.
PARTS = ("drain", "web", "valkey", "postgres", "outbox", "gateway", "clock")


@pytest.mark.parametrize(
    ("citizens", "rounds", "pace"),
    [
        pytest.param(240, 1, 0.12, id="each part once"),
        pytest.param(1334, 6, 0.08, id="each part again and again", marks=pytest.mark.slow),
    ],
)
def test_whatever_dies_each_accepted_message_stands_in_the_queue_once(citizens: int, rounds: int, pace: float) -> None:
    lengths = itertools.cycle((1, 2))
    talks = [conversation("storm", number, next(lengths)) for number in range(citizens)]
    total = sum(len(lines) for lines in talks)
    deaths = PARTS * rounds
    with installation() as (running, mailroom):
        running.start()
        with Citizens(running, talks, pace) as stream:
            for number, part in enumerate(deaths, start=1):
                goal = total * number // (len(deaths) + 1)
                wait_until(lambda goal=goal: len(stream.accepted) >= goal, 60)  # type: ignore[misc]
                running.kill(part)
        assert len(stream.accepted) == total
        wait_until(running.settled, 60)
        check_all_there(running, stream.accepted, mailroom.delivered())
        running.stop()
        check_silent(running.log.read_text())
