"""A real Kannel's fake SMSC at full rate into the house: `python -m bench.kannel` (kannel and kannel-extras installed).

Kannel hands each SMS over by one HTTP request. The same stream goes first to a bare answering server, then to the whole
of `muara up`; nothing may be lost, and nothing doubled.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import os
import signal
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask

from bench.house import house
from bench.servers import facts
from gateway import server
from tests.kannelkit import kannel, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.sharedctypes import Synchronized

    import psycopg

#: Seconds for one stream, far more than it takes.
PATIENCE = 300.0
_JOURNALLED = "SELECT count(*) FROM journal WHERE account = 'sms'"
_QUEUED = "SELECT count(*) FROM message WHERE account = 'sms' AND direction = 'in' AND complaint_id IS NOT NULL"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    options = parser.parse_args()
    machine = facts()
    bare = to_bare(options.messages)
    with house() as made:
        made.start()
        database = made.database()
        accepted, queued = to_house(made.port, database, options.messages)
        lost = options.messages - count(database, _QUEUED)
        database.close()
    print(f"accepted / a bare server behind the same Kannel: {accepted / bare:.0%}")
    print(machine)
    print(f"bare server     {bare:6.0f}/s")
    print(f"journalled      {accepted:6.0f}/s   of {options.messages} SMS")
    print(f"in the queue    {queued:6.0f}/s   lost {lost}")


def to_bare(messages: int) -> float:
    """SMS a second that Kannel hands to a server that does nothing but count."""
    seen: Synchronized[int] = multiprocessing.get_context("fork").Value("q", 0)
    with _bare(seen) as port:
        return _stream(port, messages, lambda: seen.value)


def to_house(port: int, database: psycopg.Connection, messages: int) -> tuple[float, float]:
    """SMS a second into the journal, and into the queue."""
    began = time.perf_counter()
    accepted = _stream(port, messages, lambda: count(database, _JOURNALLED))
    deadline = time.monotonic() + PATIENCE
    while count(database, _QUEUED) < messages and time.monotonic() < deadline:
        time.sleep(0.05)
    return accepted, messages / (time.perf_counter() - began)


def count(database: psycopg.Connection, query: str) -> int:
    """The number that a query gives."""
    row = database.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _stream(port: int, messages: int, arrived: Callable[[], int]) -> float:
    """Messages a second, from the first to the last that arrived."""
    with tempfile.TemporaryDirectory() as folder, kannel(Path(folder), f"http://127.0.0.1:{port}/hooks/sms") as box:
        # Each from a number of its own, as citizens are.
        words = "62811 1708 text masbupsiaga jalan di Comal berlubang"
        with box.phone(words, times=messages, interval=0, random_senders=True):
            deadline = time.monotonic() + PATIENCE
            while not arrived():
                time.sleep(0.002)
            began = time.perf_counter()
            while arrived() < messages and time.monotonic() < deadline:
                time.sleep(0.02)
            return arrived() / (time.perf_counter() - began)


@contextlib.contextmanager
def _bare(seen: Synchronized[int]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]

    def application() -> Flask:
        app = Flask("bare")

        @app.get("/hooks/sms")
        def take() -> str:
            with seen.get_lock():
                seen.value += 1
            return ""

        return app

    process = multiprocessing.get_context("fork").Process(
        target=server.serve, args=(application,), kwargs={"host": "127.0.0.1", "port": port}
    )
    process.start()
    try:
        wait_for(port)
        yield port
    finally:
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join(20)


if __name__ == "__main__":
    main()
