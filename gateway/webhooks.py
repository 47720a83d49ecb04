"""Webhooks: proven to be the provider's, made durable, and only then answered."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from flask import Blueprint, Response, request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.sansio.utils import get_content_length

from channels.contract import RawRequest
from channels.errors import VerificationFailed
from gateway.accept import NotDurable
from gateway.security import plain
from store.journal import Entry, new_id

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from channels.contract import Answer, Verdict
    from dispatcher.runtime import Account, Runtime
    from gateway.accept import Acceptor
    from gateway.ringing import Ringer
    from gateway.security import Proxies

log = logging.getLogger(__name__)

_PIECE = 64 * 1024
#: Methods that reach the view, so that it and not the router says no.
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Webhooks:
    """The view behind `/hooks/<account>`. It needs no database: accounts and their settings are in memory."""

    def __init__(self, runtime: Runtime, acceptor: Acceptor, ringer: Ringer, proxies: Proxies) -> None:
        self._runtime = runtime
        self._acceptor = acceptor
        self._ringer = ringer
        self._proxies = proxies

    def view(self, account: str) -> Response:
        """Answer one request; whatever is our fault is 503, so that the provider comes again."""
        known = self._runtime.accounts.get(account)
        if known is None or not known.channel.capabilities.webhook:
            return plain(404)
        try:
            return self._answer(known)
        except (RequestEntityTooLarge, ClientDisconnected) as error:
            return plain(413 if isinstance(error, RequestEntityTooLarge) else 400)
        except NotDurable:
            return plain(503)
        except Exception as error:  # noqa: BLE001 - anything else is our fault, and the provider must come again
            log.error("webhook %s failed: %s", account, type(error).__name__)  # noqa: TRY400 - a trace may quote
            return plain(503)

    def _answer(self, account: Account) -> Response:
        if request.method not in account.manifest.methods:
            return plain(405)
        raw = self._raw(account)
        now = self._runtime.clock()
        try:
            verdict = account.channel.verify(raw, now)
        except VerificationFailed as error:
            log.warning("webhook %s refused: %s", account.name, type(error).__name__)
            return plain(account.manifest.statuses.forged)
        return self._keep(account, raw, verdict)

    def _keep(self, account: Account, raw: RawRequest, verdict: Verdict) -> Response:
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
        return _response(verdict.answer)

    def _raw(self, account: Account) -> RawRequest:
        environ = request.environ
        query = environ.get("QUERY_STRING", "")
        path = f"/hooks/{account.name}"
        url = f"{self._runtime.public_url}{path}"
        return RawRequest(
            method=request.method,
            url=f"{url}?{query}" if query else url,
            path=path,
            query=query,
            headers=_headers(environ),
            body=read_body(environ, account.manifest.max_body),
            remote=self._proxies.remote(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR")),
        )


def blueprint(webhooks: Webhooks) -> Blueprint:
    """The one route of all providers."""
    routes = Blueprint("webhooks", __name__)
    routes.add_url_rule("/hooks/<account>", "hook", webhooks.view, methods=_METHODS, provide_automatic_options=False)
    return routes


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


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, content_type=answer.content_type)
