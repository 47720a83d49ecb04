"""`muara doctor`: looks at settings, database, Redis, files and every channel, and says what to do."""

from __future__ import annotations

import dataclasses
import shutil
from typing import TYPE_CHECKING

import click
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

import wiring
from channels.errors import ChannelError
from commands.saying import show
from dispatcher import sweeper
from dispatcher.mailing import MailError
from dispatcher.single import SignInError
from gateway.spool import Spool
from inbox.i18n import in_english
from store import accounts, housekeeping
from store.accounts import State
from store.blobs import BlobError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from config.settings import Settings
    from dispatcher.runtime import Account, Runtime
    from dispatcher.single import Provider

#: Below this much room on the disk (bytes) the spool may soon be the only thing that still takes messages.
ROOM = 1_000_000_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at; `sentence` says what to do where it is not well."""

    part: str
    ok: bool
    sentence: str


def examine(settings: Settings, *, fix: bool) -> Iterator[Finding]:
    """All findings, in the order in which one would mend them. `fix` tells providers where to deliver first."""
    yield Finding(
        part="settings", ok=True, sentence=f"{len(settings.accounts)} accounts, {len(settings.programs)} programs"
    )
    database_url, redis_url = wiring.urls(settings)
    runtime = wiring.build(settings, database_url=database_url, redis_url=redis_url, name="muara doctor")
    database = _database(runtime)
    yield database
    known, beat = _noted(runtime) if database.ok else ({}, None)
    if beat is not None:
        yield _clock(runtime, beat)
    yield _redis(runtime)
    yield _files(runtime, settings)
    yield _spool(settings)
    yield _mail(runtime)
    yield _single(wiring.provider(settings.oidc))
    for account in runtime.accounts.values():
        if fix:
            yield from _register(account)
        health = account.channel.health()
        yield Finding(part=f"channel {account.name}", ok=health.ok, sentence=in_english(health.sentence))
        yield from _watched(account, known.get(account.name, State()))
        if not account.programs:
            yield Finding(
                part=f"channel {account.name}",
                ok=False,
                sentence="no program lists this account: everything it receives goes to the triage tray",
            )
    runtime.engine.dispose()


def _register(account: Account) -> Iterator[Finding]:
    try:
        account.channel.register()
    except ChannelError as error:
        sentence = f"was not registered: {in_english(str(error))}"
        yield Finding(part=f"channel {account.name}", ok=False, sentence=sentence)


def report(settings: Settings, *, fix: bool, as_json: bool) -> bool:
    """Print the findings as they come; True if all is well."""
    well = True
    for finding in examine(settings, fix=fix):
        well = well and finding.ok
        mark = click.style("ok  ", fg="green") if finding.ok else click.style("look", fg="red")
        show(
            [dataclasses.asdict(finding)],
            as_json=as_json,
            line=lambda row, mark=mark: f"{mark} {row['part']:22} {row['sentence']}",  # type: ignore[misc]
        )
    return well


def _database(runtime: Runtime) -> Finding:
    try:
        with runtime.engine.connect() as connection:
            version = connection.execute(text("SHOW server_version")).scalar_one()
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            waiting = connection.execute(text("SELECT count(*) FROM journal WHERE parsed_at IS NULL")).scalar_one()
    except SQLAlchemyError as error:
        sentence = f"does not answer ({type(error).__name__}): start Muara (./muara up) or check database_url"
        return Finding(part="database", ok=False, sentence=sentence)
    sentence = f"PostgreSQL {version}, schema {revision}, {waiting} payloads wait to be parsed"
    return Finding(part="database", ok=True, sentence=sentence)


def _noted(runtime: Runtime) -> tuple[dict[str, State], datetime | None]:
    """What stands of each account, and when the clock last came by; nothing where the schema is an older one."""
    try:
        with runtime.engine.connect() as connection:
            return accounts.states(connection), housekeeping.last_beat(connection, "clock")
    except SQLAlchemyError:
        return {}, None


def _clock(runtime: Runtime, beat: datetime) -> Finding:
    age = (runtime.clock() - beat).total_seconds()
    if age <= sweeper.DEAD:
        return Finding(part="clock", ok=True, sentence=f"came by {age:.0f} seconds ago")
    sentence = f"does not run (last seen {beat:%Y-%m-%d %H:%M} UTC): start Muara (./muara up), or look at its log"
    return Finding(part="clock", ok=False, sentence=sentence)


def _watched(account: Account, state: State) -> Iterator[Finding]:
    part = f"channel {account.name}"
    if state.paused:
        what = " and ".join(["sending"] * state.sending_paused + ["polling"] * state.polling_paused)
        yield Finding(part=part, ok=True, sentence=f"{what} paused by {state.paused_by}: {state.pause_reason}")
    if state.silent_since is not None:
        kind = "working hours" if state.expect_working else "hours"
        sentence = (
            f"a message was expected by {state.silent_since:%Y-%m-%d %H:%M} UTC (one in {state.expect_hours} {kind})"
        )
        yield Finding(part=part, ok=False, sentence=f"{sentence}, and none came: look at the provider's side")
    if state.remainder:
        sentence = f"{state.remainder} items of the last week are not accounted for: run ./muara ledger"
        yield Finding(part=part, ok=False, sentence=sentence)


def _redis(runtime: Runtime) -> Finding:
    try:
        runtime.redis.ping()
        waiting = runtime.redis.llen("rq:queue:drain")
    except RedisError as error:
        sentence = f"does not answer ({type(error).__name__}): start Muara (./muara up) or check redis_url"
        return Finding(part="redis", ok=False, sentence=sentence)
    return Finding(part="redis", ok=True, sentence=f"answers, {waiting} rings wait")


def _spool(settings: Settings) -> Finding:
    try:
        depth = Spool(settings.spool).depth()
    except OSError as error:
        return Finding(part="spool", ok=False, sentence=f"{settings.spool} cannot be read: {error.strerror}")
    if depth.bad:
        sentence = f"{depth.bad} files in {settings.spool} end in .bad: the database refused them; keep them safe"
        return Finding(part="spool", ok=False, sentence=sentence)
    return Finding(part="spool", ok=True, sentence=f"{depth.pending} payloads wait on disk for the database")


def _mail(runtime: Runtime) -> Finding:
    if runtime.mailer is None:
        sentence = "not set up: links for officers are given by hand ([mail] in muara.toml)"
        return Finding(part="mail", ok=True, sentence=sentence)
    try:
        runtime.mailer.check()
    except MailError as error:
        return Finding(part="mail", ok=False, sentence=f"the server does not let us in ({error}): check [mail]")
    return Finding(part="mail", ok=True, sentence="the server answers and lets us in")


def _single(provider: Provider | None) -> Finding:
    if provider is None:
        return Finding(part="sso", ok=True, sentence="not set up: officers log in with a password")
    try:
        provider.check()
    except SignInError as error:
        return Finding(part="sso", ok=False, sentence=f"the provider does not describe itself ({error}): check [oidc]")
    return Finding(part="sso", ok=True, sentence="the provider answers")


def _files(runtime: Runtime, settings: Settings) -> Finding:
    try:
        runtime.blobs.get(runtime.blobs.put(b"muara doctor"))
        free = shutil.disk_usage(settings.data_dir).free
    except (BlobError, OSError) as error:
        return Finding(part="files", ok=False, sentence=f"cannot be written: {error}")
    if free < ROOM:
        return Finding(
            part="files", ok=False, sentence=f"only {free // 1_000_000} MB free in {settings.data_dir}: make room"
        )
    return Finding(part="files", ok=True, sentence=f"{free // 1_000_000_000} GB free in {settings.data_dir}")
