"""Cleaning, search spelling, card subjects, masking of identity numbers, and what a database can hold."""

# ruff: noqa: RUF001 - letters that look alike are what is tested
from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from normalizer.text import clean, mask_ids, searchable, storable, subject

_ANY = st.text(st.characters(), max_size=200)
#: Dense in what the steps treat specially.
_NASTY = st.text(
    st.sampled_from(
        "ab \n\r\t\x00\x0b\x85\xa0\u200b\u200c\u200d\u2028\u202e\u3000\ufeff\ufe0f\u0301e👨👧🏽🇮🇩\ud800\u212a"
    ),
    max_size=40,
)


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("  jalan   rusak \t parah ", "jalan rusak parah"),
        ("satu\r\ndua\rtiga", "satu\ndua\ntiga"),
        ("satu \n\n\n\n dua", "satu\n\ndua"),
        ("ja\u200blan\u00ad ru\ufeffsak", "jalan rusak"),
        ("jalan\x00rusak\x07", "jalanrusak"),
        ("jalan\u00a0\u3000rusak", "jalan rusak"),
        ("cafe\u0301", "café"),
        ("\u202ejalan\u202c", "jalan"),
        ("keluarga 👨\u200d👩\u200d👧 hujan ☔\ufe0f", "keluarga 👨\u200d👩\u200d👧 hujan ☔\ufe0f"),
        ("jalan\u200d rusak\u200d", "jalan rusak"),
        ("x² ½ ｊａｌａｎ", "x² ½ ｊａｌａｎ"),
        ("a\ud83d b", "a\ufffd b"),
        ("", ""),
        (" \n\u200b ", ""),
    ],
)
def test_clean(written: str, cleaned: str) -> None:
    assert clean(written) == cleaned


@given(_ANY | _NASTY)
@example("\u212a\u200d👧")
@example("e\u200b\u0301")
@example("0\t\u200c 0")
@example("\xa0\u200c\xa0")
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert once == once.strip()
    assert unicodedata.is_normalized("NFC", once)
    assert "  " not in once
    assert "\n\n\n" not in once
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u2028\u202e\ufeff\ud800-\udfff]", once)


@given(st.lists(st.text("abcé👧🏽5.,", min_size=1, max_size=8), min_size=1, max_size=8))
def test_cleaning_keeps_every_word(words: list[str]) -> None:
    assert clean(" \t ".join(words)) == " ".join(words)


@given(_ANY | _NASTY)
def test_storable_is_what_utf8_and_jsonb_hold(text: str) -> None:
    stored = storable(text)
    json.loads(json.dumps(stored).encode())
    assert stored.encode().decode() == stored
    assert "\x00" not in stored
    assert len(stored) == len(text)
    assert all(new in {old, "\ufffd"} for old, new in zip(text, stored, strict=True))
    assert storable(stored) is stored or storable(stored) == stored


def test_storable_changes_nothing_that_can_be_stored() -> None:
    text = "jalan\u200b rusak 🙏\r\n\x07\ufffe"
    assert storable(text) == text


@pytest.mark.parametrize(
    ("written", "spelt"),
    [
        ("Jln yg rusak, TDK dibaiki", "jalan yang rusak, tidak dibaiki"),
        ("sdh 3 bln krn ds. Moga kec Moga", "sudah 3 bulan karena desa. moga kecamatan moga"),
        ("ｊｌ Sudirman", "jalan sudirman"),
        ("Sydney blmx", "sydney blmx"),
    ],
)
def test_searchable_spells_abbreviations_out(written: str, spelt: str) -> None:
    assert searchable(written) == spelt


@given(_ANY)
def test_searchable_finds_itself(text: str) -> None:
    assert searchable(clean(text)) == searchable(text)


def test_a_subject_is_cut_between_words() -> None:
    text = "Jalan rusak parah di desa Karanganyar\nsudah tiga bulan tidak diperbaiki padahal ramai sekali"
    short = subject(text)
    assert short == "Jalan rusak parah di desa Karanganyar sudah tiga bulan tidak diperbaiki padahal…"
    assert subject("Jalan  rusak\nparah") == "Jalan rusak parah"


@pytest.mark.parametrize("cluster", ["👨\u200d👩\u200d👧", "🇮🇩", "👍🏽", "e\u0323\u0302", "\ua98f\ua9ba", "각"])
def test_a_subject_never_cuts_inside_a_character(cluster: str) -> None:
    for limit in range(2, 30):
        short = subject(cluster * 40, limit)
        assert len(short) <= limit
        assert short.endswith("…")
        kept = short.removesuffix("…")
        cleaned = clean(cluster)
        assert kept == cleaned * (len(kept) // len(cleaned))


@given(_ANY | _NASTY, st.integers(2, 100))
def test_a_subject_is_one_line_within_its_limit(text: str, limit: int) -> None:
    short = subject(text, limit)
    assert len(short) <= limit
    assert "\n" not in short
    assert short == short.strip()
    line = " ".join(clean(text).split())
    assert short == line or line.startswith(short.removesuffix("…"))


def test_a_subject_of_a_text_that_begins_with_nothing_visible_still_shows_its_words() -> None:
    assert subject("\u200b" * 5000 + "jalan rusak") == "jalan rusak"


@pytest.mark.parametrize(
    "number",
    [
        "3302011203900001",
        "3302 0112 0390 0001",
        "3302.0112.0390.0001",
        "330201-120390-0001",
        "33.02.01.120390.0001",
        "3 3 0 2 0 1 1 2 0 3 9 0 0 0 0 1",
    ],
)
@pytest.mark.parametrize("around", ["{}", "NIK {} atas nama Budi", "NIK:{}.", "({}) 081226261116", "no {}\n2 orang"])
def test_identity_numbers_are_masked(number: str, around: str) -> None:
    assert mask_ids(around.format(number)) == around.format("3302" + "•" * 12)


def test_a_phone_number_behind_an_identity_number_hides_it_not() -> None:
    assert mask_ids("3302011203900001 081226261116") == "3302" + "•" * 12 + " 081226261116"
    assert mask_ids("3302 0112 0390 0001 081226261116") == "3302" + "•" * 12 + " 081226261116"


@pytest.mark.parametrize(
    "text",
    [
        "0812-2626-1116",
        "+62 812 2626 1116 / 0813 2626 1117",
        "6281226261116",
        "081226261116 081226261117",
        "12345678901234567",
        "330201120390000",
        "Rp 1.500.000",
        "tahun 2024 2025",
        "-7.4212345, 109.2312345",
        "K7MP-2XWD",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert mask_ids(text) == text


@given(st.integers(10**15, 10**16 - 1), st.text("abc ,\n", max_size=10), st.text("abc ,\n", max_size=10))
def test_no_sixteen_digits_come_through(number: int, before: str, behind: str) -> None:
    masked = mask_ids(f"{before}{number}{behind}")
    assert str(number) not in masked
    assert masked == f"{before}{str(number)[:4]}{'•' * 12}{behind}"
    assert mask_ids(masked) == masked


@pytest.mark.parametrize(
    "piece", ["\u200d", "é\u200d", " ", "\n", "1 ", "1", "3302 ", "👨\u200d", "\u0301", "a\r", "🇮"]
)
def test_very_long_texts_are_handled(piece: str) -> None:
    text = piece * (100_000 // len(piece)) + "é"
    assert clean(clean(text)) == clean(text)
    assert len(subject(text)) <= 80
    assert mask_ids(text)
    assert searchable(text) == searchable(clean(text))
