"""Links and steps that are good once and not for long; the table holds their SHA-256 and opens nothing."""

from __future__ import annotations

import enum
import hashlib
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from store.models import Officer, OfficerToken

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy import Connection


class Purpose(enum.StrEnum):
    """What a token is good for; one of another purpose is none."""

    PASSWORD = "password"  # noqa: S105 - the name of a purpose
    SECOND = "second"
    RESET = "reset"
    TELEGRAM = "telegram"


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def make(  # noqa: PLR0917 - what a token is
    connection: Connection, officer_id: int, purpose: Purpose, now: datetime, life: timedelta, token: str | None = None
) -> str:
    """A new token; older ones of the officer for the same purpose, and all that ran out, go.

    It has 256 random bits, unless the caller gives one that is short enough to be typed.
    """
    token = token or secrets.token_urlsafe(32)
    drop(connection, officer_id, purpose)
    connection.execute(delete(OfficerToken).where(OfficerToken.expires_at <= now))
    connection.execute(
        insert(OfficerToken).values(
            token_hash=digest(token), officer_id=officer_id, purpose=purpose, expires_at=now + life
        )
    )
    return token


def owner(connection: Connection, token: str, purpose: Purpose, now: datetime) -> int | None:
    """The active officer whom a token is good for; it stays good."""
    return connection.scalar(
        select(OfficerToken.officer_id)
        .join(Officer, Officer.id == OfficerToken.officer_id)
        .where(
            OfficerToken.token_hash == digest(token),
            OfficerToken.purpose == purpose,
            OfficerToken.expires_at > now,
            Officer.active,
        )
    )


def use(connection: Connection, token: str, purpose: Purpose, now: datetime) -> int | None:
    """The same, and it is good no more: of two who use it at the same time, one gets None."""
    officer_id = owner(connection, token, purpose, now)
    if officer_id is None:
        return None
    gone = connection.execute(delete(OfficerToken).where(OfficerToken.token_hash == digest(token)))
    return officer_id if gone.rowcount else None


def drop(connection: Connection, officer_id: int, purpose: Purpose | None = None) -> None:
    """Take an officer's tokens back: all of them, or those of one purpose."""
    mine = delete(OfficerToken).where(OfficerToken.officer_id == officer_id)
    connection.execute(mine if purpose is None else mine.where(OfficerToken.purpose == purpose))
