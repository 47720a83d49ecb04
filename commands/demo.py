"""`muara demo`: everything of one machine, the providers played by local stand-ins, and citizens who write."""

from __future__ import annotations

import functools
import json
import logging
import os
import secrets
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import wiring
from commands import running
from commands.context import fail
from config.settings import SettingsError, load
from dispatcher import logs
from dispatcher.processes import fork
from dispatcher.supervisor import Child
from gateway.server import PortInUseError, ensure_free
from normalizer.ticket import ALPHABET
from standins.exchange import Site
from standins.server import Stage
from standins.server import serve as serve_town
from store.embedded.errors import EmbeddedError
from store.embedded.places import make_data_dir
from store.engine import connect
from store.people import OfficerError, Role, add_officer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings

_ROOT: Final = Path(__file__).parent.parent
CONFIG: Final = _ROOT / "config" / "demo"
DATA_DIR: Final = _ROOT / "var" / "demo"
#: What one start leaves for the next: made-up secrets, the officers' passwords, the last ports.
MEMORY: Final = "demo.json"
_TOWN: Final = "town.jsonl"
_PORTS_TRIED: Final = 50
#: The account of each provider in config/demo/muara.toml.
_ACCOUNTS: Final = {
    "kannel": "sms-kannel",
    "android": "sms-android",
    "twilio": "sms-twilio",
    "telegram": "telegram",
}
_OFFICERS: Final[tuple[Mapping[str, Any], ...]] = (
    {"username": "petugas", "name": "Petugas Pemalang", "role": Role.OFFICER, "programs": ["masbupsiaga"]},
    {"username": "admin", "name": "Admin Peragaan", "role": Role.ADMINISTRATOR, "sees_identity": True},
)
_STEPS: Final = {
    "postgres": "menyiapkan basis data",
    "valkey": "memulai antrean kerja",
    "migrate": "menyusun tabel",
    "gateway": "memulai gateway dan kotak masuk",
    "drain-1": "memulai pekerja",
    "officers": "membuat akun petugas",
    "town": "membangunkan para warga",
}


def serve(data_dir: Path, *, host: str, port: int, pace: float, seed: int) -> None:
    """Run the demo until Ctrl-C; `pace` is the mean of seconds between two citizens of the stream, 0 for none."""
    memory = _remember(data_dir)
    try:
        town_port = _free_port(host, port + 1)
    except PortInUseError as error:
        fail(str(error))
    memory |= {"host": host, "port": port, "town_port": town_port}
    _write(data_dir / MEMORY, memory)
    made = settings(data_dir, memory)
    stage = _stage(made, memory, pace=pace, seed=seed)
    officers = functools.partial(_add_officers, made, memory["passwords"])
    extra = (
        Child(name="officers", start=lambda: fork(officers, "officers"), once=True),
        Child(name="town", start=lambda: fork(lambda: _play(stage), "town"), ready=lambda: _answers(memory)),
    )
    running.serve(made, extra=extra, on_start=_Progress(), on_ready=lambda: _welcome(made, memory))
    click.echo("Peragaan berhenti. Datanya disimpan di " + str(data_dir))


def settings(data_dir: Path, memory: Mapping[str, Any] | None = None) -> Settings:
    """The settings of the demo in a data directory; nothing of the environment counts, and nothing real is touched."""
    memory = memory or json.loads((data_dir / MEMORY).read_text("utf-8"))
    hidden, town = memory["secrets"], _town_url(memory)
    overrides = {
        "host": memory["host"],
        "port": memory["port"],
        "data_dir": data_dir.absolute(),
        "accounts": {
            "sms-kannel": {
                "secret": hidden["kannel_secret"],
                "password": hidden["kannel_password"],
                "sendsms_url": f"{town}/kannel/cgi-bin/sendsms",
            },
            "sms-android": {
                "password": hidden["android_password"],
                "signing_key": hidden["android_key"],
                "api_url": f"{town}/android",
            },
            "sms-twilio": {
                "account_sid": hidden["twilio_sid"],
                "auth_token": hidden["twilio_token"],
                "api_url": f"{town}/twilio",
            },
            "telegram": {
                "token": hidden["telegram_token"],
                "secret_token": hidden["telegram_secret"],
                "base_url": f"{town}/telegram/bot",
                "base_file_url": f"{town}/telegram/file/bot",
            },
        },
    }
    try:
        return load(CONFIG, overrides, environ={})
    except SettingsError as error:
        fail(str(error))


def _remember(data_dir: Path) -> dict[str, Any]:
    """What an earlier start left here, or what this first one makes up."""
    path = data_dir / MEMORY
    try:
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text("utf-8"))
            return found
        if data_dir.exists() and any(data_dir.glob("postgres*")):
            fail(f"{data_dir} holds an installation that is no demo: choose another --data-dir")
        make_data_dir(data_dir)
    except EmbeddedError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")
    except ValueError:
        fail(f"{path} is damaged: remove {data_dir} for a new demo")
    return {"secrets": _new_secrets(), "passwords": {officer["username"]: _password() for officer in _OFFICERS}}


def _write(path: Path, memory: Mapping[str, Any]) -> None:
    draft = path.with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="utf-8") as text:
            json.dump(memory, text, indent=2)
        draft.replace(path)
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")


def _new_secrets() -> dict[str, str]:
    names = ("kannel_secret", "kannel_password", "android_password", "android_key", "twilio_token", "telegram_secret")
    return {name: secrets.token_urlsafe(24) for name in names} | {
        "twilio_sid": f"AC{secrets.token_hex(16)}",
        "telegram_token": f"{secrets.randbelow(900_000_000) + 100_000_000}:{secrets.token_urlsafe(26)}",
    }


def _password() -> str:
    """54 bits, in letters and digits that can be read from a screen."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3)).lower()


def _free_port(host: str, first: int) -> int:
    for port in range(first, first + _PORTS_TRIED):
        try:
            ensure_free(host, port)
        except (PortInUseError, OverflowError):
            continue
        return port
    raise PortInUseError(f"no port from {first} on is free on {host} for the stand-ins")


def _town_url(memory: Mapping[str, Any]) -> str:
    """Where the stand-ins are reached from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(memory["host"], memory["host"])  # noqa: S104 - compared with
    return f"http://{f'[{host}]' if ':' in host else host}:{memory['town_port']}"


def _stage(made: Settings, memory: Mapping[str, Any], *, pace: float, seed: int) -> Stage:
    accounts = {provider: made.accounts[name].settings for provider, name in _ACCOUNTS.items()}
    numbers = {provider: accounts[provider].numbers[0] for provider in ("kannel", "android", "twilio")}
    site = Site(
        url=made.public_url,
        hooks={provider: wiring.hook_url(made.public_url, name) for provider, name in _ACCOUNTS.items()},
        numbers=numbers | {"telegram": accounts["telegram"].username},
        secrets=memory["secrets"],
    )
    return Stage(
        site=site,
        host=memory["host"],
        port=memory["town_port"],
        path=made.data_dir / _TOWN,
        inbox_url=f"{made.public_url}/inbox",
        formats=[program.format for program in made.programs],
        pace=pace,
        seed=seed,
    )


def _add_officers(made: Settings, passwords: Mapping[str, str]) -> None:
    database_url, _ = wiring.urls(made)
    with connect(database_url, name="muara demo").begin() as connection:
        for officer in _OFFICERS:
            try:
                add_officer(connection, password=passwords[officer["username"]], **officer)
            except OfficerError as error:
                logging.getLogger(__name__).info("from an earlier start: %s", error)


def _play(stage: Stage) -> None:
    logs.configure("warning", process="town")
    serve_town(stage)


def _answers(memory: Mapping[str, Any]) -> bool:
    try:
        with urllib.request.urlopen(f"{_town_url(memory)}/healthz", timeout=1) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)  # noqa: PLR2004 - the status itself
    except OSError:
        return False


class _Progress:
    """A line for each slow step, the first time that it is taken."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def __call__(self, child: str) -> None:
        if child in _STEPS and child not in self._said:
            self._said.add(child)
            click.echo(f"  {_STEPS[child]} …")


def _welcome(made: Settings, memory: Mapping[str, Any]) -> None:
    url, passwords = made.public_url, memory["passwords"]
    log_ins = "   ".join(f"{name} / {password}" for name, password in passwords.items())
    lines = (
        "",
        "Muara siap. Buka di peramban:",
        "",
        f"  Antrean petugas   {url}/inbox",
        f"       masuk        {log_ins}",
        f"  Telepon warga     {_town_url(memory)}/",
        f"  Formulir warga    {url}/lapor",
        "",
        "Tulis SMS di telepon warga, jawab di antrean. Ctrl-C untuk berhenti.",
    )
    click.echo("\n".join(lines))
