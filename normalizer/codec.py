"""Items as JSON and back: what stands in the database between parsing and handling.

Files go by their hash: `encode` takes the SHA-256 of each attachment whose bytes are already in the blob store.
"""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import TYPE_CHECKING, Any

from normalizer.messages import (
    KINDS,
    Attachment,
    Delivery,
    Edit,
    Inbound,
    InboundMessage,
    Location,
    Part,
    Sender,
)
from normalizer.saying import kept, remembered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TYPES: dict[str, type[Inbound]] = {name: kind for kind, name in KINDS.items()}
_NESTED = frozenset({"sender", "location", "part", "attachments"})
_TIMES = frozenset({"sent_at", "edited_at", "at", "deadline"})
_PLAIN = {kind: tuple(field.name for field in dataclasses.fields(kind) if field.name not in _NESTED) for kind in KINDS}
_FILE = tuple(field.name for field in dataclasses.fields(Attachment) if field.name != "content")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """An attachment as it is stored: `sha256` is None while only `ref` or `url` names the bytes."""

    name: str | None
    content_type: str | None
    size: int | None
    ref: str | None
    url: str | None
    deadline: datetime | None
    sha256: str | None


def encode(item: Inbound, hashes: Sequence[str | None] = ()) -> dict[str, Any]:
    """The item as JSON values, without what is empty; `hashes` stands beside the attachments, one each."""
    found: dict[str, Any] = {}
    for name in _PLAIN[type(item)]:
        value = getattr(item, name)
        if value is not None and value not in ("", {}):
            found[name] = value.isoformat() if name in _TIMES else kept(value) if name == "error" else value
    if isinstance(item, InboundMessage | Edit):
        found["sender"] = [item.sender.address, item.sender.name]
        if item.location is not None:
            found["location"] = [item.location.lat, item.location.lon, item.location.label]
        if item.attachments:
            found["files"] = [_file(file, sha256) for file, sha256 in zip(item.attachments, hashes, strict=True)]
    if isinstance(item, InboundMessage) and item.part is not None:
        found["part"] = [item.part.reference, item.part.number, item.part.total]
        # A network may cut between the two halves of an emoji; JSON for the database holds no half.
        found["utf16"] = item.text.encode("utf-16-le", "surrogatepass").hex()
    return found


def decode(kind: str, payload: Mapping[str, Any]) -> Inbound:
    """The item again; its attachments come back without bytes, `files` tells their hashes."""
    values = dict(payload)
    for name in _TIMES & values.keys():
        values[name] = datetime.fromisoformat(values[name])
    if "sender" in values:
        values["sender"] = Sender(address=values["sender"][0], name=values["sender"][1])
    if "location" in values:
        lat, lon, label = values["location"]
        values["location"] = Location(lat=lat, lon=lon, label=label)
    if "part" in values:
        reference, number, total = values["part"]
        values["part"] = Part(reference=reference, number=number, total=total)
    if "status" in values:
        values["status"] = Delivery(values["status"])
    if "error" in values:
        values["error"] = remembered(values["error"])
    if "utf16" in values:
        values["text"] = bytes.fromhex(values.pop("utf16")).decode("utf-16-le", "surrogatepass")
    values.pop("files", None)
    if kind == "message":
        values.setdefault("external_id", None)
    return _TYPES[kind](**values)


def files(payload: Mapping[str, Any]) -> list[File]:
    """The attachments of an encoded item."""
    found = []
    for entry in payload.get("files", ()):
        values = dict.fromkeys((*_FILE, "sha256")) | dict(entry)
        if values["deadline"] is not None:
            values["deadline"] = datetime.fromisoformat(values["deadline"])
        found.append(File(**values))
    return found


def _file(attachment: Attachment, sha256: str | None) -> dict[str, Any]:
    values = {name: getattr(attachment, name) for name in _FILE}
    if attachment.content is not None:
        values["size"] = len(attachment.content)
    if attachment.deadline is not None:
        values["deadline"] = attachment.deadline.isoformat()
    values["sha256"] = sha256
    return {name: value for name, value in values.items() if value is not None}
