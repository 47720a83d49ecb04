"""The supervisor with real processes: whatever is killed comes back, and nothing outlives it."""

from __future__ import annotations

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from store.embedded.places import runtime_dir
from store.embedded.processes import is_alive

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

# Stands for `./muara up`: the real servers, one task that has to be done first, and a forked worker that uses both.
HOUSE = """
import logging, os, signal, sys, time
from pathlib import Path
import psycopg, redis
from dispatcher.processes import fork
from dispatcher.supervisor import Child, Supervisor
from store.embedded import InstanceLock, Postgres, Valkey

logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)

def migrate():
    with psycopg.connect(database.url.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS beat (n int)")

def work():
    print("worker works", flush=True)
    signal.pause()

with InstanceLock(Path(sys.argv[1])) as lock:
    database, queue = Postgres(lock.data_dir), Valkey(lock.data_dir)
    Supervisor([
        Child(name="postgres", start=database.popen, ready=database.ready, stop_signal=database.STOP_SIGNAL,
              kill_signal=database.KILL_SIGNAL),
        Child(name="valkey", start=queue.popen, ready=queue.ready),
        Child(name="migrate", start=lambda: fork(migrate, "migrate"), once=True),
        Child(name="worker", start=lambda: fork(work, "worker")),
    ]).run(on_ready=lambda: print("all ready", flush=True))
"""


class House:
    """The process above, and what it says."""

    def __init__(self, data_dir: Path) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOUSE, str(data_dir)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The next line that matches; what it said before is kept."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"ended without {pattern!r}: {self.lines}")

    def pid(self, name: str) -> int:
        """Of the child that was started last under this name; two processes may write into one line."""
        found = [re.search(rf"{name} started \(pid (\d+)\)", line) for line in self.lines]
        return [int(one[1]) for one in found if one][-1]

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="muara-supervised-"))
    if os.geteuid() == 0:
        path.chmod(0o711)
    yield path
    shutil.rmtree(runtime_dir(path), ignore_errors=True)
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def house(data_dir: Path) -> Iterator[House]:
    made = House(data_dir)
    made.wait_for("all ready")
    yield made
    made.end()


@pytest.mark.parametrize("name", ["postgres", "valkey", "worker"])
def test_whatever_is_killed_comes_back_and_the_others_stay(house: House, name: str) -> None:
    before = {one: house.pid(one) for one in ("postgres", "valkey", "worker")}
    os.kill(before[name], signal.SIGKILL)
    house.wait_for(rf"{name} ended \(killed by SIGKILL\); starts again in 0\.2 s|{name} ended \(.*\)")
    house.wait_for(f"{name} is ready")
    after = {one: house.pid(one) for one in before}
    assert after.pop(name) != before.pop(name)
    assert after == before


def test_ctrl_c_stops_all_in_the_reverse_order(house: House) -> None:
    house.process.send_signal(signal.SIGINT)
    for name in ("worker", "valkey", "postgres"):
        house.wait_for(f"{name} stopped")
    assert house.process.wait(30) == 0
    assert not any(is_alive(house.pid(name)) for name in ("worker", "valkey", "postgres"))


def test_a_second_ctrl_c_ends_even_what_does_not_listen(house: House) -> None:
    worker = house.pid("worker")
    os.kill(worker, signal.SIGSTOP)  # it will not hear SIGTERM
    house.process.send_signal(signal.SIGTERM)
    house.wait_for("stopping")
    house.process.send_signal(signal.SIGINT)
    house.wait_for("worker is ended at once")
    assert house.process.wait(30) == 0
    assert not is_alive(worker)


def test_nothing_outlives_a_killed_supervisor_and_the_next_start_finds_its_data(house: House, data_dir: Path) -> None:
    pids = [house.pid(name) for name in ("worker", "valkey", "postgres")]
    ends = [os.fdopen(os.pidfd_open(pid)) for pid in pids]
    house.end()
    again = House(data_dir)
    try:
        again.wait_for("all ready")
        for end in ends:
            with end:
                assert select.select([end], [], [], 0)[0]
    finally:
        again.end()


def test_a_child_that_never_comes_up_ends_the_start_with_its_reason(data_dir: Path) -> None:
    (data_dir / "postgres").mkdir(mode=0o755)
    house = House(data_dir)
    try:
        house.wait_for("SupervisorError: postgres did not start: .*there but holds no database")
        assert house.process.wait(30) == 1
    finally:
        house.end()


def test_a_forked_child_tells_how_it_ended() -> None:
    script = (
        "import sys\n"
        "from dispatcher.processes import fork\n"
        "import os\n"
        "def end(): sys.exit(7)\n"
        "def fail(): raise RuntimeError('no')\n"
        "codes = [fork(target, 'x') for target in (print, end, fail)]\n"
        "for child in codes: os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)\n"
        "sys.exit([child.poll() for child in codes] != [0, 7, 1])\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    assert "RuntimeError: no" in ended.stderr
