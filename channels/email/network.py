"""What IMAP and SMTP share on the network: certificates, and failures in words that an operator can act on."""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING, Final

from channels.errors import ChannelError
from normalizer.saying import Sentence, say

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
        raise TlsFailed(say("ca_file tidak dapat dibaca, atau tidak berisi sertifikat PEM")) from None


def reason(error: BaseException, server: Sentence, settings: EmailSettings) -> Sentence:
    """Why a server could not be talked to; one clause without a full stop."""
    name = type(error).__name__
    if isinstance(error, ssl.SSLCertVerificationError):
        return say(
            "%(server)s memakai sertifikat yang tidak dipercaya (%(why)s): perbarui sertifikatnya, atau sebut "
            "penerbitnya di ca_file",
            server=server,
            why=error.verify_message,
        )
    if isinstance(error, ssl.SSLError):
        return say(
            "%(server)s tidak memakai TLS seperti yang diatur (%(why)s): periksa port dan security",
            server=server,
            why=error.reason or name,
        )
    if isinstance(error, TimeoutError):
        return say("%(server)s tidak menjawab dalam %(seconds)s detik", server=server, seconds=f"{settings.timeout:g}")
    if isinstance(error, socket.gaierror):
        return say("Nama %(server)s tidak ditemukan: periksa setelan dan DNS", server=server)
    if isinstance(error, OSError):
        return say("%(who)s tidak dapat dihubungi (%(error)s)", who=server, error=name)
    return say("%(server)s memutus sambungan atau melanggar protokolnya (%(error)s)", server=server, error=name)


def said(words: object) -> str:
    """What a server gave as its reason, as one short line of ASCII."""
    text = words.decode("ascii", "replace") if isinstance(words, bytes) else str(words)
    return _UNPRINTABLE.sub(" ", text).strip()[:_LONGEST]
