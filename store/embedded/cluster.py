"""A PostgreSQL data directory: where it lies, how it is made, what stands in the way of starting on it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from store.embedded.errors import EmbeddedError, cannot_write
from store.embedded.installation import MAJOR
from store.embedded.places import identity, is_disk_full
from store.embedded.processes import is_alive, signal_quietly, working_in

if TYPE_CHECKING:
    from store.embedded.accounts import Account

USER = "muara"
DATABASE = "muara"
POINTER = "postgres.location"


def location(data_dir: Path) -> Path:
    """The cluster's directory: `postgres` in the data directory, or where the pointer file says."""
    try:
        return Path((data_dir / POINTER).read_text().strip())
    except FileNotFoundError:
        return data_dir / "postgres"


def ensure(data_dir: Path, account: Account, programs: Path, refuge: Path) -> Path:
    """The cluster's directory, made if this is the first start, and safe to start on."""
    cluster = location(data_dir)
    if not (data_dir / POINTER).exists() and not cluster.exists() and not account.can_enter(data_dir):
        cluster = _relocate(data_dir, account, refuge)
    try:
        if not cluster.exists():
            _refuse_lost_cluster(data_dir, cluster)
            _create(cluster, account, programs)
        _refuse_foreign_cluster(cluster, account)
    except OSError as error:
        raise cannot_write(cluster, error) from error
    return cluster


def clear_leftovers(cluster: Path, patience: float = 20.0) -> None:
    """Ends what a killed run has left: a postmaster without its supervisor, or backends without their postmaster.

    Only for the holder of the instance lock. A busy backend notices its postmaster's death late, and as long as it
    lives PostgreSQL refuses to start on the same directory.
    """
    resolved = cluster.resolve()
    pid = _postmaster(cluster)
    deadline = time.monotonic() + patience
    while pid is not None and is_alive(pid) and pid in working_in(resolved, "postgres"):
        late = time.monotonic() > deadline - patience / 2
        signal_quietly(pid, signal.SIGQUIT if late else signal.SIGINT)
        if time.monotonic() > deadline:
            raise EmbeddedError(f"An old PostgreSQL (pid {pid}) on {cluster} does not stop: end it, then start again.")
        time.sleep(0.05)
    while orphans := working_in(resolved, "postgres"):
        for orphan in orphans:
            signal_quietly(orphan, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise EmbeddedError(f"Old PostgreSQL processes on {cluster} do not end (pids {orphans}): end them first.")
        time.sleep(0.02)


def _create(cluster: Path, account: Account, programs: Path) -> None:
    """Made under another name and renamed, so that an interrupted start leaves nothing half-made."""
    staging = cluster.with_name(f"{cluster.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    account.own(staging)
    try:
        _run(
            [
                *(programs / "initdb", "--pgdata", staging, "--username", USER, "--auth", "trust"),
                *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                *("--locale", "C", "--data-checksums", "--no-instructions"),
            ],
            account,
            cluster,
        )
        single = (programs / "postgres", "--single", "-D", staging, "template1")
        _run([*single], account, cluster, f"CREATE DATABASE {DATABASE} OWNER {USER}\n")
        staging.rename(cluster)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _run(command: list[Path | str], account: Account, cluster: Path, text: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - the program is ours
        command,
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd="/",
        env={"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"},
        **account.switch,
    )
    words = done.stdout + done.stderr
    if is_disk_full(words):
        raise EmbeddedError(f"The disk that holds {cluster} is full: free some space and start again.")
    if done.returncode or "ERROR:" in words or "FATAL:" in words:
        said = "; ".join(line for line in words.splitlines() if "error" in line.lower() or "fatal" in line.lower())
        raise EmbeddedError(
            f"The database in {cluster} could not be made ({said or done.returncode}): mend this and start again, "
            f"or set database_url to a PostgreSQL of yours."
        )


def _relocate(data_dir: Path, account: Account, refuge: Path) -> Path:
    """A home for the cluster outside a directory that only root may enter; the pointer file remembers it."""
    try:
        refuge.mkdir(mode=0o755, parents=True, exist_ok=True)
        home = Path(tempfile.mkdtemp(prefix=f"{identity(data_dir)}-", dir=refuge))
        home.chmod(0o711)
        if not account.can_enter(home):
            raise EmbeddedError(
                f"User {account.name}, under whom PostgreSQL runs, reaches neither {data_dir} nor {refuge}: choose "
                f"another place with --data-dir."
            )
        pointer = data_dir / f"{POINTER}.new"
        pointer.write_text(f"{home / 'postgres'}\n")
        pointer.replace(data_dir / POINTER)
    except OSError as error:
        raise cannot_write(refuge, error) from error
    return home / "postgres"


def _refuse_lost_cluster(data_dir: Path, cluster: Path) -> None:
    """An empty database in place of one that has gone would look like lost complaints."""
    if (data_dir / POINTER).exists() and not cluster.parent.exists():
        raise EmbeddedError(
            f"{data_dir / POINTER} says that the database lies in {cluster}, and it is not there: bring it back, or "
            f"delete that file to begin with an empty database."
        )


def _refuse_foreign_cluster(cluster: Path, account: Account) -> None:
    if not account.can_enter(cluster):
        raise EmbeddedError(
            f"{cluster} cannot be entered by user {account.name}, under whom PostgreSQL runs: start as the user it "
            f"belongs to, or open the way to it (chmod o+x on the directories above it)."
        )
    try:
        version = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise EmbeddedError(f"{cluster} is there but holds no database: move it away and start again.") from None
    if version != MAJOR:
        raise EmbeddedError(
            f"{cluster} was made by PostgreSQL {version}, and this release brings {MAJOR}: dump it with the release "
            f"that made it, move it away, start again and restore; or set database_url to a PostgreSQL {version}."
        )
    if cluster.stat().st_uid != account.uid:
        raise EmbeddedError(
            f"{cluster} belongs to another user than {account.name}: start as the user it belongs to, or give it to "
            f"this one (chown -R)."
        )


def _postmaster(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return None
