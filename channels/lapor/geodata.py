"""GeoReport's lists, in XML or JSON, as flat fields of text: untrusted, so entities and document types are refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree

from channels.errors import PayloadError
from channels.toolkit.payload import load_json, storable
from normalizer.messages import Location

Fields = dict[str, str]
_MAX_LAT: Final = 90.0
_MAX_LON: Final = 180.0
#: Orders as text: UTC, of one length.
STAMP: Final = "%Y-%m-%dT%H:%M:%S.%fZ"


def read_list(body: bytes, name: str) -> list[Fields]:
    """All elements of that name (`request`, `service`, `error`) in a document, or all objects of a JSON list.

    Empty fields are left out. PayloadError where it is neither XML nor JSON, or has a document type of its own.
    """
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return _from_xml(body, name) if start == b"<" else _from_json(body)


def _from_xml(body: bytes, name: str) -> list[Fields]:
    try:
        root = ElementTree.fromstring(body.lstrip(), forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as error:
        raise PayloadError(f"open311: the XML cannot be read ({type(error).__name__})") from error
    found = []
    for element in root.iter():
        if _local(element.tag) == name:
            fields = {_local(child.tag): storable((child.text or "").strip()) for child in element}
            found.append({key: value for key, value in fields.items() if value})
    return found


def _local(tag: Any) -> str:
    """A tag without its namespace; comments and the like have none."""
    return storable(tag.rpartition("}")[2]) if isinstance(tag, str) else ""


def _from_json(body: bytes) -> list[Fields]:
    value = load_json(body.removeprefix(b"\xef\xbb\xbf"))
    entries = value if isinstance(value, list) else [value]
    if not all(isinstance(entry, dict) for entry in entries):
        raise PayloadError("open311: the JSON holds something that is no object")
    return [_texts(entry) for entry in entries]


def _texts(entry: dict[str, Any]) -> Fields:
    plain: Fields = {}
    for key, value in entry.items():
        if isinstance(value, str):
            plain[key] = value.strip()
        elif isinstance(value, int | float) and not isinstance(value, bool):
            plain[key] = json.dumps(value)
        elif isinstance(value, bool):
            plain[key] = "true" if value else "false"
    return {key: value for key, value in plain.items() if value}


def moment(text: str) -> datetime | None:
    """A W3C time with its zone, in UTC; None for anything else."""
    try:
        found = datetime.fromisoformat(text.strip().upper())
        return found.astimezone(UTC) if found.tzinfo else None
    except (ValueError, OverflowError):
        return None


def stamp(text: str) -> str:
    """The same as text that orders; empty where it is no time."""
    found = moment(text)
    return found.strftime(STAMP) if found else ""


def location(fields: Fields) -> Location | None:
    """The point, with the address as its label."""
    try:
        lat, lon = float(fields.get("lat", "")), float(fields.get("long", ""))
    except ValueError:
        return None
    if not (math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= _MAX_LAT and abs(lon) <= _MAX_LON):
        return None
    return Location(lat=lat, lon=lon, label=fields.get("address"))
