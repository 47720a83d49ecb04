"""What the tests of the command line share: settings of one SMS account, and the runtime that they describe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

import cli
import wiring
from config.settings import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from click.testing import Result

    from dispatcher.runtime import Runtime

MUARA_TOML = """
database_url = "{database}"
redis_url = "{redis}"
data_dir = "{data}"

[accounts.sms1708]
channel = "sms"
dialect = "kannel"
secret = "kannel-secret-of-the-test"
sendsms_url = "http://127.0.0.1:1/cgi-bin/sendsms"
username = "muara"
password = "kannel-password"
"""
PROGRAM = """
name = "Mas Bup Siaga"
organisation = "Kabupaten Pemalang"
keywords = ["masbupsiaga"]
accounts = ["sms1708"]
"""


@pytest.fixture
def config(database_url: str, redis_url: str, tmp_path: Path) -> Path:
    folder = tmp_path / "config"
    (folder / "programs").mkdir(parents=True)
    data = tmp_path / "data"
    data.mkdir()
    (folder / "muara.toml").write_text(MUARA_TOML.format(database=database_url, redis=redis_url, data=data))
    (folder / "programs" / "masbupsiaga.toml").write_text(PROGRAM)
    return folder


@pytest.fixture
def world(config: Path, database_url: str, redis_url: str) -> Iterator[Runtime]:
    made = wiring.build(load(config), database_url=database_url, redis_url=redis_url)
    yield made
    made.engine.dispose()
    made.redis.close()


@pytest.fixture
def muara(config: Path) -> Callable[..., Result]:
    def call(*words: str) -> Result:
        return CliRunner().invoke(cli.main, [*words, "--config", str(config)], catch_exceptions=False)

    return call


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]
