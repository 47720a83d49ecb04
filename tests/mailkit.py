"""Mails and mailboxes for tests: what citizens write, and an adapter for a server that runs."""

from __future__ import annotations

import contextlib
import itertools
from email.message import EmailMessage
from email.utils import formataddr
from typing import TYPE_CHECKING, Any

from channels.contract import AccountInfo, OutboundReply, RawMessage
from channels.email.adapter import EmailChannel
from channels.email.settings import EmailSettings
from tests.dovecot import CERTIFICATES, PASSWORD, USER
from tests.toy import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import PollBatch, Polled
    from normalizer.messages import Inbound
    from tests.dovecot import Dovecot
    from tests.smtpd import Post

SITI = "siti.aminah@warga.example"
_NUMBERS = itertools.count(1)


def mail(text: str = "Jalan di depan pasar rusak.", **headers: str) -> bytes:
    """A citizen's mail; `headers` with _ for -, those given as "" are left out."""
    number = next(_NUMBERS)
    made = EmailMessage()
    known = {
        "From": formataddr(("Siti Aminah", SITI)),
        "To": USER,
        "Subject": f"Aduan {number}",
        "Message-ID": f"<surat-{number}@warga.example>",
        "Date": "Mon, 02 Nov 2026 08:00:00 +0700",
    }
    for name, value in {**known, **{name.replace("_", "-"): value for name, value in headers.items()}}.items():
        if value:
            made[name] = value
    made.set_content(text)
    return made.as_bytes()


@contextlib.contextmanager
def mailbox(server: Dovecot | int, post: Post | int = 9, **values: Any) -> Iterator[EmailChannel]:
    """An adapter for servers on loopback (a port where there is none of ours), its connection given back at the end."""
    defaults: dict[str, Any] = {
        "address": USER,
        "name": "Mas Bup Siaga",
        "signing_key": "kunci-yang-cukup-panjang",
        "password": PASSWORD,
        "imap_host": "127.0.0.1",
        "imap_port": server if isinstance(server, int) else server.port,
        "imap_security": "none",
        "smtp_host": "127.0.0.1",
        "smtp_port": post if isinstance(post, int) else post.port,
        "smtp_security": "none",
        "ca_file": CERTIFICATES / "ca.pem",
        "timeout": 5.0,
    }
    channel = EmailChannel(AccountInfo(name="surat"), EmailSettings(**{**defaults, **values}))
    try:
        yield channel
    finally:
        channel.close()


def everything(channel: EmailChannel, cursor: Any = None) -> tuple[list[Polled], Any]:
    """All that is new, in as many polls as it takes."""
    found: list[Polled] = []
    while True:
        batch: PollBatch = channel.poll(cursor)
        found += batch.raws
        cursor = batch.cursor
        if not batch.more:
            return found, cursor


def parsed(channel: EmailChannel, raw: Polled) -> list[Inbound]:
    return channel.parse(
        RawMessage(id="1", account="surat", received_at=START, body=raw.body, headers=raw.headers, meta=raw.meta)
    )


def reply(channel: EmailChannel, text: str = "Sudah kami perbaiki.", to: str = SITI, **more: Any) -> OutboundReply:
    token = channel._mailbox.token(to)
    return OutboundReply(id="r1", **{"conversation_id": token, "to": to, "text": text, **more})
