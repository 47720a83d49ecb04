"""The spool: what the database cannot take now, one fsynced file for each entry, on this host's own disk."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import fcntl
import hashlib
import json
import os
import uuid
from typing import TYPE_CHECKING

from store.journal import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MAGIC = b"muara-spool-1"
_READY = ".spool"
_BAD = ".bad"
_DRAFT = ".tmp"
#: A draft this old (seconds) was left by a process that died before it had promised anything.
_STALE = 3600


class SpoolError(Exception):
    """The spool took nothing: the disk is full, or the folder cannot be written."""


class TornError(Exception):
    """A spool file does not hold what was written into it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How many files wait, how many were given up on, and the age of the oldest that waits (seconds)."""

    pending: int
    bad: int
    oldest: float | None


class Spool:
    """A folder of entries; several processes of one host may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, entry: Entry) -> None:
        """Write the entry so that it outlives a power cut. SpoolError if it may not have."""
        name = f"{int(entry.received_at.timestamp() * 1_000_000):020d}-{entry.id}"
        draft, ready = self.folder / f"{name}{_DRAFT}", self.folder / f"{name}{_READY}"
        try:
            self._make_folder()
            _write(draft, encode(entry))
            draft.rename(ready)
            _sync_folder(self.folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise SpoolError(f"the spool took nothing: {error.strerror}") from error

    def names(self) -> list[str]:
        """The files that wait, in order of arrival."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - names are enough, and there may be many
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(_READY))

    def read(self, name: str) -> Entry:
        """The entry of one file. OSError; TornError where the file is not what was written."""
        return decode((self.folder / name).read_bytes())

    def remove(self, name: str) -> None:
        """Forget a file whose entry is in the journal."""
        (self.folder / name).unlink(missing_ok=True)

    def give_up(self, name: str) -> None:
        """Keep a file that cannot be used, out of the way, for a person to look at."""
        path = self.folder / name
        path.rename(path.with_suffix(_BAD))

    def depth(self) -> Depth:
        """What lies in the folder now. OSError where it cannot be read."""
        try:
            names = os.listdir(self.folder)  # noqa: PTH208 - the same
        except FileNotFoundError:
            names = []
        waiting = sorted(name for name in names if name.endswith(_READY))
        oldest = dt.datetime.now(dt.UTC).timestamp() - int(waiting[0][:20]) / 1_000_000 if waiting else None
        return Depth(pending=len(waiting), bad=sum(name.endswith(_BAD) for name in names), oldest=oldest)

    def probe(self) -> None:
        """Try whether the spool would take something now. SpoolError."""
        path = self.folder / f"probe-{os.getpid()}-{uuid.uuid4().hex}{_DRAFT}"
        try:
            self._make_folder()
            try:
                _write(path, bytes(4096))
            finally:
                path.unlink(missing_ok=True)
        except OSError as error:
            raise SpoolError(f"the spool takes nothing: {error.strerror}") from error

    @contextlib.contextmanager
    def drainer(self) -> Iterator[bool]:
        """Whether this process alone may empty the spool for the length of the block."""
        self._make_folder()
        handle = os.open(self.folder / "drainer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(handle)

    def sweep_drafts(self) -> None:
        """Remove drafts of processes that died while they wrote; nobody was told that those had arrived."""
        now = dt.datetime.now(dt.UTC).timestamp()
        for path in self.folder.glob(f"*{_DRAFT}"):
            with contextlib.suppress(FileNotFoundError):
                if now - path.stat().st_mtime > _STALE:
                    path.unlink()

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _sync_folder(self.folder.parent)


def encode(entry: Entry) -> bytes:
    """A line with checksum and lengths, a line of JSON, and the body byte for byte."""
    body = b"" if entry.body is None else entry.body
    head = json.dumps(
        {
            "id": str(entry.id),
            "account": entry.account,
            "source": entry.source,
            "received_at": entry.received_at.isoformat(),
            "day": entry.day.isoformat(),
            "query": entry.query,
            "headers": dict(entry.headers),
            "blob": entry.blob,
            "has_body": entry.body is not None,
            "meta": {**entry.meta, "spooled": True},
        }
    ).encode("ascii")
    sha256 = hashlib.sha256(head + b"\n" + body).hexdigest().encode("ascii")
    return b"%s %s %d %d\n%s\n%s" % (_MAGIC, sha256, len(head), len(body), head, body)


def decode(content: bytes) -> Entry:
    """The entry that `encode` wrote, with `spooled` in its meta. TornError for anything else."""
    line, _, rest = content.partition(b"\n")
    try:
        magic, sha256, head_length, body_length = line.split(b" ")
        whole = len(rest) == int(head_length) + 1 + int(body_length)
    except ValueError:
        raise TornError("no spool file") from None
    if magic != _MAGIC or not whole or hashlib.sha256(rest).hexdigest().encode("ascii") != sha256:
        raise TornError("length or checksum do not fit")
    head = json.loads(rest[: int(head_length)])
    body = rest[int(head_length) + 1 :]
    return Entry(
        id=uuid.UUID(head["id"]),
        account=head["account"],
        source=head["source"],
        received_at=dt.datetime.fromisoformat(head["received_at"]),
        day=dt.date.fromisoformat(head["day"]),
        query=head["query"],
        headers=head["headers"],
        body=body if head["has_body"] else None,
        blob=head["blob"],
        meta=head["meta"],
    )


def _write(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
