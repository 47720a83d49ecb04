"""Maps: where complaints are. Leaflet comes from a Python package, tiles from another host only where one is set.

Whoever complains anonymously or confidentially stands on no map: a place may be where he lives.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Response, abort, g, url_for

from inbox.i18n import _
from inbox.numbers import number_words, period, question
from inbox.numbers.page import cards, filters_in_words
from inbox.queue.page import choices
from inbox.state import inbox, page, reading
from store.figures import rows

if TYPE_CHECKING:
    from store.figures.rows import Point

#: Points of one map, the newest of the slice; a page with more would be slow on a phone.
_MOST: Final = 2000
#: Complaints that the list beside the map shows; each point leads to its own.
_LISTED: Final = 50
_TYPES: Final = {"leaflet.js": "text/javascript", "leaflet.css": "text/css"}
_HIGHEST: Final = (90, 180)


@functools.cache
def _file(name: str) -> tuple[bytes, str]:
    """A file of the package, and its version."""
    from xstatic.pkg import leaflet  # noqa: PLC0415 - only maps need it

    content = Path(leaflet.BASE_DIR, name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:12]


def address(name: str) -> str:
    """Where a page finds a file of Leaflet's."""
    return url_for("inbox.leaflet", name=name, v=_file(name)[1])


def file(name: str) -> Response:
    """A file of Leaflet's, as the installed package has it."""
    if name not in _TYPES:
        abort(404)
    response = Response(_file(name)[0], content_type=f"{_TYPES[name]}; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def policy(base: str) -> str:
    """The page's policy; one with a map on it may load pictures from the host of the tiles, and from no other."""
    host = g.get("tiles")
    return base.replace("img-src 'self'", f"img-src 'self' {host}") if host else base


def ground() -> dict[str, str]:
    """What a map of this page is drawn on; whoever asks has put one there."""
    found = inbox().ground
    if found.tiles:
        parts = urlsplit(found.tiles)
        g.tiles = f"{parts.scheme}://{parts.netloc}"
    return {"tiles": found.tiles, "attribution": found.attribution}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """One place of one complaint, for the case page; `label` is what it is called."""

    points: list[dict[str, Any]]
    label: str
    ground: dict[str, str]


def spot(ticket: str, place: dict[str, Any] | None, *, hidden: bool) -> Spot | None:
    """Where a complaint is; None without coordinates, and where its reporter is hidden from this officer."""
    lat, lon = (place or {}).get("lat"), (place or {}).get("lon")
    if hidden or not _on_earth(lat, lon):
        return None
    label = f"{lat:.5f}, {lon:.5f}"
    return Spot(points=[{"lat": lat, "lon": lon, "name": ticket, "kind": "one"}], label=label, ground=ground())


def _on_earth(lat: object, lon: object) -> bool:
    numbers = isinstance(lat, int | float) and isinstance(lon, int | float)
    return numbers and abs(lat) <= _HIGHEST[0] and abs(lon) <= _HIGHEST[1]  # type: ignore[arg-type] # both are numbers


def show() -> Response:
    """The map of a period's complaints, as the filters narrow them, with a list beside it."""
    asked = question.read()
    with reading() as connection:
        found = rows.points(connection, asked.asked(), _MOST + 1)
        shown = cards(connection, found[:_LISTED])
    points = [_point(each) for each in found[:_MOST] if _on_earth(each.lat, each.lon)]
    return page(
        "map.html",
        title=_("Peta aduan"),
        **choices(),
        question=asked,
        periods=period.NAMES,
        kept=filters_in_words(asked),
        points=points,
        cards=shown,
        more=len(found) > _MOST,
        most=number_words.number(_MOST),
        listed=_LISTED,
        count=number_words.number(len(points)),
        ground=ground(),
    )


def _point(each: Point) -> dict[str, Any]:
    return {
        "lat": each.lat,
        "lon": each.lon,
        "name": f"{each.ticket}: {number_words.OUTCOMES[each.outcome]}",
        "kind": each.outcome.value,
        "href": url_for("inbox.case", ticket=each.ticket),
    }
