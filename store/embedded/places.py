"""Where an embedded server's things lie: directories that it can reach, and sockets whose path is short enough."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from store.embedded.accounts import owner
from store.embedded.errors import EmbeddedError, cannot_write

if TYPE_CHECKING:
    from store.embedded.accounts import Account

SOCKET_PATH_BYTES = 103  # macOS; Linux has four more
LONGEST_SOCKET = "/postgres/.s.PGSQL.5432.lock"
LOG_BYTES = 10_000_000


def make_data_dir(data_dir: Path) -> Path:
    """The data directory with its log folder, made where missing; others may at most pass through it.

    As root it can be passed through, because PostgreSQL runs under another user below it.
    """
    data_dir = data_dir.expanduser().absolute()
    try:
        missing = not data_dir.exists()
        data_dir.mkdir(parents=True, exist_ok=True)
        if missing:
            data_dir.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (data_dir / "log").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise cannot_write(data_dir, error) from error
    return data_dir


def identity(data_dir: Path) -> str:
    """A short name for this data directory that is the same at every start."""
    return hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]


def runtime_dir(data_dir: Path) -> Path:
    """The folder of the sockets: in the data directory where its name is short enough, and where it is not root's.

    It depends on the data directory and its owner alone, so that every command finds the running servers.
    """
    uid = owner(data_dir)
    name = f"muara-{identity(data_dir)}"
    if uid == 0:
        candidates = [Path("/run") / name] if Path("/run").is_dir() else []
    else:
        candidates = [data_dir / "run"]
        if Path(f"/run/user/{uid}").is_dir():
            candidates.append(Path(f"/run/user/{uid}") / name)
    for candidate in candidates:
        if len(os.fsencode(candidate)) + len(LONGEST_SOCKET) <= SOCKET_PATH_BYTES:
            return candidate
    return Path("/tmp") / f"muara-{uid}-{identity(data_dir)}"  # noqa: S108 - `make_private` verifies whose it is


def make_private(directory: Path, account: Account, mode: int = 0o700) -> None:
    """Makes the directory for this user; refuses one that somebody else has put there first."""
    try:
        try:
            directory.mkdir(mode=0o700)
            account.own(directory)
        except FileExistsError:
            pass
        found = directory.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != account.uid:
            raise EmbeddedError(
                f"{directory} does not belong to user {account.name}, who needs it for sockets: remove it."
            )
        directory.chmod(mode)
    except OSError as error:
        raise cannot_write(directory, error) from error


def open_log(path: Path) -> int:
    """A file descriptor to append to; a log that has grown past 10 MB is first set aside as `.1`."""
    try:
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(path.suffix + ".1"))
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(path, error) from error


def tail(path: Path, start: int) -> str:
    """What was written to a log since it had `start` bytes."""
    try:
        with path.open("rb") as log:
            log.seek(start)
            return log.read(100_000).decode(errors="replace")
    except FileNotFoundError:
        return ""


def is_disk_full(text: str) -> bool:
    """Whether a server's own words say that the disk is full."""
    return os.strerror(errno.ENOSPC) in text or os.strerror(errno.EDQUOT) in text
