"""`muara user`: officers from the command line; the rest of their lives is spent in the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from commands.context import running
from commands.saying import fail
from store import users
from store.people import OfficerError, add_officer

if TYPE_CHECKING:
    from config.settings import Settings


def add(settings: Settings, *, programs: tuple[str, ...], **officer: Any) -> None:
    """Add an officer; ends with a sentence where a field is wrong."""
    known = {program.key for program in settings.programs}
    if unknown := sorted(set(programs) - known):
        fail(f"there is no program {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    with running(settings) as runtime:
        try:
            with runtime.engine.begin() as connection:
                officer_id = add_officer(connection, programs=programs, **officer)
                users.record(connection, runtime.clock(), None, officer_id, "added")
        except OfficerError as error:
            fail(str(error))
    click.echo(f"{officer['username']} may log in at {settings.public_url}/inbox")


def link(settings: Settings, username: str, *, reset_totp: bool) -> None:
    """Print a link to choose a password with: the way back for an administrator who has lost his."""
    with running(settings) as runtime, runtime.engine.begin() as connection:
        user = users.named(connection, username)
        if user is None:
            fail(f"there is no officer {username!r}")
        if not user.active:
            fail(f"{user.username} is not active: an administrator activates him in the inbox, under Petugas")
        if reset_totp:
            users.reset_second(connection, runtime.clock(), None, user)
        token = users.new_link(connection, runtime.clock(), None, user)
    click.echo(f"{settings.public_url}/inbox/invite/{token}")
