"""The desk's slip: the JSON that the inbox's page writes, read strictly."""

from __future__ import annotations

import dataclasses
import re
from datetime import datetime
from typing import Any, Final

from channels.errors import PayloadError
from channels.toolkit.payload import load_json
from normalizer.complaint import ReportType

SOURCES: Final = ("walk-in", "phone", "letter")
_ID: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_REQUIRED: Final = frozenset({"id", "source", "officer", "received_at", "text"})
_OPTIONAL: Final = frozenset({"program", "name", "phone", "address", "type", "anonim", "rahasia", "location"})
_BOUNDS: Final = {"lat": 90.0, "lon": 180.0}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """One walk-in, call or letter; `received_at` is aware, `phone` as it was typed, `point` is (lat, lon)."""

    id: str
    source: str
    officer: str
    received_at: datetime
    text: str
    program: str | None
    name: str | None
    phone: str | None
    address: str | None
    type: ReportType
    anonim: bool
    rahasia: bool
    point: tuple[float, float] | None
    place: str | None


def read_slip(body: bytes) -> Slip:
    """The slip in a journalled body. PayloadError names the key that is missing, unknown or wrong."""
    table = load_json(body)
    if not isinstance(table, dict):
        raise PayloadError("the slip is not a JSON object")
    if missing := sorted(_REQUIRED - table.keys()):
        raise PayloadError(f"the slip lacks {missing[0]}")
    if table.keys() - _REQUIRED - _OPTIONAL:
        raise PayloadError("the slip has a key that is not known")
    point, place = _place(table.get("location"))
    return Slip(
        id=_matching(table, "id", _ID),
        source=_one_of(table, "source", SOURCES),
        officer=_text(table, "officer"),
        received_at=_time(table["received_at"]),
        text=_text(table, "text"),
        program=_optional(table, "program"),
        name=_optional(table, "name"),
        phone=_optional(table, "phone"),
        address=_optional(table, "address"),
        type=ReportType(_one_of({"type": ReportType.PENGADUAN, **table}, "type", tuple(ReportType))),
        anonim=_flag(table, "anonim"),
        rahasia=_flag(table, "rahasia"),
        point=point,
        place=place,
    )


def _text(table: dict[str, Any], key: str) -> str:
    value = table[key]
    if not isinstance(value, str) or not value.strip():
        raise PayloadError(f"{key}: expected a text that is not empty")
    return value.strip()


def _matching(table: dict[str, Any], key: str, pattern: re.Pattern[str]) -> str:
    value = _text(table, key)
    if not pattern.fullmatch(value):
        raise PayloadError(f"{key}: expected {pattern.pattern}")
    return value


def _optional(table: dict[str, Any], key: str) -> str | None:
    value = table.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise PayloadError(f"{key}: expected a text or null")
    return value.strip() or None


def _one_of(table: dict[str, Any], key: str, known: tuple[str, ...]) -> str:
    value = table[key]
    if not isinstance(value, str) or value not in known:
        raise PayloadError(f"{key}: expected one of {', '.join(known)}")
    return value


def _flag(table: dict[str, Any], key: str) -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise PayloadError(f"{key}: expected true or false")
    return value


def _time(value: object) -> datetime:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise PayloadError("received_at: expected an ISO 8601 time with its zone")
    return moment


def _place(value: object) -> tuple[tuple[float, float] | None, str | None]:
    if value is None:
        return None, None
    if not isinstance(value, dict) or value.keys() - {"lat", "lon", "label"}:
        raise PayloadError("location: expected an object with lat and lon, label, or all three")
    place = _optional(value, "label")
    if value.get("lat") is None and value.get("lon") is None:
        return None, place
    return (_degrees(value, "lat"), _degrees(value, "lon")), place


def _degrees(table: dict[str, Any], key: str) -> float:
    value = table.get(key)
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) <= _BOUNDS[key]:  # NaN too
        raise PayloadError(f"location.{key}: expected degrees")
    return float(value)
