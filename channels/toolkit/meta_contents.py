"""What stands in one message of Messenger or Instagram: words, files, place, and what was shared or answered."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from channels.toolkit.meta_fields import (
    Unreadable,
    cdn_deadline,
    entries,
    ident_or_none,
    mapping,
    name_of,
    text,
    web_address,
)
from channels.toolkit.payload import storable
from normalizer.messages import JSON, Attachment, Location

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The three sizes of Messenger's thumb up.
_THUMBS: Final = frozenset({"369239263222822", "369239343222814", "369239383222810"})
_FILES: Final = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/mp4",
    "file": None,
    "animated_image": None,
}
#: A story is gone after a day, and so is its address.
STORY_LIFE: Final = timedelta(days=1)
_MEDIA_HOSTS: Final = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com")
#: Payloads of our own buttons that stand for a command.
_COMMANDS: Final = {"get_started": "start", "start": "start", "lapor": "lapor", "status": "status"}
_SHARED: Final = frozenset({
    "fallback", "share", "post", "reel", "ig_post", "ig_reel", "ig_story", "story_share", "template", "product",
    "appointment_booking", "xma_link", "xma_media_share",
})  # fmt: skip
STORY_MENTION: Final = "[Menyebut akun kita dalam Story Instagram]"


@dataclasses.dataclass(slots=True)
class Contents:
    """A message's content while it is read; `text` is the citizen's, or says in brackets what came without words."""

    text: str = ""
    command: str | None = None
    attachments: list[Attachment] = dataclasses.field(default_factory=list)
    location: Location | None = None
    in_reply_to: str | None = None
    hints: dict[str, JSON] = dataclasses.field(default_factory=dict)


def read_contents(message: Mapping[str, Any], sent_at: datetime | None) -> Contents:
    """Everything in a webhook's `message`. Unreadable."""
    found = Contents(text=text(message.get("text"), "text"))
    described: list[str] = []
    stickers: set[str] = set()
    for attachment in entries(message.get("attachments"), "attachments"):
        described += _attachment(attachment, sent_at, found, stickers)
    if (loose := ident_or_none(message.get("sticker_id"), "sticker_id")) and loose not in stickers:
        described += _sticker(loose, None, sent_at, found)
    if message.get("is_unsupported") is True:
        found.hints["unsupported"] = True
    _replied(message.get("reply_to"), found)
    if message.get("quick_reply") is not None:
        press(found, mapping(message["quick_reply"], "quick_reply").get("payload"))
    if message.get("referral") is not None:
        refer(found, message["referral"])
    complete(found, described)
    return found


def complete(found: Contents, described: list[str]) -> None:
    """Give a message without words those that describe it; one with nothing at all says that it cannot be shown."""
    if not found.text:
        found.text = "\n".join(described)
    if not (found.text or found.attachments or found.location or found.command):
        found.text = "[Pesan ini tidak dapat ditampilkan di sini]"
        found.hints["unsupported"] = True


def press(found: Contents, payload: Any) -> None:
    """A button's payload: a hint, and a command where it is one of ours; the button's title is then no text."""
    said = text(payload, "payload")
    if said:
        found.hints["payload"] = said
        found.command = _COMMANDS.get(said.lower())
    if found.command:
        found.text = ""


def refer(found: Contents, value: Any) -> None:
    """Where a citizen came from: an m.me link's or an advertisement's reference."""
    referral = mapping(value, "referral")
    for name in ("ref", "source", "type"):
        if said := text(referral.get(name), f"referral.{name}"):
            found.hints[f"referral_{name}"] = said


def media(url: str, kind: str, sent_at: datetime | None, life: timedelta | None = None) -> Attachment:
    """A file at Meta's CDN; documents get their name from the address."""
    last = unquote(urlsplit(url).path.rsplit("/", 1)[-1], errors="replace") if kind == "file" else ""
    deadline = cdn_deadline(url, sent_at, life) if life else cdn_deadline(url, sent_at)
    return Attachment(url=url, content_type=_FILES.get(kind), name=storable(last)[:120] or None, deadline=deadline)


def at_meta(url: str) -> bool:
    """Is an address a file of Meta's CDN, not a page to read?"""
    return f".{urlsplit(url).hostname}".endswith(_MEDIA_HOSTS)


def _attachment(
    attachment: Mapping[str, Any], sent_at: datetime | None, found: Contents, stickers: set[str]
) -> list[str]:
    """Add one attachment; gives words for what has none of its own."""
    kind = name_of(attachment.get("type"))
    payload = mapping(attachment.get("payload") or {}, f"{kind}.payload")
    url = web_address(payload.get("url"))
    sticker = ident_or_none(payload.get("sticker_id"), "sticker_id")
    if sticker:
        # Until August 2026 a sticker came twice in one message: as an image and as a sticker.
        fresh = sticker not in stickers
        stickers.add(sticker)
        return _sticker(sticker, url, sent_at, found) if fresh else []
    if kind == "location":
        found.location = _location(payload, attachment)
        return []
    if kind == "story_mention":
        found.hints["story_mention"] = True
        if url:
            found.attachments.append(media(url, kind, sent_at, STORY_LIFE))
        return [STORY_MENTION]
    if kind in _FILES and url:
        found.attachments.append(media(url, kind, sent_at))
        return []
    return _shared(kind, attachment, payload, sent_at, found)


def _shared(
    kind: str, attachment: Mapping[str, Any], payload: Mapping[str, Any], sent_at: datetime | None, found: Contents
) -> list[str]:
    title = text(attachment.get("title"), "title") or text(payload.get("title"), "title")
    url = web_address(payload.get("url")) or web_address(attachment.get("url"))
    if kind in _SHARED:
        _append(found.hints, "shared", kind)
    else:
        _append(found.hints, "unsupported_parts", kind)
    if url and at_meta(url):
        found.attachments.append(media(url, kind, sent_at))
        url = None
    if url:
        _append(found.hints, "links", url)
    words = [part for part in (title, url) if part]
    return words or [f"[Membagikan sesuatu yang tidak dapat ditampilkan di sini: {kind}]"]


def _sticker(sticker: str, url: str | None, sent_at: datetime | None, found: Contents) -> list[str]:
    found.hints["sticker_id"] = sticker
    if sticker in _THUMBS:
        return ["\U0001f44d"]
    if url:
        found.attachments.append(media(url, "sticker", sent_at))
    return [] if url else ["[Stiker]"]


def _location(payload: Mapping[str, Any], attachment: Mapping[str, Any]) -> Location:
    point = mapping(payload.get("coordinates"), "coordinates")
    lat, lon = point.get("lat"), point.get("long")
    if not (_degrees(lat, 90) and _degrees(lon, 180)):
        raise Unreadable("location: no point on earth")
    return Location(lat=float(lat), lon=float(lon), label=text(attachment.get("title"), "title") or None)  # type: ignore[arg-type] # numbers by now


def _degrees(value: object, limit: int) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) <= limit  # type: ignore[arg-type] # a number by now


def _replied(value: Any, found: Contents) -> None:
    if value is None:
        return
    reply = mapping(value, "reply_to")
    if reply.get("story") is not None:
        story = mapping(reply["story"], "reply_to.story")
        found.hints["story_id"] = ident_or_none(story.get("id"), "reply_to.story.id") or True
        return
    found.in_reply_to = ident_or_none(reply.get("mid"), "reply_to.mid")


def _append(hints: dict[str, JSON], name: str, value: str) -> None:
    known = hints.setdefault(name, [])
    if isinstance(known, list):
        known.append(value)
