"""Sending by SMTP, step by step, because at each step something else is true about whether the mail was taken."""

from __future__ import annotations

import base64
import contextlib
import re
import smtplib
from typing import TYPE_CHECKING, Final

from channels.email.network import TlsFailed, reason, tls_context
from channels.email.oauth import TokenLater, TokenRefused
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.email.composing import Letter
    from channels.email.oauth import AccessTokens
    from channels.email.settings import EmailSettings

NEEDS_UTF8: Final = say("Alamat surel warga memakai huruf khusus yang tidak diterima server surat kita.")
#: Reasons by the enhanced status code of the answer (RFC 3463), the most telling first.
_REASONS: Final = (
    (re.compile(r"5\.2\.2"), say("Kotak surat warga penuh")),
    (re.compile(r"5\.3\.4|5\.2\.3"), say("Surat dengan lampirannya terlalu besar bagi server surat")),
    (re.compile(r"5\.1\.[0-6]|5\.1\.10|5\.2\.[01]"), say("Alamat surel warga tidak dikenal atau tidak aktif")),
    (re.compile(r"5\.1\.[78]|5\.7\.60"), say("Server surat tidak menerima alamat pengirim kita")),
    (re.compile(r"5\.7\.\d+"), say("Server surat menolak isi atau pengirim surat ini")),
)
_ENHANCED: Final = re.compile(rb"\s*([245]\.\d{1,3}\.\d{1,3})\b")
#: Seconds until the next try after "not now": a greylisting server wants to see us again after a few minutes.
_NOT_NOW: Final = 120.0
#: How many times longer a server may take for a mail than for a line: it looks for viruses first (RFC 5321, 4.5.3.2).
_PATIENCE: Final = 10
#: The server's own daily limit, as Gmail and Exchange Online call it; it passes by itself.
_QUOTA: Final = frozenset({"5.4.5", "5.1.90"})
_TOMORROW: Final = 3600.0
_RECIPIENT: Final = "RCPT TO"
#: We are not who we should be: for the operator to mend, and no fault of the mail.
_LOGIN_WANTED: Final = frozenset({530, 535, 538})
_DOT: Final = re.compile(rb"(?m)^\.")
_OK: Final = range(200, 300)
_START: Final = 354
_WELCOME: Final = 235
_SHUTTING_DOWN: Final = 421
_LATER: Final = range(400, 500)
_MB: Final = 1024 * 1024


def deliver(letter: Letter, settings: EmailSettings, tokens: AccessTokens) -> None:
    """Hand one mail to the server. SendFailed; OutcomeUnknown only when all of it left and no answer came."""
    with connected(settings, tokens) as smtp:
        _envelope(smtp, letter)
        _content(smtp, letter, settings)


@contextlib.contextmanager
def connected(settings: EmailSettings, tokens: AccessTokens) -> Iterator[smtplib.SMTP]:
    """Lend a connection that is logged in. ProviderDown, for what fails here has sent nothing."""
    smtp = _open(settings)
    try:
        with _nothing_sent(settings):
            _greet(smtp, settings)
            _login(smtp, settings, tokens)
        yield smtp
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.quit()
    finally:
        smtp.close()


def _open(settings: EmailSettings) -> smtplib.SMTP:
    host, port = settings.smtp_address
    name = settings.address.rpartition("@")[2]  # given, for the library would ask the name server for ours
    with _nothing_sent(settings):
        if settings.smtp_security == "ssl":
            return smtplib.SMTP_SSL(host, port, name, timeout=settings.timeout, context=tls_context(settings))
        return smtplib.SMTP(host, port, name, timeout=settings.timeout)


def _greet(smtp: smtplib.SMTP, settings: EmailSettings) -> None:
    smtp.ehlo_or_helo_if_needed()
    if settings.smtp_security == "starttls":
        smtp.starttls(context=tls_context(settings))
        smtp.ehlo_or_helo_if_needed()


def _login(smtp: smtplib.SMTP, settings: EmailSettings, tokens: AccessTokens) -> None:
    if not settings.smtp_login:
        return
    user = settings.smtp_username or settings.username or settings.address
    if settings.oauth_url and not settings.smtp_password:
        _login_by_token(smtp, user, tokens)
    else:
        _login_by_password(smtp, user, settings.smtp_password or settings.password)


def _login_by_password(smtp: smtplib.SMTP, user: str, password: str) -> None:
    if "PLAIN" not in smtp.esmtp_features.get("auth", "").upper().split():
        smtp.login(user, password)
        return
    # By ourselves, for the library takes ASCII only.
    words = base64.b64encode(f"\0{user}\0{password}".encode()).decode("ascii")
    code, answer = smtp.docmd("AUTH", f"PLAIN {words}")
    if code != _WELCOME:
        raise smtplib.SMTPAuthenticationError(code, answer)


def _login_by_token(smtp: smtplib.SMTP, user: str, tokens: AccessTokens) -> None:
    def answer(challenge: bytes | None = None) -> str:
        # The first time the token; to the error that a refusal comes with, an empty line.
        return f"user={user}\1auth=Bearer {token}\1\1" if challenge is None else ""

    token = tokens.get()
    try:
        smtp.auth("XOAUTH2", answer)
    except smtplib.SMTPAuthenticationError:
        token = tokens.get(fresh=True)
        smtp.auth("XOAUTH2", answer)


def _envelope(smtp: smtplib.SMTP, letter: Letter) -> None:
    """Name sender and addressee, and begin. What is refused here has not been sent."""
    options = []
    if letter.utf8:
        if not smtp.has_extn("smtputf8"):
            raise Refused(NEEDS_UTF8)
        options += ["SMTPUTF8", "BODY=8BITMIME"]
    most = smtp.esmtp_features.get("size", "")
    if most.isdigit() and 0 < int(most) < len(letter.content):
        said = say(
            "Surat dengan lampirannya terlalu besar untuk server surat (%(have)s MB, paling besar %(most)s MB).",
            have=-(-len(letter.content) // _MB),
            most=int(most) // _MB,
        )
        raise Refused(said)
    if smtp.has_extn("size"):
        options.append(f"SIZE={len(letter.content)}")
    if smtp.has_extn("dsn"):
        options.append("RET=HDRS")  # a bounce need not bring our attachments back
    with _cut_off():
        _check(smtp.mail(letter.sender, options), "MAIL FROM")
        _check(smtp.rcpt(letter.recipient), _RECIPIENT)
        _check(smtp.docmd("DATA"), "DATA", expected=range(_START, _START + 1))


def _content(smtp: smtplib.SMTP, letter: Letter, settings: EmailSettings) -> None:
    with _cut_off():
        # If this fails, the line that ends a mail never left whole, so the server cannot have taken it.
        smtp.send(_DOT.sub(b"..", letter.content) + b".\r\n")
    if smtp.sock is not None:
        smtp.sock.settimeout(settings.timeout * _PATIENCE)
    try:
        answer = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        host, port = settings.smtp_address
        said = say(
            "%(place)s tidak mengatakan apakah surat diterima (%(error)s)",
            place=f"{host}:{port}",
            error=type(error).__name__,
        )
        raise OutcomeUnknown(said) from None
    _check(answer, say("surat"))


@contextlib.contextmanager
def _cut_off() -> Iterator[None]:
    try:
        yield
    except (OSError, smtplib.SMTPException, ValueError) as error:
        said = say("Server SMTP memutus sambungan terlalu awal (%(error)s)", error=type(error).__name__)
        raise ProviderDown(said) from None


def _check(answer: tuple[int, bytes], step: str, *, expected: range = _OK) -> None:
    code, words = answer
    if code in expected:
        return
    found = _ENHANCED.match(words)
    enhanced = found[1].decode("ascii") if found else ""
    told = f"{code} {enhanced}".strip()
    if code in _LATER:
        if code == _SHUTTING_DOWN:
            raise ProviderDown(say("Server SMTP menjawab %(told)s untuk %(step)s", told=told, step=step))
        # Greylisting and a full box are this recipient's; what is refused before or after him is everybody's.
        alone = step == _RECIPIENT
        said = say("Server SMTP menjawab %(told)s untuk %(step)s: belum sekarang", told=told, step=step)
        raise Throttled(said, retry_after=_NOT_NOW, alone=alone)
    if enhanced in _QUOTA:
        said = say("Server SMTP tidak menerima surat kita lagi hari ini (%(told)s)", told=told)
        raise Throttled(said, retry_after=_TOMORROW)
    if code in _LOGIN_WANTED:
        said = say(
            "Server SMTP menjawab %(told)s untuk %(step)s: periksa smtp_login dan username", told=told, step=step
        )
        raise ProviderDown(said)
    if code < 0:
        raise ProviderDown(say("Jawaban server SMTP untuk %(step)s tidak dapat dibaca", step=step))
    raise _refusal(code, enhanced, told, step)


def _refusal(code: int, enhanced: str, told: str, step: str) -> SendFailed:
    for pattern, sentence in _REASONS:
        if pattern.fullmatch(enhanced):
            return Refused(say("%(problem)s (%(code)s).", problem=sentence, code=told))
    if step == "RCPT TO" and code in {550, 551, 553}:
        return Refused(say("Alamat surel warga tidak dikenal atau tidak aktif (%(told)s).", told=told))
    return Refused(say("Server surat menolak surat ini (%(told)s).", told=told))


@contextlib.contextmanager
def _nothing_sent(settings: EmailSettings) -> Iterator[None]:
    """Turn what fails before the mail is begun into ProviderDown, in words for the operator."""
    host, port = settings.smtp_address
    server = say("Server SMTP %(place)s", place=f"{host}:{port}")
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        user = settings.smtp_username or settings.username or settings.address
        why = say(
            "%(server)s menolak login %(user)s (%(code)s): periksa username dan password, atau izin token",
            server=server,
            user=user,
            code=error.smtp_code,
        )
        raise ProviderDown(why) from None
    except smtplib.SMTPNotSupportedError:
        why = say("%(server)s tanpa STARTTLS atau login: periksa smtp_port dan smtp_security", server=server)
        raise ProviderDown(why) from None
    except smtplib.SMTPResponseException as error:
        why = say("%(server)s menjawab %(code)s untuk salam atau login kita", server=server, code=error.smtp_code)
        raise ProviderDown(why) from None
    except (TlsFailed, TokenLater, TokenRefused) as error:
        raise ProviderDown(error.sentence) from None
    except (OSError, smtplib.SMTPException, UnicodeError, ValueError) as error:
        raise ProviderDown(reason(error, server, settings)) from None
