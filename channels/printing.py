"""Items as the JSON lines of `muara parse`: one object an item, null for what is absent; the shape is stable."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from channels.toolkit.payload import storable
from normalizer.messages import KINDS, DeliveryReceipt, Edit, Ignored, InboundMessage, Malformed, Unsent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from normalizer.messages import JSON, Attachment, Inbound, Location, Sender


def lines(items: Iterable[Inbound]) -> list[dict[str, JSON]]:
    """One object for each item, all with the same keys in the same order; times in UTC, ISO 8601."""
    return [_line(item) for item in items]


def _line(item: Inbound) -> dict[str, JSON]:
    line: dict[str, JSON] = {
        "item": KINDS[type(item)],
        "external_id": item.external_id,
        "conversation_id": item.conversation_id or None,
        "sender": None,
        "to": item.to,
        "sent_at": None,
        "subject": None,
        "text": None,
        "quoted": None,
        "attachments": [],
        "location": None,
        "in_reply_to": None,
        "reason": None,
    }
    match item:
        case InboundMessage():
            line |= _content(item)
            line |= {"subject": item.subject, "quoted": item.quoted, "in_reply_to": item.in_reply_to}
        case Edit():
            line |= _content(item)
        case Unsent():
            line["sent_at"] = _time(item.at)
        case DeliveryReceipt():
            line |= {"sent_at": _time(item.at), "reason": item.status.value}
        case Ignored():
            line["reason"] = item.reason
        case Malformed():
            line["reason"] = item.error
    return line


def _content(item: InboundMessage | Edit) -> dict[str, JSON]:
    return {
        "sender": _sender(item.sender),
        "sent_at": _time(item.sent_at),
        "text": storable(item.text) or None,
        "attachments": [_attachment(attachment) for attachment in item.attachments],
        "location": _location(item.location),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _sender(sender: Sender) -> dict[str, JSON]:
    return {"address": sender.address, "name": sender.name}


def _location(location: Location | None) -> dict[str, JSON] | None:
    return {"lat": location.lat, "lon": location.lon, "label": location.label} if location else None


def _attachment(attachment: Attachment) -> dict[str, JSON]:
    content = attachment.content
    return {
        "name": attachment.name,
        "content_type": attachment.content_type,
        "size": attachment.size if content is None else len(content),
        "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
        "url": attachment.url,
    }
