"""The generic reader: every annotation it understands, and what it says of a table that does not fit."""

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pytest

from config.reading import read
from config.spot import SettingsError, Spot
from normalizer.program import Calendar


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str
    number: int = 1


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Everything:
    text: str
    folder: Path | None = None
    day: date | None = None
    ratio: float = 1.0
    on: bool = False
    calendar: Calendar = Calendar.PLAIN
    mode: Literal["a", "b"] = "a"
    inner: Inner = Inner(name="x")
    items: tuple[Inner, ...] = ()
    days: tuple[date, ...] = ()


def spot(tmp_path: Path, **environ: str) -> Spot:
    return Spot(source="f.toml", base=tmp_path, environ=environ)


def test_every_kind_of_annotation(tmp_path: Path) -> None:
    table: dict[str, Any] = {
        "text": "t",
        "folder": "sub",
        "day": date(2026, 8, 17),
        "ratio": 2,
        "on": True,
        "calendar": "working",
        "mode": "b",
        "inner": {"name": "y", "number": 2},
        "items": [{"name": "z"}],
        "days": [date(2026, 1, 1)],
    }
    found = read(Everything, table, spot(tmp_path))
    assert found == Everything(
        text="t",
        folder=tmp_path / "sub",
        day=date(2026, 8, 17),
        ratio=2.0,
        on=True,
        calendar=Calendar.WORKING,
        mode="b",
        inner=Inner(name="y", number=2),
        items=(Inner(name="z"),),
        days=(date(2026, 1, 1),),
    )
    assert isinstance(found.ratio, float)


def test_text_from_the_environment_becomes_what_the_key_holds(tmp_path: Path) -> None:
    table = {"text": "t", "day": "env:D", "ratio": "env:R", "on": "env:O", "calendar": "env:C", "folder": "env:F"}
    found = read(Everything, table, spot(tmp_path, D="2026-08-17", R="1.5", O="True", C="working", F="/srv"))
    assert (found.day, found.ratio, found.on) == (date(2026, 8, 17), 1.5, True)
    assert (found.calendar, found.folder) == (Calendar.WORKING, Path("/srv"))


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ({}, "f.toml: text: missing; expected text"),
        ({"text": ""}, "f.toml: text: empty; expected text"),
        ({"text": "t", "day": "2026-08-17"}, "f.toml: day: expected a date such as 2026-08-17, found text"),
        ({"text": "t", "calendar": "lunar"}, "f.toml: calendar: expected one of plain, working-hours, working"),
        ({"text": "t", "mode": 1}, "f.toml: mode: expected one of a, b"),
        ({"text": "t", "inner": {}}, "f.toml: inner.name: missing; expected text"),
        ({"text": "t", "items": [{"name": "a"}, {"nam": 1}]}, "f.toml: items.2.nam: unknown key; did you mean 'name'?"),
        ({"text": "t", "items": {"name": "a"}}, "f.toml: items: expected a list, each item a table, found a table"),
        ({"text": "t", "ratio": "env:X"}, "f.toml: ratio: expected a number, found text"),
        ({"text": "t", "on": "env:X"}, "f.toml: on: expected true or false, found text"),
        ({"text": "t", "day": "env:X"}, "f.toml: day: expected a date such as 2026-08-17, found text"),
    ],
)
def test_reader_errors(tmp_path: Path, table: dict[str, object], expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(Everything, table, spot(tmp_path, X="maybe"))
    assert str(caught.value) == expected


def test_the_reader_refuses_annotations_it_does_not_know(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True)
    class Strange:
        value: int | str

    with pytest.raises(TypeError, match="settings cannot hold"):
        read(Strange, {"value": 1}, spot(tmp_path))
