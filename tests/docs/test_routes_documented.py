"""docs/architecture.md lists every address that the application answers, with its methods, and no other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from app import create_app
from config.settings import load
from gateway import webhooks
from wiring import build
from worker import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text("utf-8")
ROUTES = PAGE.partition("## Routes")[2].partition("\n## ")[0]
ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
OF_HTTP = {"HEAD", "OPTIONS"}
PROGRAM = 'name = "P"\norganisation = "O"\nkeywords = ["p"]\naccounts = ["web", "desk"]\n'


def answered(database_url: str, redis_url: str, folder: Path) -> Iterator[tuple[str, str]]:
    (folder / "programs").mkdir()
    (folder / "muara.toml").write_text("", "utf-8")
    (folder / "programs" / "p.toml").write_text(PROGRAM, "utf-8")
    settings = load(folder, {"data_dir": folder / "data"}, environ={})
    app = create_app(settings, build(settings, database_url=database_url, redis_url=redis_url))
    try:
        for rule in app.url_map.iter_rules():
            for method in (rule.methods or set()) - OF_HTTP:
                yield rule.rule, method
    finally:
        app.extensions["edge"].stop()


def test_every_route_is_documented_with_its_methods(database_url: str, redis_url: str, tmp_path: Path) -> None:
    found = set(answered(database_url, redis_url, tmp_path))
    assert len(found) > 20
    documented = {(rule, method) for rule, methods in ROW.findall(ROUTES) for method in methods.strip().split(", ")}
    hooks = {pair for pair in documented if pair[0] == f"{webhooks.PREFIX}<account>"}
    assert hooks
    assert documented - hooks == found


def test_every_process_is_documented() -> None:
    processes = PAGE.partition("## Processes")[2].partition("\n## ")[0]
    for role in Role:
        assert re.search(rf"`{role.value}(-1)?`", processes), role


def test_every_room_is_documented() -> None:
    root = Path(__file__).parents[2]
    rooms = PAGE.partition("## Rooms")[2].partition("\n## ")[0]
    folders = {path.parent.name for path in root.glob("*/__init__.py")}
    modules = {path.name for path in root.glob("*.py")}
    assert len(folders) > 8
    assert {name for name in folders if f"`{name}/`" not in rooms} == set()
    assert {name for name in modules if f"`{name}`" not in rooms} == set()
