"""What a citizen wrote never becomes a formula, in whichever program the file is opened."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer.cells import MARK, csv_text, safe_cell

EVIL = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\tSUM",
    "\r1",
    "\n1",
    "  =1+1",
    "\u00a0=1",
    "＝1+1",  # noqa: RUF001 - full width
    "=cmd|' /C calc'!A0",
    "+628112626116",
)


@pytest.mark.parametrize("text", EVIL)
def test_what_begins_as_a_formula_gets_an_apostrophe(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Jalan rusak", "Rp5.000,-", "a-b", "jl. Sudirman, RT 1/2", "surat@desa.example"])
def test_plain_words_stay(text: str) -> None:
    assert safe_cell(text) == text


@pytest.mark.parametrize("number", [-5, 3.5, None, True])
def test_what_is_no_text_stays(number: object) -> None:
    assert safe_cell(number) is number


def test_a_formula_behind_a_sign_that_parts_cells_is_kept_from_being_one() -> None:
    assert safe_cell('baik;"=1') == "baik;'\"=1"
    assert safe_cell("baik\n+62811") == "baik\n'+62811"


def test_nul_is_no_way_around() -> None:
    assert safe_cell("\0=1") == "'=1"


@given(st.text(alphabet="=+-@;,\t\r\n\"' aB1\0", max_size=20), st.sampled_from(";,\t"))
def test_no_cell_of_the_file_is_a_formula_whatever_parts_it(text: str, delimiter: str) -> None:
    written = "".join(csv_text([["a", text, "b"]]))
    assert written.startswith(MARK)
    for row in csv.reader(io.StringIO(written.removeprefix(MARK), newline=""), delimiter=delimiter):
        for cell in row:
            assert not cell.lstrip(" ").startswith(("=", "@")), row


def test_the_words_come_back_as_they_were() -> None:
    rows = [["tiket", "isi"], ["K7MP-2XWD", 'Kata "lurah"; baris\r\nkedua'], ["", "biasa"]]
    written = "".join(csv_text(rows))
    assert list(csv.reader(io.StringIO(written[1:], newline=""), delimiter=";")) == rows
