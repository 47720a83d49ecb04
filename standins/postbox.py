"""A mailbox as an IMAP server keeps it: folders, mails with numbers that never come twice, flags."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


@dataclasses.dataclass(slots=True)
class Stored:
    """A mail in a folder."""

    uid: int
    content: bytes
    arrived: datetime
    flags: set[str] = dataclasses.field(default_factory=set)


@dataclasses.dataclass(slots=True)
class Folder:
    """A folder; `uidnext` is the number of the mail that comes next."""

    uidvalidity: int
    uidnext: int = 1
    mails: list[Stored] = dataclasses.field(default_factory=list)

    def highest(self) -> int:
        """Give the highest UID in the folder; 0 where it is empty."""
        return self.mails[-1].uid if self.mails else 0


class Postbox:
    """All folders of one account; safe for the threads of one server. `changed` wakes whoever waits for mail."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._validity = int(datetime.now(UTC).timestamp())
        self._folders = {"INBOX": Folder(self._validity)}

    def folder(self, name: str) -> Folder | None:
        """Find a folder; INBOX may be written in any case."""
        return self._folders.get("INBOX" if name.upper() == "INBOX" else name)

    def names(self) -> list[str]:
        """List the folders' names."""
        with self.changed:
            return sorted(self._folders)

    def create(self, name: str) -> bool:
        """Make a folder; False if it is there."""
        with self.changed:
            if self.folder(name) is not None:
                return False
            self._validity += 1
            self._folders[name] = Folder(self._validity)
            return True

    def deliver(self, content: bytes, name: str = "INBOX", flags: Collection[str] = ()) -> int:
        """Put a mail into a folder that is there; lines end as SMTP has them."""
        lines = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        with self.changed:
            folder = self._folders[name]
            stored = Stored(folder.uidnext, lines, datetime.now(UTC), set(flags))
            folder.mails.append(stored)
            folder.uidnext += 1
            self.changed.notify_all()
            return stored.uid

    def move(self, source: Folder, uids: Collection[int], target: str) -> None:
        """Take mails out of one folder and put them, with new numbers, into another."""
        with self.changed:
            for stored in [mail for mail in source.mails if mail.uid in uids]:
                self.deliver(stored.content, target, stored.flags)
                source.mails.remove(stored)
            self.changed.notify_all()


class KeptPostbox(Postbox):
    """An INBOX whose mails lie as files in a folder, so that their numbers stay when the server starts again."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        path.mkdir(mode=0o700, exist_ok=True)
        inbox = self._folders["INBOX"]
        born = path / "uidvalidity"
        if born.exists():
            inbox.uidvalidity = int(born.read_text("ascii"))
        else:
            born.write_text(str(inbox.uidvalidity), "ascii")
        for file in sorted(path.glob("*.eml")):
            arrived = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            inbox.mails.append(Stored(int(file.stem), file.read_bytes(), arrived))
        inbox.uidnext = inbox.highest() + 1

    def deliver(self, content: bytes, name: str = "INBOX", flags: Collection[str] = ()) -> int:
        """As its base, once the mail lies in the folder."""
        with self.changed:
            uid = self._folders["INBOX"].uidnext
            if name == "INBOX":
                draft = self._path / "draft"
                draft.write_bytes(content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
                draft.replace(self._path / f"{uid:010d}.eml")
            return super().deliver(content, name, flags)
