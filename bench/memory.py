"""Memory of every process of `muara up` after some traffic: `python -m bench.memory`.

PSS: each shared page is counted once, divided among those who share it. Linux only.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.house import house, send
from bench.servers import facts

if TYPE_CHECKING:
    from bench.house import House

TARGET = 600.0
PATIENCE = 60.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=300)
    options = parser.parse_args()
    machine = facts()
    with house() as made:
        made.start()
        use(made, options.messages)
        sizes = measure(made)
    total = sum(sizes.values())
    print(f"all processes / target of {TARGET:.0f} MB: {total / TARGET:.0%}")
    print(machine)
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        print(f"{name:24} {size:6.1f} MB")
    print(f"{'all':24} {total:6.1f} MB")


def use(made: House, messages: int) -> None:
    """Let everything work once: messages, answers, pages."""
    line = made.connect()
    for number in range(messages):
        send(line, f"+62811{number:07d}", f"memory-{number}", "masbupsiaga lampu jalan di Moga mati")
    for page in ("/", "/lapor", "/lacak", "/masuk", "/readyz"):
        line.request("GET", page)
        line.getresponse().read()
    line.close()
    with made.database() as database:
        deadline = time.monotonic() + PATIENCE
        while database.execute("SELECT count(*) FROM outbox WHERE state = 'sent'").fetchone() != (messages,):
            if time.monotonic() > deadline:
                raise TimeoutError("the acknowledgements do not leave")
            time.sleep(0.1)


def measure(made: House) -> dict[str, float]:
    """MB by process; several of one name are counted together."""
    if made.process is None:
        raise RuntimeError("nothing runs")
    top = psutil.Process(made.process.pid)
    sizes: dict[str, float] = collections.defaultdict(float)
    for process in (top, *top.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess, FileNotFoundError):  # one that PostgreSQL has just ended
            sizes[name_of(process, top)] += pss(process.pid)
    return sizes


def name_of(process: psutil.Process, top: psutil.Process) -> str:
    """A name that says what it is for."""
    if process.pid == top.pid:
        return "supervisor"
    name = str(process.name()).removeprefix("muara-")
    if name == "gateway":
        return "gateway" if process.ppid() == top.pid else "gateway, its worker"
    return name


def pss(pid: int) -> float:
    """Of one process, in MB."""
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return 0.0 if found is None else int(found[1]) / 1000


if __name__ == "__main__":
    main()
