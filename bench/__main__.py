"""All benchmarks, as docs/performance.md has them: `python -m bench`, and with `--write` that page is renewed.

Takes some minutes; wants a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import datetime as dt
import re
import subprocess
import sys
from pathlib import Path

from bench.servers import facts

#: Name, and what it is held against.
ALL = {
    "accept": "≥ 60 %, p99 ≤ 100 ms",
    "drain": "≥ 30 x",
    "latency": "≤ 100 %",
    "start": "≤ 100 %",
    "memory": "≤ 100 %",
    "recovery": "≤ 100 %",
    "kannel": "nothing lost",
    "mail": "≥ 12 x",
    "parse": "",
    "inbox": "≤ 100 %",
    "watching": "",
}
PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
_RATIO = re.compile(r"^(?:ratio )?(.+): (\d[\d.]* ?[%x])$")


def main() -> None:
    """Run and print, or write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"only these of {', '.join(ALL)}")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance.md")
    options = parser.parse_args()
    machine = facts()
    outputs = {name: run(name) for name in options.names or ALL}
    text = page(outputs, machine)
    print(text)
    if options.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n\n{text}\n{END}{rest.partition(END)[2]}")


def run(name: str) -> str:
    """What one benchmark prints; its warnings go to our stderr."""
    print(f"bench.{name} …", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"bench.{name}"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def page(outputs: dict[str, str], machine: str) -> str:
    """Ratios as a table, then each benchmark's own words."""
    lines = [
        f"{dt.datetime.now(dt.UTC):%d %B %Y}, {machine}.",
        "",
        "| what | measured | to reach |",
        "| --- | --- | --- |",
    ]
    for name, output in outputs.items():
        found = [match.groups() for line in output.splitlines() if (match := _RATIO.match(line))]
        lines += [f"| {name}: {what} | **{ratio}** | {ALL[name]} |" for what, ratio in found]
    for name, output in outputs.items():
        kept = [line for line in output.splitlines() if not _RATIO.match(line) and "cores, Python" not in line]
        lines += ["", f"`python -m bench.{name}`", "", "```text", *kept, "```"]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
