"""Folding of look-alikes and the distance of words."""

# ruff: noqa: RUF001 - letters that look alike are what is tested
from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.letters import distance, fold

_SHORT = st.text("abc", max_size=7)


def _textbook(one: str, other: str) -> int:
    """Optimal string alignment as the textbook has it: the whole table."""
    table = [[max(i, j) if 0 in {i, j} else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i][j] = min(
                table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (one[i - 1] != other[j - 1])
            )
            if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


@given(_SHORT, _SHORT, st.integers(0, 3))
def test_distance_is_the_textbook_distance_up_to_its_limit(one: str, other: str, limit: int) -> None:
    assert distance(one, other, limit) == min(_textbook(one, other), limit + 1)


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("MasBupSiaga", "masbupsiaga"),
        ("ｍａｓ", "mas"),
        ("\u043c\u0430\u0455", "mas"),  # Cyrillic
        ("\u039c\u0391\u03a4\u03a5\u03a1", "matyp"),  # Greek capitals
        ("𝐦𝐚𝐬", "mas"),
        ("m\u200ba\u0301s", "mas"),
        ("ᴍᴀꜱ", "mas"),
    ],
)
def test_look_alikes_become_plain_letters(typed: str, plain: str) -> None:
    assert fold(typed)[0] == plain


@given(st.text(max_size=60))
def test_each_folded_character_knows_where_it_comes_from(text: str) -> None:
    folded, origin = fold(text)
    assert len(folded) == len(origin)
    assert list(origin) == sorted(origin)
    for index in set(origin):
        alone, _ = fold(text[index])
        assert alone == "".join(char for char, of in zip(folded, origin, strict=True) if of == index)
