"""smsd's inbox and outbox as folders.

The cursor names what a poll took and what is not yet confirmed, so that a crash between our commit and the confirmation
neither loses nor doubles a file. A file is known by its name and its time: smsd uses a name again once it is free.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from channels.contract import Health, PollBatch, Polled
from channels.errors import PollFailed, ProviderDown
from channels.sms.gammu_format import NAME
from normalizer.saying import Sentence, say

if TYPE_CHECKING:
    from channels.contract import Cursor, OutboundReply
    from normalizer.messages import JSON

_UNSAFE: Final = re.compile(r"[^0-9A-Za-z.-]")
_NO_NUMBER: Final = re.compile(r"[^0-9+]")
#: smsd reads names into 100 bytes.
_LONGEST_ID: Final = 48


class Store(Protocol):
    """Where smsd keeps its messages."""

    def poll(self, cursor: Cursor) -> PollBatch:
        """What is new; PollFailed."""

    def confirm(self, cursor: Cursor) -> None:
        """Mark what the cursor names; PollFailed."""

    def put(self, reply: OutboundReply) -> None:
        """Give smsd a message to send; SendFailed."""

    def health(self) -> Health:
        """One sentence."""


class _File(NamedTuple):
    """One file of the inbox. `mtime` is in nanoseconds, kept as text because JSON numbers lose some."""

    mtime: int
    sequence: int
    name: str
    whose: str


class FileStore:
    """smsd with `Service = files`."""

    def __init__(self, inbox: str, outbox: str, processed: str, settle: float, batch: int) -> None:
        self._inbox = Path(inbox)
        self._outbox = Path(outbox)
        self._processed = Path(processed)
        self._settle = settle
        self._batch = batch

    def poll(self, cursor: Cursor) -> PollBatch:
        """Files that are settled (or from the future: a clock was wrong), as smsd wrote them; PollFailed."""
        taken = _names(cursor)
        try:
            present = self._list()
        except OSError as error:
            raise PollFailed(_unusable(say("inbox gammu tidak dapat dibaca"), error)) from error
        groups = _groups(present)
        kept = {file.name: str(file.mtime) for file in present if taken.get(file.name) == str(file.mtime)}
        fresh = [group for group in groups if any(file.name not in kept for file in group)]
        now = time.time_ns()
        raws: list[Polled] = []
        new: dict[str, JSON] = dict(kept)
        more = False
        for group in fresh:
            if 0 <= now - group[-1].mtime < self._settle * 1e9:
                continue
            if len(raws) >= self._batch:
                more = True
                break
            wanted = [file for file in group if file.name not in kept]
            raws += self._read(group, wanted)
            new |= {file.name: str(file.mtime) for file in wanted}
        return PollBatch(raws=raws, cursor={"files": new}, more=more)

    def _list(self) -> list[_File]:
        files = []
        with os.scandir(self._inbox) as entries:
            for entry in entries:
                known = NAME.fullmatch(entry.name)
                if known and entry.is_file():
                    whose = f"{known['serial']}_{known['sender']}"
                    files.append(_File(entry.stat().st_mtime_ns, int(known["sequence"]), entry.name, whose))
        return sorted(files)

    def _read(self, group: list[_File], wanted: list[_File]) -> list[Polled]:
        try:
            return [
                Polled(
                    body=(self._inbox / file.name).read_bytes(),
                    meta={
                        "file": file.name,
                        "mtime": str(file.mtime),
                        "parts": len(group),
                        "first": f"{group[0].name}@{group[0].mtime}",
                    },
                )
                for file in wanted
            ]
        except OSError as error:
            raise PollFailed(_unusable(say("sebuah berkas di inbox gammu tidak dapat dibaca"), error)) from error

    def confirm(self, cursor: Cursor) -> None:
        """Move what the cursor names to `processed`; a file that is gone or newer is left alone. PollFailed."""
        try:
            self._processed.mkdir(parents=True, exist_ok=True)
            for name, mtime in _names(cursor).items():
                source = self._inbox / name
                if source.is_file() and str(source.stat().st_mtime_ns) == mtime:
                    source.replace(self._processed / f"{mtime}-{name}")
        except OSError as error:
            raise PollFailed(_unusable(say("berkas gammu tidak dapat dipindah ke processed"), error)) from error

    def put(self, reply: OutboundReply) -> None:
        """One file, whole at once under its name, so that smsd never reads half of it. ProviderDown."""
        ours = _UNSAFE.sub("-", reply.id)[:_LONGEST_ID]
        hidden = self._outbox / f".muara-{ours}"
        try:
            with hidden.open("wb") as file:
                file.write(b"\xfe\xff" + reply.text.encode("utf-16-be", "replace"))
                file.flush()
                os.fsync(file.fileno())
            hidden.replace(self._outbox / f"OUTC_{_NO_NUMBER.sub('', reply.to)}_{ours}.txt")
        except OSError as error:
            raise ProviderDown(_unusable(say("outbox gammu tidak dapat ditulis"), error)) from error

    def health(self) -> Health:
        """Can the folders be read and written?"""
        for label, folder in (("inbox", self._inbox), ("outbox", self._outbox)):
            if not folder.is_dir() or not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
                sentence = say(
                    "%(label)s gammu (%(folder)s) bukan folder yang dapat ditulis: periksa setelan dan hak folder itu.",
                    label=label,
                    folder=str(folder),
                )
                return Health(ok=False, sentence=sentence)
        return Health(ok=True, sentence=say("Inbox dan outbox gammu dapat dipakai."))


def _unusable(what: Sentence, error: Exception) -> Sentence:
    return say("%(what)s (%(error)s): periksa hak folder dan isi disk.", what=what, error=type(error).__name__)


def _names(cursor: Cursor) -> dict[str, str]:
    files = cursor.get("files")
    if not isinstance(files, dict):
        return {}
    return {name: str(mtime) for name, mtime in files.items() if NAME.fullmatch(name)}


def _groups(files: list[_File]) -> list[list[_File]]:
    """Files of one message: smsd writes them in a row, of one sender and serial, numbered from 00."""
    groups: list[list[_File]] = []
    for file in files:
        last = groups[-1] if groups else []
        if last and file.whose == last[-1].whose and file.sequence == last[-1].sequence + 1:
            last.append(file)
        else:
            groups.append([file])
    return groups
