"""The English catalogue: in step with the sources, complete, and safe to put where its Indonesian stands."""

from __future__ import annotations

import ast
import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PLACES = re.compile(r"%\((\w+)\)(\w)|%%|\{(\w+)\}")


def script() -> Any:
    spec = importlib.util.spec_from_file_location("make_catalogue", ROOT / "docs" / "make_catalogue.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CATALOGUE = script()
MESSAGES = [message for message in CATALOGUE.read() if message.id]


def both(text: Any) -> tuple[str, ...]:
    return text if isinstance(text, tuple) else (text,)


def test_the_catalogue_is_what_the_script_makes_of_the_sources() -> None:
    fresh = CATALOGUE.updated(CATALOGUE.read(), CATALOGUE.extracted())
    said, known = ({(each.context, both(each.id)) for each in some if each.id} for some in (fresh, CATALOGUE.read()))
    assert said == known, "run: python docs/make_catalogue.py"
    assert CATALOGUE.written(fresh) == CATALOGUE.CATALOGUE.read_text("utf-8"), "run: python docs/make_catalogue.py"


def test_every_message_has_its_english() -> None:
    assert list(CATALOGUE.missing(CATALOGUE.read())) == []
    assert not CATALOGUE.read().obsolete
    assert [message.id for message in MESSAGES if message.fuzzy] == []


def test_a_translation_has_the_places_of_its_message() -> None:
    for message in MESSAGES:
        wanted = {found[0] for found in PLACES.finditer("".join(both(message.id)))}
        for text in both(message.string):
            assert {found[0] for found in PLACES.finditer(text)} == wanted, message.id


def test_no_message_could_be_taken_for_markup() -> None:
    """They stand in texts and attributes as they are: neither language may hold what ends an attribute or a text."""
    for message in MESSAGES:
        for text in (*both(message.id), *both(message.string)):
            assert not re.search(r'[<>"]', text), message.id


def test_messages_are_filled_by_name() -> None:
    for message in MESSAGES:
        for text in both(message.id):
            rest = text.replace("%%", "")
            assert not re.search(r"%(?!\(\w+\)s)", rest), f"{text!r}: %% for a percent sign, %(name)s for a place"


def called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def calls(tree: ast.AST) -> list[ast.Call]:
    names = set(CATALOGUE.KEYWORDS)
    return [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in names
    ]


MODULES = sorted(path for room in CATALOGUE.ROOMS for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: ".".join(path.relative_to(ROOT).with_suffix("").parts))
def test_what_is_marked_is_a_plain_text_that_the_script_can_find(path: Path) -> None:
    """No f-string and no variable in the mark, and no mark in an f-string, which older Pythons do not look into."""
    tree = ast.parse(path.read_text("utf-8"))
    if path.name not in {"i18n.py", "saying.py"}:
        for call in calls(tree):
            texts = call.args[: {"_n": 2, "_c": 2, "lazy_c": 2}.get(call.func.id, 1)]  # type: ignore[attr-defined] # a name, above
            assert all(isinstance(each, ast.Constant) for each in texts), f"{path.name}:{call.lineno}"
    for each in ast.walk(tree):
        if isinstance(each, ast.JoinedStr):
            assert not calls(each), f"{path.name}:{each.lineno}: a marked text within an f-string is not found"
    if path.name != "saying.py":
        foreign = [each for each in ast.walk(tree) if isinstance(each, ast.Call) and called(each) == "quoted"]
        assert not [each for each in foreign if isinstance(each.args[0], ast.Constant)], f"{path.name}: our own words"
        made = [each for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == "Sentence"]
        assert not [each for each in ast.walk(tree) if isinstance(each, ast.Call) and each.func in made], path.name


def test_the_script_drops_what_nobody_says_and_keeps_what_is_said() -> None:
    old, sources = CATALOGUE.Catalog(locale="en"), CATALOGUE.Catalog(locale="en")
    old.add("Lama", "Old")
    old.add("Masuk", "Log in")
    old.add("Masuk", "Received", context="waktu")
    for message, context in (("Masuk", "waktu"), ("Masuk", None), ("Baru", None)):
        sources.add(message, locations=[("inbox/x.py", 1)], context=context)
    made = CATALOGUE.updated(old, sources)
    found = {(each.context, each.id): each.string for each in made if each.id}
    assert found == {("waktu", "Masuk"): "Received", (None, "Masuk"): "Log in", (None, "Baru"): ""}
    assert list(CATALOGUE.missing(made)) == ["Baru"]
