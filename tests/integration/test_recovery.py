"""An installation that loses one part, that is started wrongly, that is looked at, and that finds no room."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING

import psutil
import psycopg
import pytest

from store.embedded import Postgres
from tests.conftest import temporary_data_dir
from tests.storm import (
    ACCOUNT,
    Installation,
    Message,
    check_all_there,
    check_silent,
    conversation,
    free_port,
    installation,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from standins.mailroom import Mailroom

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Installation, Mailroom]]:
    """One installation for this module; each test leaves it as it found it."""
    with installation() as (made, mailroom):
        made.start()
        yield made, mailroom
        made.stop()


def write(made: Installation, name: str) -> Message:
    """A new citizen's complaint, delivered until it is answered 2xx."""
    [message] = conversation(name, next(numbers), 1)
    wait_until(lambda: 200 <= made.post(message) < 300)
    return message


@pytest.mark.parametrize(
    "part", ["web", "gateway", "drain", "outbox", "media", "listener", "clock", "valkey", "postgres"]
)
def test_work_goes_on_whatever_is_killed(running: tuple[Installation, Mailroom], part: str) -> None:
    made, mailroom = running
    made.kill(part)
    message = write(made, part)
    wait_until(lambda: made.stands_in_queue(message))
    wait_until(lambda: len(mailroom.delivered(message.sender)) == 1)


def test_everything_that_was_killed_runs_again(running: tuple[Installation, Mailroom]) -> None:
    made, _ = running
    names = ("gateway", "drain", "outbox", "media", "listener", "clock", "valkey", "postgres")
    wait_until(lambda: [len(made.children(name)) for name in names] == [1, 2, 1, 1, 1, 1, 1, 1])


def test_a_second_instance_on_the_same_data_is_refused(running: tuple[Installation, Mailroom]) -> None:
    made, _ = running
    refused = made.run("up", "--port", str(free_port()))
    assert refused.returncode == 2
    assert made.process is not None
    assert f"Another instance (pid {made.process.pid}) runs on {made.data_dir}" in refused.stderr


def test_doctor_of_a_running_installation_finds_all_well(running: tuple[Installation, Mailroom]) -> None:
    made, _ = running
    looked = made.run("doctor")
    assert looked.returncode == 0, looked.stdout
    assert f"channel {ACCOUNT}" in looked.stdout


def test_the_supervisor_itself_dies_and_the_next_start_finishes_its_work(
    running: tuple[Installation, Mailroom],
) -> None:
    made, mailroom = running
    assert made.process is not None
    before = made.tree()
    messages = [write(made, "supervisor") for _ in range(20)]
    made.process.send_signal(signal.SIGKILL)
    made.process.wait()
    wait_until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in before))
    made.start()
    wait_until(lambda: all(made.stands_in_queue(message) for message in messages))
    wait_until(made.settled)
    rows = made.rows("SELECT address, external_id, text FROM message WHERE direction = 'in'")
    accepted = [Message(*row) for row in rows]
    check_all_there(made, accepted, mailroom.delivered())
    assert {message.id for message in messages} <= {message.id for message in accepted}


def test_a_port_in_use_is_named_and_nothing_starts() -> None:
    with installation() as (made, _), socket.create_server(("127.0.0.1", made.port)):
        refused = made.run("up", "--port", str(made.port))
        assert refused.returncode == 2
        assert f"port {made.port} on 127.0.0.1 is in use by another program" in refused.stderr
        assert not (made.data_dir / "postgres").exists()


def test_what_stands_still_is_looked_at_and_a_newer_database_is_refused() -> None:
    with installation() as (made, _):
        made.start()
        made.stop()
        looked = made.run("doctor")
        assert looked.returncode == 1
        assert "./muara up" in looked.stdout
        assert made.run("ledger").returncode == 2
        with own_server(made.data_dir) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        refused = made.run("up", "--port", str(made.port))
        assert refused.returncode == 2
        assert "the database is at revision 9999, which this version of Muara does not know" in refused.stderr
        assert "Traceback" not in refused.stderr


@contextlib.contextmanager
def own_server(data_dir: Path) -> Iterator[psycopg.Connection]:
    """The installation's database while the installation stands still."""
    server = Postgres(data_dir)
    server.start()
    try:
        with psycopg.connect(host=str(server.socket_dir), user="muara", dbname="muara") as connection:
            yield connection
    finally:
        server.stop()


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 120 MB; only root can make one."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    with temporary_data_dir() as disk:
        options = ["-t", "tmpfs", "-o", "size=120m,mode=0711"]
        done = subprocess.run(["mount", *options, "muara-test", disk], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"this root may not mount: {done.stderr.strip()}")
        try:
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_is_never_answered_2xx_and_nothing_accepted_is_lost(small_disk: Path) -> None:
    with installation(small_disk) as (made, mailroom):
        made.start()
        accepted = [write(made, "roomy") for _ in range(3)]
        wait_until(made.settled)
        fill(small_disk / "filler")
        tight = [line for number in range(400) for line in conversation("tight", number, 1)]
        refused = []
        for message in tight:
            status = made.post(message)
            (accepted if status // 100 == 2 else refused).append(message)
            assert status // 100 == 2 or status in {0, 503}
            if len(refused) == 5:
                break
        assert len(refused) == 5
        (small_disk / "filler").unlink()
        for message in refused:
            wait_until(lambda message=message: made.post(message) // 100 == 2)  # type: ignore[misc]
        wait_until(made.settled, 60)
        check_all_there(made, [*accepted, *refused], mailroom.delivered())
        made.stop()
        check_silent(made.log.read_text())


def fill(path: Path) -> None:
    """Take all the room that is left."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))
