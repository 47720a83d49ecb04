"""An installation's settings, typed and frozen, and how they are read: file, then environment, then command line."""

from __future__ import annotations

import dataclasses
import os
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from config import checks
from config.accounts import Account, read_accounts
from config.programs import read_programs, read_toml
from config.reading import is_scalar, read
from config.spot import Placed, SettingsError, Spot
from normalizer.program import Program  # noqa: TC001 - the reader reads these annotations at run time

__all__ = [
    "Account",
    "Drain",
    "Limits",
    "Login",
    "Mail",
    "Notify",
    "Oidc",
    "Outbox",
    "Settings",
    "SettingsError",
    "load",
]

ENV_PREFIX = "MUARA_"
FILE = "muara.toml"
_ELSEWHERE = ("accounts", "programs")
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, never bound here
_NONE: Mapping[str, object] = types.MappingProxyType({})


def _checked(default: Any, check: Any, *, secret: bool = False) -> Any:
    return dataclasses.field(default=default, metadata={"check": check}, repr=not secret)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one sender may ask of us. `max_body_bytes` holds where no channel's manifest says otherwise."""

    max_body_bytes: int = _checked(20_971_520, checks.at_least(1024))
    max_media_bytes: int = _checked(26_214_400, checks.at_least(1024))
    form_per_address_per_hour: int = _checked(20, checks.at_least(1))
    form_per_phone_per_day: int = _checked(10, checks.at_least(1))
    proof_of_work_bits: int = _checked(16, checks.between(0, 24))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Drain:
    """The way from journal to queue: processes, and journal rows that one claim takes."""

    workers: int = _checked(2, checks.at_least(1))
    batch: int = _checked(500, checks.between(1, 10_000))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The way of the answers: how many are sent at the same time."""

    threads: int = _checked(8, checks.between(1, 64))


RoleName = Literal["administrator", "program_admin", "unit_head", "officer", "leader", "auditor"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """How officers get in: roles that need a second factor, hours that a session lasts idle and in all."""

    totp_roles: tuple[RoleName, ...] = ()
    idle_hours: float = _checked(4.0, checks.above_zero)
    absolute_hours: float = _checked(16.0, checks.above_zero)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """The installation's own mail to officers, without `smtp_host` none; port 0 is the usual one of `security`."""

    smtp_host: str = ""
    smtp_port: int = _checked(0, checks.between(0, 65_535))
    security: Literal["tls", "starttls", "none"] = "starttls"
    username: str = ""
    password: str = dataclasses.field(default="", repr=False)
    sender: str = _checked("", checks.sender)

    def __post_init__(self) -> None:
        """What cannot work is said before the first mail."""
        if self.smtp_host and not self.sender:
            raise ValueError('expected a sender beside smtp_host, such as "Muara <muara@example.go.id>"')
        if self.username and self.security == "none" and self.smtp_host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError("expected security tls or starttls: a password is not sent in the clear")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """How officers are told outside the inbox, besides mail: `telegram` is the account of the bot that does."""

    telegram: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """What maps are drawn on: tiles of another host, and whom they are owed to; without `tiles` a plain ground."""

    tiles: str = _checked("", checks.tiles)
    attribution: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """Single sign-on by OpenID Connect; without an issuer there is none."""

    issuer: str = _checked("", checks.issuer)
    client_id: str = ""
    client_secret: str = dataclasses.field(default="", repr=False)
    name: str = "SSO"
    claim: str = "email"
    local_login: bool = True

    def __post_init__(self) -> None:
        """What cannot work is said before the first log-in."""
        if self.issuer and not (self.client_id and self.client_secret and self.name and self.claim):
            raise ValueError("expected client_id, client_secret, name and claim beside issuer")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One installation. Names end in their unit (`_s` seconds); `muara.toml` says of each what it does.

    `public_url` is never empty and has no slash at its end. `accounts` holds the enabled ones by name.
    """

    public_url: str = _checked("", checks.public_url)
    host: str = "127.0.0.1"
    port: int = _checked(8080, checks.port)
    data_dir: Path = Path(__file__).parent.parent / "var"
    database_url: str = _checked("", checks.database_url, secret=True)
    redis_url: str = _checked("", checks.redis_url, secret=True)
    blob_url: str = _checked("", checks.blob_url, secret=True)
    secret_key: str = _checked("", checks.secret_key, secret=True)
    timezone: str = _checked("Asia/Jakarta", checks.timezone)
    trusted_proxies: tuple[str, ...] = _checked((), checks.networks)
    spool_dir: Path | None = None
    accept_deadline_s: float = _checked(2.0, checks.above_zero)
    parts_timeout_s: float = _checked(600.0, checks.above_zero)
    album_settle_s: float = _checked(2.0, checks.above_zero)
    edit_wait_s: float = _checked(600.0, checks.above_zero)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    limits: Limits = Limits()
    drain: Drain = Drain()
    outbox: Outbox = Outbox()
    login: Login = Login()
    mail: Mail = Mail()
    notify: Notify = Notify()
    oidc: Oidc = Oidc()
    map: Map = Map()
    accounts: Mapping[str, Account] = dataclasses.field(default_factory=dict)
    programs: tuple[Program, ...] = ()

    def __post_init__(self) -> None:
        """What needs the whole; where nobody said how the world reaches us, only this machine does."""
        named = self.notify.telegram
        bot = self.accounts.get(named)
        if named and (bot is None or bot.channel != "telegram"):
            raise ValueError(f"expected an account of channel telegram in notify.telegram, not {named!r}")
        if not self.public_url:
            host = _ANYWHERE.get(self.host, self.host)
            url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
            object.__setattr__(self, "public_url", url)

    @property
    def spool(self) -> Path:
        """The folder that takes what the database cannot: on this machine's own disk."""
        return self.spool_dir or self.data_dir / "spool"


def load(
    config_dir: Path, overrides: Mapping[str, object] = _NONE, environ: Mapping[str, str] | None = None
) -> Settings:
    """The settings of `config_dir/muara.toml` and `config_dir/programs/*.toml`.

    `MUARA_<KEY>` in the environment goes before the file, `overrides` (command line; None is "not given") before both.
    Tables in `overrides` are laid over those of the file. SettingsError.
    """
    environ = os.environ if environ is None else environ
    folder = config_dir.absolute()
    spot = Spot(source=str(folder / FILE), base=folder, environ=environ)
    table = read_toml(folder / FILE, spot)
    if "programs" in table:
        raise spot.at("programs").error("programs stand in files of their own, programs/<key>.toml beside this one")
    table = _laid_over(table, _from_environment(environ))
    command_line = Spot(source="command line", base=Path.cwd(), environ=environ)
    table = _laid_over(table, _placed(overrides, command_line))
    accounts, off = read_accounts(table.pop("accounts", {}), spot.at("accounts"))
    programs = read_programs(folder / "programs", environ, accounts.keys() | off)
    return read(Settings, table, spot, given={"accounts": accounts, "programs": programs})


def _from_environment(environ: Mapping[str, str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, annotation in typing.get_type_hints(Settings).items():
        name = ENV_PREFIX + key.upper()
        if key not in _ELSEWHERE and name in environ and is_scalar(annotation):
            spot = Spot(source=f"environment variable {name}", base=Path.cwd(), as_text=True, environ=environ)
            found[key] = Placed(value=environ[name], spot=spot)
    return found


def _placed(table: Mapping[str, object], spot: Spot) -> dict[str, object]:
    return {
        key: _placed(value, spot) if isinstance(value, Mapping) else Placed(value=value, spot=spot)
        for key, value in table.items()
        if value is not None
    }


def _laid_over(below: Mapping[str, object], above: Mapping[str, object]) -> dict[str, object]:
    merged = dict(below)
    for key, value in above.items():
        under = merged.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        merged[key] = _laid_over(under, value) if both else value  # type: ignore[arg-type]  # both are mappings
    return merged
