"""What a file is, by its bytes: never by its name or by what anybody claims, and never by decoding a picture.

A picture's size is read from its header by hand: image libraries take memory for the canvas of an animated GIF, PNG or
WebP as soon as they open it, which is what a decompression bomb waits for.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
import struct
import zlib
from typing import TYPE_CHECKING, Final

from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

UNKNOWN: Final = "application/octet-stream"
#: Width times height. A picture of a few kilobytes may unfold to gigabytes in whatever shows it.
MAX_PIXELS: Final = 60_000_000
TOO_MANY_PIXELS: Final = say("gambar terlalu besar untuk ditampilkan")
NO_PICTURE: Final = say("bukan gambar yang sah")
EMPTY: Final = say("berkas kosong")

_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"#!AMR\n", "audio/amr"),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
)
#: Brands of the box format (ISO 14496-12) that are not a film; MP4 has dozens.
_BRANDS: Final = dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"heif"), "image/heic")
_BRANDS.update(dict.fromkeys((b"avif", b"avis"), "image/avif"))
_BRANDS.update(dict.fromkeys((b"M4A ", b"M4B "), "audio/mp4"))
_BRANDS.update({b"qt  ": "video/quicktime"})
_PDF_WITHIN: Final = 1024
_TEXT_WITHIN: Final = 65_536
#: What a text must not hold: controls, and markup that a browser might take for a page.
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]|<[a-z!?/]", re.IGNORECASE)
_PICTURES: Final = frozenset(
    {"image/jpeg", "image/jpg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif"}
)
#: Pictures in boxes: their size stands too deep in them to be read by hand.
_BOXED: Final = frozenset({"image/heic", "image/avif"})
#: The kind of a track in the box format: its handler box, with a version, flags and a field of zeros before it.
_TRACK: Final = re.compile(rb"hdlr.{8}(vide|soun)", re.DOTALL)
#: Blocks of a header to walk through; real pictures have a few hundred.
_MAX_STEPS: Final = 100_000
_PICTURE_NAMES: Final = (".jpg", ".jpeg", ".png", ".gif", ".webp", ".heic", ".heif", ".avif")
#: How far into a Matroska file its document type stands (RFC 9559).
_WEBM_WITHIN: Final = 64


@dataclasses.dataclass(frozen=True, slots=True)
class Sniffed:
    """The media type to serve a file with; `note` is Indonesian, for the officer, where something is odd."""

    content_type: str
    note: str | None = None


def sniff(content: bytes, claimed: str | None = None, name: str | None = None) -> Sniffed:
    """The type by the bytes; what claims to be a picture and is none, or one too large to show, is a download."""
    if not content:
        return Sniffed(UNKNOWN, EMPTY)
    found = _kind(content)
    if found in _SIZES:
        return _picture(content, found)
    if found not in _BOXED and _claims_picture(claimed, name):
        return Sniffed(found, NO_PICTURE)
    return Sniffed(found)


def _claims_picture(claimed: str | None, name: str | None) -> bool:
    media_type = (claimed or "").partition(";")[0].strip().lower()
    return media_type in _PICTURES or (name or "").lower().endswith(_PICTURE_NAMES)


def _kind(content: bytes) -> str:
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    return _container(content) or _loose(content)


def _container(content: bytes) -> str | None:
    """The formats that name what they hold after their own mark."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "audio/wav"
    if content[4:8] == b"ftyp":
        return _boxed(content)
    if content[:4] == b"\x1aE\xdf\xa3" and b"webm" in content[:_WEBM_WITHIN]:
        return "video/webm"
    if content[:4] == b"OggS":
        return "video/ogg" if b"\x80theora" in content[:512] else "audio/ogg"
    return None


def _boxed(content: bytes) -> str:
    """By the brand; a recorder on a phone writes the brand of a film over sound alone."""
    brand = content[8:12]
    found = _BRANDS.get(brand, "video/3gpp" if brand.startswith(b"3g") else "video/mp4")
    tracks = set(_TRACK.findall(content)) if found.startswith("video/") else set()
    return found.replace("video/", "audio/") if tracks == {b"soun"} and found != "video/quicktime" else found


def _loose(content: bytes) -> str:
    """The formats without a mark at their beginning."""
    if _is_mp3_frame(content):
        return "audio/mpeg"
    if _is_adts_frame(content):
        return "audio/aac"
    if b"%PDF-" in content[:_PDF_WITHIN]:
        return "application/pdf"
    return "text/plain" if _is_text(content) else UNKNOWN


def _is_mp3_frame(content: bytes) -> bool:
    """A frame header of layer III: eleven set bits, then a version, a bit rate and a sample rate that exist."""
    if len(content) < 4 or content[0] != 0xFF or content[1] & 0xE6 != 0xE2:  # noqa: PLR2004 - the format's bits
        return False
    return content[1] & 0x18 != 0x08 and content[2] & 0xF0 != 0xF0 and content[2] & 0x0C != 0x0C  # noqa: PLR2004 - same


def _is_adts_frame(content: bytes) -> bool:
    """A header of AAC's transport stream (ISO 13818-7): twelve set bits, layer 0, a sample rate that exists."""
    return (
        len(content) >= 7  # noqa: PLR2004 - the header's length
        and content[0] == 0xFF  # noqa: PLR2004 - the format's bits
        and content[1] & 0xF6 == 0xF0  # noqa: PLR2004 - the same
        and content[2] >> 2 & 0x0F < 13  # noqa: PLR2004 - the same
    )


def _is_text(content: bytes) -> bool:
    beginning = content[:_TEXT_WITHIN]
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(beginning, final=len(content) <= _TEXT_WITHIN)
    except UnicodeDecodeError:
        return False
    return _NO_TEXT.search(text) is None


def _picture(content: bytes, media_type: str) -> Sniffed:
    try:
        width, height = _SIZES[media_type](content)
    except (ValueError, IndexError, struct.error):
        return Sniffed(UNKNOWN, NO_PICTURE)
    if width <= 0 or height <= 0:
        return Sniffed(UNKNOWN, NO_PICTURE)
    if width * height > MAX_PIXELS:
        return Sniffed(UNKNOWN, TOO_MANY_PIXELS)
    return Sniffed(media_type)


def _jpeg(content: bytes) -> tuple[int, int]:
    """Walk the segments (ITU T.81, B.1) to the frame's header, and on to where the picture begins."""
    at, size = 2, (0, 0)
    for _ in range(_MAX_STEPS):
        if content[at] != 0xFF:  # noqa: PLR2004 - what every marker begins with
            break
        marker = content[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - filling
            at += 1
            continue
        if marker == 0xDA:  # noqa: PLR2004 - start of scan
            return size
        (length,) = struct.unpack_from(">H", content, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:  # noqa: PLR2004 - the kinds of frames
            height, width = struct.unpack_from(">HH", content, at + 5)
            size = (width, height)
        at += 2 + length
    raise ValueError("no JPEG segments")


def _png(content: bytes) -> tuple[int, int]:
    """The chunk IHDR, which comes first and bears a checksum (ISO 15948)."""
    length, name, width, height = struct.unpack_from(">I4sII", content, 8)
    (checksum,) = struct.unpack_from(">I", content, 29)
    if (length, name) != (13, b"IHDR") or zlib.crc32(content[12:29]) != checksum or b"IDAT" not in content:
        raise ValueError("no PNG header")
    return width, height


def _gif(content: bytes) -> tuple[int, int]:
    """The screen, or the first frame where it is larger, behind any extensions (GIF89a)."""
    width, height, flags = struct.unpack_from("<HHB", content, 6)
    at = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    for _ in range(_MAX_STEPS):
        mark = content[at]
        if mark == 0x2C:  # noqa: PLR2004 - a frame
            left, top, frame_width, frame_height = struct.unpack_from("<4H", content, at + 1)
            return max(width, left + frame_width), max(height, top + frame_height)
        if mark != 0x21:  # noqa: PLR2004 - an extension
            break
        at = _after_blocks(content, at + 2)
    raise ValueError("no GIF frame")


def _after_blocks(content: bytes, at: int) -> int:
    for _ in range(_MAX_STEPS):
        length = content[at]
        at += 1 + length
        if length == 0:
            return at
    raise ValueError("too many blocks")


def _webp(content: bytes) -> tuple[int, int]:
    """By the first chunk: VP8X, VP8L or VP8 (RFC 9649)."""
    chunk = content[12:16]
    if chunk == b"VP8X":
        width, height = content[24:27] + b"\0", content[27:30] + b"\0"
        return struct.unpack("<I", width)[0] + 1, struct.unpack("<I", height)[0] + 1
    if chunk == b"VP8L" and content[20] == 0x2F:  # noqa: PLR2004 - its signature
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no WebP chunk")


_SIZES: Final[Mapping[str, Callable[[bytes], tuple[int, int]]]] = {
    "image/jpeg": _jpeg,
    "image/png": _png,
    "image/gif": _gif,
    "image/webp": _webp,
}
