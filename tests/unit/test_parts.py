"""Texts that came in parts, with and without gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from normalizer.parts import assemble, runs

if TYPE_CHECKING:
    import random

_TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=10)


@given(_TEXTS, st.randoms(use_true_random=False))
def test_all_parts_are_plain_concatenation_in_any_order_of_arrival(texts: list[str], order: random.Random) -> None:
    numbered = list(enumerate(texts, start=1))
    order.shuffle(numbered)
    whole = assemble(dict(numbered), len(texts))
    assert whole.text == "".join(texts)
    assert whole.missing == ()
    assert runs(whole.missing) == []


def test_a_gap_is_said_in_its_place() -> None:
    whole = assemble({3: "tiga", 1: "satu"}, 3)
    assert whole.text == "satu [bagian 2 dari 3 tidak sampai] tiga"
    assert whole.missing == (2,)
    assert runs(whole.missing) == [(2, 2)]


def test_neighbouring_gaps_are_one() -> None:
    whole = assemble({3: "tiga"}, 6)
    assert whole.text == "[bagian 1-2 dari 6 tidak sampai] tiga [bagian 4-6 dari 6 tidak sampai]"
    assert runs(whole.missing) == [(1, 2), (4, 6)]


def test_nothing_arrived() -> None:
    assert assemble({}, 2).text == "[bagian 1-2 dari 2 tidak sampai]"


def test_a_part_with_an_impossible_number_keeps_its_words() -> None:
    whole = assemble({0: "nol ", 1: "satu ", 2: "dua ", 7: "tujuh"}, 2)
    assert whole.text == "nol satu dua tujuh"
    assert whole.missing == ()


def test_an_emoji_cut_in_two_is_whole_again() -> None:
    assert assemble({1: "banjir \ud83c", 2: "\udf0a lagi"}, 2).text == "banjir 🌊 lagi"
    assert assemble({1: "banjir \ud83c"}, 2).text == "banjir \ud83c [bagian 2 dari 2 tidak sampai]"


@given(st.dictionaries(st.integers(-3, 12), st.text("abc", min_size=1, max_size=5)), st.integers(1, 8))
def test_no_word_is_lost_and_each_gap_counted(parts: dict[int, str], total: int) -> None:
    whole = assemble(parts, total)
    assert all(text in whole.text for text in parts.values())
    assert set(whole.missing) == set(range(1, total + 1)) - parts.keys()
    assert all(f"dari {total} tidak sampai" in whole.text for _ in whole.missing)
