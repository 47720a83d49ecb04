"""The installation's own mail to officers: invitations, lost passwords, notices. Never to citizens.

It is sent at once and in the caller's thread; each step with the server has its time-out.
"""

from __future__ import annotations

import dataclasses
import smtplib
import ssl
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid, parseaddr
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

#: Seconds that the server may take over each step.
_PATIENCE: Final = 10.0


class MailError(Exception):
    """A mail that was not sent, or not surely; names the kind of error, and nobody's address."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mailer:
    """The server and the sender (`Name <address>`); `security` is tls, starttls or none."""

    host: str
    port: int
    security: str
    username: str
    password: str = dataclasses.field(repr=False)
    sender: str
    patience: float = _PATIENCE

    def send(self, to: str, subject: str, text: str, now: datetime) -> None:
        """One plain mail to one address. MailError."""
        try:
            message = self._written(to, subject, text, now)
            with self._session() as server:
                server.send_message(message)
        except (smtplib.SMTPException, OSError, ValueError, MessageError) as error:
            raise MailError(_named(error)) from None

    def check(self) -> None:
        """Connect and log in, and send nothing. MailError."""
        try:
            with self._session() as server:
                server.noop()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(_named(error)) from None

    def _written(self, to: str, subject: str, text: str, now: datetime) -> EmailMessage:
        name, address = parseaddr(self.sender)
        domain = address.rpartition("@")[2]
        message = EmailMessage()
        # `Address` and the headers themselves refuse line breaks, so that nothing a person typed becomes a header.
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain=domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        return message

    def _session(self) -> smtplib.SMTP:
        own = parseaddr(self.sender)[1].rpartition("@")[2]
        context = ssl.create_default_context()
        if self.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, own, timeout=self.patience, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, own, timeout=self.patience)
        try:
            if self.security == "starttls":
                server.starttls(context=context)
            if self.username:
                server.login(self.username, self.password)
        except BaseException:
            server.close()
            raise
        return server


def _named(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
