"""Which files are shown how; types as `dispatcher.sniff` names them."""

from __future__ import annotations

from typing import Final

#: Shown by a preview only: the file itself says in its EXIF where, when and by whom it was taken.
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/avif"})
#: Voice notes that no browser plays as they are.
SOUNDS: Final = frozenset({"audio/amr", "audio/amr-wb", "audio/3gpp"})
#: What a rendition is made of.
RENDERED: Final = PICTURES | SOUNDS
#: What browsers play as it came.
PLAYED: Final = frozenset(
    {
        *("audio/ogg", "audio/mpeg", "audio/mp4", "audio/aac", "audio/wav"),
        *("video/mp4", "video/webm", "video/quicktime"),
    }
)
