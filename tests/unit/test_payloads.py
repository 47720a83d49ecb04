"""What a quarantined payload looks like on a page: no secret, nothing that fools the eye, never too much of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.manage.payloads import BINARY, TEXT, preview, redacted


@pytest.mark.parametrize(
    "text",
    [
        '{"token": "RAHASIA", "text": "jalan rusak"}',
        '{"verify_token":"RAHA SIA","text": "jalan rusak"}',
        '{"x": "{\\"access_token\\":\\"RAHASIA\\"}", "text": "jalan rusak"}',
        '{"accessKey": "a\\"RAHASIA\\"", "text": "jalan rusak"}',
        "text=jalan rusak&api_key=RAHASIA&a=1",
        "jalan rusak Authorization: Bearer RAHASIA",
        "jalan rusak password = 'RAHASIA'",
        'jalan rusak {"client_secret": "RAHASIA',
    ],
)
def test_what_is_named_like_a_secret_is_covered(text: str) -> None:
    shown = redacted(text)
    assert "RAHASIA" not in shown
    assert "SIA" not in shown
    assert "jalan rusak" in shown
    assert "•••" in shown


def test_a_header_that_is_a_secret_is_covered_whole() -> None:
    found = preview({"x-twilio-signature": "abc=", "content-type": "text/plain"}, "hub.verify_token=RAHASIA&x=1", b"")
    assert found.headers == [("x-twilio-signature", "•••"), ("content-type", "text/plain")]
    assert found.query == "hub.verify_token=•••&x=1"


def test_what_turns_or_hides_text_is_made_visible() -> None:
    assert redacted("a\u202eb\u200bc\x1b[2Jd\n\te\r\nf") == "a\\u202eb\\u200bc\\u001b[2Jd\n\te\nf"


def test_binary_is_hexadecimal_and_cut() -> None:
    found = preview({}, "", b"\x89PNG\r\n\x00" * 1000)
    assert (found.hexadecimal, found.cut, found.size) == (True, True, 7000)
    assert found.body.splitlines()[0].startswith("000000  89 50 4e 47 0d 0a 00 89")
    assert found.body.splitlines()[0].endswith(".PNG....PNG....P")
    assert len(found.body.splitlines()) == BINARY // 16


def test_text_is_cut_between_two_characters() -> None:
    found = preview({}, "", ("a" + "é" * TEXT).encode())
    assert (found.hexadecimal, found.cut) == (False, True)
    assert found.body == "a" + "é" * ((TEXT - 1) // 2)
    broken = preview({}, "", b"caf\xe9")
    assert (broken.hexadecimal, broken.cut) == (True, False)
    assert broken.body.startswith("000000  63 61 66 e9")


@pytest.mark.parametrize("piece", ["token", "token.", 'token":"', "a" * 50, "token=\\", "secret " * 3, '"', "Bearer "])
def test_no_body_makes_the_search_slow(piece: str) -> None:
    text = piece * (TEXT // len(piece))
    assert len(redacted(text)) <= len(text) * 2  # what backtracks without bounds takes hours to come here


@given(st.binary(max_size=300), st.text(max_size=50))
def test_anything_at_all_has_a_preview(body: bytes, query: str) -> None:
    found = preview({query: query}, query, body)
    assert found.size == len(body)
    assert not any(each < " " and each not in "\n\t" for each in found.body + found.query)
