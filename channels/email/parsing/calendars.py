"""Invitations (text/calendar, RFC 5545): what an officer needs to read of them."""

from __future__ import annotations

import re

_FIELD = re.compile(
    r"(SUMMARY|DTSTART|DTEND|LOCATION|DESCRIPTION|ORGANIZER|STATUS)((?:;[^:\n]{0,200})?):(.*)", re.IGNORECASE
)
_WORDS = {
    "SUMMARY": "Acara",
    "DTSTART": "Mulai",
    "DTEND": "Selesai",
    "LOCATION": "Tempat",
    "DESCRIPTION": "Keterangan",
    "ORGANIZER": "Penyelenggara",
    "STATUS": "Status",
}
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})\d{2}(Z?))?")
_ESCAPED = re.compile(r"\\([\\,;nN])")
#: Characters of an invitation and fields of it that are shown; the file itself comes along.
_LENGTH, _MOST = 20_000, 40


def summary(source: str) -> str:
    """The first event's fields as lines of text; empty where there is none."""
    unfolded = re.sub(r"\n[ \t]", "", source[:_LENGTH])
    _, begun, event = unfolded.partition("BEGIN:VEVENT")
    if not begun:
        return ""
    lines: list[str] = []
    for line in event.partition("END:VEVENT")[0].split("\n")[: 10 * _MOST]:
        found = _FIELD.fullmatch(line.strip())
        if found is not None and len(lines) < _MOST:
            value = _value(found[1].upper(), found[3])
            lines.append(f"{_WORDS[found[1].upper()]}: {value}")
    return "\n".join(lines)


def _value(field: str, raw: str) -> str:
    if field in {"DTSTART", "DTEND"} and (moment := _MOMENT.match(raw)) is not None:
        year, month, day, hour, minute, utc = moment.groups()
        clock = f" {hour}.{minute}{' UTC' if utc else ''}" if hour else ""
        return f"{day}-{month}-{year}{clock}"
    if field == "ORGANIZER":
        return re.sub(r"(?i)^mailto:", "", raw)
    return _ESCAPED.sub(lambda sign: "\n" if sign[1] in "nN" else sign[1], raw)
