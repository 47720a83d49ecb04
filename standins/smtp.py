"""A small strict SMTP server (RFC 5321) that takes mail of one login and hands it to whoever is told."""

from __future__ import annotations

import base64
import contextlib
import re
import socketserver
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_SIZE = 25 * 1024 * 1024
_LONGEST_LINE = 2048
_PATH = re.compile(r"(FROM|TO):<([^<>\s]*)>((?: \S+)*)", re.IGNORECASE)
_OPTIONS = re.compile(r"( SIZE=\d+| BODY=(7BIT|8BITMIME))*", re.IGNORECASE)


class SmtpServer(socketserver.ThreadingTCPServer):
    """`take(sender, recipients, content)` gets each mail before it is answered; `port` is where."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(
        self,
        take: Callable[[str, list[str], bytes], None],
        user: str,
        password: str,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        super().__init__((host, port), _Connection)
        self.take = take
        self.login = (user, password)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), name="smtp", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def start(self) -> None:
        """Serve in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; connections end with their clients."""
        self.shutdown()
        self._thread.join(10)
        self.server_close()


class _Connection(socketserver.StreamRequestHandler):
    server: SmtpServer
    timeout = 60
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Nobody has greeted or logged in."""
        super().setup()
        self.greeted = self.welcome = False
        self.sender = ""
        self.recipients: list[str] = []

    def handle(self) -> None:
        """One command after the other until QUIT."""
        with contextlib.suppress(OSError):
            self.say("220 stand-in ESMTP")
            while line := self.rfile.readline(_LONGEST_LINE):
                text = line.decode("ascii", "replace").rstrip("\r\n")
                if text.upper() == "QUIT":
                    self.say("221 2.0.0 bye")
                    return
                self.say(self._answer(text))

    def say(self, line: str) -> None:
        """Answer one line."""
        self.wfile.write(line.encode("ascii") + b"\r\n")

    def _answer(self, text: str) -> str:
        command, _, rest = text.partition(" ")
        always = {"EHLO": self._hello, "NOOP": self._noop, "RSET": self._rset}
        known = always | ({"AUTH": self._auth} if self.greeted else {})
        if self.welcome:
            known |= {"MAIL": self._mail, "RCPT": self._rcpt, "DATA": self._data}
        answer = known.get(command.upper())
        if answer is not None:
            return answer(rest)
        return (
            "530 5.7.0 EHLO and AUTH come first" if command.upper() in {"MAIL", "AUTH"} else "500 5.5.2 not known here"
        )

    def _noop(self, _: str) -> str:
        return "250 2.0.0 fine"

    def _rset(self, _: str) -> str:
        self.sender, self.recipients = "", []
        return "250 2.0.0 forgotten"

    def _hello(self, name: str) -> str:
        if not name:
            return "501 5.5.4 who are you?"
        self.greeted = True
        for line in ("250-stand-in", f"250-SIZE {_MAX_SIZE}", "250-8BITMIME"):
            self.say(line)
        return "250 AUTH PLAIN"

    def _auth(self, rest: str) -> str:
        way, _, words = rest.partition(" ")
        if way.upper() != "PLAIN" or not words:
            return "504 5.5.4 only PLAIN with its words"
        try:
            given = base64.b64decode(words, validate=True).decode().split("\0")
        except ValueError:
            return "501 5.5.2 no base64"
        self.welcome = tuple(given[1:]) == self.server.login
        return "235 2.7.0 welcome" if self.welcome else "535 5.7.8 wrong name or password"

    def _mail(self, rest: str) -> str:
        found = _PATH.fullmatch(rest)
        if found is None or found[1].upper() != "FROM" or not _OPTIONS.fullmatch(found[3]):
            return "555 5.5.4 MAIL FROM:<address> with SIZE and BODY only"
        size = re.search(r"SIZE=(\d+)", found[3], re.IGNORECASE)
        if size and int(size[1]) > _MAX_SIZE:
            return "552 5.3.4 too large"
        self.sender, self.recipients = found[2], []
        return "250 2.1.0 fine"

    def _rcpt(self, rest: str) -> str:
        found = _PATH.fullmatch(rest)
        if not self.sender:
            return "503 5.5.1 MAIL comes first"
        if found is None or found[1].upper() != "TO" or found[3]:
            return "501 5.5.4 RCPT TO:<address>"
        if "@" not in found[2]:
            return "550 5.1.3 no address"
        self.recipients.append(found[2])
        return "250 2.1.5 fine"

    def _data(self, rest: str) -> str:
        if rest:
            return "501 5.5.4 DATA stands alone"
        if not self.recipients:
            return "503 5.5.1 RCPT comes first"
        self.say("354 go on, end with a dot")
        lines, size = [], 0
        while (line := self.rfile.readline()) != b".\r\n":
            if not line.endswith(b"\r\n"):
                raise ConnectionError("the mail has no end")
            size += len(line)
            if size <= _MAX_SIZE:
                lines.append(line.removeprefix(b"."))
        sender, recipients = self.sender, self.recipients
        self.sender, self.recipients = "", []
        if size > _MAX_SIZE:
            return "552 5.3.4 too large"
        self.server.take(sender, recipients, b"".join(lines))
        return "250 2.0.0 taken"
