"""The post office of the demo: the office's mailbox by IMAP, its way out by SMTP, and citizens who write and read."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import secrets
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime, formataddr, parseaddr
from typing import TYPE_CHECKING

from standins.imap import ImapServer
from standins.mailroom import Delivered
from standins.postbox import Postbox
from standins.smtp import SmtpServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from standins.mailroom import Mailroom


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """Where the office's program finds its mailbox and its way out; both without TLS, on this machine."""

    imap: int
    smtp: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """A file in a citizen's mail."""

    name: str
    content_type: str
    content: bytes


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A mail that reached a citizen, as his mail program needs it for an answer."""

    message_id: str
    subject: str
    reply_to: str


class Post:
    """One office's mailbox (`address` is also its login) and all citizens' mailboxes, as far as the Mailroom shows."""

    def __init__(
        self,
        mailroom: Mailroom,
        address: str,
        password: str,
        *,
        account: str = "email",
        postbox: Postbox | None = None,
    ) -> None:
        self.address = address
        self.postbox = postbox or Postbox()
        #: What citizens got, by external id: an answer to it needs more than the Mailroom shows.
        self.received: dict[str, Received] = {}
        self._mailroom = mailroom
        self._account = account
        self._password = password
        self._imap: ImapServer | None = None
        self._smtp: SmtpServer | None = None

    def start(self, host: str = "127.0.0.1", ports: Ports | None = None) -> Ports:
        """Open both servers, on free ports where none are named."""
        wanted = ports or Ports(imap=0, smtp=0)
        self._imap = ImapServer(self.postbox, self.address, self._password, host=host, port=wanted.imap)
        self._smtp = SmtpServer(self._take, self.address, self._password, host=host, port=wanted.smtp)
        self._imap.start()
        self._smtp.start()
        return Ports(imap=self._imap.port, smtp=self._smtp.port)

    def stop(self) -> None:
        """Close both."""
        for server in (self._imap, self._smtp):
            if server is not None:
                server.stop()

    def write(
        self,
        from_addr: str,
        from_name: str,
        subject: str,
        text: str,
        *,
        html: str = "",
        attachments: Sequence[Enclosure] = (),
        in_reply_to: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """Put a citizen's mail into the office's mailbox; gives its Message-ID.

        `in_reply_to` is the external id of what the Mailroom shows: then it goes to that mail's Reply-To, as an answer.
        """
        answered = self.received.get(in_reply_to or "")
        mail = EmailMessage()
        mail["From"] = formataddr((from_name, from_addr))
        mail["To"] = answered.reply_to if answered else self.address
        mail["Subject"] = f"Re: {answered.subject.removeprefix('Re: ')}" if answered else subject
        mail["Date"] = format_datetime(at or datetime.now(UTC))
        mail["Message-ID"] = f"<{secrets.token_hex(12)}@{from_addr.rpartition('@')[2] or 'warga.example'}>"
        if answered:
            mail["In-Reply-To"] = mail["References"] = answered.message_id
        mail.set_content(text)
        if html:
            mail.add_alternative(html, subtype="html")
        for file in attachments:
            maintype, _, subtype = file.content_type.partition("/")
            mail.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
        self.postbox.deliver(mail.as_bytes())
        return str(mail["Message-ID"])

    def _take(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Bring the office's mail to the citizens."""
        mail = email.message_from_bytes(content, policy=email.policy.default)
        message_id = str(mail["Message-ID"] or f"<{secrets.token_hex(12)}@stand-in.example>")
        external_id = message_id.strip("<> ")
        self.received[external_id] = Received(
            message_id=message_id,
            subject=str(mail["Subject"] or ""),
            reply_to=parseaddr(str(mail["Reply-To"] or ""))[1] or sender,
        )
        for recipient in recipients:
            self._mailroom.deliver(
                Delivered(
                    provider="email", account=self._account, to=recipient, text=_shown(mail), external_id=external_id
                )
            )


def _shown(mail: Message) -> str:
    """The subject, the text, and the names of the files."""
    lines = [str(mail["Subject"] or "")]
    for part in mail.walk():
        if part.is_multipart():
            continue
        name = part.get_filename()
        content = part.get_payload(decode=True)
        if name:
            lines.append(f"[{name}]")
        elif part.get_content_type() == "text/plain" and isinstance(content, bytes):
            lines.append(content.decode(part.get_content_charset() or "utf-8", "replace").replace("\r\n", "\n"))
    return "\n".join(lines).strip()
