"""What a post or a message carries besides its words: files, place, links, and what it quotes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from channels.x.around import text, thing, things, words
from normalizer.messages import JSON, Attachment, Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.x.around import Around, Thing

#: Files of direct messages stand here, behind a log-in; the last three parts of the path name one.
_PRIVATE_HOST: Final = "ton.twitter.com"
_PRIVATE_PATH: Final = "/1.1/ton/data/dm/"
_PARTS: Final = 3
_TYPES: Final = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
}
#: A video comes in several sizes; one of more bits a second shows no more of a pothole.
_ENOUGH_BITS: Final = 2_500_000
#: Degrees: a place that is larger than this is no point on a map.
_LARGEST_PLACE: Final = 0.5
_CORNERS: Final = 4


def attachments(carrier: Thing, around: Around) -> tuple[Attachment, ...]:
    """The files that `attachments.media_keys` names, as far as X told where they are."""
    return tuple(file for file in map(_attachment, _media(carrier, around)) if file is not None)


def _media(carrier: Thing, around: Around) -> list[Thing]:
    keys = thing(carrier, "attachments").get("media_keys")
    known = [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
    return [around.media[key] for key in known if key in around.media]


def _attachment(media: Thing) -> Attachment | None:
    url, content_type = _film(media) or (text(media, "url") or text(media, "preview_image_url"), None)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"}:
        return None
    name = parts.path.rsplit("/", 1)[-1] or None
    content_type = content_type or _TYPES.get((name or "").rpartition(".")[2].lower())
    if parts.hostname == _PRIVATE_HOST and parts.path.startswith(_PRIVATE_PATH):
        ref = parts.path.removeprefix(_PRIVATE_PATH)
        return Attachment(name=name, content_type=content_type, ref=ref) if is_private_ref(ref) else None
    return Attachment(name=name, content_type=content_type, url=url)


def is_private_ref(ref: str) -> bool:
    """Is it the three parts that name a file of a direct message?"""
    parts = ref.split("/")
    return len(parts) == _PARTS and all(part not in {"", ".", ".."} for part in parts)


def _film(media: Thing) -> tuple[str, str] | None:
    """The best size of a video or an animation that is not larger than it need be."""
    sizes = [
        (each["bit_rate"], each["url"])
        for each in things(media.get("variants"))
        if each.get("content_type") == "video/mp4" and type(each.get("bit_rate")) is int and text(each, "url")
    ]
    if not sizes:
        return None
    good = [size for size in sizes if size[0] <= _ENOUGH_BITS]
    return (max(good) if good else min(sizes))[1], "video/mp4"


def location(post: Thing, around: Around) -> tuple[Location | None, str | None]:
    """The point of a post and the name of its place; the middle of a place that is small enough to be one."""
    geo = thing(post, "geo")
    place = around.places.get(geo["place_id"], {}) if isinstance(geo.get("place_id"), str) else {}
    label = text(place, "full_name") or text(place, "name")
    point = _point(thing(geo, "coordinates").get("coordinates")) or _middle(thing(place, "geo").get("bbox"))
    return (None if point is None else Location(lat=point[0], lon=point[1], label=label)), label


def _point(value: Any) -> tuple[float, float] | None:
    """Latitude and longitude of GeoJSON's longitude and latitude."""
    match value:
        case [float() | int() as lon, float() | int() as lat] if _on_earth(lat, lon):
            return float(lat), float(lon)
    return None


def _middle(value: Any) -> tuple[float, float] | None:
    if not isinstance(value, list) or len(value) != _CORNERS:
        return None
    low, high = _point(value[:2]), _point(value[2:])
    if low is None or high is None or any(abs(high[at] - low[at]) > _LARGEST_PLACE for at in (0, 1)):
        return None
    return round((low[0] + high[0]) / 2, 6), round((low[1] + high[1]) / 2, 6)


def _on_earth(lat: float, lon: float) -> bool:
    numbers = not isinstance(lat, bool) and not isinstance(lon, bool)
    return numbers and math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180  # noqa: PLR2004 - degrees


def entities(post: Thing, name: str) -> list[Thing]:
    """Mentions, hashtags or urls, of the long form of a post too."""
    return [
        *things(thing(post, "entities").get(name)),
        *things(thing(thing(post, "note_tweet"), "entities").get(name)),
    ]


def links(post: Thing) -> list[JSON]:
    """Where the addresses in the text lead to; those that only stand for the post's own files left out."""
    found = [
        text(url, "unwound_url") or text(url, "expanded_url")
        for url in entities(post, "urls")
        if text(url, "media_key") is None
    ]
    return list(dict.fromkeys(url for url in found if url is not None))


def hashtags(post: Thing) -> list[JSON]:
    """The tags of the text, without #."""
    return list(dict.fromkeys(tag for each in entities(post, "hashtags") if (tag := text(each, "tag")) is not None))


def alt_texts(post: Thing, around: Around) -> list[JSON]:
    """What the citizen wrote to describe the pictures."""
    found = (text(media, "alt_text") for media in _media(post, around))
    return [words(each) for each in found if each is not None]


def quoted(carrier: Thing, around: Around) -> str | None:
    """What the citizen quotes, shares or replies to, where it is not our own and so stands in the thread already."""
    return "\n\n".join(_quotations(carrier, around)) or None


def _quotations(carrier: Thing, around: Around) -> Iterator[str]:
    for reference in things(carrier.get("referenced_tweets")):
        other = around.tweets.get(str(reference.get("id")))
        if other is None or (reference.get("type") == "replied_to" and around.is_us(other.get("author_id"))):
            continue
        username = around.username(other.get("author_id"))
        said = full_text(other)
        yield f"@{username}: {said}" if username else said


def full_text(post: Thing) -> str:
    """All the words of a post; a long one has them in `note_tweet`."""
    return words(text(thing(post, "note_tweet"), "text") or text(post, "text") or "")
