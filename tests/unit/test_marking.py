"""Marks around found words: whole words only, everything else escaped, the piece around the first hit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from inbox.queue.marking import Marker, flat
from normalizer.seek import Sought

ROAD = Marker(sought=Sought(), words=frozenset({"jalan", "jln"}))


def test_words_are_marked_whole_and_in_any_case() -> None:
    text = "JALAN & jln, perjalanan <b>jalan</b>"
    expected = "<mark>JALAN</mark> &amp; <mark>jln</mark>, perjalanan &lt;b&gt;<mark>jalan</mark>&lt;/b&gt;"
    assert ROAD.whole(text) == expected


def test_a_phone_is_marked_as_it_is_written() -> None:
    marker = Marker(sought=Sought(phones=("+6281234567890",)), words=frozenset())
    assert marker.whole("hub 0812-3456-7890 ya") == "hub <mark>0812-3456-7890</mark> ya"


def test_the_piece_begins_a_little_before_the_hit() -> None:
    piece = ROAD.around("kata " * 100 + "jalan" + " kata" * 100)
    assert piece.startswith("…kata")
    assert piece.endswith("kata…")
    assert "<mark>jalan</mark>" in piece
    assert len(piece) < 240


def test_without_a_hit_the_piece_is_the_beginning() -> None:
    assert ROAD.around("lampu\n mati") == "lampu mati"


@given(st.text(max_size=500))
def test_no_text_breaks_out(text: str) -> None:
    plain = ROAD.whole(text).replace("<mark>", "").replace("</mark>", "")
    assert plain == escape(text)
    piece = str(ROAD.around(text)).replace("<mark>", "").replace("</mark>", "")
    assert piece.strip("…") in str(escape(flat(text)))
