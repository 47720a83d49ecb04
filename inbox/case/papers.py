"""Citizens' files as the thread shows them: what can be seen or played, what can be had, and why not."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from dispatcher.rendering.kinds import PLAYED, RENDERED
from inbox import words
from inbox.i18n import _, lazy, said

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from inbox.masking import Veil

#: For those who may not see who wrote: the file itself might tell.
WITHHELD: Final = lazy("berkas asli hanya untuk yang boleh melihat identitas pelapor")
#: Of a file that an officer sends: it is here, and its preview is not.
OWN_OWED: Final = lazy("pratinjaunya sedang dibuat")
_NAMES: Final = {"image": lazy("Foto"), "audio": lazy("Rekaman suara"), "video": lazy("Video")}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A place on the map."""

    url: str
    label: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """An attachment. `kind` is image, audio, video, file (a download) or gone; `problem` says what is wrong with it.

    `original` offers the file as it came; `point` is where a picture was taken.
    """

    id: UUID
    kind: str
    name: str
    size: str
    problem: str
    original: bool
    point: Point | None


def kind(row: Any) -> str:
    """What a browser does with a stored file, from its row with its rendition's columns."""
    if row.shown is not None:
        return str(row.shown_type).partition("/")[0]
    return str(row.content_type).partition("/")[0] if row.content_type in PLAYED else "file"


def tells(row: Any, direction: str) -> bool:
    """Whether a citizen's file says more than it shows: phones write places and owners into pictures and films."""
    return direction == "in" and row.content_type in RENDERED


def paper(row: Any, cover: Veil, direction: str = "in") -> Paper:
    """The attachment as one officer may see it; `direction` is its line's, a citizen's or ours."""
    how = kind(row) if row.state == "stored" else "gone"
    problem = said(row.error) if how != "gone" else words.ATTACHMENTS.get(row.state, row.state)
    if direction != "in" and row.state == "owed":
        problem = OWN_OWED
    withheld = cover.hidden and tells(row, direction)
    if how == "file" and withheld:
        how, problem = "gone", f"{problem}; {WITHHELD}" if problem else WITHHELD
    plain = _NAMES.get(str(row.content_type).partition("/")[0], _("Berkas"))
    return Paper(
        id=row.id,
        kind=how,
        name=plain if cover.hidden else row.name or plain,
        size=words.size(row.size),
        problem=problem,
        original=not withheld,
        point=None if cover.hidden else point(row.place, _("dari foto")),
    )


def point(location: Mapping[str, Any] | None, label: str) -> Point | None:
    """The place with its address on the map; its figures where it has no label."""
    if not location or location.get("lat") is None or location.get("lon") is None:
        return None
    lat, lon = float(location["lat"]), float(location["lon"])
    return Point(
        url=f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={lon:.6f}#map=17/{lat:.6f}/{lon:.6f}",
        label=label or f"{lat:.5f}, {lon:.5f}",
    )
