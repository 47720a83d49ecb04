"""docs/cli.md: what queue, show, ledger and quarantine print of a real database has exactly the documented keys."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import wiring
from cli import main
from config.settings import load
from dispatcher import drain
from store import journal

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.runtime import Runtime

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
SETTINGS = """
database_url = "{database}"
redis_url = "{redis}"
data_dir = "{data}"

[accounts.sms1708]
channel = "sms"
dialect = "kannel"
secret = "a made-up secret"
username = "muara"
password = "made up"
"""
PROGRAM = 'name = "P"\norganisation = "O"\nkeywords = ["masbupsiaga"]\naccounts = ["sms1708"]\n'
QUERIES = ("sender=%2B628112626116&receiver=1708&text=masbupsiaga+Lampu+mati&id=1", "receiver=1708")


@pytest.fixture
def muara(database_url: str, redis_url: str, tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """The command line on a database with one complaint and one item in quarantine."""
    (tmp_path / "programs").mkdir()
    (tmp_path / "data").mkdir()
    settings = SETTINGS.format(database=database_url, redis=redis_url, data=tmp_path / "data")
    (tmp_path / "muara.toml").write_text(settings, "utf-8")
    (tmp_path / "programs" / "p.toml").write_text(PROGRAM, "utf-8")
    runtime = wiring.build(load(tmp_path, environ={}), database_url=database_url, redis_url=redis_url)
    fill(runtime)
    runtime.engine.dispose()

    def call(*words: str) -> list[dict[str, Any]]:
        ran = CliRunner().invoke(main, [*words, "--config", str(tmp_path), "--json"], catch_exceptions=False)
        assert ran.exit_code == 0, ran.output
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return call


def fill(runtime: Runtime) -> None:
    now = runtime.clock()
    entries = [
        journal.Entry(
            id=journal.new_id(), account="sms1708", source="webhook", received_at=now, day=runtime.day(now), query=query
        )
        for query in QUERIES
    ]
    with runtime.engine.begin() as connection:
        journal.insert(connection, entries)
    drain.run(runtime)


def section(heading: str) -> str:
    return PAGE.read_text("utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]


def named(text: str) -> set[str]:
    """The keys in the first column of all tables of a text."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_queue(muara: Callable[..., list[dict[str, Any]]]) -> None:
    (row,) = muara("queue")
    assert set(row) == named(section("JSON of queue"))


def test_show(muara: Callable[..., list[dict[str, Any]]]) -> None:
    (row,) = muara("queue")
    (case,) = muara("show", row["ticket"])
    before, _, messages = section("JSON of show").partition("Each message of `thread`")
    assert set(case) == named(before) | set(re.findall(r"`(\w+)`", before.partition("|")[0]))
    assert {line["direction"] for line in case["thread"]} == {"in", "out"}
    assert all(set(line) == named(messages) for line in case["thread"])
    assert all(set(event) == {"at", "actor", "kind", "data", "origin"} for event in case["history"])


def test_ledger(muara: Callable[..., list[dict[str, Any]]]) -> None:
    (row,) = muara("ledger")
    assert row["message"] == row["quarantined"] == 1
    assert set(row) == named(section("JSON of ledger"))


def test_quarantine(muara: Callable[..., list[dict[str, Any]]]) -> None:
    (row,) = muara("quarantine", "list")
    (whole,) = muara("quarantine", "show", str(row["id"]))
    listed, _, added = section("JSON of quarantine").partition("`quarantine show` adds")
    assert set(row) == set(re.findall(r"`(\w+)`", listed))
    assert set(whole) - set(row) == set(re.findall(r"`(\w+)`", added))
