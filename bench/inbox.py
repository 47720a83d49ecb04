"""How long the inbox takes at the server with 1,000 and with 1,000,000 complaints: `python -m bench.inbox`.

Officers of a unit, of a program and of the whole house look at the first page of every queue with its counts, search,
open a case, and let an open page ask for news. The two databases are asked in turns, so that the noise of the machine
falls on both. Making the million takes minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import datetime as dt
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from flask import Flask

import inbox.pages
from bench.crowd import FREQUENT, PROGRAMS, RARE, UNITS, gather
from bench.house import SECRET, SETTINGS
from bench.servers import facts, servers
from config.settings import load
from gateway.server import settle
from inbox.auth import SESSION
from store import sessions
from store.queue import Queue
from wiring import build

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flask.testing import FlaskClient

    from dispatcher.runtime import Runtime

FEW = 1_000
MANY = 1_000_000
#: Who looks: an officer of the largest unit, the administrator of the largest program, the administrator of all.
LOOKERS = {"officer of a unit": "petugas27", "program admin": "siaga", "administrator": "admin"}
#: Milliseconds that 95 of 100 may take.
TARGETS = {"queue": 50, "search": 200, "case": 60}
#: And how much more than with few complaints the first page of a queue.
GROWTH = 1.5
PROGRAM = """
name = "Program {key}"
organisation = "Kabupaten Pemalang"
keywords = ["{key}"]
accounts = ["sms", "bot", "web", "desk"]
places = ["Moga", "Comal"]
units = [{units}]
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """An installation with so many complaints, and its officers' browsers."""

    count: int
    seconds: float
    runtime: Runtime
    browsers: Mapping[str, FlaskClient]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One request: `kind` says what it is held against; `fresh` has the page ask whether there is news, in vain."""

    kind: str
    name: str
    who: str
    url: str
    fresh: bool = False


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--turns", type=int, default=40, help="of each request")
    options = parser.parse_args()
    machine = facts()
    with contextlib.ExitStack() as stack:
        config = configuration(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muara-bench-"))))
        houses = [stack.enter_context(house(config, count)) for count in (options.few, options.many)]
        settle()  # as the server does once it has loaded
        report(houses, measure(houses, options.turns), machine)


def configuration(folder: Path) -> Path:
    """Settings of several programs with units."""
    (folder / "programs").mkdir()
    (folder / "muara.toml").write_text(SETTINGS.format(secret=SECRET, url="http://127.0.0.1:9"))
    units = ", ".join(f'{{ code = "{code}", name = "Dinas {code}" }}' for code in UNITS)
    for key in PROGRAMS:
        (folder / "programs" / f"{key}.toml").write_text(PROGRAM.format(key=key, units=units))
    return folder


@contextlib.contextmanager
def house(config: Path, count: int) -> Iterator[House]:
    """So many complaints in servers of their own."""
    with servers() as (folder, database_url, redis_url):
        began = time.perf_counter()
        socket_dir = database_url.partition("host=")[2]
        with psycopg.connect(host=socket_dir, user="muara", dbname="muara", autocommit=True) as connection:
            gather(connection, count, dt.datetime.now(dt.UTC).isoformat())
        took = time.perf_counter() - began
        yield opened(config, folder, database_url, redis_url, count=count, seconds=took)


def opened(config: Path, folder: Path, database_url: str, redis_url: str, *, count: int, seconds: float) -> House:
    """The application on those servers, without a socket, and who is logged in there."""
    settings = load(config, {"data_dir": str(folder)}, {})
    runtime = build(settings, database_url=database_url, redis_url=redis_url)
    app = Flask("muara")
    inbox.pages.register(app, runtime, secret_key=SECRET)
    browsers = {who: _logged_in(app, runtime, username) for who, username in LOOKERS.items()}
    return House(count=count, seconds=seconds, runtime=runtime, browsers=browsers)


def _logged_in(app: Flask, runtime: Runtime, username: str) -> FlaskClient:
    with runtime.engine.begin() as connection:
        query = "SELECT id FROM officer WHERE username = %s"
        officer_id = connection.exec_driver_sql(query, (username,)).scalar_one()
        token = sessions.open_session(connection, officer_id, runtime.clock())
    client = app.test_client()
    client.set_cookie(SESSION, token, path="/inbox")
    return client


def looks(house: House) -> list[Look]:
    """What each of them asks for."""
    found = []
    for who in LOOKERS:
        case = _case(house, who)
        queues = [Look(kind="queue", name=queue, who=who, url=f"/inbox?antrean={queue}") for queue in Queue]
        searches = {
            "a rare word": RARE,
            "a frequent word": FREQUENT,
            "a name": "Siti Rahayu",
            "a phone": "081000000017",
        }
        found += queues
        found += [Look(kind="search", name=name, who=who, url=f"/inbox?q={each}") for name, each in searches.items()]
        found += [
            Look(kind="case", name="case", who=who, url=f"/inbox/{case}"),
            Look(kind="pulse", name="pulse, news", who=who, url=f"/inbox/pulse?kasus={case}"),
            Look(kind="pulse", name="pulse, none", who=who, url=f"/inbox/pulse?kasus={case}", fresh=True),
        ]
    return found


def _case(house: House, who: str) -> str:
    """The first open case that somebody works on."""
    page = house.browsers[who].get("/inbox?antrean=unit").text
    return page.partition('data-ticket="')[2].partition('"')[0]


def measure(houses: list[House], turns: int) -> dict[tuple[str, str, str], list[list[float]]]:
    """Milliseconds of each look, for each house; the first turn only warms up."""
    plans = [looks(each) for each in houses]
    found: dict[tuple[str, str, str], list[list[float]]] = {}
    for turn in range(turns + 1):
        for pair in zip(*plans, strict=True):
            times = found.setdefault((pair[0].kind, pair[0].name, pair[0].who), [[] for _ in houses])
            for which, (house, look) in enumerate(zip(houses, pair, strict=True)):
                took = timed(house, look)
                if turn:
                    times[which].append(took)
    return found


def timed(house: House, look: Look) -> float:
    """Milliseconds from the request to the whole answer."""
    browser = house.browsers[look.who]
    for _ in range(9):
        headers = {"If-None-Match": browser.get(look.url).headers["ETag"]} if look.fresh else {}
        began = time.perf_counter()
        answer = browser.get(look.url, headers=headers)
        took = (time.perf_counter() - began) * 1000
        if answer.status_code == (304 if look.fresh else 200):
            return took
        if not look.fresh:
            break  # what is fresh may grow old in between, anything else is an error
    raise RuntimeError(f"{look.url} answered {answer.status_code}")


def at(times: list[float], share: float) -> float:
    """The time that `share` of them kept to."""
    return sorted(times)[min(int(len(times) * share), len(times) - 1)]


def report(houses: list[House], found: dict[tuple[str, str, str], list[list[float]]], machine: str) -> None:
    """The worst of each kind first, then every request."""
    for kind, target in TARGETS.items():
        worst = max(at(times[-1], 0.95) for key, times in found.items() if key[0] == kind)
        print(f"{kind}, the slowest p95 / target of {target} ms: {worst / target:.0%}")
    growth = max(at(times[-1], 0.5) / at(times[0], 0.5) for key, times in found.items() if key[0] == "queue")
    print(f"queue, most growth of a median / {GROWTH} allowed: {growth / GROWTH:.0%}")
    print(machine)
    few, many = (f"{each.count:,}" for each in houses)
    print(f"made in {houses[0].seconds:.0f} s and {houses[-1].seconds:.0f} s")
    print(f"{'best, p50 and p95 in ms, with':40}{few:>24}{many:>26}")
    for (_, name, who), (small, large) in found.items():
        figures = "   ".join(
            f"{min(times):7.1f} {at(times, 0.5):7.1f} {at(times, 0.95):7.1f}" for times in (small, large)
        )
        print(f"{name:18}{who:20}  {figures}   {at(large, 0.5) / at(small, 0.5):5.2f} x")


if __name__ == "__main__":
    main()
