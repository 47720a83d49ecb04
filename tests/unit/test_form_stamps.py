"""Signatures, stamps, the proof of work, and what counts as one address."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.toolkit.form import Upload
from gateway.limits import network
from gateway.signing import SignatureError, Signer, StaleError
from gateway.uploads import MAX_BYTES, complaint_about, kind
from gateway.work import LIFETIME, Stamp, Stamps
from tests.public_site import solve

NOW = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
KEY = b"0123456789abcdef"


@given(st.text(max_size=60))
def test_what_was_signed_is_read_back(text: str) -> None:
    signer = Signer(KEY, "receipt")
    assert signer.read(signer.sign(text, NOW), NOW, LIFETIME) == (text, NOW)


@given(st.text(max_size=60))
def test_nothing_else_is(text: str) -> None:
    with pytest.raises(SignatureError):
        Signer(KEY, "receipt").read(text, NOW, LIFETIME)


def test_a_signature_of_another_purpose_key_or_time_is_refused() -> None:
    signed = Signer(KEY, "form").sign("K7MP-2XWD", NOW)
    for signer in (Signer(KEY, "receipt"), Signer(b"another key here", "form")):
        with pytest.raises(SignatureError):
            signer.read(signed, NOW, LIFETIME)
    with pytest.raises(StaleError):
        Signer(KEY, "form").read(signed, NOW + LIFETIME + timedelta(seconds=1), LIFETIME)
    with pytest.raises(StaleError):
        Signer(KEY, "form").read(signed, NOW - timedelta(hours=1), LIFETIME)


def test_a_stamp_comes_back_as_it_was_issued() -> None:
    stamps = Stamps(KEY, 4)
    stamp = stamps.issue(NOW)
    assert stamps.read(stamp.id, stamp.mark, NOW + timedelta(hours=1)) == stamp
    assert stamp.proven_by(solve(stamp.challenge))


def test_nobody_makes_his_own_stamp_an_easier_one_or_one_for_another_form() -> None:
    stamps = Stamps(KEY, 16)
    stamp, other = stamps.issue(NOW), stamps.issue(NOW)
    for form_id, mark in (
        (other.id, stamp.mark),
        (stamp.id, "0" + stamp.mark[2:]),
        (stamp.id, ""),
        ("", stamp.mark),
        (f"{stamp.id}:16", stamp.mark),
    ):
        with pytest.raises(SignatureError):
            stamps.read(form_id, mark, NOW)


@pytest.mark.parametrize("answer", ["", "-1", "1e3", "٣", "9" * 16, "1 ", "0x1"])
def test_an_answer_that_is_no_number_proves_nothing(answer: str) -> None:
    assert not Stamp(id="0" * 32, mark="x", bits=0, issued_at=NOW).proven_by(answer)


def test_too_few_zero_bits_prove_nothing() -> None:
    stamp = Stamps(KEY, 12).issue(NOW)
    number = int(solve(stamp.challenge, 12))
    assert stamp.proven_by(str(number))
    assert not any(stamp.proven_by(str(below)) for below in range(number))


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::ffff", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
    ],
)
def test_a_household_is_one_address(address: str, counted_as: str) -> None:
    assert network(address) == counted_as


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypisom", "video/mp4"),
        (b"\0\0\0\x18ftypavif", None),
        (b"\n%PDF-1.7", "application/pdf"),
        (b"PK\x03\x04", None),
        (b"MZ", None),
        (b"<svg onload=alert(1)>", None),
        (b"<html>", None),
        (b"RIFF\0\0\0\0WAVE", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(content: bytes, media_type: str | None) -> None:
    assert kind(content) == media_type


def test_files_are_refused_in_words() -> None:
    def upload(content: bytes) -> Upload:
        return Upload(field="lampiran", name="a.jpg", content_type="image/jpeg", content=content)

    photo = b"\xff\xd8\xff"
    assert complaint_about([upload(photo)] * 5, 1000) is None
    assert "5 berkas" in (complaint_about([upload(photo)] * 6, 1000) or "")
    assert "10 MB" in (complaint_about([upload(photo + bytes(MAX_BYTES))], MAX_BYTES * 5) or "")
    assert "PDF" in (complaint_about([upload(b"MZ")], 1000) or "")
    assert "bersama-sama" in (complaint_about([upload(photo)] * 2, 5) or "")
