"""What IMAP and SMTP share on the network: certificates, and failures in words that an operator can act on."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING, Final

from channels.errors import ChannelError

if TYPE_CHECKING:
    from channels.email.settings import EmailSettings

_UNPRINTABLE: Final = re.compile(r"[^\x20-\x7e]+")
_LONGEST: Final = 120


class TlsFailed(ChannelError):  # noqa: N818 - says what happened
    """The certificates to trust cannot be read."""


def tls_context(settings: EmailSettings) -> ssl.SSLContext:
    """Certificates are always checked: against `ca_file` alone where it is set, else the system's. TlsFailed."""
    try:
        return ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
    except OSError:
        raise TlsFailed("ca_file cannot be read, or holds no certificate in PEM format") from None


def reason(error: BaseException, server: str, settings: EmailSettings) -> str:
    """Why a server could not be talked to; one clause without a full stop."""
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"{error.verify_message}): renew it, or name who signed it in ca_file"
        return f"{server} shows a certificate that is not trusted ({why}"
    if isinstance(error, ssl.SSLError):
        return f"{server} does not speak TLS as it is set ({error.reason}): check its port and security"
    if isinstance(error, TimeoutError):
        return f"{server} did not answer within {settings.timeout:g} seconds"
    if isinstance(error, socket.gaierror):
        return f"the name of {server} cannot be found: check the setting and the name server"
    what = "cannot be reached" if isinstance(error, OSError) else "ended the connection or broke its protocol"
    return f"{server} {what} ({type(error).__name__})"


def said(words: object) -> str:
    """What a server gave as its reason, as one short line of ASCII."""
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else str(words)
    return _UNPRINTABLE.sub(" ", text).strip()[:_LONGEST]
