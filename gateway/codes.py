"""Ticket codes in stock: reserved while the database is up, given out whether or not it is, and never twice."""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import threading
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import SQLAlchemyError

from gateway.quick import AwayError
from normalizer import ticket

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LINE: Final = len("XXXX-XXXX\n")
_MOST_PROCESSES: Final = 1000
_RETRY_S: Final = 5.0
_log = logging.getLogger(__name__)


class NoCodeError(Exception):
    """The stock is empty, and the database gives no more."""


class CodePool:
    """One process's stock, a file that it holds locked; `reserve(count)` gets codes from the database (AwayError).

    A code leaves the file, fsynced, before anybody sees it: a crash may waste one but gives none out twice.
    """

    def __init__(self, folder: Path, reserve: Callable[[int], list[str]], *, size: int = 200) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._reserve = reserve
        self._size = size
        self._lock = threading.Lock()
        self._low = threading.Event()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None
        self._gone = False
        self._handle = _own_file(folder)
        self._codes = _read(self._handle)
        self._write()

    def __len__(self) -> int:
        return len(self._codes)

    def start(self) -> None:
        """Keep the stock filled from a thread of its own."""
        self._low.set()
        self._thread = threading.Thread(target=self._keep_filled, name="ticket codes", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Let the file go; another process may take over what is left."""
        self._closed.set()
        self._low.set()
        if self._thread is not None:
            self._thread.join()
        with self._lock:
            if not self._gone:
                os.close(self._handle)
            self._gone = True

    def take(self) -> str:
        """A code that nobody has and nobody will get. NoCodeError."""
        with self._lock:
            code = self._pop()
            if len(self._codes) * 2 < self._size:
                self._low.set()
        if code is not None:
            return code
        try:
            return self._reserve(1)[0]
        except AwayError as error:
            raise NoCodeError("no ticket code in stock, and the database is away") from error

    def refill(self) -> None:
        """Bring the stock to its size. AwayError; OSError where the file takes nothing."""
        missing = self._size - len(self._codes)
        if missing <= 0:
            return
        fresh = self._reserve(missing)
        # They come sorted; the next one must not be guessed from the last.
        secrets.SystemRandom().shuffle(fresh)
        with self._lock:
            if not self._gone:
                os.pwrite(self._handle, _lines(fresh), len(self._codes) * _LINE)
                os.fsync(self._handle)
                self._codes += fresh

    def _pop(self) -> str | None:
        if self._gone or not self._codes:
            return None
        try:
            os.ftruncate(self._handle, (len(self._codes) - 1) * _LINE)
            os.fsync(self._handle)
        except OSError:
            _log.exception("the stock of ticket codes cannot be written")
            return None
        return self._codes.pop()

    def _write(self) -> None:
        """The file as it should be; after a crash it may end in half a line."""
        wanted = _lines(self._codes)
        if os.pread(self._handle, len(wanted) + 1, 0) != wanted:
            os.pwrite(self._handle, wanted, 0)
            os.ftruncate(self._handle, len(wanted))
            os.fsync(self._handle)

    def _keep_filled(self) -> None:
        while True:
            self._low.wait()
            if self._closed.is_set():
                return
            self._low.clear()
            try:
                self.refill()
            except AwayError:
                self._later()
            except (OSError, SQLAlchemyError):
                _log.exception("the stock of ticket codes cannot be refilled")
                self._later()

    def _later(self) -> None:
        self._closed.wait(_RETRY_S)
        self._low.set()


def _own_file(folder: Path) -> int:
    """The first file of the folder that no living process holds, so that what a dead one left is used up."""
    for number in range(_MOST_PROCESSES):
        handle = os.open(folder / f"pool-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
        else:
            return handle
    raise OSError(f"{folder}: every file is held by another process")


def _read(handle: int) -> list[str]:
    lines = os.pread(handle, 1 << 20, 0).decode("ascii", "replace").splitlines()
    return list(dict.fromkeys(line for line in lines if ticket.read(line) == line))


def _lines(codes: list[str]) -> bytes:
    return "".join(f"{code}\n" for code in codes).encode("ascii")
