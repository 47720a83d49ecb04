"""Children made by fork: they share the memory of what their parent has imported."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import logging
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn, Protocol

from store.embedded.processes import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

log = logging.getLogger(__name__)

PR_SET_NAME = 15
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)


class Process(Protocol):
    """What the supervisor needs of a child; `subprocess.Popen` has it."""

    pid: int

    def poll(self) -> int | None:
        """None while it runs; else its exit code, negative for a signal."""

    def send_signal(self, sig: int, /) -> None:
        """Nothing happens if it has ended."""


class Forked:
    """A child that runs a Python callable."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._code: int | None = None

    def poll(self) -> int | None:
        """None while it runs; else its exit code, negative for a signal."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code

    def send_signal(self, sig: int) -> None:
        """Nothing happens if it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def fork(target: Callable[[], None], name: str) -> Forked:
    """Runs `target` in a child in a session of its own; exit code 0 when it returns, 1 when it raises.

    Only from a process with one thread. The child gets SIGTERM when we die, and default signal handlers.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # so that the child's collections do not touch, and thereby copy, what it shares with us
    parent = os.getpid()
    # A signal that comes before the child has its own handlers must wait, or our handler would swallow it there.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HANDLED)
    pid = os.fork()
    if pid == 0:
        _run(target, name, parent, before)
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Forked(pid)


def _run(target: Callable[[], None], name: str, parent: int, mask: Iterable[int]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in HANDLED:
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        die_with_parent(parent, signal.SIGTERM)
        _set_title(name)
        target()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        log.exception("%s failed", name)
    finally:
        # Neither the parent's exit handlers nor its buffers are ours.
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _set_title(name: str) -> None:
    """What `ps -o comm` and `top` show; fifteen bytes of it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NAME, f"muara-{name}".encode()[:15], 0, 0, 0)
