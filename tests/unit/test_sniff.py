"""What a file is, by its bytes: nothing claims its way into being shown, nothing crashes, nothing unfolds."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dispatcher.sniff import EMPTY, MAX_PIXELS, NO_PICTURE, TOO_MANY_PIXELS, UNKNOWN, Sniffed, sniff

SHOWN = {"image/jpeg", "image/png", "image/gif", "image/webp"}


def picture(kind: str, size: tuple[int, int] = (7, 5), **options: object) -> bytes:
    """A real one, with exif and comments where the format has them."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(buffer, kind, **options)
    return buffer.getvalue()


def short(content: bytes) -> str:
    return content[:12].hex()


def png(width: int, height: int) -> bytes:
    """A header and a beginning of data."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )


def gif(screen: tuple[int, int], frame: tuple[int, int]) -> bytes:
    """Its frame is to be disposed of to the background, for which an image library fills memory at once."""
    control = b"\x21\xf9\x04" + bytes([0x08, 0, 0, 0, 0])
    return (
        b"GIF89a" + struct.pack("<HHBBB", *screen, 0, 0, 0) + control + b"," + struct.pack("<4HB", 0, 0, *frame, 0)
    ) + b"\x08\x01\x00\x00;"


def boxed(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(12) + b"more"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture("JPEG"), "image/jpeg"),
        (picture("JPEG", progressive=True, comment=b"x" * 70_00, exif=b"Exif\0\0" + bytes(200)), "image/jpeg"),
        (picture("PNG"), "image/png"),
        (picture("GIF"), "image/gif"),
        (picture("WEBP"), "image/webp"),
        (picture("WEBP", lossless=True), "image/webp"),
        (picture("WEBP", exif=b"Exif\0\0" + bytes(20)), "image/webp"),
        (boxed(b"heic"), "image/heic"),
        (boxed(b"isom"), "video/mp4"),
        (boxed(b"qt  "), "video/quicktime"),
        (boxed(b"3gp4"), "video/3gpp"),
        (boxed(b"M4A "), "audio/mp4"),
        (boxed(b"avif"), "image/avif"),
        (b"OggS" + bytes(24) + b"OpusHead", "audio/ogg"),
        (b"OggS" + bytes(24) + b"\x80theora", "video/ogg"),
        (b"ID3\x04" + bytes(50), "audio/mpeg"),
        (b"\xff\xfb\x90\x64" + bytes(50), "audio/mpeg"),
        (b"#!AMR\n<\x91", "audio/amr"),
        (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
        (b"PK\x03\x04" + bytes(30), "application/zip"),
        ("Jalan rusak di Désa Kedungbanteng\r\n\tsejak 3 < 4 hari 🙏".encode(), "text/plain"),
        (b"\xef\xbb\xbfdengan BOM", "text/plain"),
        (b"\xff\xfet\0e\0x\0t\0", UNKNOWN),
        (b"MZ\x90\0", UNKNOWN),
        (b"teks dengan \0", UNKNOWN),
        (b"Latin-1: caf\xe9", UNKNOWN),
    ],
)
def test_types_by_their_bytes(content: bytes, expected: str) -> None:
    assert sniff(content) == Sniffed(expected)


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"  \n<!DOCTYPE html>",
        b"\xef\xbb\xbf<?xml version='1.0'?><svg/>",
        b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">',
        b"kelihatan seperti teks, lalu <IMG SRC=x onerror=alert(1)>",
        b"tertutup </b>",
    ],
)
def test_markup_is_never_shown(content: bytes) -> None:
    assert sniff(content, "image/svg+xml", "peta.svg") == Sniffed(UNKNOWN)
    assert sniff(content, "text/html") == Sniffed(UNKNOWN)


def test_what_claims_to_be_a_photo_and_is_none_is_kept_as_a_download() -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0", bytes(10_000_000))
    assert sniff(bomb.getvalue(), "image/jpeg") == Sniffed("application/zip", NO_PICTURE)
    assert sniff(bomb.getvalue(), None, "foto.JPG") == Sniffed("application/zip", NO_PICTURE)
    assert sniff(b"maaf, bukan foto", "IMAGE/PNG; x=y") == Sniffed("text/plain", NO_PICTURE)
    assert sniff(b"", "image/jpeg") == Sniffed(UNKNOWN, EMPTY)
    assert sniff(picture("PNG"), "image/jpeg", "foto.jpg") == Sniffed("image/png")
    assert sniff(boxed(b"heic"), "image/jpeg") == Sniffed("image/heic")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0" + bytes(100),
        b"\xff\xd8" + b"\xff" * 300_000,
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_001,
        b"\xff\xd8\xff\xda\x00\x02 no frame came before the scan",
        picture("JPEG")[:40],
        picture("PNG")[:30],
        picture("PNG")[:19] + b"\x09" + picture("PNG")[20:],
        png(0, 10),
        b"GIF89a" + bytes(100),
        b"GIF89a" + bytes(7) + b"\x21\xfe" + b"\x01a" * 100_001,
        picture("GIF")[:14],
        b"RIFF\0\0\0\0WEBPVP8 " + bytes(40),
        b"RIFF\0\0\0\0WEBPVP8L" + bytes(3),
        b"RIFF\0\0\0\0WEBPXXXX" + bytes(40),
    ],
    ids=short,
)
def test_a_broken_picture_is_kept_as_a_download(content: bytes) -> None:
    assert sniff(content, "image/jpeg") == Sniffed(UNKNOWN, NO_PICTURE)


@pytest.mark.parametrize(
    "content",
    [
        png(60_001, 1_000),
        png(2**31 - 1, 2**31 - 1),
        gif((65_535, 65_535), (1, 1)),
        gif((10, 10), (65_535, 2_700)),
        b"RIFF" + struct.pack("<I", 50) + b"WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\xff\xff" * 2 + bytes(30),
        picture("JPEG").replace(struct.pack(">HH", 5, 7), struct.pack(">HH", 65_000, 65_000)),
    ],
    ids=short,
)
def test_a_picture_that_unfolds_beyond_measure_takes_no_memory_and_is_a_download(content: bytes) -> None:
    tracemalloc.start()
    try:
        assert sniff(content, "image/jpeg") == Sniffed(UNKNOWN, TOO_MANY_PIXELS)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_the_largest_picture_that_is_shown() -> None:
    assert sniff(png(MAX_PIXELS // 1000, 1000)) == Sniffed("image/png")


@given(
    beginning=st.sampled_from(
        [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF....WEBPVP8X", b"RIFF....WEBPVP8L", b"....ftyp"]
    ),
    rest=st.binary(max_size=200),
    claimed=st.none() | st.text(max_size=20),
    name=st.none() | st.text(max_size=20),
)
def test_arbitrary_bytes_give_a_type_and_never_an_error(
    beginning: bytes, rest: bytes, claimed: str | None, name: str | None
) -> None:
    found = sniff(beginning + rest, claimed, name)
    assert "/" in found.content_type
    assert not (found.note and found.content_type in SHOWN)


@given(kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]), width=st.integers(1, 40), height=st.integers(1, 40))
def test_every_picture_that_a_library_writes_is_shown(kind: str, width: int, height: int) -> None:
    assert sniff(picture(kind, (width, height))) == Sniffed(f"image/{kind.lower()}")


@given(kind=st.sampled_from(["JPEG", "PNG", "GIF", "WEBP"]), data=st.data())
def test_a_picture_cut_anywhere_is_shown_or_said_to_be_none(kind: str, data: st.DataObject) -> None:
    whole = picture(kind)
    found = sniff(whole[: data.draw(st.integers(12, len(whole)))])
    assert found in {Sniffed(f"image/{kind.lower()}"), Sniffed(UNKNOWN, NO_PICTURE)}
