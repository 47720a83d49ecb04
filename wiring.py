"""Builds the one Runtime of a process from the settings; only app, worker and cli import it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from channels.contract import AccountInfo
from channels.registry import channel_type, manifests
from dispatcher.mailing import Mailer
from dispatcher.runtime import Account, Pace, Runtime
from dispatcher.single import Provider
from normalizer.keyword import KeywordIndex
from normalizer.place import PlaceFinder
from store.blobs import Blobs
from store.embedded import Postgres, Valkey
from store.engine import connect

if TYPE_CHECKING:
    from collections.abc import Callable

    import config.accounts
    import config.settings
    from config.settings import Settings

#: A Redis that does not answer within this time (seconds) counts as away; nobody waits longer for a bell.
REDIS_TIMEOUT = 2.0
_SENTINEL_PORT = 26_379
_MAIL_PORTS = {"tls": 465, "starttls": 587, "none": 25}


def now() -> dt.datetime:
    """The clock of the real world, aware and in UTC."""
    return dt.datetime.now(dt.UTC)


def urls(settings: Settings) -> tuple[str, str]:
    """Where database and Redis are, or will be once somebody runs them: as set, else the embedded ones."""
    database = settings.database_url or Postgres(settings.data_dir).url
    return database, settings.redis_url or Valkey(settings.data_dir).url


def build(
    settings: Settings,
    *,
    database_url: str,
    redis_url: str,
    clock: Callable[[], dt.datetime] = now,
    name: str = "muara",
    pool_size: int = 5,
) -> Runtime:
    """The runtime of one process; opens no connection yet. `name` is what PostgreSQL lists its connections under."""
    return Runtime(
        engine=connect(database_url, name=name, pool_size=pool_size),
        redis=redis_client(redis_url),
        accounts={account.name: _account(account, settings) for account in settings.accounts.values()},
        programs={program.key: program for program in settings.programs},
        places={program.key: PlaceFinder(program.places) for program in settings.programs},
        blobs=Blobs(settings.blob_url or (settings.data_dir.absolute() / "blobs").as_uri()),
        clock=clock,
        public_url=settings.public_url,
        zone=ZoneInfo(settings.timezone),
        mailer=_mailer(settings.mail),
        notify=settings.notify.telegram or None,
        pace=Pace(
            batch=settings.drain.batch,
            parts_timeout=settings.parts_timeout_s,
            album_settle=settings.album_settle_s,
            edit_wait=settings.edit_wait_s,
            send_threads=settings.outbox.threads,
            max_media=settings.limits.max_media_bytes,
        ),
    )


def _mailer(mail: config.settings.Mail) -> Mailer | None:
    if not mail.smtp_host:
        return None
    port = mail.smtp_port or _MAIL_PORTS[mail.security]
    return Mailer(
        host=mail.smtp_host,
        port=port,
        security=mail.security,
        username=mail.username,
        password=mail.password,
        sender=mail.sender,
    )


def provider(oidc: config.settings.Oidc) -> Provider | None:
    """The provider of single sign-on, where the settings name one."""
    if not oidc.issuer:
        return None
    return Provider(
        issuer=oidc.issuer,
        client_id=oidc.client_id,
        client_secret=oidc.client_secret,
        name=oidc.name,
        claim=oidc.claim,
    )


def hook_url(public_url: str, account: str) -> str:
    """Where the provider of an account posts to."""
    return f"{public_url}/hooks/{account}"


def redis_client(url: str, *, timeout: float = REDIS_TIMEOUT) -> redis.Redis:
    """A client for redis://, rediss://, unix:// or redis+sentinel://; one retry, so that a restart is not an error."""
    options: dict[str, Any] = {
        "socket_timeout": timeout,
        "socket_connect_timeout": timeout,
        "health_check_interval": 15,
        "retry": Retry(ExponentialBackoff(cap=0.2, base=0.05), 1),
    }
    parts = urlsplit(url)
    if parts.scheme != "redis+sentinel":
        return redis.Redis.from_url(url, **options)
    service, _, database = parts.path.strip("/").partition("/")
    for key, values in parse_qs(parts.query).items():
        options[key] = values[-1]
    credentials = {"username": parts.username, "password": parts.password, "db": int(database or 0)}
    sentinel: Any = Sentinel  # redis-py does not type it
    guides = sentinel(_hosts(parts.netloc), sentinel_kwargs={"socket_timeout": timeout}, **credentials, **options)
    client: redis.Redis = guides.master_for(service)
    return client


def _hosts(netloc: str) -> list[tuple[str, int]]:
    """`user:password@host:26379,host` without the credentials, as pairs."""
    hosts = []
    for part in netloc.rpartition("@")[2].split(","):
        host, _, port = part.rpartition(":") if ":" in part.rpartition("]")[2] else (part, "", "")
        hosts.append((host.strip("[]"), int(port or _SENTINEL_PORT)))
    return hosts


def _account(account: config.accounts.Account, settings: Settings) -> Account:
    programs = tuple(program for program in settings.programs if account.name in program.accounts)
    info = AccountInfo(name=account.name, hook_url=hook_url(settings.public_url, account.name))
    return Account(
        name=account.name,
        channel=channel_type(account.channel)(info, account.settings),
        manifest=manifests()[account.channel],
        programs=programs,
        keywords=KeywordIndex(programs),
    )
