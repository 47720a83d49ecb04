"""A real Kannel with its fake SMSC: bearerbox and smsbox as processes, and the phones behind them."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final

from tests.run import FAKESMSC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

USERNAME: Final = "muara"
PASSWORD: Final = "a-made-up-password"
SECRET: Final = "a-made-up-secret"

_CONF = """
group = core
admin-port = {admin}
admin-password = {password}
smsbox-port = {smsbox}
store-type = file
store-location = "{folder}/store"
dlr-storage = internal
log-level = 1
log-file = "{folder}/bearerbox.log"
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
sms-combine-concatenated-mo = false

group = smsc
smsc = fake
smsc-id = fake
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
log-level = 1
log-file = "{folder}/smsbox.log"
http-request-retry = 100
http-queue-delay = 1

group = sms-service
keyword = default
catch-all = true
max-messages = 0
omit-empty = true
get-url = "{hook}?secret={secret}&sender=%p&receiver=%P&text=%b&smsc=%i&udh=%u&id=%I&coding=%c&charset=%C&time=%t"

group = sendsms-user
username = {username}
password = {password}
concatenation = true
max-messages = 10
"""


class Kannel:
    """One running Kannel; `sendsms` is its HTTP address, `lines` the log of the phone that is connected."""

    def __init__(self, folder: Path, hook: str) -> None:
        self.folder = folder
        self._ports = dict(zip(("admin", "smsbox", "smsc", "sendsms"), free_ports(4), strict=True))
        self.sendsms = f"http://127.0.0.1:{self._ports['sendsms']}"
        self._conf = folder / "kannel.conf"
        words = {"folder": folder, "hook": hook, "username": USERNAME, "password": PASSWORD, "secret": SECRET}
        self._conf.write_text(_CONF.format(**self._ports, **words), "utf-8")
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Both boxes; smsbox answers only once bearerbox listens."""
        self._run("bearerbox", self._ports["smsbox"])
        self._run("smsbox", self._ports["sendsms"])
        wait_for(self._ports["smsc"])

    def _run(self, program: str, port: int) -> None:
        path = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin")
        assert path, f"{program} is not installed (apt-get install kannel kannel-extras)"
        out = (self.folder / f"{program}.out").open("wb")
        with out:
            self._running.append(subprocess.Popen([path, str(self._conf)], stdout=out, stderr=out))
        wait_for(port)

    @contextlib.contextmanager
    def phone(self, *messages: str, times: int, interval: float = 0.05, random_senders: bool = False) -> Iterator[Path]:
        """A phone that sends `messages` (see `sms`) `times` altogether; its log is where what comes to it stands.

        With `random_senders` the sender is only the beginning of the numbers that it writes from.
        """
        log = self.folder / f"phone-{len(self._running)}.log"
        with log.open("wb") as out:
            words: Sequence[str] = [
                FAKESMSC,
                *("-H", "127.0.0.1", "-r", str(self._ports["smsc"])),
                *("-i", str(interval), "-m", str(times)),
                *(("-z", "1") if random_senders else ()),
                *messages,
            ]
            process = subprocess.Popen(words, stdout=out, stderr=out)
            self._running.append(process)
            try:
                yield log
            finally:
                _end(process)
                self._running.remove(process)

    def stop(self) -> None:
        """In order, the outer ones first."""
        for process in reversed(self._running):
            _end(process)
        self._running.clear()


def sms(sender: str, text: str, receiver: str = "1708") -> str:
    """A message as the fake SMSC is told it."""
    return f"{sender} {receiver} text {text}"


def part(sender: str, text: str, reference: int, number: int, total: int) -> str:
    """A piece of a long message, with the header that says so (3GPP TS 23.040, 9.2.3.24.1)."""
    header = "".join(f"%{octet:02x}" for octet in (5, 0, 3, reference, total, number))
    return f"{sender} 1708 udh-text {header} {text}"


@contextlib.contextmanager
def kannel(folder: Path, hook: str) -> Iterator[Kannel]:
    """A running one that hands citizens' messages to `hook`."""
    made = Kannel(folder, hook)
    try:
        made.start()
        yield made
    finally:
        made.stop()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def wait_for(port: int, seconds: float = 20.0) -> None:
    """Until somebody listens."""
    end = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < end, f"nobody listens on {port}"
            time.sleep(0.05)
        else:
            return


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
