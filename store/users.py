"""The administration of officers: list, invite, change, let go."""

from __future__ import annotations

import dataclasses
import enum
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, or_, select, text, update
from sqlalchemy.exc import IntegrityError

from store import second, sessions, tokens
from store.models import Officer, PersonEvent
from store.people import USERNAME, Role
from store.tokens import Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

#: How long a link lives: for the first password, and for another one.
INVITED: Final = timedelta(days=7)
RENEWED: Final = timedelta(days=1)
#: What a list shows at most; beyond it, search.
MOST: Final = 200
_EMAIL: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\\x00-\x1f\x7f]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+")
_LONGEST: Final = 200


class Wrong(enum.StrEnum):
    """Why something cannot be done to an officer."""

    USERNAME = "username"
    INACTIVE = "inactive"
    NAME = "name"
    EMAIL = "email"
    EMAIL_TAKEN = "email taken"
    USERNAME_TAKEN = "username taken"
    LAST = "last"


class UserError(Exception):
    """What cannot be done to an officer; inbox/people/users.py has the sentence for the administrator."""

    def __init__(self, wrong: Wrong) -> None:
        super().__init__(wrong.value)
        self.wrong = wrong


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What an administrator decides about an officer; `programs` are keys in order, `unit` a code."""

    name: str
    email: str | None
    role: Role
    programs: tuple[str, ...]
    unit: str | None
    sees_identity: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """An officer as the administration sees him.

    `waiting` while he has not chosen a password, `second` where he has a second factor; `language` is his choice.
    """

    id: int
    username: str
    profile: Profile
    active: bool
    waiting: bool
    second: bool
    language: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One line of an officer's history; `actor` is empty where the command line or a link did it."""

    at: datetime
    actor: str
    kind: str
    data: dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Which officers are listed: all, or those of these roles with no program but these."""

    roles: frozenset[Role]
    programs: frozenset[str]


def alone(connection: Connection) -> None:
    """One administrator at a time until the transaction ends: two cannot each remove the other as the last."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('muara users'))"))


def record(
    connection: Connection, now: datetime, actor_id: int | None, officer_id: int, kind: str, **data: Any
) -> None:
    """Write a line of the trace."""
    connection.execute(
        insert(PersonEvent).values(at=now, actor_id=actor_id, officer_id=officer_id, kind=kind, data=data)
    )


def listing(connection: Connection, words: str, reach: Reach | None) -> list[User]:
    """The officers by name, at most MOST + 1: those who left last; `words` stand in a name, username or address."""
    query = select(Officer).order_by(Officer.active.desc(), func.lower(Officer.name), Officer.id).limit(MOST + 1)
    for word in words.lower().split():
        columns = (Officer.name, Officer.username, Officer.email)
        query = query.where(or_(*(func.lower(column).contains(word, autoescape=True) for column in columns)))
    if reach is not None:
        query = query.where(
            Officer.role.in_(reach.roles),
            Officer.programs.contained_by(sorted(reach.programs)),
            func.jsonb_array_length(Officer.programs) > 0,
        )
    return [_user(row) for row in connection.execute(query)]


def find(connection: Connection, officer_id: int) -> User | None:
    """One officer."""
    row = connection.execute(select(Officer).where(Officer.id == officer_id)).one_or_none()
    return _user(row) if row else None


def _user(row: Row[Any]) -> User:
    profile = Profile(
        name=row.name,
        email=row.email,
        role=Role(row.role),
        programs=tuple(row.programs),
        unit=row.unit,
        sees_identity=row.sees_identity,
    )
    return User(
        id=row.id,
        username=row.username,
        profile=profile,
        active=row.active,
        waiting=not row.password_hash,
        second=row.totp_seed is not None,
        language=row.language,
    )


def of_email(connection: Connection, email: str) -> User | None:
    """The officer of that address, in lower case."""
    row = connection.execute(select(Officer).where(Officer.email == email)).one_or_none() if email else None
    return _user(row) if row else None


def history(connection: Connection, officer_id: int, limit: int = 50) -> list[Trace]:
    """What was done to an officer, newest first."""
    query = (
        select(PersonEvent.at, PersonEvent.kind, PersonEvent.data, Officer.name)
        .outerjoin(Officer, Officer.id == PersonEvent.actor_id)
        .where(PersonEvent.officer_id == officer_id)
        .order_by(PersonEvent.id.desc())
        .limit(limit)
    )
    return [Trace(at=row.at, actor=row.name or "", kind=row.kind, data=row.data) for row in connection.execute(query)]


def invite(connection: Connection, now: datetime, by: int, username: str, profile: Profile) -> tuple[int, str]:
    """The new officer's id, and the token of the link with which he chooses his password. UserError."""
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise UserError(Wrong.USERNAME)
    values = {**_columns(profile), "username": username, "password_hash": "", "created_at": now}
    try:
        with connection.begin_nested():
            officer_id = connection.execute(insert(Officer).values(values).returning(Officer.id)).scalar_one()
    except IntegrityError as error:
        raise _taken(error) from error
    record(connection, now, by, officer_id, "invited", **_columns(profile))
    return officer_id, tokens.make(connection, officer_id, Purpose.PASSWORD, now, INVITED)


def change(connection: Connection, now: datetime, by: int, user: User, profile: Profile) -> None:
    """Give an officer another profile, which holds from his next click on. UserError. Call `alone` first."""
    before, after = _columns(user.profile), _columns(profile)
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    if not changed:
        return
    if profile.role is not Role.ADMINISTRATOR:
        _keep_an_administrator(connection, user)
    try:
        with connection.begin_nested():
            connection.execute(update(Officer).where(Officer.id == user.id).values(after))
    except IntegrityError as error:
        raise _taken(error) from error
    record(connection, now, by, user.id, "changed", **changed)


def let_go(connection: Connection, now: datetime, by: int, user: User) -> None:
    """Deactivate: sessions end, links are worth nothing. UserError. Call `alone` first."""
    if not user.active:
        return
    _keep_an_administrator(connection, user)
    connection.execute(update(Officer).where(Officer.id == user.id).values(active=False))
    tokens.drop(connection, user.id)
    record(connection, now, by, user.id, "deactivated", sessions=sessions.close_all(connection, user.id))


def take_back(connection: Connection, now: datetime, by: int, user: User) -> None:
    """Activate again; the old password holds."""
    if user.active:
        return
    connection.execute(update(Officer).where(Officer.id == user.id).values(active=True))
    record(connection, now, by, user.id, "activated")


def reset_second(connection: Connection, now: datetime, by: int | None, user: User) -> None:
    """Take the second factor away from whoever lost his telephone; his sessions end."""
    if user.second:
        second.disable(connection, user.id)
        record(connection, now, by, user.id, "totp_reset", sessions=sessions.close_all(connection, user.id))


def new_link(connection: Connection, now: datetime, by: int | None, user: User) -> str:
    """The token of a link to choose a password with; an older link is worth nothing. UserError."""
    if not user.active:
        raise UserError(Wrong.INACTIVE)
    record(connection, now, by, user.id, "link")
    return tokens.make(connection, user.id, Purpose.PASSWORD, now, INVITED if user.waiting else RENEWED)


def _columns(profile: Profile) -> dict[str, Any]:
    name = " ".join(profile.name.split())[:_LONGEST]
    if not name:
        raise UserError(Wrong.NAME)
    email = (profile.email or "").strip().lower() or None
    if email is not None and not (len(email) <= _LONGEST and _EMAIL.fullmatch(email)):
        raise UserError(Wrong.EMAIL)
    return {**dataclasses.asdict(profile), "name": name, "email": email, "programs": sorted(set(profile.programs))}


def _taken(error: IntegrityError) -> UserError:
    email = "uq_officer_email" in str(error.orig)
    return UserError(Wrong.EMAIL_TAKEN if email else Wrong.USERNAME_TAKEN)


def _keep_an_administrator(connection: Connection, user: User) -> None:
    """UserError where nobody would be left who may log in and manage everybody."""
    if user.profile.role is not Role.ADMINISTRATOR or not user.active:
        return
    others = select(func.count()).where(
        Officer.role == Role.ADMINISTRATOR, Officer.active, Officer.password_hash != "", Officer.id != user.id
    )
    if not connection.scalar(others):
        raise UserError(Wrong.LAST)


def named(connection: Connection, username: str) -> User | None:
    """The officer of that username."""
    row = connection.execute(select(Officer).where(Officer.username == username.strip().lower())).one_or_none()
    return _user(row) if row else None
