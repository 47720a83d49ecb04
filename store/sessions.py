"""Log-ins: opened, found by their cookie, ended."""

from __future__ import annotations

import dataclasses
import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, select, update

from store import reveals
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A session as its officer sees it; `id` is what is kept of its token and opens nothing."""

    id: str
    device: str
    created_at: datetime
    seen_at: datetime


def open_session(
    connection: Connection, officer_id: int, now: datetime, device: str = "", absolute: timedelta = ABSOLUTE
) -> str:
    """A new session's token (256 random bits); only its SHA-256 is kept. Sessions that are over go."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(Session).where(Session.expires_at < now))
    connection.execute(
        insert(Session).values(
            token_hash=digest(token),
            officer_id=officer_id,
            device=device,
            created_at=now,
            seen_at=now,
            expires_at=now + absolute,
        )
    )
    return token


_HOLDER: Final = (
    select(Officer, Session.seen_at, Session.device)
    .join_from(Session, Officer, Session.officer_id == Officer.id)
    .where(Session.token_hash == bindparam("token"), Officer.active)
    .where(Session.expires_at > bindparam("now"), Session.seen_at > bindparam("idle"))
)


def session_person(
    connection: Connection, token: str, now: datetime, *, idle: timedelta = IDLE, touch: bool = True
) -> Person | None:
    """Whose session it is, where it is neither idle nor over; `touch` counts this as an act of the officer's."""
    row = connection.execute(_HOLDER, {"token": digest(token), "now": now, "idle": now - idle}).one_or_none()
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
        second=row.totp_seed is not None,
        language=row.language,
        device=row.device,
        revealed=frozenset(reveals.open_to(connection, digest(token), now)) if row.sees_identity else frozenset(),
    )


def close_session(connection: Connection, token: str) -> None:
    """Log out; harmless to repeat."""
    connection.execute(delete(Session).where(Session.token_hash == digest(token)))


def close_all(connection: Connection, officer_id: int) -> int:
    """Log an officer out everywhere; how many sessions that were."""
    return connection.execute(delete(Session).where(Session.officer_id == officer_id)).rowcount


def listing(connection: Connection, officer_id: int, now: datetime, idle: timedelta = IDLE) -> list[Shown]:
    """The sessions of an officer that still hold, the latest act first."""
    rows = connection.execute(
        select(Session.token_hash, Session.device, Session.created_at, Session.seen_at)
        .where(Session.officer_id == officer_id, Session.expires_at > now, Session.seen_at > now - idle)
        .order_by(Session.seen_at.desc(), Session.token_hash)
    )
    return [Shown(id=row.token_hash, device=row.device, created_at=row.created_at, seen_at=row.seen_at) for row in rows]


def end(connection: Connection, officer_id: int, session_id: str) -> int:
    """End one session, only where it is this officer's; how many that were."""
    mine = delete(Session).where(Session.officer_id == officer_id, Session.token_hash == session_id)
    return connection.execute(mine).rowcount


def end_others(connection: Connection, officer_id: int, token: str) -> int:
    """End all sessions of an officer but the one of `token`; how many that were."""
    others = delete(Session).where(Session.officer_id == officer_id, Session.token_hash != digest(token))
    return connection.execute(others).rowcount
