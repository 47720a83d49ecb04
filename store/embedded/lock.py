"""One instance per data directory."""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Self

from store.embedded.errors import EmbeddedError, cannot_write
from store.embedded.places import make_data_dir
from store.embedded.processes import is_alive

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

FILE = "muara.pid"


class InstanceLock:
    """Held while servers run on a data directory; the kernel drops it with the process and its forked children.

    Makes the data directory. Where the holder is dead but its children still stop, it waits up to `patience` seconds.
    """

    def __init__(self, data_dir: Path, patience: float = 15.0) -> None:
        self.data_dir = data_dir
        self.patience = patience
        self._file: int | None = None

    def __enter__(self) -> Self:
        self.data_dir = make_data_dir(self.data_dir)
        path = self.data_dir / FILE
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise cannot_write(path, error) from error
        try:
            self._acquire(file)
            os.ftruncate(file, 0)
            os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            os.close(file)
            raise cannot_write(path, error) from error
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _acquire(self, file: int) -> None:
        deadline = time.monotonic() + self.patience
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(file, 32, 0).decode(errors="replace").strip()
                if (holder.isdigit() and is_alive(int(holder))) or time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"Another instance (pid {holder or 'unknown'}) runs on {self.data_dir}: stop it first, or "
                        f"choose another place with --data-dir."
                    ) from None
                time.sleep(0.1)
            else:
                return


def holder(data_dir: Path) -> int | None:
    """Pid of the instance that runs on this data directory, or None."""
    try:
        with (data_dir.expanduser().absolute() / FILE).open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                text = file.read().decode(errors="replace").strip()
                return int(text) if text.isdigit() else None
    except OSError:
        return None
    return None
