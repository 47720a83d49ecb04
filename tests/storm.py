"""A whole installation as it runs in earnest, citizens who write to it without pause, and hands that kill its parts."""

from __future__ import annotations

import collections
import contextlib
import dataclasses
import http.client
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, LiteralString, Self

import psutil
import psycopg

from standins import kannel
from standins.mailroom import Mailroom
from store.embedded import Postgres
from store.embedded.places import runtime_dir
from tests.channels.loopback import serving
from tests.conftest import ROOT, temporary_data_dir

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from standins.mailroom import Delivered

ACCOUNT = "sms1708"
NUMBER = "1708"
SECRET, PASSWORD = "a-made-up-secret", "a-made-up-password"
PATIENCE = 30.0

SETTINGS = f"""
[accounts.{ACCOUNT}]
channel = "sms"
dialect = "kannel"
numbers = ["{NUMBER}"]
secret = "{SECRET}"
username = "muara"
password = "{PASSWORD}"
allow_from = ["127.0.0.1"]
sendsms_url = "%s/cgi-bin/sendsms"
"""
PROGRAM = f"""
name = "Mas Bup Siaga"
organisation = "Kabupaten Pemalang"
keywords = ["masbupsiaga"]
accounts = ["{ACCOUNT}", "web", "desk"]
"""


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> float:
    """Seconds until the condition held; an assertion fails where it never does."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        time.sleep(0.02)
    return time.monotonic() - began


class Installation:
    """`python -m cli up` on a data directory and settings of its own."""

    def __init__(self, folder: Path, sendsms_url: str, *, settings: str = "", port: int | None = None) -> None:
        self.data_dir = folder / "data"
        self.config = folder / "config"
        self.port = port or free_port()
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None
        (self.config / "programs").mkdir(parents=True)
        (self.config / "muara.toml").write_text(f"{settings}\n{SETTINGS % sendsms_url}")
        (self.config / "programs" / "masbupsiaga.toml").write_text(PROGRAM)

    def start(self) -> None:
        """Return when all its processes are ready."""
        with self.log.open("ab") as log:
            began = log.tell()
            self.process = subprocess.Popen(
                self._command("up", "--port", str(self.port)), cwd=ROOT, stdout=log, stderr=log
            )
        wait_until(lambda: b"Muara is up" in self.log.read_bytes()[began:] or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.log.read_text()

    def stop(self) -> None:
        """In order; whatever ran must have ended with it."""
        assert self.process is not None
        everything = self.tree()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0
        assert [one for one in everything if one.is_running() and one.status() != psutil.STATUS_ZOMBIE] == []

    def tree(self) -> list[psutil.Process]:
        """All processes below the supervisor."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def children(self, name: str) -> list[psutil.Process]:
        """The supervisor's own children of that name: `gateway`, `drain`, `postgres`, `valkey`, …"""
        assert self.process is not None
        found = []
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if child.name().removeprefix("muara-").startswith(name):
                    found.append(child)
        return found

    def kill(self, name: str) -> None:
        """`kill -9` of a part. `web` is the gateway's working process, `gateway` the one above it."""
        victims = [grand for child in self.children("gateway") for grand in child.children()] if name == "web" else []
        for victim in victims or self.children(name):
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()
        if name == "valkey":
            shutil.rmtree(self.data_dir / "valkey", ignore_errors=True)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Another command of the command line on the same installation."""
        return subprocess.run(self._command(*words), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)

    def _command(self, *words: str) -> list[str]:
        where = ["--config", str(self.config), "--data-dir", str(self.data_dir)]
        return [sys.executable, "-m", "cli", words[0], *where, *words[1:]]

    def rows(self, query: LiteralString, *values: object) -> list[tuple[Any, ...]]:
        """What the database answers; nothing while it is away."""
        host = str(Postgres(self.data_dir).socket_dir)
        try:
            with psycopg.connect(host=host, user="muara", dbname="muara", connect_timeout=2) as connection:
                return connection.execute(query, values).fetchall()
        except psycopg.OperationalError:
            return []

    def post(self, message: Message, timeout: float = 10.0) -> int:
        """Hand one message to the webhook as Kannel does; the status, or 0 where no answer came."""
        made = kannel.incoming(
            f"/hooks/{ACCOUNT}", SECRET, sender=message.sender, receiver=NUMBER, text=message.text, id=message.id
        )
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            line.request("GET", made.url, headers=dict(made.headers))
            return line.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            line.close()

    def stands_in_queue(self, message: Message) -> bool:
        """Whether the message is a line of a complaint that the program's officers see."""
        return bool(
            self.rows(
                "SELECT 1 FROM message m JOIN complaint c ON c.id = m.complaint_id WHERE m.account = %s"
                " AND m.external_id = %s AND c.program IS NOT NULL",
                ACCOUNT,
                message.id,
            )
        )

    def settled(self) -> bool:
        """Whether nothing is under way any more: spool, journal, items and outbox."""
        if list((self.data_dir / "spool").glob("*.spool")):
            return False
        left = self.rows(
            "SELECT (SELECT count(*) FROM journal WHERE parsed_at IS NULL)"
            " + (SELECT count(*) FROM item WHERE state <> 'done')"
            " + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))"
        )
        return left == [(0,)]

    def ledger(self) -> list[dict[str, Any]]:
        """What `muara ledger --json` prints; it must call itself balanced."""
        done = self.run("ledger", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """What one citizen writes; a provider that delivers it again does so under the same id."""

    sender: str
    id: str
    text: str


def conversation(name: str, number: int, length: int) -> list[Message]:
    """All that one citizen writes: a complaint, and what he adds to it."""
    sender = f"+62811{number:07d}"
    first = Message(sender, f"{name}-{number}-0", f"masbupsiaga lampu jalan nomor {number} di Comal mati")
    more = [Message(sender, f"{name}-{number}-{n}", f"tambahan ke-{n}, nomor {number}") for n in range(1, length)]
    return [first, *more]


class Citizens:
    """Several providers' threads, each with conversations of its own; what is not answered 2xx is delivered again.

    Every tenth message is delivered a second time though it was answered, as providers do. `pace` is seconds between
    two messages of a thread: the stream is to last while things break.
    """

    def __init__(self, installation: Installation, conversations: Sequence[Sequence[Message]], pace: float) -> None:
        self._installation = installation
        self._pace = pace
        self.accepted: list[Message] = []
        self.refused: collections.Counter[int] = collections.Counter()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(conversations[n::6],)) for n in range(6)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._stop.set()
        for thread in self._threads:
            thread.join()

    @property
    def writing(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _write(self, conversations: Sequence[Sequence[Message]]) -> None:
        for lines in conversations:
            for message in lines:
                while (status := self._installation.post(message)) // 100 != 2:
                    self.refused[status] += 1
                    if self._stop.wait(0.1):
                        return
                self.accepted.append(message)
                if len(self.accepted) % 10 == 0:
                    self._installation.post(message)
                if self._stop.wait(self._pace):
                    return


@contextlib.contextmanager
def installation(place: Path | None = None) -> Iterator[tuple[Installation, Mailroom]]:
    """One that is not started yet, in a folder of its own or in `place`, with a Kannel; stopped at the end."""
    mailroom = Mailroom()
    app = kannel.create_app(mailroom, username="muara", password=PASSWORD)
    with temporary_data_dir() as folder, serving(app) as at:
        made = Installation(place or folder, at)
        try:
            yield made, mailroom
        finally:
            if made.process is not None and made.process.poll() is None:
                made.process.send_signal(signal.SIGTERM)
                made.process.wait(60)
            shutil.rmtree(runtime_dir(made.data_dir), ignore_errors=True)


def check_all_there(installation: Installation, accepted: Sequence[Message], delivered: Sequence[Delivered]) -> None:
    """The promises: each accepted message in the queue once, each complaint acknowledged, the books balanced."""
    rows = installation.rows(
        "SELECT m.external_id, m.text, c.program FROM message m LEFT JOIN complaint c ON c.id = m.complaint_id"
        " WHERE m.direction = 'in'"
    )
    assert sorted(row[0] for row in rows) == sorted({message.id for message in accepted})
    assert {row[0]: row[1] for row in rows} == {message.id: message.text for message in accepted}
    assert {row[2] for row in rows} == {"masbupsiaga"}
    check_acknowledged(installation, delivered)
    lines = installation.ledger()
    assert [line for line in lines if line["remainder"] or line["pending"] or line["unparsed"]] == []
    assert sum(line["message"] for line in lines) == len(accepted)


def check_silent(log: str) -> None:
    """No citizen's words and numbers stand in the log, whatever broke."""
    assert [line[:200] for line in log.splitlines() if re.search(r"lampu jalan|tambahan ke|62811|made-up", line)] == []


def check_acknowledged(installation: Installation, delivered: Sequence[Delivered]) -> None:
    """One acknowledgement for each complaint; it arrived once, or at most once where nobody knew the outcome."""
    rows = installation.rows(
        "SELECT c.id, o.text, o.state FROM complaint c"
        " LEFT JOIN outbox o ON o.complaint_id = c.id AND o.purpose = 'ack'"
    )
    assert len({row[0] for row in rows}) == len(rows)
    arrived = collections.Counter(message.text for message in delivered)
    assert {state for _, _, state in rows} <= {"sent", "delivered", "dropped"}
    assert {text: arrived[text] for _, text, state in rows if state != "dropped" and arrived[text] != 1} == {}
    assert {text: arrived[text] for _, text, state in rows if arrived[text] > 1} == {}
    assert arrived.keys() <= {text for _, text, _ in rows}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
