"""Cold start of `muara up` until every process is ready: `python -m bench.start`.

The first start makes the database cluster and all tables; later ones find them.
"""

from __future__ import annotations

import argparse
import statistics

from bench.house import house
from bench.servers import facts

TARGET = 10.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    machine = facts()
    times: dict[str, list[float]] = {"first": [], "second": []}
    for _ in range(options.turns):
        with house() as made:
            for found in times.values():
                found.append(made.start())
                made.stop()
    medians = {kind: statistics.median(found) for kind, found in times.items()}
    print(f"first start / target of {TARGET:.0f} s: {medians['first'] / TARGET:.0%}")
    print(machine)
    for kind, found in times.items():
        print(f"{kind:8} {medians[kind]:5.2f} s   ({', '.join(f'{one:.2f}' for one in found)})")


if __name__ == "__main__":
    main()
