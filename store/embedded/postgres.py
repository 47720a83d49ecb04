"""The PostgreSQL that comes along: the real server, over a private unix socket, as somebody's child."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

import psycopg

from store.embedded import cluster
from store.embedded.accounts import Account, account_for
from store.embedded.errors import EmbeddedError
from store.embedded.installation import postgres_bin
from store.embedded.places import is_disk_full, make_data_dir, make_private, open_log, runtime_dir, tail
from store.embedded.processes import spawn

if TYPE_CHECKING:
    from collections.abc import Mapping

REFUGE = Path("/var/lib/muara")

# Durable first, then small: one office's complaints need no more, and a bigger installation sets database_url.
SETTINGS: Mapping[str, str] = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "work_mem": "4MB",
    "maintenance_work_mem": "32MB",
    "effective_cache_size": "512MB",
    "huge_pages": "off",
    "io_method": "sync",  # no pool of reading processes: the working set lies in memory
    "max_parallel_workers_per_gather": "0",
    "max_worker_processes": "2",
    "autovacuum_max_workers": "2",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    # Errors go to the program that asked; their details and statements would put citizens' words into a log.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_line_prefix": "%m [%p] ",
}


class Postgres:
    """A server on `data_dir`; `url` tells where it is, or will be, whoever runs it.

    The caller of `popen` holds the instance lock of the data directory.
    """

    STOP_SIGNAL: ClassVar[signal.Signals] = signal.SIGINT  # fast shutdown: ends sessions, writes a checkpoint
    KILL_SIGNAL: ClassVar[signal.Signals] = signal.SIGQUIT  # immediate shutdown: recovers at the next start

    def __init__(self, data_dir: Path, *, refuge: Path = REFUGE) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.refuge = refuge
        self.log_file = self.data_dir / "log" / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._programs: Path | None = None

    @property
    def socket_dir(self) -> Path:
        """Only the server's user and we may enter it, which is why the server asks for no password."""
        return runtime_dir(self.data_dir) / "postgres"

    @property
    def location(self) -> Path:
        """The cluster's directory, which may lie outside the data directory."""
        return cluster.location(self.data_dir)

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return f"postgresql+psycopg://{cluster.USER}@/{cluster.DATABASE}?host={quote(str(self.socket_dir), safe='/')}"

    def prepare(self) -> Account:
        """Makes whatever is not there yet; takes seconds at the very first start, and almost nothing afterwards."""
        make_data_dir(self.data_dir)
        account = account_for(self.data_dir)
        self._programs = postgres_bin(account, self.refuge)
        cluster.ensure(self.data_dir, account, self._programs, self.refuge)
        outer = runtime_dir(self.data_dir)
        # Root keeps the outer folder and lets the server's user pass through; all other users have both for themselves.
        mode = 0o711 if os.geteuid() == 0 else 0o700
        acts_for_owner = account.uid == self.data_dir.stat().st_uid
        make_private(outer, account if acts_for_owner else Account("root", 0, 0), mode)
        make_private(self.socket_dir, account)
        return account

    def command(self) -> list[str]:
        """The server in the foreground, after `prepare`."""
        if self._programs is None:
            raise EmbeddedError("The database has not been prepared yet.")
        # PostgreSQL reads a list of directories here; quotes keep commas and spaces in a name.
        sockets = '"{}"'.format(str(self.socket_dir).replace('"', '""'))
        settings = {**SETTINGS, "unix_socket_directories": sockets}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self.location), *options]

    def popen(self) -> subprocess.Popen[bytes]:
        """Starts the server as our child; ends what an earlier, killed run has left of it first."""
        account = self.prepare()
        cluster.clear_leftovers(self.location)
        log = open_log(self.log_file)
        try:
            self._log_start = os.fstat(log).st_size
            self._process = spawn(self.command(), log=log, death_signal=self.STOP_SIGNAL, switch=account.switch)
        except OSError as error:
            raise EmbeddedError(f"PostgreSQL could not be started under user {account.name}: {error}.") from error
        finally:
            os.close(log)
        return self._process

    def ready(self) -> bool:
        """Whether it takes connections; EmbeddedError with the server's own last words when it has ended."""
        if self._process is not None and self._process.poll() is not None:
            raise self._failure()
        try:
            psycopg.connect(
                host=str(self.socket_dir), user=cluster.USER, dbname=cluster.DATABASE, connect_timeout=2
            ).close()
        except psycopg.OperationalError:
            return False
        return True

    def wait_ready(self, timeout: float = 60.0) -> None:
        """Returns once it takes connections; recovery after a crash is waited for."""
        deadline = time.monotonic() + timeout
        while not self.ready():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL was not ready after {timeout:.0f} s: see {self.log_file}.")
            time.sleep(0.03)

    def start(self) -> None:
        """For a caller that has no supervisor: returns once the server takes connections."""
        self.popen()
        self.wait_ready()

    def stop(self, timeout: float = 20.0) -> None:
        """Fast shutdown; an immediate one, which the next start recovers from, when that takes too long."""
        if self._process is None:
            return
        for number in (self.STOP_SIGNAL, self.KILL_SIGNAL, signal.SIGKILL):
            self._process.send_signal(number)
            try:
                self._process.wait(timeout)
                break
            except subprocess.TimeoutExpired:
                continue
        self._process = None

    def _failure(self) -> EmbeddedError:
        words = tail(self.log_file, self._log_start)
        if is_disk_full(words):
            return EmbeddedError(f"The disk that holds {self.location} is full: free some space and start again.")
        fatal = [line.split("FATAL:", 1)[1].strip() for line in words.splitlines() if "FATAL:" in line]
        return EmbeddedError(
            f"PostgreSQL did not start ({fatal[0] if fatal else 'no reason given'}): see {self.log_file}."
        )
