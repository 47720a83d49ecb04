"""Durable 2xx a second, beside the same server answering 200 with nothing done: `python bench/accept.py`.

Real PostgreSQL and Valkey with a commit on disk behind each 2xx; Telegram's webhook, each update another one. The two
are run in turns, so that the noise of the machine falls on both.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import multiprocessing
import os
import signal
import socket
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent))

import psutil

from app import create_app
from bench import load
from bench.servers import servers
from config.settings import load as load_settings
from gateway import server
from wiring import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

TOKEN = "a-made-up-secret-token"  # noqa: S105 - for this run only
ACCOUNT = {"bench": {"channel": "telegram", "token": "1:made-up", "secret_token": TOKEN}}
HEADERS = {"Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": TOKEN}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each of the turns")
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with servers() as (folder, database_url, redis_url), gateway(folder, database_url, redis_url) as (port, pid):
        numbers = itertools.count(1)
        empty = load.request("POST", "/bare", body(1), HEADERS)
        ways: dict[str, Callable[[], bytes]] = {
            "bare": lambda: empty,
            "durable": lambda: load.request("POST", "/hooks/bench", body(next(numbers)), HEADERS),
        }
        runs: dict[str, list[load.Run]] = {name: [] for name in ways}
        for name, make in ways.items():
            load.run(port, make, connections=options.connections, seconds=1.0)
            runs[name].clear()
        for _ in range(options.turns):
            for name, make in ways.items():
                runs[name].append(load.run(port, make, connections=options.connections, seconds=options.seconds))
        show(runs)
        print(f"gateway memory (PSS): {memory(pid):.0f} MB")


def body(number: int) -> bytes:
    """A Telegram update as the provider sends it."""
    return json.dumps(
        {
            "update_id": number,
            "message": {
                "message_id": number,
                "from": {"id": 77, "is_bot": False, "first_name": "Warga"},
                "chat": {"id": 77, "type": "private", "first_name": "Warga"},
                "date": 1_795_000_000,
                "text": "Masbupsiaga jalan di depan pasar Comal berlubang, mohon segera diperbaiki",
            },
        }
    ).encode()


def show(runs: dict[str, list[load.Run]]) -> None:
    """Medians over the turns, ratio first."""
    rates = {name: statistics.median(run.rate for run in found) for name, found in runs.items()}
    print(f"ratio durable/bare: {rates['durable'] / rates['bare']:.0%}")
    for name, found in runs.items():
        middle = {share: statistics.median(run.at(share) for run in found) for share in (0.5, 0.99)}
        print(
            f"{name:8} {rates[name]:6.0f}/s   p50 {middle[0.5]:5.1f} ms   p99 {middle[0.99]:5.1f} ms   "
            f"worst {max(run.at(1.0) for run in found):5.1f} ms   not 2xx {sum(run.bad for run in found)}"
        )


@contextlib.contextmanager
def gateway(folder: Path, database_url: str, redis_url: str) -> Iterator[tuple[int, int]]:
    """A gateway with one more route, and its main process's id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = Path(__file__).parent.parent / "config"
    overrides = {"data_dir": str(folder), "port": port, "accounts": ACCOUNT, "log_level": "warning"}
    settings = load_settings(config, overrides, {})

    def application() -> Flask:
        made = create_app(settings, build(settings, database_url=database_url, redis_url=redis_url))
        made.add_url_rule("/bare", "bare", lambda: "", methods=["POST"])
        return made

    process = multiprocessing.get_context("fork").Process(
        target=server.serve, args=(application,), kwargs={"host": "127.0.0.1", "port": port}
    )
    process.start()
    try:
        wait_for(port)
        yield port, process.pid or 0
    finally:
        os.kill(process.pid or 0, signal.SIGTERM)
        process.join(20)


def wait_for(port: int) -> None:
    """Until the port answers."""
    for _ in range(200):
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise TimeoutError


def memory(pid: int) -> float:
    """Of a process and its children, each shared page counted once, in MB."""
    processes = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(process.memory_full_info().pss for process in processes) / 1_000_000


if __name__ == "__main__":
    main()
