"""A whole installation for a benchmark: `muara up` on a folder of its own, with a Kannel that takes every answer."""

from __future__ import annotations

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from werkzeug.serving import WSGIRequestHandler, make_server

from standins import kannel
from standins.mailroom import Mailroom
from store.embedded import Postgres
from store.embedded.places import runtime_dir

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
SECRET = "a-made-up-secret"  # noqa: S105 - for this run only
SETTINGS = """
[accounts.sms]
channel = "sms"
dialect = "kannel"
numbers = ["1708"]
secret = "{secret}"
username = "muara"
password = "{secret}"
sendsms_url = "{url}/cgi-bin/sendsms"
[accounts.bot]
channel = "telegram"
token = "1:made-up"
secret_token = "{secret}"
"""
PROGRAM = """
name = "Mas Bup Siaga"
organisation = "Kabupaten Pemalang"
keywords = ["masbupsiaga"]
accounts = ["sms", "bot", "web", "desk"]
places = ["Moga", "Comal", "Randudongkal"]
"""


class House:
    """One installation; `start` and `stop` as often as wanted."""

    def __init__(self, folder: Path, sendsms_url: str) -> None:
        self.folder = folder
        self.config = configuration(folder, sendsms_url)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> float:
        """Seconds from the command to the line that says that it is up."""
        where = ["--config", str(self.config), "--data-dir", str(self.folder / "data"), "--port", str(self.port)]
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "up", *where],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self.process.stdout is None or "is up" not in self.process.stdout.readline():
            raise RuntimeError("muara up did not come up")
        return time.perf_counter() - began

    def stop(self) -> None:
        """In order."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)
            if self.process.stdout is not None:
                self.process.stdout.close()

    def database(self) -> psycopg.Connection:
        """A connection of the benchmark's own."""
        host = str(Postgres(self.folder / "data").socket_dir)
        return psycopg.connect(host=host, user="muara", dbname="muara", autocommit=True)

    def connect(self) -> http.client.HTTPConnection:
        """A connection to the gateway that is kept open."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)


def send(line: http.client.HTTPConnection, sender: str, ident: str, text: str) -> None:
    """One citizen's SMS, as Kannel hands it over; an answer other than 2xx is an error."""
    made = kannel.incoming("/hooks/sms", SECRET, sender=sender, receiver="1708", text=text, id=ident)
    line.request("GET", made.url, headers=dict(made.headers))
    answer = line.getresponse()
    answer.read()
    if not 200 <= answer.status < 300:
        raise RuntimeError(f"the gateway answered {answer.status}")


def configuration(folder: Path, sendsms_url: str) -> Path:
    """A folder with settings and one program."""
    config = folder / "config"
    (config / "programs").mkdir(parents=True)
    (config / "muara.toml").write_text(SETTINGS.format(secret=SECRET, url=sendsms_url))
    (config / "programs" / "masbupsiaga.toml").write_text(PROGRAM)
    return config


@contextlib.contextmanager
def house() -> Iterator[House]:
    """One that is not started yet; it is stopped and its folder removed at the end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # else what runs would be left behind
    folder = Path(tempfile.mkdtemp(prefix="muara-bench-"))
    folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    with provider() as url:
        made = House(folder, url)
        try:
            yield made
        finally:
            made.stop()
            shutil.rmtree(runtime_dir(folder / "data"), ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's
        """Say nothing."""


@contextlib.contextmanager
def provider() -> Iterator[str]:
    """The address of a Kannel that accepts everything."""
    app = kannel.create_app(Mailroom(), username="muara", password=SECRET)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
