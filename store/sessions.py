"""Log-ins: opened, found by their cookie, ended."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select, update

from store.models import Officer, Session
from store.people import Person, Role
from store.tokens import digest

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: A session ends this long after the officer's last act, and this long after the log-in whatever he does.
IDLE: Final = timedelta(hours=4)
ABSOLUTE: Final = timedelta(hours=16)
#: How exact `seen_at` is: a page more need not be a write more.
_SEEN_EVERY: Final = timedelta(minutes=1)


def open_session(connection: Connection, officer_id: int, now: datetime) -> str:
    """A new session's token (256 random bits); only its SHA-256 is kept. Sessions that are over go."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(Session).where(Session.expires_at < now))
    connection.execute(
        insert(Session).values(
            token_hash=digest(token), officer_id=officer_id, created_at=now, seen_at=now, expires_at=now + ABSOLUTE
        )
    )
    return token


def session_person(connection: Connection, token: str, now: datetime, *, touch: bool = True) -> Person | None:
    """Whose session it is, where it is neither idle nor over; `touch` counts this as an act of the officer's."""
    row = connection.execute(
        select(Officer, Session.seen_at)
        .join_from(Session, Officer, Session.officer_id == Officer.id)
        .where(
            Session.token_hash == digest(token),
            Session.expires_at > now,
            Session.seen_at > now - IDLE,
            Officer.active,
        )
    ).one_or_none()
    if row is None:
        return None
    if touch and now - row.seen_at >= _SEEN_EVERY:
        connection.execute(update(Session).where(Session.token_hash == digest(token)).values(seen_at=now))
    return Person(
        id=row.id,
        username=row.username,
        name=row.name,
        role=Role(row.role),
        programs=frozenset(row.programs),
        unit=row.unit,
        sees_identity=row.sees_identity,
    )


def close_session(connection: Connection, token: str) -> None:
    """Log out; harmless to repeat."""
    connection.execute(delete(Session).where(Session.token_hash == digest(token)))


def close_all(connection: Connection, officer_id: int) -> int:
    """Log an officer out everywhere; how many sessions that were."""
    return connection.execute(delete(Session).where(Session.officer_id == officer_id)).rowcount
