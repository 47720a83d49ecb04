"""The Valkey that comes along: over a private unix socket, as somebody's child. Losing its data loses no message."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from store.embedded.accounts import Account, account_for
from store.embedded.errors import EmbeddedError, cannot_write
from store.embedded.installation import valkey_program
from store.embedded.places import is_disk_full, make_data_dir, make_private, open_log, runtime_dir, tail
from store.embedded.processes import spawn

if TYPE_CHECKING:
    from pathlib import Path

UNREADABLE = re.compile(r"(?i)append only file|AOF|\bRDB\b|manifest|base file")


class Valkey:
    """A server on `data_dir/valkey`; `url` tells where it is, or will be, whoever runs it.

    The caller of `popen` holds the instance lock of the data directory.
    """

    STOP_SIGNAL: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.location = self.data_dir / "valkey"
        self.log_file = self.data_dir / "log" / "valkey.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    @property
    def socket(self) -> Path:
        """Only we may connect to it."""
        return runtime_dir(self.data_dir) / "valkey.sock"

    @property
    def url(self) -> str:
        """For redis-py."""
        return f"unix://{quote(str(self.socket), safe='/')}"

    def command(self) -> list[str]:
        """The server in the foreground."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.location),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "aof-load-truncated": "yes",
            "save": "",  # the append-only file is enough
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": "",
            "loglevel": "notice",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(valkey_program()), *options]

    def popen(self) -> subprocess.Popen[bytes]:
        """Starts the server as our child; what its last start could not read is set aside."""
        make_data_dir(self.data_dir)
        self._set_aside_unreadable()
        account = account_for(self.data_dir)
        ours = Account("root", 0, 0) if os.geteuid() == 0 else account
        try:
            self.location.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise cannot_write(self.location, error) from error
        acts_for_owner = account.uid == self.data_dir.stat().st_uid
        make_private(self.socket.parent, account if acts_for_owner else ours, 0o711 if os.geteuid() == 0 else 0o700)
        log = open_log(self.log_file)
        try:
            self._log_start = os.fstat(log).st_size
            self._process = spawn(self.command(), log=log, death_signal=self.STOP_SIGNAL, switch={})
        except OSError as error:
            raise EmbeddedError(f"Valkey could not be started: {error}.") from error
        finally:
            os.close(log)
        return self._process

    def ready(self) -> bool:
        """Whether it answers PING, its file being read in; EmbeddedError when it has ended and would so again."""
        if self._process is not None and self._process.poll() is not None:
            raise self._failure()
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(2.0)
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(16).startswith(b"+PONG")
            except OSError:
                return False

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Returns once it answers; a file that it cannot read is set aside, and it starts empty."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                if self.ready():
                    return
            except EmbeddedError:
                if not self._is_unreadable():
                    raise
                self.popen()
            if time.monotonic() > deadline:
                raise EmbeddedError(f"Valkey was not ready after {timeout:.0f} s: see {self.log_file}.")
            time.sleep(0.02)

    def start(self) -> None:
        """For a caller that has no supervisor: returns once the server answers."""
        self.popen()
        self.wait_ready()

    def stop(self, timeout: float = 10.0) -> None:
        """Lets it write what it holds; kills it when that takes too long."""
        if self._process is None:
            return
        self._process.send_signal(self.STOP_SIGNAL)
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _is_unreadable(self) -> bool:
        """Whether the last start ended because of the data that it found."""
        if self._process is None or self._process.poll() in {None, 0}:
            return False
        words = tail(self.log_file, self._log_start)
        complaints = [line for line in words.splitlines() if " # " in line]
        return not is_disk_full(words) and any(UNREADABLE.search(line) for line in complaints)

    def _set_aside_unreadable(self) -> None:
        """Keeps one unreadable set for whoever wants to look; the sweeper rings again for all unfinished work."""
        if not self._is_unreadable():
            return
        aside = self.location.with_name("valkey.unreadable")
        shutil.rmtree(aside, ignore_errors=True)
        self.location.rename(aside)

    def _failure(self) -> EmbeddedError:
        if is_disk_full(tail(self.log_file, self._log_start)):
            return EmbeddedError(f"The disk that holds {self.location} is full: free some space and start again.")
        return EmbeddedError(f"Valkey did not start: see {self.log_file}.")
