"""The guard: cuts a database connection that does not answer in time, so that nobody hangs on a hanging server."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

#: How often deadlines are looked at (seconds); none is met more exactly than this.
TICK = 0.1


class Guard:
    """One thread that watches what others do with their connections. A cut connection raises OperationalError."""

    def __init__(self) -> None:
        self._watched: dict[int, tuple[float, int]] = {}
        self._lock = threading.Lock()
        self._wake = threading.Condition(self._lock)
        self._numbers = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="guard", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; what is under way is no longer cut."""
        with self._wake:
            self._stopped = True
            self._wake.notify()
        self._thread.join()

    @contextlib.contextmanager
    def limit(self, connection: Connection, seconds: float) -> Iterator[None]:
        """Cut the connection if the block has not ended after `seconds`."""
        driver = connection.connection.driver_connection
        number = next(self._numbers)
        with self._wake:
            was_idle = not self._watched
            self._watched[number] = (time.monotonic() + seconds, driver.fileno() if driver is not None else -1)
            if was_idle:
                self._wake.notify()
        try:
            yield
        finally:
            with self._lock:
                self._watched.pop(number, None)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._watched and not self._stopped:
                    self._wake.wait()
                if self._stopped:
                    return
                now = time.monotonic()
                for number, (deadline, handle) in list(self._watched.items()):
                    if now > deadline:
                        # Under the lock: the owner cannot have closed the connection and got the number anew.
                        del self._watched[number]
                        _cut(handle)
            time.sleep(TICK)


def _cut(handle: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(handle)) as copy:
        copy.shutdown(socket.SHUT_RDWR)
