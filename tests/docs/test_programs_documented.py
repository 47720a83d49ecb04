"""The administrators' page names every key that a program's file may hold."""

import dataclasses
import typing
from pathlib import Path
from typing import Any

from normalizer.program import Clocks, Program

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "administrasi.md").read_text("utf-8")


def keys(cls: Any) -> set[str]:
    """The keys of a table and of those within it."""
    hints = typing.get_type_hints(cls)
    found = set()
    for field in dataclasses.fields(cls):
        found.add(field.name)
        for inner in (hints[field.name], *typing.get_args(hints[field.name])):
            if dataclasses.is_dataclass(inner):
                found |= keys(inner)
    return found


def test_every_key_of_a_program_is_documented() -> None:
    wanted = keys(Program) - {"key", "clocks", "units", "escalation", "texts"}
    assert len(wanted) > 30
    assert {name for name in wanted if f"`{name}`" not in PAGE} == set()
    assert all(f"`{table}`" in PAGE for table in ("[clocks]", "[[units]]", "[[escalation]]", "[texts]"))


def test_the_page_tells_the_true_defaults_of_the_clocks() -> None:
    for name in ("first_response", "resolution", "office_hours"):
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}`")]
        assert str(getattr(Clocks(), name)) in row, name
