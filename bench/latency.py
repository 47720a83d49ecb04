"""Webhook to visible in the queue when nothing else happens: `python -m bench.latency`.

The whole of `muara up` runs; each message is another citizen's first, sent when the one before has been seen. Seen: its
complaint stands, committed, in the table that the queue is read from.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from typing import TYPE_CHECKING

from bench.house import house, send
from bench.servers import facts

if TYPE_CHECKING:
    import psycopg

TARGET = 0.300
_SEEN = (
    "SELECT 1 FROM message WHERE account = 'sms' AND external_id = %s AND direction = 'in' AND complaint_id IS NOT NULL"
)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=60)
    options = parser.parse_args()
    machine = facts()
    with house() as made:
        made.start()
        line, database = made.connect(), made.database()
        found, answered = [], []
        for number in range(-5, options.messages):
            time.sleep(random.uniform(0.2, 0.4))
            began = time.perf_counter()
            send(line, f"+62811{number + 100:07d}", f"latency-{number}", "masbupsiaga jalan di Comal berlubang")
            answered.append(time.perf_counter() - began)
            wait_for(database, f"latency-{number}")
            found.append(time.perf_counter() - began)
        database.close()
        line.close()
    show(found[5:], answered[5:], machine)


def wait_for(database: psycopg.Connection, ident: str) -> None:
    """Until its complaint is committed."""
    deadline = time.monotonic() + 30
    while database.execute(_SEEN, (ident,)).fetchone() is None:
        if time.monotonic() > deadline:
            raise TimeoutError(ident)
        time.sleep(0.002)


def show(found: list[float], answered: list[float], machine: str) -> None:
    """Against the target first."""
    print(f"p95 / target of {TARGET * 1000:.0f} ms: {at(found, 0.95) / TARGET:.0%}")
    print(machine)
    for name, times in (("in the queue", found), ("answered 2xx", answered)):
        print(
            f"{name:14} p50 {statistics.median(times) * 1000:5.0f} ms   p95 {at(times, 0.95) * 1000:5.0f} ms   "
            f"worst {max(times) * 1000:5.0f} ms   of {len(times)}"
        )


def at(times: list[float], share: float) -> float:
    """What that share of them kept to."""
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


if __name__ == "__main__":
    main()
