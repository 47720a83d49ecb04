"""`muara demo`: everything of one machine, the providers played by local stand-ins, and citizens who write."""

from __future__ import annotations

import functools
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

import wiring
from commands import demo_data, demo_export, demo_stage, running
from commands.saying import fail
from dispatcher import logs
from dispatcher.processes import fork
from dispatcher.supervisor import Child
from gateway.server import PortInUseError, ensure_free
from standins.server import serve as serve_town
from store.embedded.lock import holder
from store.engine import connect
from store.people import OfficerError, Role, add_officer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings
    from standins.server import Stage

DATA_DIR: Final = Path(__file__).parent.parent / "var" / "demo"
_PORTS_TRIED: Final = 50
_HERE: Final = "127.0.0.1"
_OFFICERS: Final[tuple[Mapping[str, Any], ...]] = (
    {"username": "petugas", "name": "Petugas Pemalang", "role": Role.OFFICER, "programs": ["masbupsiaga"]},
    {"username": "admin", "name": "Admin Peragaan", "role": Role.ADMINISTRATOR, "sees_identity": True},
)
#: What takes its time, by the name of the process that does it.
_STEPS: Final = {
    "town": "memulai para penyedia tiruan",
    "postgres": "menyiapkan basis data",
    "valkey": "memulai antrean kerja",
    "migrate": "menyusun tabel",
    "gateway": "memulai gateway dan kotak masuk",
    "drain-1": "memulai pekerja",
    "officers": "membuat akun petugas",
}


def serve(data_dir: Path, *, host: str, port: int, pace: float, seed: int) -> None:
    """Run the demo until Ctrl-C; `pace` is the mean of seconds between two citizens of the stream, 0 for none."""
    memory = demo_data.remember(data_dir, [officer["username"] for officer in _OFFICERS])
    memory |= {"host": host, "port": port} | _free_ports(host, port + 1)
    if holder(data_dir) is None:  # else the ports of the one that runs stay remembered, and this one soon fails
        demo_data.keep(data_dir, memory)
    made = demo_data.settings(data_dir, memory)
    stage = demo_stage.stage(made, memory, pace=pace, seed=seed)
    example = demo_export.write(data_dir)
    officers = functools.partial(_add_officers, made, memory["passwords"])
    # The providers stand before the site asks them; the citizens wait until it opens.
    town = Child(name="town", start=lambda: fork(lambda: _play(stage), "town"), ready=lambda: _answers(memory))
    extra = Child(name="officers", start=lambda: fork(officers, "officers"), once=True)
    running.serve(
        made, first=[town], extra=[extra], on_start=_Progress(), on_ready=lambda: _welcome(made, memory, example)
    )
    click.echo(f"Peragaan berhenti. Datanya disimpan di {data_dir}")


def _free_ports(host: str, first: int) -> dict[str, int]:
    """One for all that is HTTP; mail, which here has no TLS, on this machine only."""
    town = _free_port(host, first)
    imap = _free_port(_HERE, town + 1)
    return {"town_port": town, "imap_port": imap, "smtp_port": _free_port(_HERE, imap + 1)}


def _free_port(host: str, first: int) -> int:
    ports = (port for port in range(first, min(first + _PORTS_TRIED, 65_536)) if _is_free(host, port))
    return next(ports, None) or fail(f"no port from {first} on is free on {host} for the stand-ins")


def _is_free(host: str, port: int) -> bool:
    try:
        ensure_free(host, port)
    except PortInUseError:
        return False
    return True


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


def _welcome(made: Settings, memory: Mapping[str, Any], example: Path) -> None:
    url, mail = made.public_url, made.accounts["email"].settings
    log_ins = "   ".join(f"{name} / {password}" for name, password in memory["passwords"].items())
    lines = (
        "",
        "Muara siap. Buka di peramban:",
        "",
        f"  Antrean petugas   {url}/inbox",
        f"       masuk        {log_ins}",
        f"  Telepon warga     {demo_data.town_url(memory)}/",
        f"  Formulir warga    {url}/lapor",
        f"  Impor SP4N        {url}/inbox/import   unggah {example}",
        f"  Kotak surel       {mail.address} / {mail.password}   IMAP {mail.imap_port}, SMTP {mail.smtp_port}",
        "",
        "SMS, WhatsApp, Telegram, LINE, surel, X, Facebook, Instagram, formulir, Open311: tulis di telepon warga,",
        "jawab di antrean, lihat jawabannya tiba. Pemberitahuan untuk petugas: Akun saya, Atur pemberitahuan saya,",
        "Hubungkan Telegram; tulis /petugas dan kodenya di telepon warga yang memakai Telegram. Ctrl-C untuk berhenti.",
    )
    click.echo("\n".join(lines))
