"""Webhooks: proven to be the provider's, made durable, and only then answered.

They stand before the Flask application, not in it (Flask's "application dispatching"): what all messages pass is to
cost little, and they need no templates, sessions or pages.
"""

from __future__ import annotations

import http
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.utils import get_content_length

from channels.contract import Answer, RawRequest
from channels.errors import VerificationFailed
from gateway.accept import NotDurable
from gateway.security import text
from store.journal import Entry, new_id

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from channels.contract import Verdict
    from dispatcher.runtime import Account, Runtime
    from gateway.accept import Acceptor
    from gateway.ringing import Ringer
    from gateway.security import Proxies

log = logging.getLogger(__name__)

PREFIX = "/hooks/"
_PIECE = 64 * 1024
_HARDENED = [
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
]


class Webhooks:
    """WSGI middleware for `/hooks/<account>`. It needs no database: accounts and their settings are in memory."""

    def __init__(
        self, app: WSGIApplication, *, runtime: Runtime, acceptor: Acceptor, ringer: Ringer, proxies: Proxies
    ) -> None:
        self._app = app
        self._runtime = runtime
        self._acceptor = acceptor
        self._ringer = ringer
        self._proxies = proxies

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer a provider, or hand the request on."""
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(PREFIX):
            return self._app(environ, start)
        answer = self.answer(path.removeprefix(PREFIX), environ)
        headers = [("Content-Type", answer.content_type), ("Content-Length", str(len(answer.body))), *_HARDENED]
        if answer.status == http.HTTPStatus.SERVICE_UNAVAILABLE:
            headers.append(("Retry-After", "10"))
        start(f"{answer.status} {http.HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def answer(self, name: str, environ: WSGIEnvironment) -> Answer:
        """What to answer for the account `name`; whatever is our fault is 503, so that the provider comes again."""
        account = self._runtime.accounts.get(name)
        if account is None or not account.channel.capabilities.webhook:
            return _constant(404)
        if environ["REQUEST_METHOD"] not in account.manifest.methods:
            return _constant(405)
        try:
            return self._judge(account, environ)
        except (RequestEntityTooLarge, ClientDisconnected) as error:
            return _constant(error.code or 400)
        except NotDurable:
            return _constant(503)
        except Exception as error:  # noqa: BLE001 - anything else is our fault, and the provider must come again
            log.error("webhook %s failed: %s", name, type(error).__name__)  # noqa: TRY400 - a trace may quote
            return _constant(503)

    def _judge(self, account: Account, environ: WSGIEnvironment) -> Answer:
        raw = self._raw(account, environ)
        try:
            verdict = account.channel.verify(raw, self._runtime.clock())
        except VerificationFailed as error:
            log.warning("webhook %s refused: %s", account.name, error)
            return _constant(account.manifest.statuses.forged)
        self._keep(account, raw, verdict)
        return verdict.answer

    def _keep(self, account: Account, raw: RawRequest, verdict: Verdict) -> None:
        if verdict.ring:
            self._ringer.wake_listener(account.name)
        if verdict.journal:
            now = self._runtime.clock()
            self._acceptor.accept(
                Entry(
                    id=new_id(),
                    account=account.name,
                    source="webhook",
                    received_at=now,
                    day=self._runtime.day(now),
                    query=without(raw.query, account.channel.secret_params),
                    headers={name: raw.headers[name] for name in account.manifest.headers if name in raw.headers},
                    body=raw.body,
                )
            )

    def _raw(self, account: Account, environ: WSGIEnvironment) -> RawRequest:
        query = environ.get("QUERY_STRING", "")
        path = f"{PREFIX}{account.name}"
        url = f"{self._runtime.public_url}{path}"
        return RawRequest(
            method=environ["REQUEST_METHOD"],
            url=f"{url}?{query}" if query else url,
            path=path,
            query=query,
            headers=_headers(environ),
            body=read_body(environ, account.manifest.max_body),
            remote=self._proxies.remote(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR")),
        )


def read_body(environ: Mapping[str, Any], limit: int) -> bytes:
    """The whole body, never more than `limit` bytes in memory. RequestEntityTooLarge, ClientDisconnected."""
    declared = get_content_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"))
    if declared is None and "HTTP_TRANSFER_ENCODING" not in environ:
        return b""
    if declared is not None and declared > limit:
        raise RequestEntityTooLarge
    end = limit + 1 if declared is None else declared
    body = bytearray()
    while len(body) < end:
        piece = environ["wsgi.input"].read(min(_PIECE, end - len(body)))
        if not piece:
            break
        body += piece
    if len(body) > limit:
        raise RequestEntityTooLarge
    if declared is not None and len(body) != declared:
        raise ClientDisconnected
    return bytes(body)


def without(query: str, secret: Collection[str]) -> str:
    """The query string as it came, without the parameters that carry a secret."""
    if not secret or not query:
        return query
    return "&".join(pair for pair in query.split("&") if unquote_plus(pair.partition("=")[0]) not in secret)


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    headers = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(key):
            headers[key.replace("_", "-").lower()] = environ[key]
    return headers


def _constant(status: int) -> Answer:
    return Answer(status=status, body=text(status).encode())
