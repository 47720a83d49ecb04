"""The `muara` command line. Each command's work stands in `commands/`, imported only when it is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datetime import date, datetime

    from config.settings import Settings

# The commands import late: `parse` needs no database and starts without its imports, and `up` forks from what it has.
# ruff: noqa: PLC0415

_FOLDER = click.Path(path_type=Path, file_okay=False)
_CONFIG = click.option("--config", "config_dir", type=_FOLDER, help="folder of muara.toml")
_DATA = click.option("--data-dir", type=_FOLDER, help="where the installation keeps its data")
_JSON = click.option("--json", "as_json", is_flag=True, help="one JSON object a line, for programs")
_CHANNEL = click.option("--channel", "account", metavar="ACCOUNT", help="only this account (sms1708, telegram, …)")


def _day(_context: click.Context, _option: click.Parameter, value: datetime | None) -> date | None:
    return None if value is None else value.date()


_DAY = click.option("--day", type=click.DateTime(["%Y-%m-%d"]), callback=_day, help="only this local day")


def _settings(config_dir: Path | None, data_dir: Path | None, **overrides: object) -> Settings:
    from commands import context, demo_data

    if config_dir is None and data_dir is not None and not overrides and demo_data.is_demo(data_dir):
        return demo_data.settings(data_dir)
    return context.settings_from(config_dir or context.CONFIG, data_dir=data_dir, **overrides)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="./muara itself also knows `test` (lints and all tests) and `lock` (renews the locks of the dependencies).",
)
def main() -> None:
    """Muara: many channels flow into one queue for the officers of a local government."""


@main.command()
@_DATA
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen on")
@click.option(
    "--port", type=click.IntRange(1, 65534), default=8080, show_default=True, help="port of gateway and inbox"
)
@click.option(
    "--pace", type=click.FloatRange(0), default=40.0, show_default=True, help="seconds between messages, 0 for none"
)
@click.option("--seed", type=int, default=1, hidden=True)
def demo(data_dir: Path | None, host: str, port: int, pace: float, seed: int) -> None:
    """Run everything with played providers and citizens; the page of phones is on the next port."""
    from commands import demo as play

    play.serve(data_dir or play.DATA_DIR, host=host, port=port, pace=pace, seed=seed)


@main.command()
@_CONFIG
@_DATA
@click.option("--host", help="address to listen on")
@click.option("--port", type=click.IntRange(1, 65535), help="port to listen on")
def up(config_dir: Path | None, data_dir: Path | None, host: str | None, port: int | None) -> None:
    """Run everything on this machine, for real use."""
    from commands import demo_data, running
    from commands.saying import fail

    settings = _settings(config_dir, data_dir, host=host, port=port)
    if demo_data.is_demo(settings.data_dir):
        fail(f"{settings.data_dir} holds a demo: give real use a data directory of its own")
    running.serve(settings, on_ready=lambda: click.echo(f"Muara is up: {settings.public_url} (Ctrl-C stops it)"))


@main.command()
@_CONFIG
@_DATA
@_JSON
@click.option("--fix", is_flag=True, help="first tell every provider that can be told where to deliver (webhooks)")
def doctor(config_dir: Path | None, data_dir: Path | None, *, fix: bool, as_json: bool) -> None:
    """Check settings, database, Redis, files and every channel; say what to do. Exit code 1 if anything is wrong."""
    from commands import doctor as doctoring

    sys.exit(0 if doctoring.report(_settings(config_dir, data_dir), fix=fix, as_json=as_json) else 1)


@main.command()
@_CONFIG
@_DATA
@_JSON
@click.option("--program", help="only this program (the name of its file)")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True)
def queue(config_dir: Path | None, data_dir: Path | None, program: str | None, limit: int, *, as_json: bool) -> None:
    """List the open complaints by their next deadline."""
    from commands import looking

    looking.queue(_settings(config_dir, data_dir), program=program, limit=limit, as_json=as_json)


@main.command()
@_CONFIG
@_DATA
@_JSON
@click.argument("ticket")
def show(config_dir: Path | None, data_dir: Path | None, ticket: str, *, as_json: bool) -> None:
    """Show one complaint with its thread and history."""
    from commands import looking

    looking.case(_settings(config_dir, data_dir), ticket, as_json=as_json)


@main.command()
@_CONFIG
@_DATA
@_JSON
@_DAY
@_CHANNEL
def ledger(
    config_dir: Path | None, data_dir: Path | None, day: date | None, account: str | None, *, as_json: bool
) -> None:
    """Balance what came in against what became of it, per account and day. Exit code 1 on a remainder."""
    from commands import looking

    balanced = looking.balance(_settings(config_dir, data_dir), day=day, account=account, as_json=as_json)
    sys.exit(0 if balanced else 1)


@main.group()
def quarantine() -> None:
    """What could not be read."""


@quarantine.command("list")
@_CONFIG
@_DATA
@_JSON
@_CHANNEL
def quarantine_list(config_dir: Path | None, data_dir: Path | None, account: str | None, *, as_json: bool) -> None:
    """List it."""
    from commands import quarantining

    quarantining.listing(_settings(config_dir, data_dir), account=account, as_json=as_json)


@quarantine.command("show")
@_CONFIG
@_DATA
@_JSON
@click.argument("item", type=int)
def quarantine_show(config_dir: Path | None, data_dir: Path | None, item: int, *, as_json: bool) -> None:
    """Show one item with its raw payload."""
    from commands import quarantining

    quarantining.display(_settings(config_dir, data_dir), item, as_json=as_json)


@quarantine.command("replay")
@_CONFIG
@_DATA
@_CHANNEL
@click.argument("items", type=int, nargs=-1)
def quarantine_replay(
    config_dir: Path | None, data_dir: Path | None, account: str | None, items: tuple[int, ...]
) -> None:
    """Read these items' payloads again, or all of them where none is named."""
    from commands import quarantining

    quarantining.again(_settings(config_dir, data_dir), items, account=account)


@main.command()
@_CONFIG
@_DATA
@_CHANNEL
@_DAY
@click.option("--adapter-version", "version", help="only payloads that this version of an adapter has read")
def replay(
    config_dir: Path | None, data_dir: Path | None, account: str | None, day: date | None, version: str | None
) -> None:
    """Read payloads again: what is known stays as it is, what was ignored or unreadable gets another chance."""
    from commands import quarantining

    quarantining.replay(_settings(config_dir, data_dir), account=account, day=day, version=version)


@main.command("import")
@_CONFIG
@_DATA
@_JSON
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", required=True, help="the account that the reports are brought into")
@click.option("--dry-run", is_flag=True, help="only say what would come")
def import_(
    config_dir: Path | None, data_dir: Path | None, file: Path, account: str, *, dry_run: bool, as_json: bool
) -> None:
    """Bring an export of SP4N-LAPOR or LaporGub in (CSV or XLSX). Exit code 1 if a row could not be read."""
    from commands import importing

    settings = _settings(config_dir, data_dir)
    sys.exit(0 if importing.bring(settings, file, account=account, dry_run=dry_run, as_json=as_json) else 1)


@main.command()
@_CONFIG
@_DATA
@click.argument("ticket")
@click.option("--account", required=True, help="the account whose server takes it")
@click.option("--service", required=True, help="the service code of that server")
@click.option("--again", is_flag=True, help="although nobody knows whether an earlier try arrived")
def forward(
    config_dir: Path | None, data_dir: Path | None, ticket: str, account: str, service: str, *, again: bool
) -> None:
    """Hand a complaint on to an Open311 server, or ask for its id there; never a confidential one."""
    from commands import forwarding

    forwarding.forward(_settings(config_dir, data_dir), ticket, account=account, service=service, again=again)


@main.group()
def audit() -> None:
    """Look whether the history holds."""


@audit.command("verify")
@_CONFIG
@_DATA
@_JSON
@click.option("--against", default="", metavar="HASH", help="a seal's hash that was noted down outside")
def audit_verify(config_dir: Path | None, data_dir: Path | None, against: str, *, as_json: bool) -> None:
    """Hash the whole history anew and compare. Exit code 1 where it does not hold."""
    from commands import auditing

    holds = auditing.verify(_settings(config_dir, data_dir), against=against, as_json=as_json)
    sys.exit(0 if holds else 1)


@audit.command("seal")
@_CONFIG
@_DATA
@_JSON
def audit_seal(config_dir: Path | None, data_dir: Path | None, *, as_json: bool) -> None:
    """Seal what has grown since the last seal, and print the latest seal to note down."""
    from commands import auditing

    auditing.seal(_settings(config_dir, data_dir), as_json=as_json)


@main.group()
def user() -> None:
    """The officers."""


@user.command("add")
@_CONFIG
@_DATA
@click.argument("username")
@click.option("--name", default="", help="as citizens and colleagues read it")
@click.option("--role", default="officer", show_default=True)
@click.option("--program", "programs", multiple=True, help="a program that the officer sees; may be repeated")
@click.option("--unit", help="the code of the officer's unit")
@click.option("--sees-identity", is_flag=True, help="may see who anonymous and confidential reporters are")
@click.password_option(help="asked for where it is not given")
def user_add(config_dir: Path | None, data_dir: Path | None, **officer: Any) -> None:
    """Add an officer who may log in."""
    from commands import people

    people.add(_settings(config_dir, data_dir), **officer)


@user.command("link")
@_CONFIG
@_DATA
@click.option("--reset-totp", is_flag=True, help="also take a lost second factor away")
@click.argument("username")
def user_link(config_dir: Path | None, data_dir: Path | None, username: str, *, reset_totp: bool) -> None:
    """Make a link with which an officer chooses a new password, once and within a day."""
    from commands import people

    people.link(_settings(config_dir, data_dir), username, reset_totp=reset_totp)


@main.command()
@click.argument("adapter", metavar="ADAPTER[:DIALECT]")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--http", is_flag=True, help="each file is a whole HTTP request, with request line and headers")
def parse(adapter: str, files: tuple[Path, ...], *, http: bool) -> None:
    """Read raw payloads and print one JSON object for each item; needs no database, settings or network."""
    from commands import parsing

    parsing.parse(adapter, files, http=http)


if __name__ == "__main__":
    main(prog_name="./muara")
