"""What the inbox's views share within one application and one request."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any, cast

from flask import current_app, g, render_template

from inbox import rights
from inbox.turnstile import Turnstile
from store import engine, sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta

    from flask import Response
    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime
    from dispatcher.single import Provider
    from store.people import Person
    from store.queue import Scope

KEY = "muara_inbox"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How officers get in: who needs a second factor, how long a session lasts without and with an act in it.

    `provider` is that of single sign-on; without `local_login` only administrators may use a password beside it.
    """

    totp_roles: frozenset[str] = frozenset()
    idle: timedelta = sessions.IDLE
    absolute: timedelta = sessions.ABSOLUTE
    provider: Provider | None = None
    local_login: bool = True


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the gateway knows of its own machine: `look` is the readiness as /readyz tells it, `free` bytes of disk."""

    look: Callable[[], Mapping[str, Any]]
    free: Callable[[], int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What maps are drawn on: the address of `tiles` with {z}, {x} and {y}, and whom they are owed to."""

    tiles: str = ""
    attribution: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """The inbox of one application.

    `assets` gives each static file's version, `background` does what nobody waits for.
    """

    runtime: Runtime
    secret: bytes
    secure: bool
    assets: Mapping[str, str]
    access: Access
    background: Callable[[Callable[[], None]], None]
    turnstile: Turnstile = dataclasses.field(default_factory=Turnstile)
    machine: Machine | None = None
    ground: Ground = Ground()


def inbox() -> Inbox:
    """The inbox that this request came to."""
    return cast("Inbox", current_app.extensions[KEY])


def runtime() -> Runtime:
    """Engine, Redis, accounts, programs."""
    return inbox().runtime


@contextlib.contextmanager
def reading() -> Iterator[Connection]:
    """A connection to read with; within another `reading` of the request the same one, so that a page needs only one.

    A thread that held two could wait for the second for ever: all threads together have fewer.
    """
    outer: Connection | None = g.get("reading")
    if outer is not None:
        yield outer
        return
    with engine.reading(runtime().engine) as connection:
        g.reading = connection
        try:
            yield connection
            connection.commit()
        finally:
            g.reading = None


def now() -> datetime:
    """The runtime's time, the same for the whole request."""
    if "now" not in g:
        g.now = runtime().clock()
    return cast("datetime", g.now)


def person() -> Person:
    """Who is logged in; only routes that need more than nothing may ask."""
    return cast("Person", g.person)


def scope() -> Scope:
    """What the logged-in officer reaches."""
    return rights.scope(person(), runtime())


def page(template: str, status: int = 200, **values: object) -> Response:
    """A rendered page."""
    response = current_app.make_response(render_template(f"inbox/{template}", **values))
    response.status_code = status
    return response
