"""Webhooks accepted with and without 200 officers' open pages: `python -m bench.watching`.

One server takes both, as in an installation. Every page asks every second and a half whether there is news; now and
then a complaint arrives, of which all of them are told. The turns alternate, so that the noise of the machine falls on
both; it also has to run the officers' browsers, which an installation's does not.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import heapq
import itertools
import multiprocessing
import random
import selectors
import signal
import socket
import statistics
import sys
import time
from typing import TYPE_CHECKING

import psycopg
import redis

from bench import load
from bench.accept import HEADERS, body, gateway
from bench.crowd import gather
from bench.servers import facts, servers
from dispatcher import pulse
from inbox.auth import SESSION
from store import sessions
from store.engine import connect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.synchronize import Event

OFFICERS = 200
#: Seconds between two questions of a page, and between two arrivals of which all are told.
EVERY, NEWS = 1.5, 10.0
COMPLAINTS = 10_000
#: Seconds until every page has been told once, far more than it takes.
PATIENCE = 120.0


@dataclasses.dataclass(slots=True)
class Page:
    """An officer's open page: what it was told last, and what has come of the answer."""

    cookie: str
    connection: socket.socket
    tag: str = ""
    answer: bytes = b""
    began: float = 0.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=12.0, help="of each of the turns")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # else what runs would be left behind
    machine = facts()
    with servers() as (folder, database_url, redis_url), gateway(folder, database_url, redis_url) as (port, _):
        cookies = officers(database_url)
        numbers = itertools.count(1)
        runs: dict[str, list[load.Run]] = {"alone": [], "watched": []}
        told: list[Told] = []
        hook = {"connections": options.connections, "seconds": options.seconds}
        for turn in range(options.turns + 1):
            found = load.run(port, lambda: load.request("POST", "/hooks/bench", body(next(numbers)), HEADERS), **hook)
            with watching(port, redis_url, cookies) as results:
                seen = load.run(
                    port, lambda: load.request("POST", "/hooks/bench", body(next(numbers)), HEADERS), **hook
                )
            if turn:
                runs["alone"].append(found)
                runs["watched"].append(seen)
                told.append(results[0])
        show(runs, told, machine)


def officers(database_url: str) -> list[str]:
    """Sessions of as many officers, in a house with complaints."""
    now = dt.datetime.now(dt.UTC)
    where = {"host": database_url.partition("host=")[2], "user": "muara", "dbname": "muara"}
    with psycopg.connect(**where, autocommit=True) as connection:
        gather(connection, COMPLAINTS, now.isoformat())
    engine = connect(database_url)
    with engine.begin() as connection:
        ids = connection.exec_driver_sql("SELECT id FROM officer ORDER BY id LIMIT %s", (OFFICERS,)).scalars().all()
        return [sessions.open_session(connection, each, now) for each in ids]


@dataclasses.dataclass(frozen=True, slots=True)
class Told:
    """What the pages were told: how often nothing, how often all, how often to come again; and how long it took."""

    nothing: list[float]
    all: list[float]
    later: int


@contextlib.contextmanager
def watching(port: int, redis_url: str, cookies: list[str]) -> Iterator[list[Told]]:
    """Pages in a process of their own for the length of the block; what they were told afterwards."""
    context = multiprocessing.get_context("fork")
    ready, stop, results = context.Event(), context.Event(), context.Queue()
    process = context.Process(target=_watch, args=(port, redis_url, cookies, ready, stop, results))
    process.start()
    found: list[Told] = []
    ready.wait(PATIENCE)  # their first answers are whole ones
    try:
        yield found
    finally:
        stop.set()
        found.append(results.get(timeout=60))
        process.join(20)


def _watch(  # noqa: PLR0917 - a process's whole outfit
    port: int, redis_url: str, cookies: list[str], ready: Event, stop: Event, results: multiprocessing.Queue[Told]
) -> None:
    client = redis.Redis.from_url(redis_url)
    told = Told([], [], 0)
    selector = selectors.DefaultSelector()
    due = [(time.monotonic() + random.uniform(0, EVERY), number) for number in range(len(cookies))]
    heapq.heapify(due)
    pages = [Page(cookie, socket.create_connection(("127.0.0.1", port))) for cookie in cookies]
    news = float("inf")
    while not stop.is_set():
        now = time.monotonic()
        if not ready.is_set() and all(page.tag for page in pages):
            told, news = Told([], [], 0), now + NEWS / 2
            ready.set()
        if now > news:
            pulse.bump(client)
            news += NEWS
        while due and due[0][0] <= now:
            page = pages[heapq.heappop(due)[1]]
            _ask(page)
            selector.register(page.connection, selectors.EVENT_READ, page)
        for key, _ in selector.select(0.01):
            page = key.data
            page.answer += page.connection.recv(1 << 20)
            if _whole(page.answer):
                selector.unregister(page.connection)
                told = _note(told, page)
                wait = max(EVERY, 10 * (time.monotonic() - page.began)) * random.uniform(0.8, 1.2)
                heapq.heappush(due, (time.monotonic() + wait, pages.index(page)))
    results.put(told)


def _ask(page: Page) -> None:
    headers = {"Cookie": f"{SESSION}={page.cookie}"} | ({"If-None-Match": page.tag} if page.tag else {})
    page.answer, page.began = b"", time.monotonic()
    page.connection.sendall(load.request("GET", "/inbox/pulse", b"", headers))


def _whole(answer: bytes) -> bool:
    head, found, rest = answer.partition(b"\r\n\r\n")
    start = head.lower().find(b"content-length:")
    return bool(found) and (start < 0 or len(rest) >= int(head[start + 15 :].split(b"\r\n", 1)[0]))


def _note(told: Told, page: Page) -> Told:
    took = time.monotonic() - page.began
    status = page.answer[9:12]
    if status == b"304":
        told.nothing.append(took)
        return told
    if status == b"204":
        return dataclasses.replace(told, later=told.later + 1)
    if status != b"200":
        raise RuntimeError(f"the pulse answered {status!r}")
    told.all.append(took)
    page.tag = page.answer.lower().partition(b"\r\netag: ")[2].partition(b"\r\n")[0].decode()
    return told


def show(runs: dict[str, list[load.Run]], told: list[Told], machine: str) -> None:
    """Medians over the turns, ratios first."""
    rates = {name: statistics.median(run.rate for run in found) for name, found in runs.items()}
    slow = {name: statistics.median(run.at(0.99) for run in found) for name, found in runs.items()}
    print(f"ratio of the rates, watched/alone: {rates['watched'] / rates['alone']:.0%}")
    print(f"ratio of the p99, watched/alone: {slow['watched'] / slow['alone']:.1f} x")
    print(machine)
    for name, found in runs.items():
        middle = statistics.median(run.at(0.5) for run in found)
        print(
            f"{name:8} {rates[name]:6.0f}/s   p50 {middle:5.1f} ms   p99 {slow[name]:6.1f} ms   "
            f"not 2xx {sum(run.bad for run in found)}"
        )
    nothing = sorted(itertools.chain.from_iterable(each.nothing for each in told))
    whole = sorted(itertools.chain.from_iterable(each.all for each in told))
    for name, times in (("nothing new", nothing), ("all of it", whole)):
        if times:
            middle, last = times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000
            print(f"pages told {name:12} {len(times):6}   p50 {middle:6.1f} ms   p95 {last:6.1f} ms")
    print(f"pages told to come again {sum(each.later for each in told)}")


if __name__ == "__main__":
    main()
