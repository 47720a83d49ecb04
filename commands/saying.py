"""How commands say things: rows for people or programs, and one sentence when something is wrong."""

from __future__ import annotations

import getpass
import json
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from collections.abc import Callable


def show(rows: Any, *, as_json: bool, line: Callable[[Any], str]) -> None:
    """Print rows for people, or one JSON object a line for programs."""
    for row in rows:
        click.echo(json.dumps(row, ensure_ascii=False, default=str) if as_json else line(row))


def who() -> str:
    """The name under which an act from the command line stands in journal and history."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "cli"


def fail(sentence: str) -> NoReturn:
    """End with exit code 2 and one sentence."""
    click.echo(f"muara: {sentence}", err=True)
    sys.exit(2)
