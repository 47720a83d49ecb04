"""Cells of a spreadsheet as text, and what people mean by them: times, flags, kinds of report."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from normalizer.complaint import ReportType

if TYPE_CHECKING:
    from datetime import tzinfo

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "januari jan january",
            "februari feb pebruari peb february",
            "maret mar mrt march",
            "april apr",
            "mei may",
            "juni jun june",
            "juli jul july",
            "agustus agu ags agt aug august",
            "september sep sept",
            "oktober okt oct october",
            "november nov nop nopember",
            "desember des dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_ZONES: Final = {"wib": 7, "wita": 8, "wit": 9, "utc": 0, "gmt": 0}
_TIME: Final = re.compile(
    r"(?:(?:senin|selasa|rabu|kamis|jum'?at|sabtu|minggu|ahad)\s*,?\s*)?"
    r"(?P<day>\d{1,2})(?:\s*[/.-]\s*|\s+)(?P<month>\d{1,2}|[a-z]{3,9})\.?(?:\s*[/.,-]\s*|\s+)(?P<year>\d{4}|\d{2})"
    r"(?:\s*[,t-]?\s*(?:(?:pukul|jam|pkl)\.?\s*)?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2}))?)?"
    r"\s*(?P<zone>wib|wita|wit|utc|gmt)?"
)
_SERIAL: Final = re.compile(r"\d{5}(?:[.,]\d+)?")
#: Day 0 of Excel's calendar, in which 1900 is wrongly a leap year.
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - local by nature; the zone is put on afterwards
_YEARS: Final = range(2000, 2100)
_FALSE: Final = frozenset(
    {"", "-", "tidak", "tdk", "t", "no", "n", "false", "0", "publik", "terbuka", "biasa", "normal"}
)


def text(value: object) -> str:
    """A cell as text: whole numbers without .0, times in ISO 8601; NUL and lone surrogates do not survive JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "TRUE" if value else "FALSE"
        case float() if value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - exact below that
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)


def moment(cell: str, zone: tzinfo) -> datetime | None:
    """The time in a cell, aware and in UTC; None for an empty one. ValueError for one that says no time.

    dd/mm/yyyy with /, - or ., Indonesian and English month names, ISO 8601, Excel's serial numbers; with or without a
    time of day, which is `zone`'s where no zone stands beside it.
    """
    plain = " ".join(cell.split()).strip().lower()
    if plain in {"", "-"}:
        return None
    found = _iso(plain) or _serial(plain) or _written(plain)
    if found is None or found.year not in _YEARS:
        raise ValueError("no time")
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _iso(plain: str) -> datetime | None:
    try:
        return datetime.fromisoformat(plain.upper())
    except ValueError:
        return None


def _serial(plain: str) -> datetime | None:
    if not _SERIAL.fullmatch(plain):
        return None
    return _EPOCH + timedelta(seconds=round(float(plain.replace(",", ".")) * 86_400))


def _written(plain: str) -> datetime | None:
    found = _TIME.fullmatch(plain)
    if found is None:
        return None
    month = int(found["month"]) if found["month"].isdigit() else _MONTHS.get(found["month"], 0)
    year = int(found["year"]) + (2000 if len(found["year"]) == 2 else 0)  # noqa: PLR2004 - two digits
    zone = timezone(timedelta(hours=_ZONES[found["zone"]])) if found["zone"] else None
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    return datetime(year, month, int(found["day"]), hour, minute, second, tzinfo=zone)


def flag(cell: str) -> bool:
    """Whether a flag is set. What nobody foresaw counts as set: to hide too much does less harm than to show it."""
    return cell.strip().lower() not in _FALSE


def report_type(cell: str) -> str | None:
    """Pengaduan, aspirasi or informasi; None for an empty cell or another word."""
    plain = cell.lower()
    if "informasi" in plain:
        return ReportType.INFORMASI.value
    return next((kind.value for kind in (ReportType.ASPIRASI, ReportType.PENGADUAN) if kind.value in plain), None)
