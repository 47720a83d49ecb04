"""In the renderer's process: a film's pictures and sound go as they are into a new MP4 that says nothing else.

Phones write where and when a film was taken beside its tracks, and into tracks of their own.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import av

if TYPE_CHECKING:
    from av.packet import Packet
    from av.stream import Stream

#: The one reader for all of the box format.
_READER: Final = "mov"
#: What browsers play out of an MP4; anything else would have to be made anew, for minutes.
_PICTURES: Final = frozenset({"h264", "hevc", "av1", "vp9"})
_SOUNDS: Final = frozenset({"aac", "mp3", "opus", "flac"})


class Unplayable(Exception):  # noqa: N818 - it says what is wrong
    """No browser plays its tracks."""


def prepare() -> None:
    """Load everything: afterwards nothing can be opened any more. The library loads parts of itself late."""
    sample = io.BytesIO()
    with av.open(sample, "w", format="mp4") as target:
        track = target.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame("fltp", "mono", 1024)
        frame.sample_rate = 16_000
        frame.planes[0].update(bytes(frame.planes[0].buffer_size))
        target.mux(track.encode(frame))
        target.mux(track.encode(None))
    render(sample.getvalue())


def render(content: bytes) -> bytes:
    """The first track of each kind in a new MP4; any error where that cannot be."""
    made = io.BytesIO()
    with (
        av.open(io.BytesIO(content), "r", format=_READER, metadata_errors="ignore") as source,
        av.open(made, "w", format="mp4") as target,
    ):
        wanted: list[Stream] = [*source.streams.video[:1], *source.streams.audio[:1]]
        if not wanted or any(track.codec_context.codec.canonical_name not in _PICTURES | _SOUNDS for track in wanted):
            raise Unplayable
        tracks = {track.index: target.add_stream_from_template(track) for track in wanted}
        count = 0
        for packet in source.demux(wanted):
            if _holds(packet):
                packet.stream = tracks[packet.stream.index]
                target.mux(packet)
                count += 1
        if not count:
            raise Unplayable
    return made.getvalue()


def _holds(packet: Packet[Any]) -> bool:
    """The last packet of each track is an empty one."""
    return packet.dts is not None and packet.size > 0
