"""A small strict IMAP server (RFC 3501, with IDLE and MOVE) for one account: what a program that polls needs.

Whatever it does not know is answered BAD, as a server does; nothing is guessed.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import re
import socket
import socketserver
import threading
from typing import TYPE_CHECKING

from standins.imap_words import Refusal, count, fits, stamp, within, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from standins.postbox import Folder, Postbox, Stored

CAPABILITY = "IMAP4rev1 IDLE MOVE UIDPLUS AUTH=PLAIN"
_BODY = re.compile(r"BODY\.PEEK\[(HEADER)?\](?:<(\d+)\.(\d+)>)?")
_LONGEST_LINE = 8192


@dataclasses.dataclass
class ImapFaults:
    """What is wrong, until it is set back.

    `garbage`: it greets with something that is not IMAP. `hang`: silence at this command until `released`.
    `sick`: UIDs whose content it does not give, and how: `no` is a refusal, `drop` ends the connection, `nothing` an OK
    without the mail. `header_too`: not even its header.
    """

    garbage: bool = False
    hang: str = ""
    sick: dict[int, str] = dataclasses.field(default_factory=dict)
    header_too: bool = False
    released: threading.Event = dataclasses.field(default_factory=threading.Event)


class ImapServer(socketserver.ThreadingTCPServer):
    """Serves one postbox to one login; `port` is where. Threads end with their connections."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, postbox: Postbox, user: str, password: str, *, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Connection)
        self.postbox = postbox
        self.login = (user, password)
        self.faults = ImapFaults()
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="imap", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End all connections and the thread."""
        self.closing.set()
        self.faults.released.set()
        with self.postbox.changed:
            self.postbox.changed.notify_all()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: ImapServer
    timeout = 1800
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Nobody is logged in, nothing is open."""
        super().setup()
        self.server.connections.add(self.connection)
        self.folder: Folder | None = None
        self.writable = False
        self.known = 0
        self.commands: dict[str, Callable[[str, list[str]], None]] = {}

    def handle(self) -> None:
        """One line after the other until the client goes."""
        with contextlib.suppress(OSError, ValueError):
            if self.server.faults.garbage:
                self.wfile.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                return
            self.say(f"* OK [CAPABILITY {CAPABILITY}] ready")
            self.commands = self._greeted()
            while line := self.rfile.readline(_LONGEST_LINE):
                self._obey(line.decode("utf-8", "replace").rstrip("\r\n"))

    def finish(self) -> None:
        """Forget the connection with its end."""
        self.server.connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def say(self, line: str) -> None:
        """Answer one line."""
        self.wfile.write(line.encode() + b"\r\n")

    def _obey(self, line: str) -> None:
        tag, _, rest = line.partition(" ")
        name, _, arguments = rest.partition(" ")
        if name.upper() == "UID":
            name, _, arguments = arguments.partition(" ")
            name = f"UID {name}"
        name = name.upper()
        if self.server.faults.hang == name:
            self.server.faults.released.wait(20)
        try:
            self.commands.get(name, _unknown)(tag, words_of(arguments))
        except Refusal as refusal:
            self.say(f"{tag} {refusal.word} {refusal}")

    def _greeted(self) -> dict[str, Callable[[str, list[str]], None]]:
        return {
            "CAPABILITY": self._capability,
            "NOOP": self._noop,
            "LOGOUT": self._logout,
            "AUTHENTICATE": self._authenticate,
            "LOGIN": self._login,
        }

    def _welcomed(self) -> dict[str, Callable[[str, list[str]], None]]:
        everybody = self._greeted()
        return {name: everybody[name] for name in ("CAPABILITY", "NOOP", "LOGOUT")} | {
            "SELECT": lambda tag, words: self._select(tag, words, writable=True),
            "EXAMINE": lambda tag, words: self._select(tag, words, writable=False),
            "CREATE": self._create,
        }

    def _opened(self) -> dict[str, Callable[[str, list[str]], None]]:
        return self._welcomed() | {
            "UID SEARCH": self._search,
            "UID FETCH": self._fetch,
            "UID STORE": self._store,
            "UID MOVE": self._move,
            "IDLE": self._idle,
        }

    def _capability(self, tag: str, words: list[str]) -> None:
        count(words, 0)
        self.say(f"* CAPABILITY {CAPABILITY}")
        self.say(f"{tag} OK done")

    def _noop(self, tag: str, words: list[str]) -> None:
        count(words, 0)
        self._tell_news()
        self.say(f"{tag} OK done")

    def _logout(self, tag: str, words: list[str]) -> None:
        count(words, 0)
        self.say("* BYE until next time")
        self.say(f"{tag} OK done")
        raise ValueError("the client has gone")

    def _authenticate(self, tag: str, words: list[str]) -> None:
        count(words, 1)
        if words[0].upper() != "PLAIN":
            raise Refusal("this way to log in is not known here")
        self.say("+ ")
        try:
            given = base64.b64decode(self.rfile.readline(_LONGEST_LINE).strip(), validate=True).decode().split("\0")
        except ValueError:
            raise Refusal("that is no base64", bad=True) from None
        self._check(tag, tuple(given[1:]))

    def _login(self, tag: str, words: list[str]) -> None:
        count(words, 2)
        self._check(tag, (words[0], words[1]))

    def _check(self, tag: str, given: tuple[str, ...]) -> None:
        if given != self.server.login:
            raise Refusal("[AUTHENTICATIONFAILED] wrong name or password")
        self.commands = self._welcomed()
        self.say(f"{tag} OK [CAPABILITY {CAPABILITY}] welcome")

    def _select(self, tag: str, words: list[str], *, writable: bool) -> None:
        count(words, 1)
        folder = self.server.postbox.folder(words[0])
        if folder is None:
            raise Refusal("[NONEXISTENT] no such folder")
        with self.server.postbox.changed:
            self.folder, self.writable, self.known = folder, writable, folder.uidnext
            self.say("* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)")
            self.say(f"* {len(folder.mails)} EXISTS")
            self.say("* 0 RECENT")
            self.say(f"* OK [UIDVALIDITY {folder.uidvalidity}] lasting")
            self.say(f"* OK [UIDNEXT {folder.uidnext}] next")
        self.commands = self._opened()
        self.say(f"{tag} OK [READ-{'WRITE' if writable else 'ONLY'}] open")

    def _create(self, tag: str, words: list[str]) -> None:
        count(words, 1)
        if not self.server.postbox.create(words[0]):
            raise Refusal("[ALREADYEXISTS] it is there")
        self.say(f"{tag} OK made")

    def _search(self, tag: str, words: list[str]) -> None:
        with self.server.postbox.changed:
            found = [mail.uid for mail in self._mails() if fits(mail, words, self._opened_folder().highest())]
        self.say(f"* SEARCH {' '.join(map(str, found))}".rstrip())
        self.say(f"{tag} OK done")

    def _fetch(self, tag: str, words: list[str]) -> None:
        count(words, 2)
        items = words[1].strip("()").split()
        with self.server.postbox.changed:
            chosen = [(at, mail) for at, mail in enumerate(self._mails(), 1) if mail.uid in self._uids(words[0])]
        for at, mail in chosen:
            parts = [part for item in items if (part := self._item(mail, item)) is not None]
            if len(parts) == len(items):
                self.wfile.write(f"* {at} FETCH (UID {mail.uid} ".encode() + b" ".join(parts) + b")\r\n")
        self.say(f"{tag} OK done")

    def _item(self, mail: Stored, item: str) -> bytes | None:
        facts = {
            "FLAGS": f"FLAGS ({' '.join(sorted(mail.flags))})",
            "RFC822.SIZE": f"RFC822.SIZE {len(mail.content)}",
            "INTERNALDATE": f'INTERNALDATE "{stamp(mail)}"',
        }
        if item in facts:
            return facts[item].encode()
        asked = _BODY.fullmatch(item)
        if asked is None:
            raise Refusal(f"{item} is not known here", bad=True)
        section = asked[1] or ""
        content = mail.content
        if section:
            content = content.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        if asked[2] is not None:
            content = content[int(asked[2]) :][: int(asked[3])]
        if mail.uid in self.server.faults.sick and (not section or self.server.faults.header_too):
            return self._sick(self.server.faults.sick[mail.uid])
        origin = f"<{asked[2]}>" if asked[2] is not None else ""
        return f"BODY[{section}]{origin} {{{len(content)}}}\r\n".encode() + content

    def _sick(self, way: str) -> bytes | None:
        if way == "no":
            raise Refusal("[SERVERBUG] internal error")
        if way == "drop":
            raise ValueError("the connection breaks here")
        return None

    def _store(self, tag: str, words: list[str]) -> None:
        count(words, 3)
        if not self.writable:
            raise Refusal("the folder is open for reading only")
        if words[1].upper() != "+FLAGS.SILENT":
            raise Refusal(f"{words[1]} is not known here", bad=True)
        with self.server.postbox.changed:
            for mail in self._mails():
                if mail.uid in self._uids(words[0]):
                    mail.flags |= set(words[2].strip("()").split())
        self.say(f"{tag} OK done")

    def _move(self, tag: str, words: list[str]) -> None:
        count(words, 2)
        if not self.writable:
            raise Refusal("the folder is open for reading only")
        if self.server.postbox.folder(words[1]) is None:
            raise Refusal("[TRYCREATE] no such folder")
        self.server.postbox.move(self._opened_folder(), self._uids(words[0]), words[1])
        self.say(f"{tag} OK moved")

    def _idle(self, tag: str, words: list[str]) -> None:
        count(words, 0)
        self.say("+ idling")
        done = threading.Event()
        teller = threading.Thread(target=self._tell, args=(done,), daemon=True)
        teller.start()
        line = self.rfile.readline(_LONGEST_LINE)
        done.set()
        with self.server.postbox.changed:
            self.server.postbox.changed.notify_all()
        teller.join()
        if line.strip().upper() != b"DONE":
            raise Refusal("DONE was expected", bad=True)
        self.say(f"{tag} OK done")

    def _tell(self, done: threading.Event) -> None:
        with self.server.postbox.changed, contextlib.suppress(OSError, ValueError):
            while not done.is_set() and not self.server.closing.is_set():
                self._tell_news()
                self.server.postbox.changed.wait(1.0)

    def _tell_news(self) -> None:
        with self.server.postbox.changed:
            if self.folder is not None and self.folder.uidnext > self.known:
                self.known = self.folder.uidnext
                self.say(f"* {len(self.folder.mails)} EXISTS")

    def _opened_folder(self) -> Folder:
        if self.folder is None:
            raise Refusal("no folder is open", bad=True)
        return self.folder

    def _mails(self) -> Iterator[Stored]:
        return iter(list(self._opened_folder().mails))

    def _uids(self, numbers: str) -> set[int]:
        highest = self._opened_folder().highest()
        return {mail.uid for mail in self._mails() if within(mail.uid, numbers, highest)}


def _unknown(tag: str, words: list[str]) -> None:
    raise Refusal(f"this command is not known here, or not now ({tag}, {len(words)} words)", bad=True)
