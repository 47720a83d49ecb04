"""A real SMTP server for tests (aiosmtpd) on loopback, with a login, TLS, and the ways in which servers fail."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import email
import email.policy
import ssl
import threading
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.dovecot import CERTIFICATES, PASSWORD, USER, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


@dataclasses.dataclass
class Post:
    """What was taken, and what goes wrong from now on.

    `answers`: what is answered at connect, MAIL, RCPT, DATA (before it) or END (after the mail). `drop`: at which of
    these steps the connection ends without an answer; at AFTER the mail is taken first. `hang`: the same, in silence.
    """

    taken: list[Envelope] = dataclasses.field(default_factory=list)
    options: list[str] = dataclasses.field(default_factory=list)
    answers: dict[str, str] = dataclasses.field(default_factory=dict)
    drop: str = ""
    hang: str = ""
    tokens: set[str] = dataclasses.field(default_factory=set)
    released: threading.Event = dataclasses.field(default_factory=threading.Event)
    port: int = 0
    login: bool = True

    def mails(self) -> list[EmailMessage]:
        return [self.read(envelope) for envelope in self.taken]

    @staticmethod
    def read(envelope: Envelope) -> EmailMessage:
        content: Any = envelope.content
        return email.message_from_bytes(content.replace(b"\r\n", b"\n"), policy=email.policy.default)  # type: ignore[return-value] # the policy's


class _Handler:
    def __init__(self, post: Post) -> None:
        self.post = post

    async def at(self, step: str, server: SMTP) -> str:
        if self.post.hang == step:
            await asyncio.to_thread(self.post.released.wait, 20)
        if self.post.drop == step:
            server.transport.abort()
        return self.post.answers.get(step, "")

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.post.login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if refusal := await self.at("MAIL", server):
            return refusal
        envelope.mail_from = address
        self.post.options = options
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := await self.at("RCPT", server):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - the library's name
        if refusal := await self.at("END", server):
            return refusal
        if self.post.drop != "END":
            self.post.taken.append(envelope)
        await self.at("AFTER", server)
        return "250 OK"


class _Server(SMTP):
    post: Post

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library's name
        if refusal := await self.event_handler.at("DATA", self):
            await self.push(refusal)
            return
        await super().smtp_DATA(arg)

    async def auth_XOAUTH2(self, _: SMTP, args: list[str]) -> AuthResult:  # noqa: N802 - the library's name
        import base64  # noqa: PLC0415 - here only

        words = base64.b64decode(args[1]).decode() if len(args) > 1 else ""
        token = words.partition("auth=Bearer ")[2].rstrip("\1")
        if words.startswith(f"user={USER}\1") and token in self.event_handler.post.tokens:
            return AuthResult(success=True)
        await self.challenge_auth('{"status":"401"}')
        return AuthResult(success=False, handled=False)


class _Controller(Controller):
    def __init__(self, post: Post, tls: ssl.SSLContext | None, options: dict[str, Any]) -> None:
        self._options = options
        super().__init__(_Handler(post), hostname="127.0.0.1", port=post.port, ssl_context=tls)

    def factory(self) -> SMTP:
        return _Server(self.handler, hostname="mail.example", **self._options)


def _authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def tls(certificate: str = "server") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATES / f"{certificate}.pem")
    return context


@contextlib.contextmanager
def post_office(
    security: str = "none", *, login: bool = True, certificate: str = "server", **options: Any
) -> Iterator[Post]:
    """A running server: `security` is none, starttls or ssl; `options` are aiosmtpd's (enable_SMTPUTF8, ...)."""
    post = Post(port=free_ports(1)[0], login=login)
    settings: dict[str, Any] = {
        "authenticator": _authenticate,
        "auth_require_tls": False,
        "tls_context": tls(certificate) if security == "starttls" else None,
        "enable_SMTPUTF8": False,
        **options,
    }
    controller = _Controller(post, tls(certificate) if security == "ssl" else None, settings)
    controller.start()
    try:
        yield post
    finally:
        post.released.set()
        controller.stop()
