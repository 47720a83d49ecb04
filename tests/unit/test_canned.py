"""Canned answers: variables are filled once, unknown ones are named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from normalizer.canned import VARIABLES, fill, unknown


def test_variables_are_filled_once() -> None:
    values = {"nama": "{nomor}", "nomor": "K7MP-2XWD"}
    assert fill("Yth. {nama}, aduan {nomor} {tenggat} {", values) == "Yth. {nomor}, aduan K7MP-2XWD {tenggat} {"


def test_unknown_variables_are_named_once_each() -> None:
    assert unknown("{nama} {nam} {nomor} {Nama} {nam} {}") == ["nam", "Nama", ""]


@given(st.text())
def test_any_text_is_filled_or_refused(text: str) -> None:
    filled = fill(text, dict.fromkeys(VARIABLES, "x"))
    assert unknown(filled) == unknown(text)
