"""The veil: names and numbers in all the ways in which a citizen writes them, and no more than them."""

from __future__ import annotations

import pytest

from normalizer.veil import DOTS, cover, pattern

KNOWN = pattern(["Kartono Wiryadinata", "+628112626999", "kartono_w", None, ""])


@pytest.mark.parametrize(
    "text",
    [
        "kartono",
        "Pak KARTONO",
        "@kartono_w",
        "kartono99",
        "kartonowiryadinata",
        "kartono.wiryadinata@surat.example",
        "0811-2626-999",
        "8112626999",
        "8112 626 999",
        "+62 (811) 2626.999",
    ],
)
def test_who_he_is_is_covered(text: str) -> None:
    shown = cover(f"saya {text} pelapor", KNOWN)
    assert DOTS in shown
    for secret in ("karton", "wiryadinata", "2626"):
        assert secret not in shown.lower()


def test_other_words_and_numbers_stay() -> None:
    text = "Kartonomu bukan namanya; kerugian Rp 8.112.626 dan 18112626999 lembar, sejak 2024"
    assert cover(text, KNOWN) == text


def test_numbers_of_others_mail_and_nik_are_covered_too() -> None:
    shown = cover("hub 0812 3456 7890, budi@surat.example, NIK 3327011505800001", None)
    assert "3456" not in shown
    assert "budi@" not in shown
    assert "1505800001" not in shown
