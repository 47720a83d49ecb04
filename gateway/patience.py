"""Patience with slow senders: a body that stops coming holds a thread, and the server has no time-out for that.

The WSGI server reads a body only when we ask, and then for as long as the client likes. So each read is watched, and
where one takes too long the connections of that address are cut.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import stat
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import ServiceUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from gateway.security import Proxies

#: Each piece of this size (bytes) must come within this time (seconds).
PIECE = 16 * 1024
PATIENCE = 15.0
TICK = 1.0
#: Bodies over this size (bytes) take one of so many places, so that they never fill the memory together.
BIG = 1024 * 1024
BIG_AT_ONCE = 8
#: Where `tcpi_last_data_recv` (milliseconds) stands in Linux's `struct tcp_info`.
_LAST_DATA = slice(52, 56)


class Patience:
    """WSGI middleware, with a thread that watches. Our own proxies are never cut: many people stand behind them."""

    def __init__(self, app: WSGIApplication, proxies: Proxies) -> None:
        self._app = app
        self._proxies = proxies
        self._places = threading.BoundedSemaphore(BIG_AT_ONCE)
        self._reads: dict[int, tuple[float, str, int]] = {}
        self._numbers = itertools.count()
        threading.Thread(target=self._watch, name="patience", daemon=True).start()

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Serve one request with its input watched."""
        if environ.get("CONTENT_LENGTH") in {None, "", "0"} and "HTTP_TRANSFER_ENCODING" not in environ:
            return self._app(environ, start)
        watched = _Input(environ["wsgi.input"], self, environ.get("REMOTE_ADDR", ""), int(environ["SERVER_PORT"]))
        environ["wsgi.input"] = watched
        try:
            return self._app(environ, start)
        finally:
            watched.leave()

    def read(self, source: Any, size: int, remote: str, port: int) -> bytes:
        """One piece from `source`, under watch."""
        number = next(self._numbers)
        # One step each, so no lock: this is on the way of every message.
        self._reads[number] = (time.monotonic(), remote, port)
        try:
            piece: bytes = source.read(size)
        finally:
            del self._reads[number]
        return piece

    def take_place(self) -> None:
        """A place among the big bodies; ServiceUnavailable when all are taken."""
        if not self._places.acquire(blocking=False):
            raise ServiceUnavailable

    def give_place(self) -> None:
        """Let the next big body in."""
        self._places.release()

    def _watch(self) -> None:
        while True:
            time.sleep(TICK)
            now = time.monotonic()
            reads = list(self._reads.values())
            overdue = [(remote, port, now - since) for since, remote, port in reads if now - since > PATIENCE]
            for remote, port, waited in overdue:
                if not self._proxies.trusts(remote):
                    cut(remote, port, idle=PATIENCE / 2 if waited < 2 * PATIENCE else 0.0)


class _Input:
    """What the application reads from: pieces, each under watch."""

    def __init__(self, inner: Any, patience: Patience, remote: str, port: int) -> None:
        self._inner = inner
        self._patience = patience
        self._remote = remote
        self._port = port
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; all of them where it is negative."""
        if size >= 0:
            return self._piece(min(size, PIECE))
        return b"".join(iter(lambda: self._piece(PIECE), b""))

    def leave(self) -> None:
        """The request is over."""
        if self._size > BIG:
            self._patience.give_place()
        self._size = 0

    def _piece(self, size: int) -> bytes:
        piece = self._patience.read(self._inner, size, self._remote, self._port)
        if self._size <= BIG < self._size + len(piece):
            self._patience.take_place()
        self._size += len(piece)
        return piece


def cut(remote: str, port: int, *, idle: float) -> None:
    """Shut this process's connections on `port` with `remote` that brought nothing for `idle` seconds."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - these are numbers
        with contextlib.suppress(OSError, ValueError):
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as copy:
                here, there = copy.getsockname(), copy.getpeername()
                if isinstance(there, tuple) and there[0] == remote and here[1] == port and _idle(copy) >= idle:
                    copy.shutdown(socket.SHUT_RDWR)


def _idle(connection: socket.socket) -> float:
    """Seconds since the last byte came; endless where the system does not tell."""
    if sys.platform != "linux":
        return float("inf")
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int.from_bytes(info[_LAST_DATA], sys.byteorder) / 1000
