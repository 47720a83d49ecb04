"""`muara demo`: everything of one machine, the providers played by local stand-ins, and citizens who write."""

from __future__ import annotations

import functools
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import wiring
from commands import demo_data, running
from commands.saying import fail
from dispatcher import logs
from dispatcher.processes import fork
from dispatcher.supervisor import Child
from gateway.server import PortInUseError, ensure_free
from standins.exchange import Site
from standins.server import Stage
from standins.server import serve as serve_town
from store.embedded.lock import holder
from store.engine import connect
from store.people import OfficerError, Role, add_officer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings

DATA_DIR: Final = Path(__file__).parent.parent / "var" / "demo"
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
#: What takes its time, by the name of the process that does it.
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
    memory = demo_data.remember(data_dir, [officer["username"] for officer in _OFFICERS])
    memory |= {"host": host, "port": port, "town_port": _free_port(host, port + 1)}
    if holder(data_dir) is None:  # else the ports of the one that runs stay remembered, and this one soon fails
        demo_data.keep(data_dir, memory)
    made = demo_data.settings(data_dir, memory)
    stage = _stage(made, memory, pace=pace, seed=seed)
    officers = functools.partial(_add_officers, made, memory["passwords"])
    extra = (
        Child(name="officers", start=lambda: fork(officers, "officers"), once=True),
        Child(name="town", start=lambda: fork(lambda: _play(stage), "town"), ready=lambda: _answers(memory)),
    )
    running.serve(made, extra=extra, on_start=_Progress(), on_ready=lambda: _welcome(made, memory))
    click.echo(f"Peragaan berhenti. Datanya disimpan di {data_dir}")


def _free_port(host: str, first: int) -> int:
    ports = (port for port in range(first, min(first + _PORTS_TRIED, 65_536)) if _is_free(host, port))
    return next(ports, None) or fail(f"no port from {first} on is free on {host} for the stand-ins")


def _is_free(host: str, port: int) -> bool:
    try:
        ensure_free(host, port)
    except PortInUseError:
        return False
    return True


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
            except OfficerError:
                continue  # an earlier start has added him


def _play(stage: Stage) -> None:
    logs.configure("warning", process="town")
    serve_town(stage)


def _answers(memory: Mapping[str, Any]) -> bool:
    try:
        with urllib.request.urlopen(f"{demo_data.town_url(memory)}/healthz", timeout=1) as answer:  # noqa: S310 - ours
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
    url = made.public_url
    log_ins = "   ".join(f"{name} / {password}" for name, password in memory["passwords"].items())
    lines = (
        "",
        "Muara siap. Buka di peramban:",
        "",
        f"  Antrean petugas   {url}/inbox",
        f"       masuk        {log_ins}",
        f"  Telepon warga     {demo_data.town_url(memory)}/",
        f"  Formulir warga    {url}/lapor",
        "",
        "Tulis SMS di telepon warga, jawab di antrean. Ctrl-C untuk berhenti.",
    )
    click.echo("\n".join(lines))
