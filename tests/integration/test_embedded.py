"""The embedded servers in every place and after every accident that was seen."""

from __future__ import annotations

import contextlib
import os
import pwd
import select
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import psycopg
import pytest
import redis
from sqlalchemy import create_engine, make_url, text

from store.embedded import EmbeddedError, InstanceLock, Postgres, Valkey, cluster, installation
from store.embedded.accounts import Account, account_for
from store.embedded.lock import holder
from store.embedded.places import SOCKET_PATH_BYTES, make_private, runtime_dir
from store.embedded.processes import is_alive

ROOT = Path(__file__).resolve().parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="shows what root may and others may not")

DIES_WITH_A_CHILD_LEFT = """
import os, signal, sys
from pathlib import Path
from store.embedded import InstanceLock
with InstanceLock(Path(sys.argv[1])):
    if os.fork() == 0:
        signal.alarm(1)
        signal.pause()
    os.kill(os.getpid(), signal.SIGKILL)
"""

HOLDS_A_SERVER = """
import signal, sys
from pathlib import Path
from store import embedded
server = getattr(embedded, sys.argv[2])(Path(sys.argv[1]))
server.start()
print(server._process.pid, flush=True)
signal.pause()
"""


def ask(server: Postgres, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(server.url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def test_postgres_is_the_real_server_durable_and_reached_over_a_private_socket_only(home: Path) -> None:
    server = Postgres(home / "data")
    server.start()
    try:
        settings = dict(ask(server, "SELECT name, setting FROM pg_settings"))
        assert settings["server_version_num"].startswith("18")
        assert {settings[name] for name in ("fsync", "synchronous_commit", "full_page_writes")} == {"on"}
        assert settings["listen_addresses"] == ""
        assert settings["TimeZone"] == "UTC"
        assert settings["server_encoding"] == "UTF8"
        assert settings["data_checksums"] == "on"
        assert ask(server, "SELECT lower('ÀÉ'), current_user, current_database()") == [("àé", "muara", "muara")]
        assert (server.socket_dir.stat().st_mode & 0o777) == 0o700
        assert [path.name for path in home.joinpath("data").iterdir() if path.name.endswith(".new")] == []
    finally:
        server.stop()


def test_what_citizens_write_does_not_reach_the_server_s_log(home: Path) -> None:
    server = Postgres(home / "data")
    server.start()
    try:
        ask(server, "CREATE TABLE contact (phone text UNIQUE)")
        ask(server, "INSERT INTO contact VALUES ('+628111222333')")
        with pytest.raises(Exception, match="duplicate key"):
            ask(server, "INSERT INTO contact VALUES ('+628111222333')")
    finally:
        server.stop()
    written = server.log_file.read_text()
    assert "database system is ready" in written
    assert "+628111222333" not in written


def test_postgres_comes_back_after_its_postmaster_was_killed_and_keeps_what_was_committed(home: Path) -> None:
    server = Postgres(home / "data")
    server.start()
    try:
        ask(server, "CREATE TABLE complaint (ticket text)")
        ask(server, "INSERT INTO complaint VALUES ('ABC-123')")
        with contextlib.closing(psycopg.connect(server.url.replace("+psycopg", ""), autocommit=True)) as busy:
            # A backend that computes does not notice that its postmaster is gone, and keeps the next one from starting.
            pid = busy.info.backend_pid
            busy.pgconn.send_query(b"SELECT sum(sin(i)) FROM generate_series(1, 1000000000) i")
            assert server._process is not None
            server._process.kill()
            server._process.wait()
            assert is_alive(pid)
            server.popen()
            assert not is_alive(pid)
        server.wait_ready()
        assert ask(server, "SELECT ticket FROM complaint") == [("ABC-123",)]
    finally:
        server.stop()


def test_a_postmaster_that_outlived_its_supervisor_is_ended_before_the_next_starts(home: Path) -> None:
    abandoned, server = Postgres(home / "data"), Postgres(home / "data")
    abandoned.start()
    try:
        ask(abandoned, "CREATE TABLE complaint (ticket text)")
        server.start()
        assert abandoned._process is not None
        assert abandoned._process.poll() == 0
        assert ask(server, "SELECT count(*) FROM complaint") == [(0,)]
    finally:
        server.stop()
        abandoned.stop()


def test_what_an_interrupted_first_start_has_left_does_no_harm(home: Path) -> None:
    server = Postgres(home / "data")
    server.data_dir.mkdir(mode=0o711)
    (server.data_dir / "postgres.new").mkdir()
    (server.data_dir / "postgres.new" / "half").write_text("made")
    server.start()
    server.stop()
    assert sorted(path.name for path in server.data_dir.iterdir() if path.name.startswith("postgres")) == ["postgres"]


def test_a_data_directory_with_a_very_long_name_works(home: Path) -> None:
    data_dir = home / ("masbupsiaga-" * 15) / "data with 'odd', \"signs\""
    server, queue = Postgres(data_dir), Valkey(data_dir)
    assert len(os.fsencode(server.socket_dir / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_BYTES
    assert len(os.fsencode(queue.socket)) <= SOCKET_PATH_BYTES
    server.start()
    try:
        queue.start()
        try:
            assert ask(server, "SELECT 1") == [(1,)]
            with redis.Redis.from_url(queue.url) as client:
                assert client.ping()
        finally:
            queue.stop()
    finally:
        server.stop()


def test_an_ordinary_user_with_a_long_name_gets_a_short_socket_directory(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.embedded.places.owner", lambda _: 64999)
    short, long = home / "d", home / ("x" * 90)
    assert runtime_dir(short) == short / "run"
    assert runtime_dir(long).parent == Path("/tmp")  # noqa: S108 - what `make_private` guards
    assert runtime_dir(long) != runtime_dir(home / ("y" * 90))


def test_a_socket_directory_that_somebody_else_has_put_there_is_refused(home: Path) -> None:
    us = account_for(home / "none") if os.geteuid() else Account("root", 0, 0)
    (home / "elsewhere").mkdir()
    (home / "link").symlink_to(home / "elsewhere")
    with pytest.raises(EmbeddedError, match="does not belong to user"):
        make_private(home / "link", us)
    with pytest.raises(EmbeddedError, match="does not belong to user"):
        make_private(home / "elsewhere", Account("other", us.uid + 1, us.gid + 1))


@as_root
def test_root_with_a_closed_home_gets_its_database_where_the_server_can_reach_it(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    refuge = home / "refuge"
    server = Postgres(closed / "data", refuge=refuge)
    server.start()
    try:
        assert server.location.is_relative_to(refuge)
        ask(server, "CREATE TABLE complaint (ticket text)")
    finally:
        server.stop()
    again = Postgres(closed / "data", refuge=home / "another")
    again.start()
    try:
        assert ask(again, "SELECT count(*) FROM complaint") == [(0,)]
    finally:
        again.stop()
    shutil.rmtree(refuge)
    with pytest.raises(EmbeddedError, match="bring it back, or delete that file"):
        again.popen()


@as_root
def test_root_with_the_wheel_in_a_closed_place_runs_a_copy_of_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = home / "closed"
    wheel = installation.wheel_folder(installation.WHEEL)
    ignore = shutil.ignore_patterns(*installation.NOT_NEEDED)
    shutil.copytree(wheel / installation.INSTALL, closed / wheel.name / installation.INSTALL, ignore=ignore)
    libraries = wheel.with_name(f"{wheel.name}.libs")
    shutil.copytree(libraries, closed / libraries.name)
    closed.chmod(0o700)
    monkeypatch.setattr(installation, "wheel_folder", lambda _: closed / wheel.name)
    refuge = home / "refuge"
    server = Postgres(home / "data", refuge=refuge)
    server.start()
    try:
        assert Path(server.command()[0]).is_relative_to(refuge)
        assert [path.name for path in refuge.iterdir() if path.name.startswith(".")] == []
    finally:
        server.stop()


@as_root
def test_root_acts_for_the_user_whom_the_data_directory_belongs_to(home: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    data_dir = home / "data"
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, nobody.pw_uid, nobody.pw_gid)
    server = Postgres(data_dir)
    server.start()
    try:
        assert server.location.stat().st_uid == nobody.pw_uid
        assert server.socket_dir == data_dir / "run" / "postgres"
    finally:
        server.stop()


def test_a_database_of_another_major_version_is_refused(home: Path) -> None:
    server = Postgres(home / "data")
    server.prepare()
    (server.location / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedError, match="made by PostgreSQL 16, and this release brings 18"):
        server.popen()


def test_a_server_that_cannot_start_is_told_with_its_own_words(home: Path) -> None:
    server = Postgres(home / "data")
    server.prepare()
    (server.location / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match=r"PostgreSQL did not start|could not find the database system"):
        server.start()


def test_a_full_disk_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Postgres(home / "data")
    monkeypatch.setattr(cluster, "_create", no_space)
    with pytest.raises(EmbeddedError, match="is full: free some space"):
        server.popen()


def no_space(*_: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_second_instance_is_refused_and_told_the_first_one_s_pid(home: Path) -> None:
    with InstanceLock(home / "data"):
        assert holder(home / "data") == os.getpid()
        with (
            pytest.raises(EmbeddedError, match=rf"Another instance \(pid {os.getpid()}\)"),
            InstanceLock(home / "data"),
        ):
            pass
    assert holder(home / "data") is None
    with InstanceLock(home / "data"):
        pass


def test_a_lock_left_with_a_dead_process_s_children_is_waited_for(home: Path) -> None:
    data_dir = home / "data"
    orphan = subprocess.Popen(
        [
            sys.executable,
            "-c",
            DIES_WITH_A_CHILD_LEFT,
            str(data_dir),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert orphan.wait() == -signal.SIGKILL
    with pytest.raises(EmbeddedError, match="Another instance"), InstanceLock(data_dir, patience=0.0):
        pass
    with InstanceLock(data_dir, patience=30.0):
        assert holder(data_dir) == os.getpid()


@as_root
@pytest.mark.parametrize("existing", [True, False])
def test_a_data_directory_that_cannot_be_written_is_told_to_an_ordinary_user(home: Path, *, existing: bool) -> None:
    nobody = pwd.getpwnam("nobody")
    data_dir = home / "data"
    if existing:
        data_dir.mkdir(mode=0o755)
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            with InstanceLock(data_dir):
                os._exit(1)
        except EmbeddedError as error:
            os._exit(0 if "cannot be written by user" in str(error) else 2)
        finally:
            os._exit(3)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_a_file_in_place_of_the_data_directory_is_told(home: Path) -> None:
    (home / "data").write_text("")
    with pytest.raises(EmbeddedError, match="is not a directory"), InstanceLock(home / "data"):
        pass


@pytest.mark.parametrize("part", ["Postgres", "Valkey"])
def test_the_servers_end_with_the_one_who_started_them(home: Path, part: str) -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLDS_A_SERVER,
            str(home / "data"),
            part,
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    ended = os.pidfd_open(pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    with os.fdopen(ended) as handle:
        assert select.select([handle], [], [], 30)[0]
    server = Postgres(home / "data") if part == "Postgres" else Valkey(home / "data")
    server.start()
    server.stop()


def test_the_url_is_one_that_sqlalchemy_reads_back(home: Path) -> None:
    server = Postgres(home / "a b%c&d")
    assert make_url(server.url).query["host"] == str(server.socket_dir)


def test_a_test_cannot_leave_this_machine() -> None:
    with pytest.raises(BaseException, match="a test tried to look up"):
        urllib.request.urlopen("http://example.org/")
    with pytest.raises(BaseException, match="a test tried to connect"):
        socket.create_connection(("192.0.2.1", 80), 1)
