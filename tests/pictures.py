"""Pictures and sounds as phones make them, for tests: small, coloured, with a position where one is given."""

from __future__ import annotations

import array
import io
import math
from typing import TYPE_CHECKING, Any

import av
import pillow_heif
from PIL import ExifTags, Image

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Alun-alun of a regency that does not exist, in degrees, minutes, seconds.
SOUTH = {
    ExifTags.GPS.GPSLatitudeRef: "S",
    ExifTags.GPS.GPSLatitude: (6.0, 52.0, 48.0),
    ExifTags.GPS.GPSLongitudeRef: "E",
    ExifTags.GPS.GPSLongitude: (109.0, 7.0, 30.0),
}
PLACE = (-6.88, 109.125)
OWNER = "Kartono Wiryadinata"
RED, BLUE = (200, 30, 30), (30, 30, 200)

pillow_heif.register_heif_opener()


def exif(gps: Mapping[int, Any] | None = None, orientation: int = 1) -> bytes:
    """An EXIF block that names its owner, too."""
    made = Image.Exif()
    made[ExifTags.Base.Orientation] = orientation
    made[ExifTags.Base.Artist] = OWNER
    made[ExifTags.Base.ImageDescription] = OWNER
    if gps is not None:
        made[ExifTags.IFD.GPSInfo] = dict(gps)
    return made.tobytes()


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: Any) -> bytes:
    """Red on its left half, blue on its right."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    buffer = io.BytesIO()
    image.convert(mode).save(buffer, kind, **options)
    return buffer.getvalue()


def sound(container: str, codec: str, rate: int = 8000, seconds: float = 1.0) -> bytes:
    """A tone of 440 Hz."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        track = target.add_stream(codec, rate=rate, layout="mono")
        size = track.codec_context.frame_size or 160
        resampler = av.AudioResampler(format=track.format, layout="mono", rate=rate, frame_size=size)
        for at in range(0, int(seconds * rate), 160):
            frame = av.AudioFrame("s16", "mono", 160)
            frame.sample_rate, frame.pts = rate, at
            wave = [int(9000 * math.sin((at + step) * 2 * math.pi * 440 / rate)) for step in range(160)]
            frame.planes[0].update(array.array("h", wave).tobytes())
            for piece in resampler.resample(frame):
                target.mux(track.encode(piece))
        for piece in resampler.resample(None):
            target.mux(track.encode(piece))
        target.mux(track.encode(None))
    return buffer.getvalue()


def film(container: str, codec: str, frames: int = 25, **metadata: str) -> bytes:
    """A second of green."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as target:
        target.metadata.update(metadata)
        track = target.add_stream(codec, rate=25, width=176, height=144, pix_fmt="yuv420p")
        track.metadata.update(handler_name=metadata.get("title", ""))
        for _ in range(frames):
            frame = av.VideoFrame(176, 144, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
    return buffer.getvalue()


def decoded(content: bytes) -> Image.Image:
    """The picture, loaded."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def seconds(content: bytes) -> float:
    """How long a sound lasts, by decoding it."""
    with av.open(io.BytesIO(content)) as source:
        rate = source.streams.audio[0].rate
        return sum(frame.samples for frame in source.decode(audio=0)) / rate
