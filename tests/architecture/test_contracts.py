"""The house's own rules: every room under an import contract, small modules, nothing opened at import."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]
MAX_LINES = 400
# No packages: scripts that are run or loaded by path.
SCRIPTS = {"bench", "migrations", "tests", "docs"}
# A migration is the record of what was once applied to databases; it is not edited, so it cannot be split either.
RECORDS = "migrations/versions/"


def files() -> list[Path]:
    """The repository's Python files, without what a run leaves behind (var, .venv and other folders with a dot)."""
    tops = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "var"]
    found = [path for top in tops for path in (top.rglob("*.py") if top.is_dir() else [top]) if path.suffix == ".py"]
    return sorted(path.relative_to(ROOT) for path in found)


def rooms() -> set[str]:
    """The top-level packages and modules that can be imported."""
    return {path.parts[0].removesuffix(".py") for path in files()} - SCRIPTS


def modules() -> list[str]:
    found = []
    for path in files():
        if path.parts[0] not in SCRIPTS:
            parts = path.with_suffix("").parts
            found.append(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return sorted(found)


def named(*keys: str) -> set[str]:
    """The rooms that the contracts name under these keys."""
    words = [word for contract in CONTRACTS for key in keys for word in contract.get(key, [])]
    return {name.strip().split(".")[0] for word in words for name in word.replace(":", "|").split("|")}


def test_every_room_is_bound_by_a_contract() -> None:
    found = rooms()
    assert len(found) > 8
    packages = {room for room in found if (ROOT / room).is_dir()}
    assert named("layers", "source_modules") == packages
    assert set(PROJECT["tool"]["importlinter"]["root_packages"]) == packages
    # import-linter knows single modules as something to be forbidden only: nobody may import an entry point.
    assert found - packages <= named("forbidden_modules")
    (entry_points,) = [one for one in CONTRACTS if set(one.get("forbidden_modules", [])) == found - packages]
    # The commands are the command line, taken apart by what is done.
    assert set(entry_points["source_modules"]) == packages - {"commands"}


def test_every_room_is_type_checked_and_known_as_ours() -> None:
    assert rooms() - set(PROJECT["tool"]["mypy"]["packages"]) == set()
    assert rooms() - set(PROJECT["tool"]["ruff"]["lint"]["isort"]["known-first-party"]) == set()


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """import-linter in a process of its own: it looks for the packages where it runs."""
    command = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_import_contracts_are_kept() -> None:
    run = lint(ROOT)
    assert run.returncode == 0, run.stdout + run.stderr


def test_a_contract_that_is_broken_is_noticed(tmp_path: Path) -> None:
    for room, code in (("upper", ""), ("lower", "import upper\n")):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text(code)
    (tmp_path / "pyproject.toml").write_text(
        '[tool.importlinter]\nroot_packages = ["upper", "lower"]\n'
        '[[tool.importlinter.contracts]]\nname = "x"\ntype = "layers"\nlayers = ["upper", "lower"]\n'
    )
    run = lint(tmp_path)
    assert run.returncode == 1
    assert "lower -> upper" in run.stdout


@pytest.mark.parametrize("path", [path for path in files() if not str(path).startswith(RECORDS)], ids=str)
def test_modules_stay_small(path: Path) -> None:
    lines = (ROOT / path).read_text("utf-8").count("\n")
    assert lines <= MAX_LINES, f"{path} has {lines} lines: split it by what it does"


IMPORT_ALL = """
import importlib, socket, subprocess, sys, threading

def refuse(what):
    def refused(*_args, **_kwargs):
        raise AssertionError(f"{what} at import")
    return refused

for name in ("connect", "connect_ex", "bind", "listen"):
    setattr(socket.socket, name, refuse(f"socket.{name}"))
socket.create_connection = refuse("socket.create_connection")
socket.getaddrinfo = refuse("socket.getaddrinfo")
import psycopg, redis.connection, redis, sqlalchemy, sqlalchemy.engine
psycopg.connect = psycopg.Connection.connect = refuse("psycopg.connect")
redis.connection.ConnectionPool.__init__ = refuse("a Redis pool")
redis.connection.AbstractConnection.connect = refuse("redis connect")
sqlalchemy.create_engine = sqlalchemy.engine.create_engine = refuse("create_engine")
subprocess.Popen.__init__ = refuse("a process")
threading.Thread.start = refuse("a thread")
import config.settings
config.settings.load = refuse("settings")

for module in sys.argv[1:]:
    try:
        importlib.import_module(module)
    except AssertionError as error:
        sys.exit(f"{module}: {error}")
print(len(sys.argv) - 1)
"""


def imported(cwd: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *names],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(cwd), str(ROOT)])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_nothing_is_opened_at_import() -> None:
    found = modules()
    assert len(found) > 8
    run = imported(ROOT, *found)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(len(found))


@pytest.mark.parametrize(
    ("code", "what"),
    [
        ("import socket; socket.socket().connect(('127.0.0.1', 9))", "socket.connect"),
        ("import socket; socket.socket().bind(('127.0.0.1', 0))", "socket.bind"),
        ("import psycopg; psycopg.connect('host=127.0.0.1')", "psycopg.connect"),
        ("import redis; redis.Redis()", "a Redis pool"),
        ("from sqlalchemy import create_engine; create_engine('postgresql+psycopg://')", "create_engine"),
        ("import threading; threading.Thread(target=print).start()", "a thread"),
        ("from config.settings import load; load('config')", "settings"),
    ],
)
def test_what_is_opened_at_import_is_noticed(tmp_path: Path, code: str, what: str) -> None:
    (tmp_path / "greedy.py").write_text(code)
    run = imported(tmp_path, "greedy")
    assert run.returncode == 1
    assert run.stderr.strip().endswith(f"greedy: {what} at import")
