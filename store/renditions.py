"""What is shown in place of files, by their hash: made once for the same bytes, whoever sent them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from store.bulk import dumps

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A rendition as it is kept: its blobs, or a `note` why there are none; `location` is (latitude, longitude)."""

    shown: str | None = None
    thumb: str | None = None
    content_type: str | None = None
    location: tuple[float, float] | None = None
    note: str | None = None


def note(connection: Connection, sha256: str) -> tuple[str | None] | None:
    """The note of this file's rendition, alone in a tuple; None where none was made yet."""
    row = connection.exec_driver_sql("SELECT note FROM rendition WHERE sha256 = %s", (sha256,)).one_or_none()
    return None if row is None else (row[0],)


_KEEP = """
INSERT INTO rendition (sha256, shown, thumb, content_type, location, note, made_at)
VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s) ON CONFLICT DO NOTHING
"""


def keep(connection: Connection, sha256: str, made: Made, now: datetime) -> None:
    """The rendition of this file; one that somebody else made meanwhile stays."""
    place = None if made.location is None else dumps({"lat": made.location[0], "lon": made.location[1]})
    connection.exec_driver_sql(_KEEP, (sha256, made.shown, made.thumb, made.content_type, place, made.note, now))
