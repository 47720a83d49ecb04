"""`muara import`: a file of another complaint system's reports, looked at or brought in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from channels.importing import MAX_BYTES, ImportRefused
from commands.context import running
from commands.saying import fail, show, who
from dispatcher import importing
from dispatcher.importing import LABELS, Fate

if TYPE_CHECKING:
    from pathlib import Path

    from config.settings import Settings
    from dispatcher.importing import Line

#: Lines that say nothing that the sum does not say.
_QUIET = frozenset({Fate.UNCHANGED})


def bring(settings: Settings, file: Path, *, account: str, dry_run: bool, as_json: bool) -> bool:
    """Say what comes of each row, and bring it in unless `dry_run`; False where a row could not be read."""
    with running(settings) as runtime:
        takers = importing.accounts(runtime)
        if account not in takers:
            fail(f"account {account!r} takes no files; those that do: {', '.join(sorted(takers)) or 'none'}")
        content = _content(file)
        try:
            if dry_run:
                outcome = importing.preview(runtime, takers[account], content)
            else:
                outcome = importing.bring(runtime, takers[account], content, name=file.name, by=who())
        except ImportRefused as error:
            fail(f"{file}: {error}")
    rows = [_row(line) for line in outcome.lines if as_json or line.fate not in _QUIET]
    show(rows, as_json=as_json, line=_written)
    if not as_json:
        heading = "would come" if dry_run else "brought in"
        click.echo(f"{heading}: {importing.summary(outcome.counts.items()) or 'nothing'}")
    return not outcome.counts[Fate.UNREADABLE]


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{file}: {error.strerror}")


def _written(row: dict[str, Any]) -> str:
    return f"{row['row']:6}  {row['id']:20} {row['label']:14} {row['note']}".rstrip()


def _row(line: Line) -> dict[str, Any]:
    return {
        "row": line.number,
        "id": line.external_id,
        "fate": line.fate.value,
        "label": LABELS[line.fate],
        "note": line.note,
    }
