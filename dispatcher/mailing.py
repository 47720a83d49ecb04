"""The installation's own mail to officers: invitations, lost passwords, notices. Never to citizens.

It is sent at once and in the caller's thread; each step with the server has its time-out.
"""

from __future__ import annotations

import contextlib
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
    """A mail that was not sent, or not surely; names the kind of error, and nobody's address.

    `refused`: the server will never take it for this address. `unsure`: it may have been taken. `alone`: the server
    takes mail for others.
    """

    def __init__(self, message: str, *, refused: bool = False, unsure: bool = False, alone: bool = False) -> None:
        super().__init__(message)
        self.refused = refused
        self.unsure = unsure
        self.alone = alone or refused


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

    def send(self, to: str, subject: str, text: str, now: datetime, *, ident: str | None = None) -> None:
        """One plain mail to one address; `ident` makes its Message-ID the same at every try. MailError."""
        try:
            message = self._written(to, subject, text, now, ident)
        except (ValueError, MessageError) as error:
            raise MailError(_named(error), refused=True) from None
        try:
            server = self._session()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(_named(error)) from None
        with contextlib.closing(server):
            try:
                server.send_message(message)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                raise _failure(error) from None
            # It is sent, however the farewell goes.
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()

    def check(self) -> None:
        """Connect and log in, and send nothing. MailError."""
        try:
            with self._session() as server:
                server.noop()
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise MailError(_named(error)) from None

    def _written(self, to: str, subject: str, text: str, now: datetime, ident: str | None) -> EmailMessage:
        name, address = parseaddr(self.sender)
        domain = address.rpartition("@")[2]
        message = EmailMessage()
        # `Address` and the headers themselves refuse line breaks, so that nothing a person typed becomes a header.
        message["From"] = Address(name, addr_spec=address)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = " ".join(subject.split())
        message["Date"] = format_datetime(now)
        message["Message-ID"] = f"<{ident}@{domain}>" if ident else make_msgid(domain=domain)
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


def _failure(error: Exception) -> MailError:
    """What an error within the conversation says of the mail; without an answer nobody knows how far it came."""
    code = _code(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError):
        return MailError(_named(error), refused=code is not None and code >= 500, alone=True)  # noqa: PLR2004 - RFC 5321
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return MailError(_named(error), refused=True)
    broken = isinstance(error, smtplib.SMTPServerDisconnected) or not isinstance(error, smtplib.SMTPException)
    return MailError(_named(error), unsure=broken)


def _code(error: Exception) -> int | None:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=None)
    return getattr(error, "smtp_code", None)


def _named(error: Exception) -> str:
    code = _code(error)
    return f"{type(error).__name__} {code}" if code else type(error).__name__
