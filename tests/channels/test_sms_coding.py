"""The GSM alphabet, and how many SMS a text takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms import gsm, segments
from channels.sms.segments import GSM7, UCS2, Segments


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Segments(encoding=GSM7, parts=1, left=160)),
        ("a" * 160, Segments(encoding=GSM7, parts=1, left=0)),
        ("a" * 161, Segments(encoding=GSM7, parts=2, left=145)),
        ("a" * 306, Segments(encoding=GSM7, parts=2, left=0)),
        ("a" * 307, Segments(encoding=GSM7, parts=3, left=152)),
        ("€" * 80, Segments(encoding=GSM7, parts=1, left=0)),
        ("€" * 81, Segments(encoding=GSM7, parts=2, left=143)),
        ("a" * 152 + "{" + "b" * 10, Segments(encoding=GSM7, parts=2, left=141)),
        ("…" * 70, Segments(encoding=UCS2, parts=1, left=0)),
        ("…" * 71, Segments(encoding=UCS2, parts=2, left=63)),
        ("🙏" * 35, Segments(encoding=UCS2, parts=1, left=0)),
        ("🙏" * 36, Segments(encoding=UCS2, parts=2, left=61)),
    ],
)
def test_counted_as_the_network_counts(text: str, expected: Segments) -> None:
    assert segments.count(text) == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_the_pieces_are_the_text_and_each_fits(text: str) -> None:
    pieces, counted = segments.split(text), segments.count(text)
    assert "".join(pieces) == text
    assert len(pieces) == counted.parts
    assert counted.left >= 0
    if counted.encoding == UCS2 and len(pieces) > 1:
        assert all(len(piece.encode("utf-16-be")) <= 134 for piece in pieces)


@given(st.text(st.sampled_from("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ ¤%&AZaz09^{}\\[~]|€")))
def test_the_gsm_alphabet_is_read_back(text: str) -> None:
    units = {character: at for at, character in enumerate(gsm._BASIC)}
    extended = {character: at for at, character in gsm._EXTENDED.items()}
    data = b"".join(
        bytes((units[character],)) if character in units else bytes((0x1B, extended[character])) for character in text
    )
    assert gsm.decode(data) == text
    assert gsm.septets(text) == len(data)


def test_the_gsm_alphabet_has_its_size_and_its_gaps() -> None:
    assert len(gsm._BASIC) == 128
    assert gsm.septets("꦳") is None
    assert gsm.decode(b"\x80a\x1b\x1b") == "\ufffda\ufffd"
