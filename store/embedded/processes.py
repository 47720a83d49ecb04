"""Servers as children that do not outlive the process that started them."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Sequence

    from store.embedded.accounts import Switch

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int, death_signal: signal.Signals) -> None:
    """To be called in a child: the kernel sends it the signal when its parent dies, even by kill -9 (Linux only)."""
    libc = _libc()
    if libc is None:
        return
    libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:  # it died before we could ask
        os.kill(os.getpid(), death_signal)


def spawn(command: Sequence[str], *, log: int, death_signal: signal.Signals, switch: Switch) -> subprocess.Popen[bytes]:
    """Starts a server in a session of its own, so that Ctrl-C reaches only the one who stops it in order."""
    return subprocess.Popen(  # noqa: S603 - the command is made by this package
        command,
        cwd="/",
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=_last_will(death_signal),  # noqa: PLW1509 - one system call, nothing that a thread could hold
        **switch,
    )


def working_in(directory: Path, name: str) -> list[int]:
    """Pids of the processes of that name whose working directory this is; none where the system has no /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == directory and (entry / "comm").read_text().strip() == name:
                found.append(int(entry.name))
        except OSError:  # ended meanwhile, or not ours to look at
            continue
    return found


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs, ours or not; one that has ended and waits to be noticed does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:  # no /proc here, or ended this very moment
        return True


def signal_quietly(pid: int, number: signal.Signals) -> None:
    """Sends a signal to a process that may have ended meanwhile."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _last_will(death_signal: signal.Signals) -> Callable[[], None]:
    _libc()  # loaded here, because loading takes locks and the child may take none
    return functools.partial(die_with_parent, os.getpid(), death_signal)


@functools.cache
def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables, locales and pre-loaded libraries must not change how a server behaves."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
