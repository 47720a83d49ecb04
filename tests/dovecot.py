"""A real Dovecot for tests, in a folder of its own, on loopback, as a user without rights."""

from __future__ import annotations

import contextlib
import getpass
import grp
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from imapclient import IMAPClient

if TYPE_CHECKING:
    from collections.abc import Iterator

CERTIFICATES = Path(__file__).parent / "channels" / "certificates"
USER, PASSWORD = "aduan@pemalang.example", 'rahasia "kita" äöü'

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{folder}/mail/%n
mail_fsync = never
namespace inbox {{
  inbox = yes
  separator = /
}}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_cache_size = 0
auth_failure_delay = 0
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{certificate}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={folder}/home/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service auth {{
  user = {user}
}}
service auth-worker {{
  user = {user}
}}
protocol imap {{
  imap_capability = {capability}
  mail_max_userip_connections = 15
}}
"""


class Dovecot:
    """One server with one mailbox; `introspection` is the address that it asks about access tokens."""

    def __init__(self, program: str, folder: Path, *, certificate: str = "server", introspection: str = "") -> None:
        self._program = program
        self.folder = folder
        self._user = "nobody" if os.geteuid() == 0 else getpass.getuser()
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self.tls_port = free_ports(2)
        account = pwd.getpwnam(self._user)
        self._ids = (account.pw_uid, account.pw_gid)
        self._certificate = folder / "certificate.pem"
        shutil.copy(CERTIFICATES / f"{certificate}.pem", self._certificate)
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", "utf-8")
        (folder / "oauth2.conf").write_text(
            f"introspection_mode = auth\nintrospection_url = {introspection or 'http://127.0.0.1:9/'}\n"
            "username_attribute = email\nactive_attribute = active\nactive_value = true\n"
        )
        for name in ("run", "state", "mail", "home"):
            (folder / name).mkdir()
        self.configure()
        for path in [folder, *folder.rglob("*")]:
            os.chown(path, *self._ids) if os.geteuid() == 0 else None

    def configure(self, capability: str = "") -> None:
        """Write the configuration; `capability` in place of what the server would say of itself."""
        (self.folder / "dovecot.conf").write_text(
            CONFIG.format(
                folder=self.folder,
                user=self._user,
                group=grp.getgrgid(self._ids[1]).gr_name,
                certificate=self._certificate,
                port=self.port,
                tls_port=self.tls_port,
                capability=capability,
            )
        )

    def start(self) -> None:
        """Until it answers; without the locks of a server that was killed, which it would honour for two minutes."""
        for lock in (self.folder / "mail").rglob("*.lock"):
            lock.unlink()
        options = {"user": self._ids[0], "group": self._ids[1], "extra_groups": []} if os.geteuid() == 0 else {}
        self._process = subprocess.Popen(
            [self._program, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )
        end = time.monotonic() + 20
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as found:
                    if found.recv(10):
                        return
            except OSError:
                pass
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < end, self.log()
            time.sleep(0.02)

    def kill(self) -> None:
        """As a power cut: every process of it at once."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def renumber(self) -> None:
        """Lose the numbers of INBOX, as a restored backup does: every mail gets a new one, under a new UIDVALIDITY."""
        self.kill()
        found = list((self.folder / "mail").rglob("dovecot*"))
        assert any(path.name == "dovecot-uidlist" for path in found)
        for path in found:
            # What the latest UIDVALIDITY was stays known: else one of the same second would be the same.
            if not path.name.startswith("dovecot-uidvalidity"):
                path.unlink()
        self.start()

    def log(self) -> str:
        path = self.folder / "dovecot.log"
        return path.read_text("utf-8", "replace") if path.exists() else "no log"

    @contextlib.contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """A mail program of the office."""
        with IMAPClient("127.0.0.1", self.port, ssl=False, timeout=20) as client:
            client.plain_login(USER, PASSWORD)
            yield client

    def append(self, *mails: bytes, folder: str = "INBOX", seen: bool = False) -> None:
        """Mails arrive."""
        with self.client() as client:
            if not client.folder_exists(folder):
                client.create_folder(folder)
            for mail in mails:
                client.append(folder, mail, flags=[b"\\Seen"] if seen else [])

    def unseen(self, folder: str = "INBOX") -> int:
        with self.client() as client:
            client.select_folder(folder, readonly=True)
            return len(client.search("UNSEEN"))


@contextlib.contextmanager
def dovecot(program: str, **options: str) -> Iterator[Dovecot]:
    """A running server in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="muara-dovecot-"))
    folder.chmod(0o755)
    server = Dovecot(program, folder, **options)
    try:
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
