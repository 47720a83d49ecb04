"""The gateway as real processes, its database stopped, hung and killed: every 2xx is in the journal, and once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, Self

import psutil
import pytest

from gateway.server import THREADS, PortInUseError, ensure_free
from store.embedded import Postgres
from store.engine import connect
from store.migrate import upgrade
from tests.conftest import ROOT, temporary_data_dir
from tests.gatewaykit import MAX_BODY, sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 30.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """A server of this module's own, to be mistreated; it syncs to disk as in earnest."""
    with temporary_data_dir() as folder:
        server = Postgres(folder)
        server.start()
        upgrade(server.url)
        try:
            yield server
        finally:
            server.stop()


class Gateway:
    def __init__(self, database_url: str, redis_url: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.command = [sys.executable, "-m", "tests.gatewayserver", database_url, redis_url, str(folder)]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen([*self.command, str(self.port)], cwd=ROOT)
        wait_until(lambda: self.get("/healthz")[0] == 200)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            assert self.process.wait(PATIENCE) == 0

    @property
    def worker(self) -> psutil.Process:
        assert self.process is not None
        return psutil.Process(self.process.pid).children()[0]

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            return self.ask("GET", path)
        except OSError:
            return 0, b""

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
            line.request(method, path, body, headers)
            answer = line.getresponse()
            return answer.status, answer.read()

    def post(self, body: bytes) -> int:
        return self.ask("POST", "/hooks/kab", body, **{"X-Signature": sign(body)})[0]


@pytest.fixture
def gateway(postgres: Postgres, redis_url: str, tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(postgres.url, redis_url, tmp_path)
    made.start()
    try:
        yield made
    finally:
        made.stop()


class Stream:
    """Citizens who write without pause, and note what they were answered; a broken line is no answer."""

    def __init__(self, gateway: Gateway, name: str, writers: int = 4) -> None:
        self.accepted: list[str] = []
        self.others: list[int] = []
        self._gateway = gateway
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(f"{name}-{n}",)) for n in range(writers)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def after(self, count: int) -> None:
        """Wait until so many more were accepted."""
        goal = len(self.accepted) + count
        wait_until(lambda: len(self.accepted) >= goal)

    def _write(self, name: str) -> None:
        number = 0
        while not self._stop.is_set():
            number += 1
            body = f"{name}-{number}"
            try:
                status = self._gateway.post(body.encode())
            except (OSError, http.client.HTTPException):
                self._stop.wait(0.02)
                continue
            if status == 202:
                self.accepted.append(body)
            else:
                self.others.append(status)


def test_a_stopped_database_loses_nothing(gateway: Gateway, postgres: Postgres, tmp_path: Path) -> None:
    with Stream(gateway, "stopped") as stream:
        stream.after(50)
        postgres.stop()
        stream.after(100)
        postgres.start()
        wait_until(lambda: ready(gateway)["database"] == "up")
        stream.after(50)
    assert stream.others == []
    settled(gateway, postgres, stream, "stopped")
    assert not list((tmp_path / "spool").glob("*.tmp"))


def test_a_hanging_database_loses_nothing_and_hangs_nobody(gateway: Gateway, postgres: Postgres) -> None:
    with Stream(gateway, "hung") as stream:
        stream.after(50)
        assert ready(gateway)["database"] == "up"
        with frozen(postgres):
            stream.after(100)
            wait_until(lambda: ready(gateway)["database"] == "down")
            assert ready(gateway)["ready"]
        stream.after(50)
    assert stream.others == []
    settled(gateway, postgres, stream, "hung")


def test_a_killed_gateway_keeps_what_it_accepted(gateway: Gateway, postgres: Postgres) -> None:
    with Stream(gateway, "killed") as stream:
        stream.after(100)
        old = gateway.worker
        old.kill()
        wait_until(lambda: gateway.get("/healthz")[0] == 200)
        stream.after(50)
    assert gateway.worker.pid != old.pid
    settled(gateway, postgres, stream, "killed")


def test_a_gateway_killed_while_it_spools_is_continued_by_the_next(
    gateway: Gateway, postgres: Postgres, tmp_path: Path
) -> None:
    with Stream(gateway, "both") as stream:
        stream.after(20)
        postgres.stop()
        stream.after(50)
        gateway.worker.kill()
    assert list((tmp_path / "spool").glob("*.spool"))
    postgres.start()
    wait_until(lambda: gateway.get("/healthz")[0] == 200)
    settled(gateway, postgres, stream, "both")


def test_a_worker_does_not_outlive_its_master(gateway: Gateway) -> None:
    assert gateway.process is not None
    worker = gateway.worker
    gateway.process.kill()
    gateway.process.wait(PATIENCE)
    gateway.process = None
    wait_until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)


def test_it_starts_without_a_database(redis_url: str, tmp_path: Path) -> None:
    made = Gateway("postgresql+psycopg://muara@/muara?host=/nonexistent", redis_url, tmp_path)
    made.start()
    try:
        assert made.post(b"nobody home") == 202
        assert made.ask("POST", "/hooks/kab", b"x", **{"X-Signature": "forged"})[0] == 401
        assert ready(made)["spool"]["pending"] == 1
    finally:
        made.stop()


def test_oversize_is_refused_whether_declared_or_chunked(gateway: Gateway, postgres: Postgres) -> None:
    assert speak(gateway, b"Content-Length: 99999999\r\n\r\nabc").startswith(b"HTTP/1.1 413")
    piece = b"%x\r\n%s\r\n" % (65536, b"x" * 65536)
    chunked = b"Transfer-Encoding: chunked\r\n\r\n" + piece * (MAX_BODY // 65536 + 1)
    assert speak(gateway, chunked).startswith(b"HTTP/1.1 413")
    small = b"Transfer-Encoding: chunked\r\nX-Signature: %s\r\n\r\n" % sign(b"chunked-1").encode()
    assert speak(gateway, small + b"9\r\nchunked-1\r\n0\r\n\r\n").startswith(b"HTTP/1.1 202")
    assert bodies(postgres, "chunked") == ["chunked-1"]


def test_a_body_that_breaks_off_is_not_taken(gateway: Gateway, postgres: Postgres) -> None:
    half = b"Content-Length: 100\r\nX-Signature: %s\r\n\r\nbroken-1" % sign(b"broken-1").encode()
    assert speak(gateway, half, close=True)[:12] in {b"", b"HTTP/1.1 400"}
    assert bodies(postgres, "broken") == []


def test_senders_that_stop_sending_are_cut_and_keep_nobody_out(gateway: Gateway) -> None:
    with contextlib.ExitStack() as lines:
        stalled = [
            lines.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE))
            for _ in range(THREADS + 10)
        ]
        for line in stalled:
            line.sendall(b"POST /hooks/kab HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        for line in stalled[:THREADS]:
            assert line.recv(12) in {b"", b"HTTP/1.1 400"}
        assert gateway.post(b"patient") == 202


def test_a_port_in_use_is_said(gateway: Gateway) -> None:
    with pytest.raises(PortInUseError, match=str(gateway.port)):
        ensure_free("127.0.0.1", gateway.port)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ensure_free("127.0.0.1", port)


def speak(gateway: Gateway, rest: bytes, *, close: bool = False) -> bytes:
    """Send a POST by hand; what came back, empty where the line was cut."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) as line:
        with contextlib.suppress(OSError):
            line.sendall(b"POST /hooks/kab HTTP/1.1\r\nHost: x\r\n" + rest)
        if close:
            line.shutdown(socket.SHUT_WR)
        try:
            return line.recv(4096)
        except OSError:
            return b""


def ready(gateway: Gateway) -> Any:
    return json.loads(gateway.get("/readyz")[1])


@contextlib.contextmanager
def frozen(postgres: Postgres) -> Iterator[None]:
    """The whole server is there and answers nothing."""
    assert postgres._process is not None
    master = psutil.Process(postgres._process.pid)
    everyone = [master, *master.children(recursive=True)]
    for one in everyone:
        os.kill(one.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in everyone:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGCONT)


def settled(gateway: Gateway, postgres: Postgres, stream: Stream, name: str) -> None:
    """Once the spool is empty each accepted body stands in the journal, and none twice."""
    wait_until(lambda: ready(gateway)["spool"]["pending"] == 0)
    assert ready(gateway)["spool"]["bad"] == 0
    found = bodies(postgres, name)
    assert len(found) == len(set(found))
    assert set(stream.accepted) <= set(found)


def bodies(postgres: Postgres, name: str) -> list[str]:
    engine = connect(postgres.url, name="test look")
    try:
        with engine.connect() as connection:
            rows = connection.exec_driver_sql("SELECT body FROM journal WHERE body IS NOT NULL").scalars()
            return [body for body in (bytes(row).decode() for row in rows) if body.startswith(f"{name}-")]
    finally:
        engine.dispose()


def wait_until(condition: Callable[[], bool]) -> None:
    """The time is an upper bound, not what is tested."""
    end = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.02)
