"""docs/cli.md: every command and option has its place, no other has, and the JSON shapes are the true ones."""

from __future__ import annotations

import dataclasses
import json
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner

from channels import printing, registry
from cli import main
from commands.doctor import Finding
from normalizer.messages import Ignored
from store.ledger import OUTCOMES
from store.people import Role
from store.quarantine import Quarantined

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
COMMANDS, _, OUTPUT = PAGE.partition("# Output for programs")
LAUNCHER = (ROOT / "muara").read_text("utf-8")
#: Commands of the launcher itself, which has no click.
OF_THE_LAUNCHER = {"test", "lock"}


def commands(group: click.Group = main, above: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{above}{name} ")
        else:
            yield above + name, command


FOUND = dict(commands())


def sections(text: str) -> dict[str, str]:
    pieces = re.split(r"^## (.+)$", text, flags=re.MULTILINE)[1:]
    return dict(zip(pieces[::2], pieces[1::2], strict=True))


def keys(section: str) -> set[str]:
    """The names in the first column of a section's tables."""
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([a-z0-9_]+)`", cell)}


def test_every_command_has_its_heading_and_nothing_else_has() -> None:
    assert len(FOUND) >= 11
    assert set(sections(COMMANDS)) == set(FOUND) | OF_THE_LAUNCHER


@pytest.mark.parametrize("name", sorted(FOUND))
def test_every_option_stands_in_the_synopsis_of_its_command(name: str) -> None:
    section = sections(COMMANDS)[name]
    synopsis = re.search(r"`\./muara ([^`]+)`", section)
    assert synopsis is not None
    assert synopsis[1].startswith(name)
    shown = set(re.findall(r"--[a-z-]+", synopsis[1]))
    options = [each for each in FOUND[name].params if isinstance(each, click.Option) and not each.hidden]
    assert shown == {opt for option in options for opt in option.opts if opt.startswith("--")}
    arguments = [each for each in FOUND[name].params if isinstance(each, click.Argument)]
    bare = re.sub(r"\[-[^\]]*\]…?", "", synopsis[1])
    assert len(re.findall(r"[A-Z]{4,}", bare.replace("[:DIALECT]", ""))) == len(arguments)


@pytest.mark.parametrize("name", sorted(FOUND))
def test_every_option_is_explained(name: str) -> None:
    common = PAGE.partition("## ")[0]
    text = sections(COMMANDS)[name].split("`", 2)[2]
    for option in FOUND[name].params:
        if isinstance(option, click.Option) and not option.hidden:
            assert any(opt in common or opt in text for opt in option.opts), option.opts


@pytest.mark.parametrize("name", sorted(FOUND))
def test_every_command_says_what_it_does(name: str) -> None:
    shown = CliRunner().invoke(main, [*name.split(), "--help"])
    assert shown.exit_code == 0
    assert FOUND[name].help


def test_the_launchers_own_commands_are_documented() -> None:
    offered = set(re.findall(r"^    ([a-z]+)\)$", LAUNCHER, re.MULTILINE))
    assert offered == OF_THE_LAUNCHER


def test_every_role_is_documented() -> None:
    guide = (ROOT / "docs" / "administrasi.md").read_text("utf-8")
    for role in Role:
        assert f"`{role.value}`" in sections(COMMANDS)["user add"]
        assert f"| `{role.value}` |" in guide


def test_every_adapter_and_dialect_is_named_for_parse() -> None:
    for manifest in registry.manifests().values():
        for word in [f"{manifest.key}:{dialect}" for dialect in manifest.dialects] or [manifest.key]:
            assert f"`{word}`" in sections(COMMANDS)["parse"]


def test_the_shape_of_parse_is_the_documented_one() -> None:
    (line,) = printing.lines([Ignored(reason="x")])
    assert keys(sections(OUTPUT)["JSON of parse"]) - {"message", "edit"} >= set(line)
    first = [row.split("|")[1] for row in sections(OUTPUT)["JSON of parse"].splitlines() if row.startswith("| `")]
    assert {name for cell in first for name in re.findall(r"`(\w+)`", cell)} == set(line)


@pytest.mark.parametrize(("heading", "record"), [("JSON of quarantine", Quarantined), ("JSON of doctor", Finding)])
def test_the_shape_of_records_is_the_documented_one(heading: str, record: Any) -> None:
    for field in dataclasses.fields(record):
        assert f"`{field.name}`" in sections(OUTPUT)[heading]


def test_the_parts_that_the_doctor_looks_at_are_the_documented_ones() -> None:
    source = (ROOT / "commands" / "doctor.py").read_text("utf-8")
    parts = {part.split()[0] for part in re.findall(r'part=f?"([^"]+)"', source)}
    named = sections(OUTPUT)["JSON of doctor"].partition("(text:")[2].partition(")")[0]
    assert {name.split()[0] for name in re.findall(r"`([^`]+)`", named)} == parts


def test_the_shape_of_the_ledger_is_the_documented_one() -> None:
    shape = {"account", "day", "payloads", "spooled", "unparsed", "items", "pending", *OUTCOMES, "remainder"}
    assert keys(sections(OUTPUT)["JSON of ledger"]) == shape


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXAMPLES = [
    example
    for page in PAGES
    for example in re.findall(r"^\./muara ([a-z].*?)(?: +#.*)?$", page.read_text("utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_documented_examples_are_commands_that_there_are(example: str) -> None:
    """Click itself reads the words; nothing is run."""
    words = shlex.split(example)
    if words[0] in OF_THE_LAUNCHER:
        return
    name, command = next((name, FOUND[name]) for name in FOUND if f"{example} ".startswith(f"{name} "))
    asked = ["--password", "given"] if name == "user add" else []
    with command.make_context(name, [*words[len(name.split()) :], *asked]) as context:
        assert context.params


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example.startswith("parse ")])
def test_documented_examples_of_parse_run(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ran = CliRunner().invoke(main, example.split())
    assert ran.exit_code == 0, ran.output
    assert all(json.loads(line)["item"] == "message" for line in ran.output.splitlines())
