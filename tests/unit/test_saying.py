"""Sentences for officers: Indonesian as they stand, kept in the database, and said again in another language."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.errors import Refused
from inbox.i18n import in_english
from normalizer import codec, saying
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import Sentence, say

ENGLISH = {
    "Server %(host)s menolak: %(why)s": "Server %(host)s refuses: %(why)s",
    "kuota habis (%(part)s%%)": "quota used up (%(part)s%%)",
    "Berkas kosong.": "Empty file.",
    "naik 5%%": "up by 5%%",
}


def english(message: str) -> str:
    return ENGLISH.get(message, message)


def full() -> Sentence:
    return say("Server %(host)s menolak: %(why)s", host="h.example", why=say("kuota habis (%(part)s%%)", part=100))


def test_a_sentence_is_its_indonesian_text_and_translated_to_the_last_part() -> None:
    assert full() == "Server h.example menolak: kuota habis (100%)"
    assert saying.told(full(), english) == "Server h.example refuses: quota used up (100%)"


def test_an_error_gives_back_the_sentence_that_it_was_given() -> None:
    said = str(Refused(full()))
    assert isinstance(said, Sentence)
    assert saying.told(said, english) == "Server h.example refuses: quota used up (100%)"
    assert saying.told(copy.copy(said), english) == saying.told(said, english)


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        (full(), "Server h.example refuses: quota used up (100%)"),
        (say("Berkas kosong."), "Empty file."),
        (say("naik 5%%"), "up by 5%"),
        (saying.quoted("550 no such user: 5% (%(x)s)"), "550 no such user: 5% (%(x)s)"),
        (saying.joined([say("Berkas kosong."), full()]), "Empty file. Server h.example refuses: quota used up (100%)"),
    ],
)
def test_what_the_database_kept_is_said_in_the_readers_language(sentence: Sentence, wanted: str) -> None:
    row = saying.kept(sentence)
    assert type(row) is str
    assert saying.remembered(row) == sentence
    assert saying.told(saying.remembered(row), english) == wanted


@given(st.text())
def test_a_text_that_was_kept_before_there_were_sentences_stays_as_it_is(text: str) -> None:
    assert saying.remembered(saying.kept(text)) == text
    assert saying.told(saying.remembered(text), lambda message: message) == text


@pytest.mark.parametrize(
    "text",
    ['{"say"', '{"say": 1}', '{"say": "%(x)s", "with": {}}', '{"say": "%(x)d", "with": {"x": "a"}}', '{"say": []}'],
)
def test_what_only_looks_like_a_sentence_is_shown_as_it_is(text: str) -> None:
    assert saying.remembered(text) == text


def test_a_receipts_error_survives_the_way_through_the_items() -> None:
    receipt = DeliveryReceipt(external_id="1", status=Delivery.FAILED, error=full())
    found = codec.decode("receipt", codec.encode(receipt))
    assert isinstance(found, DeliveryReceipt)
    assert saying.told(found.error or "", english) == "Server h.example refuses: quota used up (100%)"


def test_nothing_said_is_nothing_in_english() -> None:
    assert in_english("") == ""
    assert in_english(saying.quoted("")) == ""


def test_the_catalogue_knows_the_programs_own_mistake() -> None:
    assert in_english(saying.kept(saying.bug(KeyError("x")))).startswith("An error in the program (KeyError)")
