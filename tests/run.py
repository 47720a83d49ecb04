"""What `./muara test` runs: the system parts that tests need, the lints, pytest; all of it, even after a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = Path(sys.executable).parent

# Kannel's own player of an operator; not on anybody's PATH.
FAKESMSC = "/usr/lib/kannel/test/fakesmsc"

# Program to look for, Debian package that brings it, tests that need it.
PARTS = (
    ("chromium", "chromium", "the browser tests"),
    ("dovecot", "dovecot-imapd", "the tests against a real IMAP server"),
    ("bearerbox", "kannel", "the tests against a real Kannel"),
    (FAKESMSC, "kannel-extras", "the tests against a real Kannel"),
    ("gammu-smsd", "gammu-smsd", "the tests against a real gammu-smsd"),
)

# One more than there are processors, because now and then a test waits for something.
WORKERS = min(4, (os.cpu_count() or 1) + 1)
# A file's tests stay together, because its servers serve them all. Files in the order of their names, so that those of
# unit tests come last: with files of few tests last, as otherwise, these would be the longest, and one worker alone
# would be at the last of them for minutes.
PARALLEL = ("--numprocesses", str(WORKERS), "--dist", "loadfile", "--no-loadscope-reorder")


def main(words: list[str]) -> int:
    get_parts()
    stages = [
        ("ruff check", [sys.executable, "-m", "ruff", "check", "."]),
        ("ruff format", [sys.executable, "-m", "ruff", "format", "--check", "."]),
        ("mypy", [sys.executable, "-m", "mypy"]),
        ("lint-imports", [str(SCRIPTS / "lint-imports"), "--no-logo"]),
        ("pytest", [sys.executable, "-m", "pytest", *PARALLEL, *words]),
    ]
    failed = [name for name, command in stages if not passes(name, command)]
    say(f"failed: {', '.join(failed)}" if failed else f"passed: {', '.join(name for name, _ in stages)}")
    return 1 if failed else 0


def passes(name: str, command: list[str]) -> bool:
    say(f"{name} ...")
    started = time.monotonic()
    code = subprocess.run(command, check=False, cwd=ROOT, env=environment()).returncode
    say(f"{name} {'passed' if code == 0 else f'failed ({code})'} after {time.monotonic() - started:.0f} s")
    return code == 0


def environment() -> dict[str, str]:
    """Ours, but Python keeps what it compiled: the tests start the product's programs hundreds of times."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def get_parts() -> None:
    """As root on a machine with apt-get, installs what is missing; else says which tests will be skipped."""
    missing = [part for part in PARTS if not is_there(part[0])]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        packages = [package for _, package, _ in missing]
        say(f"installing {' and '.join(packages)} (once; takes a minute or so) ...")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
            subprocess.run(["apt-get", "-qq", *command], check=False, env=environment, stdout=subprocess.DEVNULL)
        missing = [part for part in missing if not is_there(part[0])]
    for program, package, tests in missing:
        consequence = "they fail, because CI is set" if os.environ.get("CI") == "true" else "they are skipped"
        say(f"{program} is not installed, and {tests} need it: {consequence} (apt-get install {package}).")


def is_there(program: str) -> bool:
    """System daemons stand in sbin, which an ordinary user's PATH may lack."""
    return shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin") is not None


def say(text: str) -> None:
    print(f"muara test: {text}", flush=True)  # noqa: T201 - this is a command


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
