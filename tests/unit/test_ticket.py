"""Ticket codes: their check, their forgiving reading, and the citizen's question about one."""

# ruff: noqa: RUF001 - letters that look alike are what is tested
from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from normalizer import ticket
from normalizer.ticket import ALPHABET, StatusRequest

_CODE = "26C3-74X8"
_codes = (
    st.integers(0, 23**7 - 1).map(ticket._plain).filter(ticket._mixed).map(lambda plain: f"{plain[:4]}-{plain[4:]}")
)


def test_the_alphabet_has_no_twins_and_a_prime_size() -> None:
    assert len(set(ALPHABET)) == len(ALPHABET) == 23
    assert not set(ALPHABET) & set("01OIL")
    for twins in ("B8", "S5", "Z2", "G6", "UV", "MN", "FV"):
        assert len(set(twins) & set(ALPHABET)) <= 1


@given(_codes)
def test_a_code_reads_back(code: str) -> None:
    assert len(code) == 9
    assert code[4] == "-"
    assert set(code) <= set(ALPHABET + "-")
    assert any(char.isdigit() for char in code)
    assert any(char.isalpha() for char in code)
    assert ticket.read(code) == code
    assert ticket.find(f"sesuai nomor {code}, mohon dicek") == code


@given(_codes, st.integers(0, 7), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_caught(code: str, at: int, char: str) -> None:
    plain = code.replace("-", "")
    assume(plain[at] != char)
    assert ticket.read(plain[:at] + char + plain[at + 1 :]) is None


@given(_codes, st.integers(0, 6), st.integers(1, 7))
def test_every_swap_is_caught(code: str, one: int, step: int) -> None:
    chars = list(code.replace("-", ""))
    other = min(one + step, 7)
    assume(chars[one] != chars[other])
    chars[one], chars[other] = chars[other], chars[one]
    assert ticket.read("".join(chars)) is None


def test_new_codes_have_the_same_form() -> None:
    for code in (ticket.new() for _ in range(500)):
        assert ticket.read(code) == code


def test_a_batch_has_no_doubles() -> None:
    codes = ticket.batch(5000)
    assert len(set(codes)) == 5000
    assert all(ticket.read(code) == code for code in codes)
    assert ticket.batch(0) == []


@given(_codes, st.sampled_from(["{}", "nomor {}", "No. {}", "nomor aduan: {}", "#{}", "<{}>", "tiket {}.", " {} \n"]))
def test_reading_is_forgiving(code: str, form: str) -> None:
    plain = code.replace("-", "")
    full_width = "".join(chr(ord(char) + 0xFEE0) for char in plain)
    for spelling in (
        code.lower(),
        plain,
        " ".join(plain),
        f"{plain[:4]}.{plain[4:]}",
        full_width,
        f"{code[:4]}\u2013{code[5:]}",
    ):
        assert ticket.read(form.format(spelling)) == code


def test_look_alikes_that_are_in_no_code_are_read_as_what_they_look_like() -> None:
    code = next(code for code in iter(ticket.new, None) if {"8", "5", "2", "6"} & set(code))
    assert ticket.read(code.translate(str.maketrans("8526", "BSZG"))) == code


@given(st.text(max_size=80))
def test_any_text_reads_as_a_valid_code_or_none(text: str) -> None:
    for found in (ticket.read(text), ticket.find(text)):
        assert found is None or ticket.read(found) == found
    ticket.status_request(text)


@pytest.mark.parametrize("text", ["kecamatan", "DAERAH", "2345 6789", "08122626", "", "-", "x" * 100])
def test_words_and_numbers_are_no_codes(text: str) -> None:
    assert ticket.read(text) is None
    assert ticket.find(text) is None


def test_the_first_valid_code_is_found() -> None:
    first, second = "26C3-74X8", "PH7H-4XY2"
    assert ticket.find(f"tadi AAAA-2222 lalu {first.lower()} dan {second}") == first
    assert ticket.find(f"x{first}") is None


@pytest.mark.parametrize(
    "text",
    [
        f"status {_CODE}",
        f"STATUS {_CODE}",
        "status 26c374x8",
        "status 26c3 74x8",
        f"/status {_CODE}",
        f"cek {_CODE}",
        f"Cek status aduan nomor {_CODE}?",
        f"lacak {_CODE}",
        f"tolong cek status {_CODE} pak",
        f"Bagaimana status aduan saya {_CODE}",
        f"status: <{_CODE}>",
        f"nomor {_CODE}",
        _CODE,
        "ｓｔａｔｕｓ 26C3-74X8",
    ],
)
def test_a_question_with_a_code(text: str) -> None:
    request = ticket.status_request(text)
    assert request is not None
    assert request.ticket == _CODE


@pytest.mark.parametrize(
    "text", ["STATUS", "status?", "/status", "cek status", "Cek aduan saya", "status aduan saya bagaimana?", "lacak"]
)
def test_a_question_without_a_code(text: str) -> None:
    assert ticket.status_request(text) == StatusRequest()


@pytest.mark.parametrize(
    ("text", "typed"),
    [("status ABC-123", "ABC-123"), ("Status abcd-2346", "ABCD-2346"), ("status LGWP14376", "LGWP14376")],
)
def test_a_question_with_what_is_no_code_of_ours(text: str, typed: str) -> None:
    assert ticket.status_request(text) == StatusRequest(typed=typed)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cek",
        "cek jalan 12",
        "cek jalan rusak di moga",
        "status jalan rusak",
        "status desa 2024",
        f"aduan saya {_CODE} belum ada tindakan, jalan masih rusak",
        f"jalan rusak sudah dilaporkan {_CODE}",
        f"status {_CODE} dan jalan di desa Moga juga rusak",
        "lacak pencuri motor",
        "tambahan",
        "status tambahan",
        "statusnya janda tapi dapat bansos",
    ],
)
def test_a_complaint_is_no_question(text: str) -> None:
    assert ticket.status_request(text) is None
