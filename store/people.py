"""The officers: their names, roles and passwords."""

from __future__ import annotations

import dataclasses
import enum
import functools
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from store.models import Officer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

SHORTEST_PASSWORD: Final = 12
#: A short text that hashes long is a way to keep the server busy.
LONGEST_PASSWORD: Final = 1024
USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}")


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


def refuse_weak(password: str) -> None:
    """OfficerError where a password breaks the rules."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise OfficerError(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")


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
    if not USERNAME.fullmatch(username):
        raise OfficerError("a username has 2 to 64 of: a-z 0-9 . _ - and begins with a letter or digit")
    if role not in set(Role):
        raise OfficerError(f"unknown role {role!r}; known are {', '.join(Role)}")
    refuse_weak(password)
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
    known = row.password_hash if row and row.password_hash else _nobody()
    try:
        _hasher().verify(known, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return None
    if row is None or not row.active:
        return None
    if _hasher().check_needs_rehash(row.password_hash):
        connection.execute(update(Officer).where(Officer.id == row.id).values(password_hash=_hasher().hash(password)))
    return int(row.id)


def set_password(connection: Connection, officer_id: int, password: str) -> None:
    """Give an officer another password; OfficerError where it breaks the rules."""
    refuse_weak(password)
    connection.execute(update(Officer).where(Officer.id == officer_id).values(password_hash=_hasher().hash(password)))


def names(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Officers' names by id."""
    rows = connection.execute(select(Officer.id, Officer.name).where(Officer.id.in_(set(ids))))
    return {row.id: row.name for row in rows}
