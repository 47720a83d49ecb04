"""Which files the form takes: told by their first bytes, never by their name or by what the browser claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from channels.toolkit.form import Upload

MAX_FILES: Final = 5
MAX_BYTES: Final = 10 * 1024 * 1024
MEGABYTE: Final = 1024 * 1024
_PDF_WITHIN: Final = 1024
_BEGINNINGS: Final = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
#: Brands of the box format that phones write, where they are not a film (MP4 has dozens); AVIF is not taken.
_BRANDS: Final = dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"heif"), "image/heic"
) | {
    b"avif": None,
    b"avis": None,
}


def kind(content: bytes) -> str | None:
    """The media type that the bytes begin as; None for what the form does not take."""
    for beginning, media_type in _BEGINNINGS:
        if content.startswith(beginning):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "video/mp4")
    return "application/pdf" if b"%PDF-" in content[:_PDF_WITHIN] else None


def complaint_about(uploads: Sequence[Upload], max_total: int) -> str | None:
    """What is wrong with the files, in Indonesian; None where nothing is."""
    if len(uploads) > MAX_FILES:
        return f"Paling banyak {MAX_FILES} berkas. Anda memilih {len(uploads)}."
    for upload in uploads:
        if len(upload.content) > MAX_BYTES:
            return f"“{upload.name}” lebih besar dari {MAX_BYTES // MEGABYTE} MB. Pilih berkas yang lebih kecil."
        if kind(upload.content) is None:
            return f"“{upload.name}” bukan foto, video MP4, atau PDF. Pilih berkas lain."
    if sum(len(upload.content) for upload in uploads) > max_total:
        return f"Semua berkas bersama-sama lebih besar dari {max_total // MEGABYTE} MB. Kurangi berkasnya."
    return None
