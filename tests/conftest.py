"""The real servers, a fresh database for each test, and no way out to the network."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import itertools
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import hypothesis
import psycopg
import pytest
import redis
from flask import Flask
from psycopg import sql
from sqlalchemy import make_url
from werkzeug.routing import Rule

from store.embedded import InstanceLock, Postgres, Valkey
from store.embedded.places import runtime_dir
from tests import run
from tests.quickly import Compiled, when_called

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "muara_template"
# Bytes; the servers of four workers use less than half of it.
ROOM = 2 * 1024**3

# Program to look for, and the Debian package that brings it; tests/run.py installs them.
PARTS = {program: package for program, package, _ in run.PARTS}


# A submission is judged by the same examples each time; on a developer's machine every run looks for new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI") == "true":
    hypothesis.settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also the long property tests and the kill storms")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--slow"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if not item.get_closest_marker("slow")]


def pytest_collection_finish() -> None:
    """What all tests need stays, so that no collection of garbage walks through it again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """`need("chromium")` is the program's path; where it is missing the test is skipped, and with CI=true it fails."""

    def find(program: str) -> str:
        path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
        if path is not None:
            return path
        reason = f"{program} is not installed (apt-get install {PARTS.get(program, program)})"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)

    return find


class QuickPostgres(Postgres):
    """Its data need not outlive the session, so it waits for no disk."""

    def command(self) -> list[str]:
        return [*super().command(), "-c", "fsync=off", "-c", "full_page_writes=off"]


@pytest.fixture(scope="session")
def servers_dir() -> Iterator[Path]:
    """A data directory for the session's servers, passable where they run as another user than we."""
    with temporary_data_dir() as path, InstanceLock(path):
        yield path


@contextlib.contextmanager
def temporary_data_dir() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="muara-tests-", dir=memory()))
    if os.geteuid() == 0:
        path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(runtime_dir(path), ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)


def memory() -> Path | None:
    """The system's folder in memory, where there is ample room: a database is copied there in a tenth of the time."""
    folder = Path("/dev/shm")  # noqa: S108 - names in it are made by mkdtemp
    if not os.access(folder, os.W_OK | os.X_OK) or shutil.disk_usage(folder).free < ROOM:
        return None
    return folder


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that everybody may pass through, unlike pytest's own."""
    path = Path(tempfile.mkdtemp(prefix="muara-embedded-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        for found in [path, *path.rglob("*")]:
            if found.is_dir():
                shutil.rmtree(runtime_dir(found), ignore_errors=True)
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(servers_dir: Path) -> Iterator[str]:
    """The session's server; make databases of your own on it."""
    server = QuickPostgres(servers_dir)
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture(scope="session")
def template_url(postgres_url: str) -> str:
    """A migrated database nobody may connect to, because it is copied."""
    from store.migrate import upgrade  # noqa: PLC0415 - only tests with a database load it

    url = with_database(postgres_url, TEMPLATE)
    execute(postgres_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def new_database(postgres_url: str) -> Callable[..., contextlib.AbstractContextManager[str]]:
    """`with new_database(TEMPLATE) as url`: a database that is dropped afterwards; without a template it is empty."""
    numbers = itertools.count(1)

    @contextlib.contextmanager
    def make(template: str = "template1") -> Iterator[str]:
        name = f"test_{next(numbers)}"
        execute(
            postgres_url,
            # Files copied as they are: a third of the time that writing them through the log takes.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            ),
        )
        try:
            yield with_database(postgres_url, name)
        finally:
            execute(postgres_url, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    return make


@pytest.fixture
def empty_database_url(new_database: Callable[..., contextlib.AbstractContextManager[str]]) -> Iterator[str]:
    """For tests of the migrations themselves."""
    with new_database() as url:
        yield url


@pytest.fixture
def database_url(
    template_url: str, new_database: Callable[..., contextlib.AbstractContextManager[str]]
) -> Iterator[str]:
    """A fresh migrated database of the test's own."""
    assert template_url
    with new_database(TEMPLATE) as url:
        yield url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the test's own database, made as the product makes it."""
    from store.engine import connect  # noqa: PLC0415 - only tests with a database load it

    made = connect(database_url, name="test")
    try:
        yield made
    finally:
        made.dispose()


@pytest.fixture(scope="session")
def valkey(servers_dir: Path) -> Iterator[Valkey]:
    server = Valkey(servers_dir)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def redis_url(valkey: Valkey) -> str:
    """The session's Valkey, emptied for this test."""
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    return valkey.url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of the session's emptied Valkey."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def execute(url: str, statement: sql.Composed) -> None:
    """On a connection of its own and outside a transaction, as CREATE DATABASE wants it."""
    plain = make_url(url)
    with psycopg.connect(
        host=str(plain.query["host"]), user=plain.username, dbname=plain.database, autocommit=True
    ) as connection:
        connection.execute(statement)


class OutsideConnectionError(BaseException):
    """A test tried to leave this machine; no `except Exception` of the product may swallow that."""


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections go to this machine only, and no name is asked of a name server."""
    connect, connect_ex, sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto
    getaddrinfo = socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any, /) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: Any, /) -> int:
        check(self, address)
        return connect_ex(self, address)

    def guarded_sendto(self: socket.socket, *arguments: Any) -> int:
        check(self, arguments[-1])
        return sendto(self, *arguments)

    def guarded_getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name not in {None, "", "localhost"} and not is_address(name):
            refuse(f"look up {name}")
        return getaddrinfo(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
    monkeypatch.setattr(socket.socket, "sendto", guarded_sendto)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)


def check(self: socket.socket, address: Any) -> None:
    if self.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    host = address[0]
    if host in {"", "localhost"} or (is_address(host) and ipaddress.ip_address(host.split("%")[0]).is_loopback):
        return
    self.close()  # who opened it does not expect what is raised now
    refuse(f"connect to {host}")


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return True


def refuse(what: str) -> NoReturn:
    raise OutsideConnectionError(f"a test tried to {what}")


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    """Most tests make an application of their own; compiling its templates and routes took most of their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": Compiled()})
        patch.setattr(Rule, "_compile_builder", when_called(Rule._compile_builder))
        yield


@pytest.fixture(scope="session")
def python() -> Path:
    """The interpreter that the tests run in."""
    return Path(sys.executable)
