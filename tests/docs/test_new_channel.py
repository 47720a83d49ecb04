"""docs/adapters.md: a new channel is one folder and one settings block, with no list edited anywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGER = Path(__file__).parent / "pager"
LEAVE = shutil.ignore_patterns("__pycache__")

SETTINGS = """
import sys
from pathlib import Path
from config.settings import load

settings = load(Path(sys.argv[1]), environ={"PAGER_SECRET": "made up"})
account = settings.accounts["centre"]
print(account.channel, account.settings.secret, type(account.settings).__module__)
"""


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """The channels as they are, with the pager's folder dropped in; all other rooms are the real ones."""
    shutil.copytree(ROOT / "channels", tmp_path / "channels", ignore=LEAVE)
    shutil.copytree(PAGER, tmp_path / "channels" / "pager", ignore=LEAVE)
    return tmp_path


def run(house: Path, *words: str) -> str:
    """Python with the house's channels before the real ones."""
    path = os.pathsep.join([str(house), str(ROOT)])
    environment = os.environ | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_line_parses_it(house: Path) -> None:
    fixture = PAGER / "fixtures" / "page.body"
    printed = run(house, "-m", "cli", "parse", "pager", str(fixture))
    assert printed == fixture.with_suffix(".expected.jsonl").read_text("utf-8")
    assert json.loads(printed)["sender"]["address"] == "+628112626116"


def test_the_settings_read_its_block(house: Path) -> None:
    settings = house / "settings"
    (settings / "programs").mkdir(parents=True)
    (settings / "muara.toml").write_text('[accounts.centre]\nchannel = "pager"\nsecret = "env:PAGER_SECRET"\n', "utf-8")
    program = 'name = "P"\norganisation = "O"\nkeywords = ["p"]\naccounts = ["centre"]\n'
    (settings / "programs" / "p.toml").write_text(program, "utf-8")
    assert run(house, "-c", SETTINGS, str(settings)) == "pager made up channels.pager.adapter\n"


def test_the_common_suite_puts_it_through_its_trials(house: Path, request: pytest.FixtureRequest) -> None:
    shutil.copytree(ROOT / "tests" / "channels", house / "tests" / "channels", ignore=LEAVE)
    # Its own conftest is enough; the one above starts servers, which no adapter needs. Nor is --slow known without it.
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir", str(house), "-k", "pager"]
    options += [] if request.config.getoption("--slow") else ["-m", "not slow"]
    printed = run(house, "-m", "pytest", *options, "tests/channels/test_contract.py")
    passed = int(printed.splitlines()[-1].split(" passed")[0].split()[-1])
    assert passed >= 10, printed


def test_its_name_stands_nowhere_in_the_product() -> None:
    rooms = ["channels", "commands", "config", "dispatcher", "gateway", "inbox", "normalizer", "store"]
    sources = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    assert len(sources) > 100
    assert [path for path in sources if "pager" in path.read_text("utf-8").lower()] == []
