"""Voice notes and films: made to play, and what phones write beside the tracks is left behind."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import av
import pytest

from dispatcher.rendering.process import UNPLAYABLE, Rendered, render
from dispatcher.sniff import sniff
from tests.pictures import OWNER, film, seconds, sound

if TYPE_CHECKING:
    from collections.abc import Callable

MOVED = "-06.8800+109.1250/"


def of(content: bytes) -> Rendered:
    return render(content, sniff(content).content_type)


@pytest.mark.parametrize(
    ("container", "codec", "rate", "kind"),
    [
        ("amr", "libopencore_amrnb", 8000, "audio/amr"),
        ("3gp", "libopencore_amrnb", 8000, "audio/3gpp"),
        ("3gp", "aac", 16000, "audio/3gpp"),
    ],
)
def test_a_voice_note_of_an_old_phone_becomes_one_that_plays(container: str, codec: str, rate: int, kind: str) -> None:
    content = sound(container, codec, rate, 2.0)
    assert sniff(content).content_type == kind
    made = of(content)
    assert (made.note, made.content_type, made.thumb) == (None, "audio/mpeg", None)
    assert made.shown is not None
    assert sniff(made.shown).content_type == "audio/mpeg"
    assert seconds(made.shown) == pytest.approx(2.0, abs=0.2)


def test_wideband_speech() -> None:
    """A hundred frames that say that nobody speaks: no encoder for it is free."""
    content = b"#!AMR-WB\n" + b"\x7c" * 100
    assert sniff(content).content_type == "audio/amr-wb"
    made = of(content)
    assert made.shown is not None
    assert seconds(made.shown) == pytest.approx(2.0, abs=0.2)


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("audio/amr", lambda: b"#!AMR\n"),
        ("audio/amr", lambda: b"#!AMR\n" + b"\xff" * 500),
        ("audio/3gpp", lambda: film("3gp", "mpeg4")),
        ("audio/3gpp", lambda: sound("3gp", "libopencore_amrnb")[:300]),
    ],
    ids=["empty", "rubbish", "no sound", "cut off"],
)
def test_what_is_no_sound_says_so(kind: str, make: Callable[[], bytes]) -> None:
    assert render(make(), kind) == Rendered(note=UNPLAYABLE)


@pytest.mark.parametrize(
    ("container", "codec", "rate", "kind"),
    [
        ("ogg", "libopus", 48000, "audio/ogg"),
        ("mp3", "libmp3lame", 16000, "audio/mpeg"),
        ("ipod", "aac", 16000, "audio/mp4"),
        ("mp4", "aac", 16000, "audio/mp4"),
        ("adts", "aac", 16000, "audio/aac"),
        ("wav", "pcm_s16le", 8000, "audio/wav"),
    ],
)
def test_sounds_as_they_are_really_written(container: str, codec: str, rate: int, kind: str) -> None:
    assert sniff(sound(container, codec, rate)).content_type == kind


@pytest.mark.parametrize(
    ("container", "codec", "kind"),
    [
        ("mp4", "mpeg4", "video/mp4"),
        ("mov", "mpeg4", "video/quicktime"),
        ("3gp", "mpeg4", "video/3gpp"),
        ("webm", "libvpx", "video/webm"),
    ],
)
def test_films_as_they_are_really_written(container: str, codec: str, kind: str) -> None:
    assert sniff(film(container, codec)).content_type == kind


@pytest.mark.parametrize(
    ("container", "codec", "kind"),
    [
        ("mp4", "libx264", "video/mp4"),
        ("mov", "libx264", "video/quicktime"),
        ("3gp", "libx264", "video/3gpp"),
        ("mp4", "libvpx-vp9", "video/mp4"),
    ],
)
def test_a_film_is_played_by_a_copy_that_says_nothing_else(container: str, codec: str, kind: str) -> None:
    content = film(container, codec, title=OWNER, location=MOVED, comment=MOVED)
    assert OWNER.encode() in content
    assert sniff(content).content_type == kind
    made = of(content)
    assert (made.note, made.content_type, made.thumb, made.location) == (None, "video/mp4", None, None)
    assert made.shown is not None
    assert OWNER.encode() not in made.shown
    assert b"109.1250" not in made.shown
    with av.open(io.BytesIO(made.shown)) as copy:
        assert len(list(copy.decode(video=0))) == 25
        assert copy.duration == pytest.approx(1_000_000, rel=0.1)


def test_a_recording_in_the_box_of_a_film() -> None:
    made = of(sound("ipod", "aac", 16000, 2.0))
    assert (made.note, made.content_type) == (None, "audio/mp4")
    assert made.shown is not None
    assert seconds(made.shown) == pytest.approx(2.0, abs=0.2)


def matrix(content: bytes, new: bytes | None = None) -> tuple[bytes, bytes]:
    """The film, with its first track's matrix exchanged, and the matrix (ISO 14496-12, 8.3.2, version 0)."""
    at = content.index(b"tkhd") + 4 + 40
    film = content if new is None else content[:at] + new + content[at + 36 :]
    return film, film[at : at + 36]


def test_a_film_that_was_held_upright_stays_upright() -> None:
    quarter = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 144 << 16, 0, 0x40000000)
    turned, _ = matrix(film("mp4", "libx264"), quarter)
    made = of(turned)
    assert made.shown is not None
    assert matrix(made.shown)[1][:20] == quarter[:20]


@pytest.mark.parametrize(
    ("kind", "make"),
    [
        ("video/mp4", lambda: film("mp4", "mpeg4")),
        ("video/mp4", lambda: film("mp4", "libx264")[:200]),
        ("video/mp4", lambda: struct.pack(">I", 24) + b"ftypisom" + bytes(12) + b"more"),
        ("video/quicktime", lambda: film("webm", "libvpx")),
    ],
    ids=["old codec", "cut off", "a head only", "another box"],
)
def test_a_film_that_no_browser_plays_says_so(kind: str, make: Callable[[], bytes]) -> None:
    assert render(make(), kind) == Rendered(note=UNPLAYABLE)
