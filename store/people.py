"""The officers: their accounts, log-ins, sessions, and how often somebody has tried in vain."""

from __future__ import annotations

import dataclasses
import enum
import functools
import hashlib
import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from store.models import Officer, Session, Throttle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

#: A session ends this long after the officer's last act, and this long after the log-in whatever he does.
IDLE: Final = timedelta(hours=4)
ABSOLUTE: Final = timedelta(hours=16)
#: How exact `seen_at` is: a page more need not be a write more.
_SEEN_EVERY: Final = timedelta(minutes=1)
_SHORTEST_PASSWORD: Final = 8
#: A short text that hashes long is a way to keep the server busy.
LONGEST_PASSWORD: Final = 1024
_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


class Role(enum.StrEnum):
    """What an officer is; what each role may do stands in inbox/rights.py."""

    ADMINISTRATOR = "administrator"
    PROGRAM_ADMIN = "program_admin"
    UNIT_HEAD = "unit_head"
    OFFICER = "officer"
    LEADER = "leader"
    AUDITOR = "auditor"


class OfficerError(Exception):
    """An officer that cannot be added; says which rule was broken, never the password."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An officer as the pages know him; `programs` are keys, `unit` a code."""

    id: int
    username: str
    name: str
    role: Role
    programs: frozenset[str]
    unit: str | None
    sees_identity: bool


@functools.cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@functools.cache
def _nobody() -> str:
    """A hash that no password fits, made with today's parameters, so that an unknown name takes as long as a known."""
    return _hasher().hash(secrets.token_urlsafe())


def add_officer(  # noqa: PLR0917 - the fields of an officer, as the command line gives them
    connection: Connection,
    username: str,
    name: str,
    password: str,
    role: str,
    programs: Sequence[str] = (),
    unit: str | None = None,
    sees_identity: bool = False,
) -> int:
    """The new officer's id. OfficerError for a name that is taken or wrong, an unknown role, a short password."""
    username = username.strip().lower()
    if not _USERNAME.fullmatch(username):
        raise OfficerError("a username has 2 to 64 of: a-z 0-9 . _ - and begins with a letter or digit")
    if role not in set(Role):
        raise OfficerError(f"unknown role {role!r}; known are {', '.join(Role)}")
    if not _SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise OfficerError(f"a password has {_SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    values = {
        "username": username,
        "name": name.strip() or username,
        "password_hash": _hasher().hash(password),
        "role": role,
        "programs": sorted(set(programs)),
        "unit": unit,
        "sees_identity": sees_identity,
        "created_at": datetime.now(UTC),
    }
    try:
        with connection.begin_nested():
            return connection.execute(insert(Officer).values(values).returning(Officer.id)).scalar_one()
    except IntegrityError as error:
        raise OfficerError(f"the username {username!r} is taken") from error


def check_password(connection: Connection, username: str, password: str) -> int | None:
    """The id of the active officer of that name and password; takes equally long for names that nobody has."""
    row = connection.execute(
        select(Officer.id, Officer.password_hash, Officer.active).where(Officer.username == username.strip().lower())
    ).one_or_none()
    try:
        _hasher().verify(row.password_hash if row else _nobody(), password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    if row is None or not row.active:
        return None
    if _hasher().check_needs_rehash(row.password_hash):
        connection.execute(update(Officer).where(Officer.id == row.id).values(password_hash=_hasher().hash(password)))
    return int(row.id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def open_session(connection: Connection, officer_id: int, now: datetime) -> str:
    """A new session's token (256 random bits); only its SHA-256 is kept. Sessions that are over go."""
    token = secrets.token_urlsafe(32)
    connection.execute(delete(Session).where(Session.expires_at < now))
    connection.execute(
        insert(Session).values(
            token_hash=_hash(token), officer_id=officer_id, created_at=now, seen_at=now, expires_at=now + ABSOLUTE
        )
    )
    return token


def session_person(connection: Connection, token: str, now: datetime, *, touch: bool = True) -> Person | None:
    """Whose session it is, where it is neither idle nor over; `touch` counts this as an act of the officer's."""
    row = connection.execute(
        select(Officer, Session.seen_at)
        .join_from(Session, Officer, Session.officer_id == Officer.id)
        .where(
            Session.token_hash == _hash(token),
            Session.expires_at > now,
            Session.seen_at > now - IDLE,
            Officer.active,
        )
    ).one_or_none()
    if row is None:
        return None
    if touch and now - row.seen_at >= _SEEN_EVERY:
        connection.execute(update(Session).where(Session.token_hash == _hash(token)).values(seen_at=now))
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
    connection.execute(delete(Session).where(Session.token_hash == _hash(token)))


def names(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Officers' names by id."""
    rows = connection.execute(select(Officer.id, Officer.name).where(Officer.id.in_(set(ids))))
    return {row.id: row.name for row in rows}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """`free` tries, then waits of `first` that double up to `longest`; after four times that all is forgotten."""

    free: int
    first: timedelta = timedelta(seconds=15)
    longest: timedelta = timedelta(minutes=15)

    def wait(self, count: int) -> timedelta:
        """How long after try number `count` the next one may come."""
        over = count - self.free
        return timedelta() if over < 0 else min(self.first * 2 ** min(over, 20), self.longest)


def attempt(connection: Connection, bucket: str, now: datetime, backoff: Backoff) -> timedelta:
    """Count a try under `bucket` (a hash), or the time that must still pass, and then nothing is counted.

    The row stays locked until the transaction ends, so that tries side by side count one after another.
    """
    connection.execute(upsert(Throttle).values(bucket=bucket, since=now, count=0).on_conflict_do_nothing())
    row = connection.execute(
        select(Throttle.since, Throttle.count).where(Throttle.bucket == bucket).with_for_update()
    ).one()
    count = 0 if now - row.since > backoff.longest * 4 else int(row[1])
    left: timedelta = row.since + backoff.wait(count) - now
    if count and left > timedelta():
        return left
    connection.execute(update(Throttle).where(Throttle.bucket == bucket).values(since=now, count=count + 1))
    return timedelta()


def forgive(connection: Connection, bucket: str) -> None:
    """The right password was given: the vain tries are forgotten."""
    connection.execute(delete(Throttle).where(Throttle.bucket == bucket))


def uncount(connection: Connection, bucket: str) -> None:
    """Take one try back: others under the same bucket still count."""
    changed = update(Throttle).where(Throttle.bucket == bucket, Throttle.count > 0)
    connection.execute(changed.values(count=Throttle.count - 1))
