"""A real Kannel on both sides of the house: SMS in from its fake SMSC, the acknowledgement out, reports back."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.kannelkit import PASSWORD, SECRET, USERNAME, Kannel, free_ports, kannel, part, sms, wait_for
from tests.run import FAKESMSC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = 'name = "Mas Bup"\norganisation = "Pemalang"\nkeywords = ["masbupsiaga"]\naccounts = ["sms"]\n'
SETTINGS = """
[accounts.sms]
channel = "sms"
dialect = "kannel"
numbers = ["1708"]
sender = "1708"
secret = "{secret}"
username = "{username}"
password = "{password}"
sendsms_url = "{url}/cgi-bin/sendsms"
"""
SITI, BUDI = "628112626116", "628112626117"


class House:
    """`muara up` on the tests' database; it may be killed and started again."""

    def __init__(self, folder: Path, database_url: str, redis_url: str, port: int) -> None:
        self.port = port
        self.folder = folder
        self._database = database_url
        self._environment = {**os.environ, "MUARA_DATABASE_URL": database_url, "MUARA_REDIS_URL": redis_url}
        self._process: subprocess.Popen[bytes] | None = None

    def configure(self, sendsms_url: str) -> None:
        (self.folder / "config" / "programs").mkdir(parents=True)
        words = {"secret": SECRET, "username": USERNAME, "password": PASSWORD, "url": sendsms_url}
        (self.folder / "config" / "muara.toml").write_text(SETTINGS.format(**words), "utf-8")
        (self.folder / "config" / "programs" / "masbup.toml").write_text(PROGRAM, "utf-8")

    def start(self) -> None:
        where = ["--config", str(self.folder / "config"), "--data-dir", str(self.folder / "data")]
        command = [sys.executable, "-m", "cli", "up", *where, "--port", str(self.port)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for(self.port, 60)

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)
            self._process = None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        url = self._database.replace("postgresql+psycopg", "postgresql")
        with psycopg.connect(url) as connection:
            return connection.execute(query).fetchall()  # type: ignore[arg-type] # a query of the test's

    def until(self, query: str, expected: list[tuple[Any, ...]], seconds: float = 60.0) -> None:
        """Wait until the query gives that; the last answer is in the failure."""
        end = time.monotonic() + seconds
        while (found := self.rows(query)) != expected:
            assert time.monotonic() < end, f"{query}: {found}"
            time.sleep(0.1)


@pytest.fixture
def house(database_url: str, redis_url: str, home: Path) -> Iterator[House]:
    made = House(home, database_url, redis_url, free_ports(1)[0])
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def box(house: House, need: Callable[[str], str], tmp_path: Path) -> Iterator[Kannel]:
    for program in ("bearerbox", "smsbox", FAKESMSC):
        need(program)
    with kannel(tmp_path, f"http://127.0.0.1:{house.port}/hooks/sms") as running:
        house.configure(running.sendsms)
        yield running


def received(log: Path) -> list[str]:
    """What came to the phone, as its log tells it."""
    return re.findall(r"Got message \d+: <(.*?)>", log.read_text("utf-8", "replace"), re.DOTALL)


def test_sms_in_acknowledgement_out_and_the_report_of_its_delivery(house: House, box: Kannel) -> None:
    house.start()
    with box.phone(sms(SITI, "masbupsiaga lampu jalan mati"), times=1) as log:
        house.until("SELECT state FROM outbox", [("delivered",)])
        [(ticket,)] = house.rows("SELECT ticket FROM complaint")
        [answer] = received(log)
    assert answer.startswith(f"1708 +{SITI} ")
    assert ticket in answer
    assert house.rows("SELECT text, address FROM message WHERE direction = 'in'") == [
        ("masbupsiaga lampu jalan mati", f"+{SITI}")
    ]


def test_parts_in_the_wrong_order_are_one_complaint(house: House, box: Kannel) -> None:
    house.start()
    later = part(BUDI, "dan berlubang dalam", 42, 2, 2)
    with box.phone(later, times=1):
        house.until("SELECT count(*) FROM item", [(1,)])
    with box.phone(part(BUDI, "masbupsiaga jalan gelap ", 42, 1, 2), times=1):
        house.until(
            "SELECT text FROM message WHERE direction = 'in'", [("masbupsiaga jalan gelap dan berlubang dalam",)]
        )
    assert house.rows("SELECT count(*) FROM complaint") == [(1,)]


def test_what_was_written_while_the_house_was_down_comes_once_it_is_up(house: House, box: Kannel) -> None:
    with box.phone(sms(SITI, "masbupsiaga banjir"), times=3, interval=0.2) as log:
        deadline = time.monotonic() + 20
        while "sent message 3" not in log.read_text("utf-8", "replace"):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        house.start()
        house.until("SELECT count(*) FROM message WHERE direction = 'in'", [(3,)])
    assert house.rows("SELECT outcome, count(*) FROM item WHERE kind = 'message' GROUP BY 1") == [("message", 3)]
