"""What stands in one LINE message: its words, files and place. Source: the Messaging API's webhook description."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final

from normalizer.messages import Attachment, Location

if TYPE_CHECKING:
    from normalizer.messages import JSON

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")
_INT64: Final = 2**63
_MOST_KEYWORDS: Final = 3
#: What LINE turns each sort into; a file keeps the sort that it was sent with.
_TYPES: Final = {"image": "image/jpeg", "video": "video/mp4", "audio": "audio/mp4", "file": None}


class Unreadable(Exception):  # noqa: N818 - says what the event is
    """A part that cannot be read; the text names the part and none of its content."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A message's content. `image_set` names the images that were sent together, `sequence` is the place in it."""

    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    in_reply_to: str | None = None
    image_set: str | None = None
    sequence: int = 0
    hints: dict[str, JSON] = dataclasses.field(default_factory=dict)


def integer(value: object) -> int | None:
    """A whole number that a database column of 64 bits holds, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and -_INT64 < value < _INT64:
        return value
    return None


def text_of(value: object, part: str) -> str:
    """A text that is not empty. Unreadable."""
    if not isinstance(value, str) or not value:
        raise Unreadable(f"{part}: missing, or not a text")
    return value


def contents(raw: dict[str, Any], message_id: str) -> Contents:
    """Everything that a citizen put into a message; a sort that nobody knows yet is named in the text. Unreadable."""
    kind = text_of(raw.get("type"), "message.type")
    quoted = _optional(raw.get("quotedMessageId"))
    if kind == "text":
        return Contents(text=text_of(raw.get("text"), "message.text"), in_reply_to=quoted)
    if kind in _TYPES:
        return _file(raw, kind, message_id)
    if kind == "location":
        return Contents(location=_location(raw))
    if kind == "sticker":
        return Contents(text=_sticker(raw), in_reply_to=quoted)
    name = kind if _NAME.fullmatch(kind) else "?"
    text = f"[Pesan LINE ini tidak dapat ditampilkan di sini: {name}]"
    return Contents(text=text, in_reply_to=quoted, hints={"unsupported": [name]})


def _file(raw: dict[str, Any], kind: str, message_id: str) -> Contents:
    provider = raw.get("contentProvider")
    outside = provider if isinstance(provider, dict) and provider.get("type") == "external" else None
    attachment = Attachment(
        name=_optional(raw.get("fileName")),
        content_type=_TYPES[kind],
        size=_size(raw.get("fileSize")),
        ref=None if outside else message_id,
        url=text_of(outside.get("originalContentUrl"), "contentProvider") if outside else None,
    )
    together = raw.get("imageSet")
    if not isinstance(together, dict):
        return Contents(attachments=(attachment,))
    return Contents(
        attachments=(attachment,),
        image_set=_optional(together.get("id")),
        sequence=integer(together.get("index")) or 0,
    )


def _location(raw: dict[str, Any]) -> Location:
    lat, lon = raw.get("latitude"), raw.get("longitude")
    if not (_degrees(lat, 90) and _degrees(lon, 180)):
        raise Unreadable("location: no point on earth")
    label = ", ".join(words for part in ("title", "address") if (words := _optional(raw.get(part))))
    return Location(lat=float(lat), lon=float(lon), label=label or None)  # type: ignore[arg-type] # numbers by now


def _degrees(value: object, limit: int) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -limit <= value <= limit


def _sticker(raw: dict[str, Any]) -> str:
    """The words on a sticker, else what LINE says it shows."""
    if words := _optional(raw.get("text")):
        return words
    keywords = raw.get("keywords")
    known = [word for word in keywords if isinstance(word, str)] if isinstance(keywords, list) else []
    return f"[Stiker: {', '.join(known[:_MOST_KEYWORDS])}]" if known else "[Stiker]"


def _optional(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _size(value: object) -> int | None:
    size = integer(value)
    return size if size is not None and size >= 0 else None
