"""What is shown of a file is made anew, carries nothing over, and hostile bytes take down their own process only."""

from __future__ import annotations

import io
import shutil
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from dispatcher.rendering import child, kinds, process
from dispatcher.rendering.process import BROKEN, NOT_NOW, TOO_HEAVY, TOO_MANY_PIXELS, Rendered, render
from dispatcher.sniff import MAX_PIXELS, sniff
from normalizer import saying
from tests.pictures import BLUE, OWNER, PLACE, RED, SOUTH, decoded, exif, picture

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heic",
    "AVIF": "image/avif",
}


def near(found: object, wanted: tuple[int, int, int]) -> bool:
    assert isinstance(found, tuple)
    return all(abs(one - other) < 40 for one, other in zip(found, wanted, strict=True))


def of(content: bytes) -> Rendered:
    return render(content, sniff(content).content_type)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_of_every_kind_becomes_a_jpeg_of_its_own(kind: str) -> None:
    content = picture(kind, (2400, 1200))
    assert sniff(content).content_type == KINDS[kind]
    made = of(content)
    assert (made.note, made.content_type, made.location) == (None, "image/jpeg", None)
    assert made.shown is not None
    assert made.thumb is not None
    shown, thumb = decoded(made.shown), decoded(made.thumb)
    assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (1600, 800))
    assert (thumb.format, thumb.size) == ("JPEG", (400, 200))
    for found in (shown, thumb):
        assert near(found.getpixel((5, 5)), RED)
        assert near(found.getpixel((found.width - 5, 5)), BLUE)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_the_position_is_read_and_then_nothing_is_left_of_it(kind: str) -> None:
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><exif:GPSLatitude>6,52.8S {OWNER}</exif:GPSLatitude></x:xmpmeta>"
    more = {"xmp": xmp.encode()} if kind in {"JPEG", "WEBP"} else {}
    if kind == "JPEG":
        more |= {"comment": OWNER.encode(), "icc_profile": b"icc" + OWNER.encode() * 20}
    content = picture(kind, exif=exif(SOUTH), **more)
    assert OWNER.encode() in content
    made = of(content)
    assert made.location == pytest.approx(PLACE)
    for part in (made.shown, made.thumb):
        assert part is not None
        found = decoded(part)
        assert OWNER.encode() not in part
        assert b"Exif" not in part
        assert b"xmp" not in part.lower()
        assert dict(found.getexif()) == {}
        assert set(found.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "progressive", "progression"}


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_a_picture_that_lies_on_its_side_is_set_upright(kind: str) -> None:
    made = of(picture(kind, (60, 40), exif=exif(orientation=6)))
    assert made.shown is not None
    shown = decoded(made.shown)
    assert shown.size == (40, 60)
    assert near(shown.getpixel((20, 4)), RED)
    assert near(shown.getpixel((20, 55)), BLUE)


@pytest.mark.parametrize(
    "gps",
    [
        {**SOUTH, ExifTags.GPS.GPSLatitude: (96.0, 0.0, 0.0)},
        {**SOUTH, ExifTags.GPS.GPSLatitude: (IFDRational(0, 0),) * 3},
        {**SOUTH, ExifTags.GPS.GPSLatitude: (6.0,)},
        {**SOUTH, ExifTags.GPS.GPSLatitude: (0.0,) * 3, ExifTags.GPS.GPSLongitude: (0.0,) * 3},
        {ExifTags.GPS.GPSLatitudeRef: "S"},
        {},
    ],
    ids=["beyond the pole", "no numbers", "too few", "no fix", "half", "empty"],
)
def test_a_position_that_is_none_spoils_no_picture(gps: dict[int, object]) -> None:
    made = of(picture(exif=exif(gps)))
    assert made.location is None
    assert made.shown is not None


def test_north_and_west() -> None:
    gps = {**SOUTH, ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLongitudeRef: "W"}
    assert of(picture(exif=exif(gps))).location == pytest.approx((-PLACE[0], -PLACE[1]))


def test_an_exif_that_is_rubbish_spoils_no_picture() -> None:
    made = of(picture(exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x88\x25" * 400))
    assert made.shown is not None
    assert made.location is None


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA", "I;16", "PA"])
def test_every_mode_of_pixels(mode: str) -> None:
    content = picture("PNG", (60, 40), "RGBA" if mode == "PA" else mode)
    made = of(content)
    assert made.shown is not None
    assert decoded(made.shown).mode == "RGB"


def test_sixteen_bits_of_grey_stay_grey() -> None:
    buffer = io.BytesIO()
    Image.new("I;16", (40, 40), 128 * 256).save(buffer, "PNG")
    made = of(buffer.getvalue())
    assert made.shown is not None
    assert near(decoded(made.shown).getpixel((20, 20)), (128, 128, 128))


def test_what_is_transparent_stands_on_white() -> None:
    buffer = io.BytesIO()
    image = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
    image.paste((*RED, 255), (0, 0, 20, 40))
    image.save(buffer, "PNG")
    made = of(buffer.getvalue())
    assert made.shown is not None
    shown = decoded(made.shown)
    assert near(shown.getpixel((5, 5)), RED)
    assert near(shown.getpixel((35, 5)), (255, 255, 255))


def test_cmyk_from_a_printer() -> None:
    made = of(picture("JPEG", mode="CMYK"))
    assert made.shown is not None
    assert near(decoded(made.shown).getpixel((5, 5)), RED)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_what_moves_the_first_frame_is_shown(kind: str) -> None:
    frames = [Image.new("RGB", (40, 40), RED)] + [Image.new("RGB", (40, 40), BLUE)] * 20
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:])
    made = of(buffer.getvalue())
    assert made.shown is not None
    assert near(decoded(made.shown).getpixel((20, 20)), RED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_that_is_cut_off_has_no_preview_and_says_so(kind: str) -> None:
    content = picture(kind, (600, 400))
    assert render(content[: len(content) * 2 // 3], KINDS[kind]) == Rendered(note=BROKEN)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_under_a_wrong_name_is_read_by_no_other_reader(kind: str) -> None:
    for other in set(KINDS.values()) - {KINDS[kind], "image/heic"}:
        assert render(picture(kind), other) == Rendered(note=BROKEN)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_page_that_hides_in_a_picture_is_not_in_the_preview(kind: str) -> None:
    page = b"<html><script>alert(1)</script></html>"
    made = of(picture(kind) + page)
    assert made.shown is not None
    assert made.thumb is not None
    assert b"<script>" not in made.shown + made.thumb


def bomb(width: int, height: int) -> bytes:
    """A PNG that unfolds to width times height grey pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    squeezed = zlib.compressobj(9)
    rows = b"".join(squeezed.compress(bytes(width + 1)) for _ in range(height)) + squeezed.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_a_bomb_is_not_unfolded() -> None:
    assert render(bomb(20_000, 4_000), "image/png") == Rendered(note=TOO_MANY_PIXELS)


def test_a_monster_that_unfolds_when_it_is_opened_dies_by_the_limit_of_memory() -> None:
    control = b"\x21\xf9\x04" + bytes([0x08, 0, 0, 0, 0])
    screen = struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0)
    frame = control + b"," + struct.pack("<4HB", 0, 0, 65_535, 65_535, 0) + b"\x08\x01\x00\x00"
    made = render(b"GIF89a" + screen + frame * 3 + b";", "image/gif")
    assert made.shown is None
    assert made.note in {TOO_HEAVY, TOO_MANY_PIXELS}


def test_the_largest_picture_fits_into_the_memory_that_it_has() -> None:
    made = render(bomb(MAX_PIXELS // 6_000, 6_000), "image/png")
    assert made.note is None


def test_what_takes_too_long_is_ended() -> None:
    assert render(picture(), "image/jpeg", patience=0.001) == Rendered(note=TOO_HEAVY)


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put another program in the place of the renderer's."""

    def replace(source: str) -> None:
        package = tmp_path / "dispatcher" / "rendering"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        (package.parent / "__init__.py").touch()
        shutil.copy(kinds.__file__, package)
        (tmp_path / "normalizer").mkdir()
        shutil.copy(saying.__file__, tmp_path / "normalizer")
        (package / "child.py").write_text(source, "utf-8")
        monkeypatch.setattr(process, "_ROOT", tmp_path)

    return replace


TIED = Path(child.__file__).read_text("utf-8").partition("def _picture")[0]


@pytest.mark.parametrize(
    ("deed", "code"),
    [
        ("open('/etc/hostname')", "OSError"),
        ("import socket; socket.socket()", "OSError"),
        ("bytearray(2_000_000_000)", "MemoryError"),
        ("import os; os.write(1, bytes(50_000_000)); os.write(1, b'x')", "OSError"),
    ],
)
def test_the_renderer_can_open_nothing_and_take_little(program: Callable[[str], None], deed: str, code: str) -> None:
    before = "import socket, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n_tie_down()\n"
    program(f"{TIED}{before}try:\n    {deed}\nexcept {code}:\n    os._exit(7)\nos._exit(8)\n")
    ended = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process.log, "error", lambda _message, number: ended.append(number))
        assert render(picture(), "image/jpeg") == Rendered(note=NOT_NOW)
    assert ended == [7]


@pytest.mark.parametrize("signal", ["SIGKILL", "SIGSEGV", "SIGXCPU", "SIGABRT"])
def test_a_renderer_that_dies_leaves_a_note(program: Callable[[str], None], signal: str) -> None:
    program(f"import os, signal\nos.kill(os.getpid(), signal.{signal})\n")
    assert render(picture(), "image/jpeg") == Rendered(note=TOO_HEAVY)


def test_a_renderer_that_cannot_work_leaves_a_note_and_tells_the_operator(
    program: Callable[[str], None], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    program("raise ImportError('no such library')\n")
    assert render(picture(), "image/jpeg") == Rendered(note=NOT_NOW)
    assert "ended with code 1" in caplog.text
    monkeypatch.setattr(process.sys, "executable", "/nowhere/python")
    assert render(picture(), "image/jpeg") == Rendered(note=NOT_NOW)
    assert "FileNotFoundError" in caplog.text


def test_a_full_disk_leaves_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(process.tempfile, "TemporaryFile", full)
    assert render(picture(), "image/jpeg") == Rendered(note=NOT_NOW)


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\xff\n",
        b"[]\n",
        b"{}\n",
        b'{"sizes": [-1]}\n',
        b'{"sizes": [99999999999999]}\n',
        b'{"sizes": ["x"]}\n',
        b'{"sizes": [], "note": "<b>bukan catatan kami</b>"}\n',
        b'{"sizes": []}\n',
        b'{"sizes": [6, 6]}\n<html><html>',
        b'{"sizes": [0, 0], "location": [1, 2]}\n',
        b'{"sizes": [], "location": [1]}\n',
        b'{"sizes": [], "location": [NaN, 0]}\n',
        b'{"sizes": [], "location": [91, 0]}\n',
        b'{"sizes": [], "location": {"lat": 1}}\n',
        b"[" * 4000 + b"\n",
    ],
)
def test_a_renderer_that_was_taken_over_is_not_believed(program: Callable[[str], None], answer: bytes) -> None:
    program(f"import sys\nsys.stdout.buffer.write({answer!r})\n")
    assert render(picture(), "image/jpeg") == Rendered(note=TOO_HEAVY)


def test_the_renderer_sees_no_secret_of_ours(program: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUARA_SECRET_KEY", "rahasia")
    program("import os, sys\nsys.exit(9 if set(os.environ) <= {'PYTHONPATH', 'PATH', 'LANG', 'LC_CTYPE'} else 8)\n")
    ended = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process.log, "error", lambda _message, number: ended.append(number))
        render(picture(), "image/jpeg")
    assert ended == [9]
