"""What stands in one Telegram message: its words, files, place and the rest that the provider told."""

from __future__ import annotations

import dataclasses
import math
import re
from typing import TYPE_CHECKING, Any

from channels.telegram.names import ASIDE, READ
from normalizer.messages import JSON, Attachment, Location

if TYPE_CHECKING:
    from telegram import Message

_COMMAND = re.compile(r"/(start|lapor|status)(?:@\w+)?(?:\s+|$)", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z_]{0,39}")
_INT64 = 2**63
#: Where a rich message (Bot API 10.1, which PTB 22.8 does not know) keeps words, in reading order.
_RICH_LINES = ("summary", "blocks", "items", "cells", "text", "caption", "credit", "expression")


class Unreadable(Exception):  # noqa: N818 - says what the message is
    """A part that cannot be read; the text names the part and none of its content."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A message's content; `command` is one of start, lapor, status, and is cut off from `text`."""

    text: str
    command: str | None
    quoted: str | None
    attachments: tuple[Attachment, ...]
    location: Location | None
    hints: dict[str, JSON]


def integer(value: object) -> int | None:
    """A whole number that a database column of 64 bits holds, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and -_INT64 < value < _INT64:
        return value
    return None


def readable(value: object, part: str) -> str:
    """A string that came as one; half surrogate pairs and NUL are gone since the JSON was read. Unreadable."""
    if not isinstance(value, str):
        raise Unreadable(f"{part}: not a text")
    return value


def part_name(name: str) -> str:
    """The name of a field as it may stand in a reason: one that Telegram could have given, else a question mark."""
    return name if _NAME.fullmatch(name) else "?"


def contents(message: Message, raw: dict[str, Any]) -> Contents:
    """Everything a citizen put into a message; `raw` is the same message as it came. Unreadable."""
    attachments = tuple(_attachments(message))
    location = _location(message)
    written = message.text if message.text is not None else message.caption
    text = readable(written, "text") if written is not None else _described(message, raw)
    hints = _hints(message, raw)
    if "rich_message" in raw:
        # Only its words are read; the officer can ask for the pictures in it.
        hints["unsupported"] = ["rich_message"]
    if not (text or attachments or location):
        names = sorted(part_name(name) for name in set(raw) - READ - ASIDE) or ["kosong"]
        text = f"[Pesan Telegram ini tidak dapat ditampilkan di sini: {', '.join(names)}]"
        hints["unsupported"] = [*names]
    command, text = _command(text)
    quoted = readable(message.quote.text, "quote") if message.quote else None
    return Contents(text=text, command=command, quoted=quoted, attachments=attachments, location=location, hints=hints)


def _command(text: str) -> tuple[str | None, str]:
    if found := _COMMAND.match(text):
        return found[1].lower(), text[found.end() :]
    return None, text


def _attachments(message: Message) -> list[Attachment]:
    files = []
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        files.append(_file(largest, "image/jpeg"))
    if message.live_photo:
        files.append(_file(message.live_photo, "video/mp4"))
    if message.animation:
        # Telegram repeats an animation as a document, for old bots.
        files.append(_file(message.animation, "video/mp4"))
    elif message.document:
        files.append(_file(message.document, None))
    if message.video:
        files.append(_file(message.video, "video/mp4"))
    if message.voice:
        files.append(_file(message.voice, "audio/ogg"))
    if message.audio:
        files.append(_file(message.audio, "audio/mpeg"))
    if message.video_note:
        files.append(_file(message.video_note, "video/mp4"))
    if sticker := message.sticker:
        animated = "application/x-tgsticker" if sticker.is_animated else "image/webp"
        files.append(_file(sticker, "video/webm" if sticker.is_video else animated))
    return files


def _file(item: Any, content_type: str | None) -> Attachment:
    name = getattr(item, "file_name", None)
    claimed = getattr(item, "mime_type", None) or content_type
    size = integer(item.file_size)
    return Attachment(
        ref=readable(item.file_id, "file_id"),
        name=None if name is None else readable(name, "file_name"),
        content_type=None if claimed is None else readable(claimed, "mime_type"),
        size=size if size is None or size >= 0 else None,
    )


def _location(message: Message) -> Location | None:
    venue = message.venue
    place = venue.location if venue else message.location
    if place is None:
        return None
    lat, lon = place.latitude, place.longitude
    if not (_degrees(lat, 90) and _degrees(lon, 180)):
        raise Unreadable("location: no point on earth")
    label = ", ".join(readable(part, "venue") for part in (venue.title, venue.address) if part) if venue else None
    return Location(lat=float(lat), lon=float(lon), label=label)


def _degrees(value: object, limit: int) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value) and abs(value) <= limit  # type: ignore[arg-type] # a number by now


def _described(message: Message, raw: dict[str, Any]) -> str:
    """Words for content that has none of its own, so that the officer sees what came."""
    if card := message.contact:
        names = " ".join(readable(name, "contact") for name in (card.first_name, card.last_name) if name)
        return f"Kontak: {names}, {readable(card.phone_number, 'contact')}"
    if poll := message.poll:
        options = "".join(f"\n- {readable(option.text, 'poll')}" for option in poll.options)
        return f"Jajak pendapat: {readable(poll.question, 'poll')}{options}"
    if dice := message.dice:
        return f"{readable(dice.emoji, 'dice')} {integer(dice.value) or ''}".strip()
    if message.sticker:
        return readable(message.sticker.emoji or "", "sticker")
    if isinstance(checklist := raw.get("checklist"), dict):
        tasks = "\n".join(f"- {_rich(task, '')}" for task in checklist.get("tasks") or ())
        return f"{_rich(checklist.get('title'), '')}\n{tasks}".strip()
    return readable(_rich(raw.get("rich_message"), "\n"), "rich_message")


def _rich(node: Any, between: str) -> str:
    """The bare words of rich text, one block a line."""
    if isinstance(node, str):
        return node
    if isinstance(node, list):
        return between.join(words for part in node if (words := _rich(part, between)))
    if isinstance(node, dict):
        parts = ((node[key], "\n" if key in {"blocks", "items", "cells"} else "") for key in _RICH_LINES if key in node)
        return "\n".join(words for part, gap in parts if (words := _rich(part, gap)))
    return ""


def _hints(message: Message, raw: dict[str, Any]) -> dict[str, JSON]:
    hints: dict[str, JSON] = {}
    links: list[JSON] = [
        readable(entity.url, "entities") for entity in (*message.entities, *message.caption_entities) if entity.url
    ]
    if links:
        hints["links"] = links
    if message.forward_origin:
        hints["forwarded"] = readable(str(message.forward_origin.type), "forward_origin")
    if (user := message.from_user) and user.username:
        hints["username"] = readable(user.username, "from")
    if user and user.language_code:
        hints["language"] = readable(user.language_code, "from")
    if message.contact and user and message.contact.user_id == user.id:
        hints["own_phone"] = readable(message.contact.phone_number, "contact")
    if isinstance(place := raw.get("location"), dict) and (live := integer(place.get("live_period"))):
        hints["live_location_seconds"] = live
    return hints
