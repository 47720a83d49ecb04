"""`muara audit`: whether the history holds, and its latest seal to note down."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import click

from commands.context import running
from commands.saying import fail, show
from dispatcher import sealing
from store import seals
from store.verify import Wrong

if TYPE_CHECKING:
    from config.settings import Settings

_SHORTEST = 16
_WORDS = {
    Wrong.CHANGED: "row {row} of {name} is not what was written",
    Wrong.MISSING: "row {row} of {name} is missing",
    Wrong.GONE: "all {row} rows of {name} are gone",
    Wrong.BACKDATED: "row {row} of {name} says that it is older than a seal which did not hold it",
    Wrong.UNSEALED: "row {row} of {name} is not the one that was sealed",
    Wrong.END: "the end of {name} after row {row} is not the one that was written",
    Wrong.SEAL_CHANGED: "seal {row} is not what was sealed",
    Wrong.SEAL_MISSING: "a seal is missing: {name} {row}",
    Wrong.UNKNOWN_SEAL: "no seal has the hash that was noted down",
}


def verify(settings: Settings, *, against: str, as_json: bool) -> bool:
    """Look at the whole history; False where it does not hold."""
    noted = against.strip().lower()
    if noted and (len(noted) < _SHORTEST or set(noted) - set("0123456789abcdef")):
        fail("the hash of a seal has at least 16 digits of 0-9 a-f")
    with running(settings) as runtime:
        found = sealing.check(runtime, noted)
    if as_json:
        show([dataclasses.asdict(found)], as_json=True, line=str)
        return not found.count
    for fault in found.faults:
        click.echo(_WORDS[fault.wrong].format(row=fault.row, name=fault.name))
    if found.count > len(found.faults):
        click.echo(f"and {found.count - len(found.faults)} more")
    state = "does not hold" if found.count else "holds"
    click.echo(
        f"the history {state}: {found.rows} rows, {found.seals} seals" + f"; last {found.hash}" * bool(found.hash)
    )
    return not found.count


def seal(settings: Settings, *, as_json: bool) -> None:
    """Seal what has grown, and print the latest seal."""
    with running(settings) as runtime:
        sealing.seal(runtime)
        with runtime.engine.connect() as connection:
            latest = seals.latest(connection)
    if latest is None:
        fail("there is no history to seal yet")

    def line(row: dict[str, Any]) -> str:
        return f"seal {row['id']}  {row['at'].astimezone(runtime.zone):%d-%m-%Y %H:%M}  {row['hash']}"

    show([dataclasses.asdict(latest)], as_json=as_json, line=line)
