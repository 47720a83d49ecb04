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

from store import passwords
from store.engine import KEPT
from store.models import Officer
from store.passwords import Weakness

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

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
    """An officer as the pages know him; `programs` are keys, `unit` a code, `second` whether he has a second factor.

    `language` is the one that he has chosen, `device` what he knows his browser by. `revealed` are the complaints whose
    hidden reporter is open to this session now, and what `reveals.payload` names.
    """

    id: int
    username: str
    name: str
    role: Role
    programs: frozenset[str]
    unit: str | None
    sees_identity: bool
    second: bool = False
    language: str | None = None
    device: str = ""
    revealed: frozenset[uuid.UUID] = frozenset()


@functools.cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@functools.cache
def _nobody() -> str:
    """A hash that no password fits, made with today's parameters, so that an unknown name takes as long as a known."""
    return _hasher().hash(secrets.token_urlsafe())


class WeakPasswordError(OfficerError):
    """A password that will not do; `weakness` says why."""

    def __init__(self, message: str, weakness: Weakness) -> None:
        super().__init__(message)
        self.weakness = weakness


def refuse_weak(password: str, names: Iterable[str]) -> None:
    """OfficerError where a password will not do for somebody of these names."""
    weakness = passwords.weakness(password, names)
    if weakness is Weakness.GUESSED:
        raise WeakPasswordError("a password is more than one's own name, a common word or a row of keys", weakness)
    if weakness is not None:
        raise WeakPasswordError(f"a password has {passwords.SHORTEST} to {passwords.LONGEST} characters", weakness)


def _hashed(password: str) -> str:
    return _hasher().hash(passwords.normal(password))


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
    refuse_weak(password, (username, name))
    values = {
        "username": username,
        "name": name.strip() or username,
        "password_hash": _hashed(password),
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
        _hasher().verify(known, passwords.normal(password[: passwords.LONGEST]))
    except (VerificationError, InvalidHashError):
        return None
    if row is None or not row.active:
        return None
    if _hasher().check_needs_rehash(row.password_hash):
        connection.execute(update(Officer).where(Officer.id == row.id).values(password_hash=_hashed(password)))
    return int(row.id)


def set_password(connection: Connection, officer_id: int, password: str) -> None:
    """Give an officer another password; WeakPasswordError where it will not do for him."""
    row = connection.execute(
        select(Officer.username, Officer.name, Officer.email).where(Officer.id == officer_id)
    ).one()
    refuse_weak(password, (row.username, row.name, (row.email or "").partition("@")[0]))
    connection.execute(update(Officer).where(Officer.id == officer_id).values(password_hash=_hashed(password)))


def set_language(connection: Connection, officer_id: int, language: str) -> None:
    """Give an officer's pages another language; it is the caller who knows which there are."""
    connection.execute(update(Officer).where(Officer.id == officer_id).values(language=language))


def names(connection: Connection, ids: Sequence[int]) -> dict[int, str]:
    """Officers' names by id."""
    rows = connection.exec_driver_sql("SELECT id, name FROM officer WHERE id = ANY(%s)", (list(set(ids)),), KEPT)
    return {row.id: row.name for row in rows}
