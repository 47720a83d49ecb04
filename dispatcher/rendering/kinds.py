"""Which files are shown how; types as `dispatcher.sniff` names them."""

from __future__ import annotations

from typing import Final

#: Shown by a preview only: the file itself says in its EXIF where, when and by whom it was taken.
PICTURES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/avif"})
#: Voice notes that no browser plays as they are.
SOUNDS: Final = frozenset({"audio/amr", "audio/amr-wb", "audio/3gpp"})
#: Films, and sounds in the box of a film: played by a copy without what phones write beside the tracks.
FILMS: Final = frozenset({"video/mp4", "video/quicktime", "video/3gpp", "audio/mp4"})
#: What a rendition is made of. The file itself may tell who sent it, and where from.
RENDERED: Final = PICTURES | SOUNDS | FILMS
#: What browsers play as it came.
PLAYED: Final = frozenset({"audio/ogg", "audio/mpeg", "audio/aac", "audio/wav", "video/webm"})
