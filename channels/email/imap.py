"""One connection to the mailbox: made with TLS and a login, kept between polls, dropped after any trouble."""

from __future__ import annotations

import contextlib
import logging
import re
from imaplib import IMAP4
from typing import TYPE_CHECKING, Final, NamedTuple

from channels.email.network import TlsFailed, reason, said, tls_context
from channels.email.oauth import TokenLater, TokenRefused
from channels.errors import PollFailed
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imapclient import IMAPClient

    from channels.email.oauth import AccessTokens
    from channels.email.settings import EmailSettings

#: Seconds until the next try of a login that was refused: a server locks out whoever tries again and again.
AFTER_REFUSAL: Final = 300.0
#: Refusals that pass by themselves (RFC 5530, and what Gmail says).
_PASSING: Final = re.compile(r"UNAVAILABLE|INUSE|LIMIT|too many|try again", re.IGNORECASE)


class Opened(NamedTuple):
    """A selected folder: its UIDVALIDITY, and the highest UID that it has given so far."""

    uidvalidity: int
    top: int


class Session:
    """The account's one connection. For one thread."""

    def __init__(self, settings: EmailSettings, tokens: AccessTokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._client: IMAPClient | None = None

    @contextlib.contextmanager
    def talking(self) -> Iterator[IMAPClient]:
        """Lend a connection that has just answered; whatever goes wrong with it leaves as PollFailed."""
        try:
            yield self._alive()
        except PollFailed:
            self.close()
            raise
        except Exception as error:  # noqa: BLE001 - imaplib and imapclient raise nearly anything at what a server sends
            self.close()
            raise _failed(error, self._settings) from None

    def close(self) -> None:
        """End the connection without a word; the next use makes a new one."""
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(Exception):
                client.shutdown()

    def _alive(self) -> IMAPClient:
        if self._client is not None:
            try:
                self._client.noop()
            except Exception:  # noqa: BLE001 - servers end connections at any time: an hour, a restart
                self.close()
            else:
                return self._client
        self._client = connect(self._settings, self._tokens)
        return self._client


def connect(settings: EmailSettings, tokens: AccessTokens) -> IMAPClient:
    """Make a connection and log in. PollFailed."""
    from imapclient import IMAPClient, SocketTimeout  # noqa: PLC0415 - only the process that polls needs it

    # At debug it repeats every line, and with it what citizens wrote.
    logging.getLogger("imapclient").setLevel(logging.WARNING)
    host, port = settings.imap_address
    timeout = SocketTimeout(connect=settings.timeout, read=settings.timeout)
    try:
        trust = None if settings.imap_security == "none" else tls_context(settings)
        client = IMAPClient(host, port, ssl=settings.imap_security == "ssl", ssl_context=trust, timeout=timeout)
    except Exception as error:  # noqa: BLE001 - as above
        raise _failed(error, settings) from None
    try:
        client.normalise_times = False
        # The library always asks imaplib for its log of every line, which costs more than reading the mails themselves.
        client._imap.debug = 0  # noqa: SLF001 - there is no other way to say so
        if settings.imap_security == "starttls":
            client.starttls(trust)
        _login(client, settings, tokens)
    except PollFailed:
        _end(client)
        raise
    except Exception as error:  # noqa: BLE001 - as above
        _end(client)
        raise _failed(error, settings) from None
    return client


def select(client: IMAPClient, folder: str, *, readonly: bool = True) -> Opened:
    """Open a folder. PollFailed where the server does not."""
    try:
        told = client.select_folder(folder, readonly=readonly)
    except IMAP4.abort:
        raise
    except IMAP4.error as error:
        why = say("Folder %(folder)s tidak dapat dibuka (%(why)s): periksa folders", folder=folder, why=said(error))
        raise PollFailed(why) from None
    validity, following = told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT")
    if not isinstance(validity, int):
        why = say("Folder %(folder)s tanpa nomor tetap (UIDVALIDITY): tidak dapat dibaca dengan aman", folder=folder)
        raise PollFailed(why)
    if isinstance(following, int):
        return Opened(validity, following - 1)
    return Opened(validity, max(client.search(["UID", "1:*"]), default=0))


def _login(client: IMAPClient, settings: EmailSettings, tokens: AccessTokens) -> None:
    from imapclient.exceptions import LoginError  # noqa: PLC0415 - as above

    try:
        if settings.oauth_url:
            _login_by_token(client, settings, tokens)
        elif client.has_capability("AUTH=PLAIN"):
            client.plain_login(settings.username or settings.address, settings.password)
        else:
            client.login(settings.username or settings.address, settings.password)
    except LoginError as error:
        if isinstance(error.__context__, IMAP4.abort):
            raise error.__context__ from None
        raise _refused(error, settings) from None
    except TokenLater as error:
        raise PollFailed(error.sentence) from None
    except TokenRefused as error:
        if settings.oauth_refresh_token:
            why = say("%(error)s: perbarui oauth_refresh_token", error=error.sentence)
        else:
            why = say("%(error)s: periksa oauth_client_secret", error=error.sentence)
        raise PollFailed(why, retry_after=AFTER_REFUSAL) from None


def _login_by_token(client: IMAPClient, settings: EmailSettings, tokens: AccessTokens) -> None:
    from imapclient.exceptions import LoginError  # noqa: PLC0415 - as above

    user = settings.username or settings.address
    try:
        client.oauth2_login(user, tokens.get())
    except LoginError as error:
        if isinstance(error.__context__, IMAP4.abort):
            raise
        client.oauth2_login(user, tokens.get(fresh=True))


def _refused(error: Exception, settings: EmailSettings) -> PollFailed:
    known = {"user": settings.username or settings.address, "why": said(error)}
    if _PASSING.search(known["why"]):
        return PollFailed(say("Server IMAP untuk sementara tidak menerima login %(user)s (%(why)s)", **known))
    if settings.oauth_url:
        what = say("Server IMAP menolak login %(user)s (%(why)s): periksa izin token", **known)
    else:
        what = say("Server IMAP menolak login %(user)s (%(why)s): periksa username dan password", **known)
    return PollFailed(what, retry_after=AFTER_REFUSAL)


def _failed(error: Exception, settings: EmailSettings) -> PollFailed:
    host, port = settings.imap_address
    if isinstance(error, TlsFailed):
        return PollFailed(error.sentence)
    return PollFailed(reason(error, say("Server IMAP %(place)s", place=f"{host}:{port}"), settings))


def _end(client: IMAPClient) -> None:
    with contextlib.suppress(Exception):
        client.shutdown()
