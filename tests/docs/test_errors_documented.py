"""docs/operations.md: every sentence that an operator may meet when Muara does not start or a command does not work."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
#: Where such sentences are made, and by which calls.
SOURCES = {
    "store/embedded/*.py": {"EmbeddedError"},
    "store/migrate.py": {"NewerDatabaseError"},
    "store/people.py": {"OfficerError", "WeakPasswordError"},
    "gateway/server.py": {"PortInUseError"},
    "dispatcher/supervisor.py": {"_fail"},
    "cli.py": {"fail"},
    "commands/*.py": {"fail"},
    "config/*.py": {"error", "SettingsError", "ValueError"},
}
TABLES = PAGE.partition("## Error messages")[2]
DOCUMENTED = set(re.findall(r"^\| `(.+?)` \|", TABLES, re.MULTILINE))


def sentences() -> Iterator[str]:
    for pattern, makers in SOURCES.items():
        for path in sorted(ROOT.glob(pattern)):
            for call in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(call, ast.Call) and call.args and name_of(call.func) in makers:
                    text = written(call.args[0])
                    if text is not None:
                        yield text


def name_of(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def written(node: ast.expr) -> str | None:
    """The sentence with … for what is filled in; None where it is another's."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return None


SENTENCES = sorted(set(sentences()))


def test_sentences_were_found() -> None:
    assert len(SENTENCES) > 60


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_is_documented(sentence: str) -> None:
    assert sentence in DOCUMENTED


def test_nothing_is_documented_that_nobody_says() -> None:
    said = set(SENTENCES) | {"expected an address such as https://aduan.example.go.id, with nothing after its path"}
    assert set() == DOCUMENTED - said
