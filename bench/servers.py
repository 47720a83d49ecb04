"""The real servers for a benchmark, in a folder that goes away: embedded PostgreSQL and Valkey, migrated."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from store.embedded import InstanceLock, Postgres, Valkey
from store.embedded.places import runtime_dir
from store.migrate import upgrade

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def servers() -> Iterator[tuple[Path, str, str]]:
    """The data directory, the database's URL and Valkey's, for the length of the block."""
    folder = Path(tempfile.mkdtemp(prefix="muara-bench-"))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    try:
        with InstanceLock(folder), contextlib.ExitStack() as running:
            database, queue = Postgres(folder), Valkey(folder)
            for server in (database, queue):
                server.start()
                running.callback(server.stop)
            upgrade(database.url)
            yield folder, database.url, queue.url
    finally:
        shutil.rmtree(runtime_dir(folder), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def facts() -> str:
    """The machine that the figures belong to."""
    model = "unknown processor"
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, load before {load}"
