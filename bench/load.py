"""A small HTTP load client: some keep-alive connections, one request under way on each, raw sockets and one thread."""

from __future__ import annotations

import dataclasses
import selectors
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(slots=True)
class Line:
    """One connection: what has come of its answer so far, and when its request left."""

    connection: socket.socket
    began: float
    answer: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """What a run brought: answers of 2xx, others, seconds, and the latencies of all (seconds, sorted)."""

    good: int
    bad: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        """2xx a second."""
        return self.good / self.seconds

    def at(self, share: float) -> float:
        """The latency (milliseconds) that `share` of the answers kept to."""
        return self.latencies[min(int(len(self.latencies) * share), len(self.latencies) - 1)] * 1000


def request(method: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def run(port: int, make: Callable[[], bytes], *, connections: int, seconds: float) -> Run:
    """Send what `make` gives, over and over, for so many seconds."""
    selector = selectors.DefaultSelector()
    for _ in range(connections):
        line = Line(socket.create_connection(("127.0.0.1", port)), 0.0)
        line.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _send(line, make)
        selector.register(line.connection, selectors.EVENT_READ, line)
    latencies: list[float] = []
    good = bad = 0
    began = time.perf_counter()
    while time.perf_counter() < began + seconds:
        for key, _ in selector.select(1):
            line = key.data
            line.answer += line.connection.recv(65536)
            if not _whole(line.answer):
                continue
            latencies.append(time.perf_counter() - line.began)
            if line.answer.startswith(b"HTTP/1.1 2"):
                good += 1
            else:
                bad += 1
            _send(line, make)
    took = time.perf_counter() - began
    # What is still under way is not counted, but waited for: it must not disturb the next run.
    for key in list(selector.get_map().values()):
        line = key.data
        while not _whole(line.answer):
            line.answer += line.connection.recv(65536)
        line.connection.close()
    selector.close()
    return Run(good, bad, took, sorted(latencies))


def _send(line: Line, make: Callable[[], bytes]) -> None:
    line.answer = b""
    message = make()
    line.began = time.perf_counter()
    line.connection.sendall(message)


def _whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    if not found:
        return False
    start = head.lower().find(b"content-length:")
    return len(body) >= int(head[start + 15 :].split(b"\r\n", 1)[0])
