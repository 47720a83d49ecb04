"""In the renderer's process: a picture becomes a preview and a thumbnail with nothing in them but pixels."""

from __future__ import annotations

import importlib
import io
import math
from typing import TYPE_CHECKING, Any, Final

from PIL import ExifTags, Image, ImageOps

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Longest edges in pixels: what opens from the thread, and what stands in it.
PREVIEW, THUMB = 1600, 400
_QUALITY: Final = 82
#: The one reader for each type, and the module that brings it: no file chooses its own.
_READERS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "image/jpeg": (("JPEG", "MPO"), ("PIL.JpegImagePlugin", "PIL.MpoImagePlugin")),
    "image/png": (("PNG",), ("PIL.PngImagePlugin",)),
    "image/gif": (("GIF",), ("PIL.GifImagePlugin",)),
    "image/webp": (("WEBP",), ("PIL.WebPImagePlugin",)),
    # An AVIF may name itself by the general brand of both.
    "image/heic": (("HEIF", "AVIF"), ("pillow_heif", "PIL.AvifImagePlugin")),
    "image/avif": (("AVIF",), ("PIL.AvifImagePlugin",)),
}


class TooManyPixels(Exception):  # noqa: N818 - it says what is wrong
    """The picture unfolds to more pixels than we show."""


def prepare(content_type: str) -> None:
    """Load what reads this type: afterwards nothing can be opened any more."""
    Image.preinit()
    kinds, modules = _READERS[content_type]
    for name in modules:
        module = importlib.import_module(name)
        if name == "pillow_heif":
            # One thread: what a picture may take of the machine is counted for the process.
            module.options.DECODE_THREADS = 1
            module.register_heif_opener(thumbnails=False)
    # The library loads parts of itself late, so a picture of our own goes the whole way first.
    kind = kinds[0] if kinds[0] in {"GIF", "PNG", "WEBP"} else "JPEG"
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.IFD.GPSInfo] = {ExifTags.GPS.GPSLatitudeRef: "N"}
    buffer = io.BytesIO()
    Image.new("RGB", (2, 2)).save(buffer, kind, exif=exif)
    render(buffer.getvalue(), f"image/{kind.lower()}", 4)


def render(content: bytes, content_type: str, max_pixels: int) -> tuple[list[bytes], tuple[float, float] | None]:
    """Preview and thumbnail as JPEG, and the (latitude, longitude) of the EXIF; any error where it is no picture."""
    Image.MAX_IMAGE_PIXELS = None  # our own bound follows, and the process has another
    with Image.open(io.BytesIO(content), formats=_READERS[content_type][0]) as picture:
        if picture.width * picture.height > max_pixels:
            raise TooManyPixels
        place = _position(picture)
        preview = _pixels(picture)
    thumb = preview.copy()
    thumb.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return [_jpeg(preview), _jpeg(thumb)], place


def _pixels(picture: Image.Image) -> Image.Image:
    """The first frame upright, small, on white, in an image of its own that carries nothing else over."""
    if picture.mode.startswith("I;16") or picture.mode == "I":
        picture = picture.point(lambda value: value * (1 / 256)).convert("L")
    elif picture.mode in {"P", "PA"}:
        picture = picture.convert("RGBA")
    picture.thumbnail((PREVIEW, PREVIEW), Image.Resampling.LANCZOS, reducing_gap=2.0)
    upright = ImageOps.exif_transpose(picture)
    page = Image.new("RGB", upright.size, "white")
    if upright.has_transparency_data:
        layer = upright.convert("RGBA")
        page.paste(layer, mask=layer.getchannel("A"))
    else:
        page.paste(upright.convert("RGB"))
    return page


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    return buffer.getvalue()


def _position(picture: Image.Image) -> tuple[float, float] | None:
    """Where the camera was; None where the EXIF says nothing that is a place. Broken EXIF spoils no picture."""
    try:
        gps = picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(gps.get(ExifTags.GPS.GPSLatitude), gps.get(ExifTags.GPS.GPSLatitudeRef), "S", 90)
        longitude = _degrees(gps.get(ExifTags.GPS.GPSLongitude), gps.get(ExifTags.GPS.GPSLongitudeRef), "W", 180)
    except Exception:  # noqa: BLE001 - a reader of EXIF raises whatever a file makes it raise
        return None
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None
    return latitude, longitude


def _degrees(values: Any, reference: Any, negative: str, most: int) -> float | None:
    """Degrees, minutes and seconds as one number (Exif 2.32, GPSLatitude); phones without a fix write 0/0."""
    degrees, minutes, seconds = (float(value) for value in values)
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found) or not 0 <= found <= most:
        return None
    return -found if str(reference).strip("\0 ").upper() == negative else found
