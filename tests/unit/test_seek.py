"""What was typed into the search box: tickets, phones, mail addresses, phrases and words; and anything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from normalizer import seek, ticket
from normalizer.seek import Sought


@pytest.mark.parametrize(
    "typed",
    ["0812-3456-7890", "+62 812 3456 7890", "6281234567890", "81234567890", "(0812) 3456 7890", "0812.3456.7890"],
)
def test_a_phone_in_any_spelling_is_one_number(typed: str) -> None:
    assert seek.read(typed) == Sought(phones=("+6281234567890",))


def test_everything_in_one_line_is_taken_apart() -> None:
    found = seek.read('siti 0812-3456-7890 "jalan  Rusak" Siti@Surat.example jl/gang yang')
    assert found.phones == ("+6281234567890",)
    assert found.emails == ("siti@surat.example",)
    assert found.phrases == (("jalan", "rusak"), ("siti",), ("jl",), ("gang",))
    assert found.common == ("yang",)


@pytest.mark.parametrize(
    ("typed", "phrases"),
    [
        ('"jalan rusak', (("jalan",), ("rusak",))),
        ('""', ()),
        ("\u201cjalan rusak\u201d", (("jalan", "rusak"),)),
        ('"yang di" jalan', (("yang", "di"), ("jalan",))),
        ("1708", (("1708",),)),
        ("tambahan", (("tambahan",),)),
        ("!!!", ()),
        ("jalan jalan JALAN", (("jalan",),)),
        ("yg dgn", ()),
    ],
)
def test_quotes_common_words_and_signs(typed: str, phrases: tuple[tuple[str, ...], ...]) -> None:
    assert seek.read(typed).phrases == phrases


def test_a_ticket_alone_is_a_ticket() -> None:
    code = ticket.new()
    for typed in (code, code.lower(), code.replace("-", " "), f"aduan #{code}"):
        assert seek.read(typed) == Sought(ticket=code)
    assert seek.read(f"jalan di dekat {code} rusak").ticket is None


@given(st.text(max_size=400))
def test_anything_is_read(typed: str) -> None:
    found = seek.read(typed)
    assert len(found.phrases) <= 16
    for phrase in found.phrases:
        for word in phrase:
            assert word
            assert all(char.isalnum() for char in word), word


@given(st.text(alphabet="0128+-. ()/abc@.", max_size=80))
def test_spans_lie_within_the_text_and_hold_what_was_sought(text: str) -> None:
    sought = Sought(phones=seek.phones(text), emails=seek.emails(text))
    spans = seek.spans(text, sought)
    assert len(spans) >= len(sought.phones)
    for start, end in spans:
        assert 0 <= start < end <= len(text)
