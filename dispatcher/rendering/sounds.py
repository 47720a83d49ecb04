"""In the renderer's process: a voice note of an old phone becomes one that every browser plays."""

from __future__ import annotations

import io
import wave
from typing import Final

import av

#: The one reader for each type: left to choose, the library would try formats that name other files.
_READERS: Final = {"audio/amr": "amr", "audio/amr-wb": "amr", "audio/3gpp": "mov", "audio/wav": "wav"}
#: Speech; MPEG-2 layer III has this rate, and every browser plays it.
_RATE: Final = 16_000
_BITS: Final = 32_000


class Silence(Exception):  # noqa: N818 - it says what is wrong
    """There is no sound in it."""


def prepare() -> None:
    """Load everything: afterwards nothing can be opened any more. The library loads parts of itself late."""
    silence = io.BytesIO()
    with wave.open(silence, "wb") as sample:
        sample.setnchannels(1)
        sample.setsampwidth(2)
        sample.setframerate(_RATE)
        sample.writeframes(bytes(_RATE // 10))
    render(silence.getvalue(), "audio/wav")


def render(content: bytes, content_type: str) -> bytes:
    """The first track as MP3, mono; any error where it is no sound."""
    made = io.BytesIO()
    samples = 0
    with (
        av.open(io.BytesIO(content), "r", format=_READERS[content_type], metadata_errors="ignore") as source,
        av.open(made, "w", format="mp3") as target,
    ):
        if not source.streams.audio:
            raise Silence
        track = target.add_stream("libmp3lame", rate=_RATE, layout="mono")
        track.bit_rate = _BITS
        resampler = av.AudioResampler(format=track.format, layout="mono", rate=_RATE)
        for frame in source.decode(audio=0):
            for piece in resampler.resample(frame):
                samples += piece.samples
                target.mux(track.encode(piece))
        for piece in resampler.resample(None):
            samples += piece.samples
            target.mux(track.encode(piece))
        target.mux(track.encode(None))
    if not samples:
        raise Silence
    return made.getvalue()
