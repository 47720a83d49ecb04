"""How long until work goes on after `kill -9` of each part of `muara up`: `python -m bench.recovery`.

After the kill a message is sent again and again until it is answered 2xx, as a provider would, and then waited for: in
the queue, and its acknowledgement sent.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import shutil
import time
from typing import TYPE_CHECKING

import psutil
import psycopg

from bench.house import house, send
from bench.servers import facts

if TYPE_CHECKING:
    from bench.house import House

TARGET = 10.0
PATIENCE = 60.0
#: `web` is the gateway's working process, `gateway` the one above it; Valkey loses its data with it.
PARTS = ("web", "gateway", "drain", "outbox", "media", "listener", "clock", "valkey", "postgres")
_ACKNOWLEDGED = """
SELECT 1 FROM message m JOIN outbox o ON o.complaint_id = m.complaint_id AND o.purpose = 'ack'
WHERE m.account = 'sms' AND m.external_id = %s AND m.direction = 'in' AND o.state NOT IN ('queued', 'sending')
"""


def main() -> None:
    """Run and print."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    machine = facts()
    times: dict[str, float] = {}
    with house() as made:
        made.start()
        for number, part in enumerate(PARTS):
            kill(made, part)
            times[part] = passed(made, number)
    print(f"longest / target of {TARGET:.0f} s: {max(times.values()) / TARGET:.0%}")
    print(machine)
    for part, seconds in times.items():
        print(f"{part:10} {seconds:5.2f} s")


def passed(made: House, number: int) -> float:
    """Seconds until a message that is sent now has been answered, laid into the queue and acknowledged."""
    began = time.perf_counter()
    ident = f"recovery-{number}"
    while not delivered(made, number):
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError(f"{ident} was not answered 2xx")
        time.sleep(0.05)
    while not acknowledged(made, ident):
        if time.perf_counter() - began > PATIENCE:
            raise TimeoutError(f"{ident} was not acknowledged")
        time.sleep(0.02)
    return time.perf_counter() - began


def kill(made: House, part: str) -> None:
    """`kill -9` of all processes of a part."""
    if made.process is None:
        raise RuntimeError("nothing runs")
    top = psutil.Process(made.process.pid).children()
    name = "gateway" if part == "web" else part
    victims = [child for child in top if child.name().removeprefix("muara-").startswith(name)]
    if part == "web":
        victims = [grand for child in victims for grand in child.children()]
    for victim in victims:
        victim.kill()
    if part == "valkey":
        shutil.rmtree(made.folder / "data" / "valkey", ignore_errors=True)


def delivered(made: House, number: int) -> bool:
    """Whether the gateway answered 2xx."""
    with contextlib.closing(made.connect()) as line:
        try:
            send(line, f"+62812{number:07d}", f"recovery-{number}", "masbupsiaga lampu jalan di Moga mati")
        except (OSError, http.client.HTTPException, RuntimeError):
            return False
    return True


def acknowledged(made: House, ident: str) -> bool:
    """Whether its complaint stands and the citizen has been told."""
    try:
        with made.database() as database:
            return database.execute(_ACKNOWLEDGED, (ident,)).fetchone() is not None
    except psycopg.OperationalError:
        return False


if __name__ == "__main__":
    main()
