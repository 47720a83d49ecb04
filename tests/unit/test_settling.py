"""What the server has loaded is not looked through by the collector again."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.conftest import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import gc
from gateway.server import YOUNG, settle
loaded = [[] for _ in range(1000)]
settle()
assert gc.get_freeze_count() > len(loaded)
assert gc.get_threshold()[0] == YOUNG
made = [None]
made[0] = made
assert any(each is made for each in gc.get_objects()), "what comes later is still looked after"
assert not any(each is loaded for each in gc.get_objects())
"""


def test_what_is_loaded_is_frozen_and_what_comes_later_is_not(python: Path) -> None:
    subprocess.run([python, "-c", PROGRAM], check=True, cwd=ROOT)
