"""Attachments on their way: which files are owed, taken under a row lock that dies with its holder, and what became."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from normalizer.text import storable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from sqlalchemy import Connection

_COLUMNS = ("id", "account", "name", "content_type", "size", "sha256", "ref", "url", "deadline", "attempts")
_NAMES = ", ".join(_COLUMNS)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """A file to bring in: its bytes came along (`sha256`), or `ref` or `url` says where they are."""

    id: UUID
    account: str
    name: str | None
    content_type: str | None
    size: int | None
    sha256: str | None
    ref: str | None
    url: str | None
    deadline: datetime | None
    attempts: int

    @property
    def made_at(self) -> datetime:
        """When the row was made: its id is a UUIDv7, which begins with the time in milliseconds (RFC 9562)."""
        return datetime.fromtimestamp((self.id.int >> 80) / 1000, UTC)


_CLAIM = f"""
SELECT {_NAMES} FROM attachment
WHERE state = 'owed' AND next_attempt_at <= %s
  AND CASE WHEN sha256 IS NULL THEN account <> ALL(%s::text[]) ELSE %s END
ORDER BY deadline NULLS LAST, next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
"""  # noqa: S608 - names of ours


def claim(connection: Connection, now: datetime, full: Iterable[str], *, looks: bool = True) -> Owed | None:
    """The due file with the nearest deadline, locked until the transaction ends.

    `full` accounts fetch no more; without `looks` no file is taken whose bytes are here and only need a look.
    """
    row = connection.exec_driver_sql(_CLAIM, (now, list(full), looks)).one_or_none()
    return None if row is None else Owed(**dict(zip(_COLUMNS, row, strict=True)))


# Whoever lost his lock with his connection writes nothing over what another has done since: each step counts one up.
_STORED = """
UPDATE attachment SET state = 'stored', sha256 = %s, size = %s, content_type = %s, name = %s, error = %s,
  attempts = attempts + 1, next_attempt_at = NULL WHERE id = %s AND state = 'owed' AND attempts = %s
"""


def store(
    connection: Connection, owed: Owed, *, sha256: str, size: int, content_type: str, name: str | None, note: str | None
) -> None:
    """The file is ours; `note` tells the officer what is odd about it."""
    kept = None if name is None else storable(name)
    connection.exec_driver_sql(_STORED, (sha256, size, content_type, kept, note, owed.id, owed.attempts))


_ARRIVED = """
UPDATE attachment SET sha256 = %s, size = %s, content_type = %s, name = %s, deadline = NULL,
  attempts = attempts + 1, next_attempt_at = %s WHERE id = %s AND state = 'owed' AND attempts = %s
"""


def arrive(
    connection: Connection, owed: Owed, *, sha256: str, size: int, content_type: str, name: str | None, now: datetime
) -> None:
    """The bytes are ours and need never be fetched again; what is shown of them is still to be made."""
    kept = None if name is None else storable(name)
    connection.exec_driver_sql(_ARRIVED, (sha256, size, content_type, kept, now, owed.id, owed.attempts))


_ENDED = """
UPDATE attachment SET state = %s, error = %s, attempts = attempts + 1, next_attempt_at = NULL
WHERE id = %s AND state = 'owed' AND attempts = %s
"""


def end(connection: Connection, owed: Owed, state: str, error: str) -> None:
    """The file will not come: `state` is expired, too_large, refused or failed."""
    connection.exec_driver_sql(_ENDED, (state, storable(error), owed.id, owed.attempts))


_POSTPONED = """
UPDATE attachment SET attempts = attempts + 1, next_attempt_at = %s, error = %s
WHERE id = %s AND state = 'owed' AND attempts = %s
"""


def postpone(connection: Connection, owed: Owed, until: datetime, error: str) -> None:
    """Try again then."""
    connection.exec_driver_sql(_POSTPONED, (until, storable(error), owed.id, owed.attempts))
