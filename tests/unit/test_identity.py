"""One spelling for each phone number, and masks."""

# ruff: noqa: RUF001 - letters that look alike are what is tested
from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.identity import canonical_phone


@pytest.mark.parametrize(
    "raw",
    [
        "0811-2626-116",
        "62811 2626116",
        "8112626116",
        "+62 0811 2626 116",
        "+628112626116",
        "628112626116",
        "0811.2626.116",
        "(0811) 2626116",
        " 08112626116 ",
        "00628112626116",
        "０８１１２６２６１１６",
        "+62\u00a0811\u20112626\u2011116",
    ],
)
def test_one_number_however_written(raw: str) -> None:
    assert canonical_phone(raw) == "+628112626116"


@pytest.mark.parametrize(
    ("raw", "number"),
    [("(021) 345 6789", "+62213456789"), ("+1 650-253-0000", "+16502530000"), ("+6591234567", "+6591234567")],
)
def test_land_lines_and_other_countries(raw: str, number: str) -> None:
    assert canonical_phone(raw) == number


def test_the_region_reads_national_numbers() -> None:
    assert canonical_phone("091234567", "SG") is None
    assert canonical_phone("91234567", "SG") == "+6591234567"
    assert canonical_phone("+62 811 2626 116", "SG") == "+628112626116"
    assert canonical_phone("08112626116", "SG") is None


@pytest.mark.parametrize(
    "raw", ["1708", "PEMALANG", "TSEL-INFO", "", "+", "0", "911", "08", "budi@contoh.id", "0811 atau 0812", "9" * 300]
)
def test_short_codes_and_names_are_no_phone_numbers(raw: str) -> None:
    assert canonical_phone(raw) is None


@given(st.integers(7, 10).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n)), st.sampled_from("12356789"))
def test_the_fast_way_agrees_with_the_library(rest: str, second: str) -> None:
    national = f"8{second}{rest}"
    parsed = phonenumbers.parse(f"0{national}", "ID")
    assert phonenumbers.is_valid_number(parsed)
    expected = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    for written in (national, f"0{national}", f"62{national}", f"+62{national}", f"+620{national}"):
        assert canonical_phone(written) == expected


@given(st.text(max_size=50) | st.text("+0123456789 -()", max_size=30))
def test_any_text_gives_a_canonical_number_or_none(raw: str) -> None:
    number = canonical_phone(raw)
    if number is not None:
        assert number.startswith("+")
        assert number[1:].isdigit()
        assert canonical_phone(number) == number
