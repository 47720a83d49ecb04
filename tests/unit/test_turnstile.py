"""The turnstile: one at a time, and together no more than their share."""

from __future__ import annotations

import pytest

from inbox.turnstile import KEPT, SHARE, Turnstile


class Watch:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def through(turnstile: Turnstile, watch: Watch, seconds: float) -> bool:
    """Whether it lets somebody through, who then takes so long."""
    with turnstile.turn() as mine:
        watch.now += seconds if mine else 0
    return mine


def test_one_at_a_time(watch: Watch) -> None:
    turnstile = Turnstile(watch)
    with turnstile.turn() as first, turnstile.turn() as second:
        assert (first, second) == (True, False)
        assert turnstile.closed
    assert through(turnstile, watch, 0)


def test_who_fails_lets_the_next_one_in(watch: Watch) -> None:
    turnstile = Turnstile(watch)
    with pytest.raises(ValueError, match="broken"), turnstile.turn():
        raise ValueError("broken")
    assert not turnstile.closed


def test_together_they_take_their_share_and_what_was_kept(watch: Watch) -> None:
    turnstile = Turnstile(watch)
    taken = 0.0
    while through(turnstile, watch, 0.5):
        taken += 0.5
    assert KEPT < taken < KEPT * 2
    began = watch.now
    taken = 0.0
    while watch.now < began + 600:
        if through(turnstile, watch, 0.5):
            taken += 0.5
        else:
            watch.now += 0.1
    assert taken / (watch.now - began) == pytest.approx(SHARE, rel=0.05)


def test_what_is_not_used_is_not_kept_for_ever(watch: Watch) -> None:
    turnstile = Turnstile(watch)
    watch.now += 1_000_000
    taken = 0.0
    while through(turnstile, watch, 0.5):
        taken += 0.5
    assert taken < KEPT * 2
