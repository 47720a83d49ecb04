"""The states of a complaint and which may follow which."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.complaint import CLOSED, LABELS, OPEN, TRANSITIONS, State, TransitionError, check_transition


def test_every_state_has_a_label_and_ways_on() -> None:
    assert list(LABELS) == list(State)
    assert list(TRANSITIONS) == list(State)
    assert len(set(LABELS.values())) == len(State)
    assert all(TRANSITIONS.values())
    assert set(State) == OPEN | CLOSED
    assert not OPEN & CLOSED


def test_nothing_goes_back_to_new() -> None:
    assert all(State.BARU not in ways for ways in TRANSITIONS.values())


def test_every_state_is_reached_from_new_and_can_be_closed() -> None:
    seen = {State.BARU}
    while ways := set().union(*(TRANSITIONS[state] for state in seen)) - seen:
        seen |= ways
    assert seen == set(State)
    assert all(State.SELESAI in TRANSITIONS[state] for state in OPEN)


@pytest.mark.parametrize("state", sorted(CLOSED))
def test_a_closed_complaint_reopens_for_work_only(state: State) -> None:
    assert State.TINDAK_LANJUT in TRANSITIONS[state]
    assert TRANSITIONS[state] <= {State.TINDAK_LANJUT, State.DISPOSISI}


def test_verified_is_what_was_new_or_comes_back_from_hold() -> None:
    assert [state for state in State if State.DIVERIFIKASI in TRANSITIONS[state]] == [State.BARU, State.DITUNDA]


@given(st.sampled_from(State), st.sampled_from(State))
def test_check_transition_holds_the_table(present: State, wanted: State) -> None:
    if wanted in TRANSITIONS[present]:
        check_transition(present, wanted)
    else:
        with pytest.raises(TransitionError, match=f"{present.value} → {wanted.value}"):
            check_transition(present, wanted)
