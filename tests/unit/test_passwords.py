"""Passwords: length, one's own names, what everybody tries first; no rule about kinds of characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.passwords import LONGEST, SHORTEST, Weakness, weakness

NAMES = ("dewi.kartika", "Dewi Kartika Sari", "dkartika")


@pytest.mark.parametrize("password", ["", "pendek", "x9$kQ2!vBn7", "é" * 11])
def test_short_ones_will_not_do(password: str) -> None:
    assert weakness(password, NAMES) is Weakness.SHORT


def test_a_text_that_would_hash_for_long_will_not_do() -> None:
    assert weakness("ab c" * LONGEST, NAMES) is Weakness.LONG


@pytest.mark.parametrize(
    "password",
    [
        "dewikartika12",
        "Dewi.Kartika!2026",
        "KARTIKA-KARTIKA",
        "dkartika123456",
        "password1234",
        "P a s s w o r d 2026",
        "Rahasia123456",
        "bismillah2026!",
        "katasandi12345",
        "qwertyuiop123",
        "indonesiamerdeka",
        "AdminAdmin2026",
        "".join(chr(ord(char) + 0xFEE0) for char in "password1234"),
        "aaaaaaaaaaaa",
        "121212121212",
        "123412341234",
        "123456789012",
        "987654321098",
        "abcdefghijkl",
        "dewi 839201837465",
    ],
)
def test_what_is_tried_first_will_not_do(password: str) -> None:
    assert weakness(password, NAMES) is Weakness.GUESSED


@pytest.mark.parametrize(
    "password",
    [
        "kuda besi lari pagi",
        "dewi suka soto kudus",
        "839201837465",
        "tanpaangkasamasekali",
        "пароль не простой",
        "!!(@)#_$*&%^-=+?",
        "rahasia dapur nenek",
    ],
)
def test_length_and_a_thought_of_ones_own_are_enough(password: str) -> None:
    assert weakness(password, NAMES) is None


def test_another_officers_name_is_no_ones_own() -> None:
    assert weakness("sulistyowati12", NAMES) is None
    assert weakness("sulistyowati12", ("sulistyowati",)) is Weakness.GUESSED


@given(st.text(min_size=0, max_size=60), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_gets_an_answer(password: str, names: list[str]) -> None:
    assert weakness(password, names) in {None, *Weakness}


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=SHORTEST, max_size=40))
def test_letters_alone_are_never_refused_for_lack_of_digits(password: str) -> None:
    assert weakness(password) == weakness(password.upper())
