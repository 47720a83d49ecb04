"""Mails a second from an IMAP folder to the queue, beside django-helpdesk's `get_email`: `python -m bench.mail`.

Both read the same mails from the same Dovecot (Debian's dovecot-imapd), one after the other. django-helpdesk is
installed into an environment of its own for the run, which needs the network; it writes to an SQLite file, its default,
without waiting for the disk.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path
from typing import TYPE_CHECKING

from imapclient import IMAPClient

from bench.house import house
from bench.mails import mails
from bench.servers import facts
from tests.dovecot import USER, Dovecot

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

PASSWORD = "only-for-this-run"  # noqa: S105 - a mailbox that goes away
PACKAGE = "django-helpdesk==2.6.1"
PATIENCE = 1800.0
SETTINGS = """
[accounts.mail]
channel = "email"
address = "{user}"
signing_key = "a made-up key for this run"
password = '{password}'
imap_host = "127.0.0.1"
imap_port = {port}
imap_security = "none"
smtp_host = "127.0.0.1"
smtp_port = 9
smtp_security = "none"
smtp_login = false
first = "all"
"""
PROGRAM = 'name = "Surat"\norganisation = "Pemalang"\nkeywords = ["surat"]\naccounts = ["mail"]\n'
#: What a run of helpdesk needs besides its defaults; the folder is in the environment.
HELPDESK = Path(__file__).parent / "helpdesk"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=1)
    options = parser.parse_args()
    machine = facts()
    made = list(mails(options.mails))
    rates: dict[str, list[float]] = {"Muara": [], "django-helpdesk": []}
    for _ in range(options.turns):
        with mailbox(made) as server:
            rates["Muara"].append(ours(server, len(made)))
        with mailbox(made) as server:
            rates["django-helpdesk"].append(theirs(server, len(made)))
    ratio = statistics.median(rates["Muara"]) / statistics.median(rates["django-helpdesk"])
    print(f"Muara / django-helpdesk: {ratio:.0f} x")
    print(machine)
    sizes = sorted(len(mail) for mail in made)
    print(f"{len(made)} mails, {sizes[0] / 1000:.1f} kB to {sizes[-1] / 1000:.0f} kB, {sum(sizes) / 1e6:.0f} MB")
    for name, found in rates.items():
        print(f"{name:16} {statistics.median(found):7.1f}/s   ({', '.join(f'{one:.1f}' for one in found)})")


@contextlib.contextmanager
def mailbox(made: list[bytes]) -> Iterator[Dovecot]:
    """A Dovecot that has these mails; without TLS, for both alike."""
    program = shutil.which("dovecot", path="/usr/sbin:/usr/bin:/sbin") or "dovecot"
    folder = Path(tempfile.mkdtemp(prefix="muara-bench-mail-"))
    folder.chmod(0o755)
    server = Dovecot(program, folder)
    server.configure(capability="IMAP4rev1 SASL-IR LITERAL+ AUTH=PLAIN IDLE UIDPLUS")
    (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
    try:
        server.start()
        with IMAPClient("127.0.0.1", server.port, ssl=False, timeout=60) as client:
            client.login(USER, PASSWORD)
            for mail in made:
                client.append("INBOX", mail)
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def ours(server: Dovecot, count: int) -> float:
    """Mails a second until all stand in the queue; the house runs already and finds its account in the settings."""
    with house() as made:
        words = {"user": USER, "password": PASSWORD, "port": server.port}
        config = made.config / "muara.toml"
        config.write_text(config.read_text() + SETTINGS.format(**words))
        (made.config / "programs" / "surat.toml").write_text(PROGRAM)
        made.start()
        database = made.database()
        try:
            return rate(database, count)
        finally:
            database.close()


def rate(database: psycopg.Connection, count: int) -> float:
    """From the first mail that is journalled to the last that stands in the queue."""
    deadline = time.monotonic() + PATIENCE
    began = time.perf_counter()
    found = 0
    while found < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{found} of {count}")
        row = database.execute(
            b"SELECT count(*) FROM message WHERE account = 'mail' AND direction = 'in' AND complaint_id IS NOT NULL"
        ).fetchone()
        found = int(row[0]) if row else 0
        time.sleep(0.02)
    return count / (time.perf_counter() - began)


def theirs(server: Dovecot, count: int) -> float:
    """Mails a second by one `get_email`; its start and the making of its tables are not counted."""
    folder = Path(tempfile.mkdtemp(prefix="muara-helpdesk-"))
    try:
        venv.create(folder / "env", with_pip=True)
        python = str(folder / "env" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", PACKAGE], check=True, stderr=subprocess.DEVNULL)
        environment = {
            **os.environ,
            "HELPDESK_FOLDER": str(folder),
            "HELPDESK_PORT": str(server.port),
            "HELPDESK_USER": USER,
            "HELPDESK_PASSWORD": PASSWORD,
            "DJANGO_SETTINGS_MODULE": "project",
            "PYTHONPATH": str(HELPDESK),
        }
        words = [python, str(HELPDESK / "fetch.py"), str(count)]
        ran = subprocess.run(words, check=True, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder)
        return float(ran.stdout.splitlines()[-1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
