"""Single sign-on's two addresses: to the provider, and back. Only officers that there are get in."""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hmac
import json
import logging
import math
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request, url_for

from dispatcher.single import Attempt, SignInError
from inbox import auth
from inbox.i18n import _
from inbox.people import login
from inbox.state import inbox, now, runtime
from store import throttle, users

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from dispatcher.single import Provider

_log: Final = logging.getLogger(__name__)
_COOKIE: Final = "muara_sso"
#: How long the provider and the person may take.
_LIFE: Final = timedelta(minutes=10)


def _provider() -> Provider:
    provider = inbox().access.provider
    if provider is None:
        abort(404)
    return provider


def _back() -> str:
    return f"{runtime().public_url}{url_for('inbox.sso_back')}"


def start() -> BaseResponse:
    """To the provider; what the log-in is bound to goes along in a cookie that only we can have written."""
    provider = _provider()
    attempt = Attempt(state=_random(), nonce=_random(), verifier=_random())
    try:
        address = provider.start(_back(), attempt)
    except SignInError as error:
        away = _("%(name)s sedang tidak dapat dihubungi. Coba lagi sebentar lagi.", name=provider.name)
        return _failed(away, 503, error)
    response = redirect(address, 303)
    kept = {**dataclasses.asdict(attempt), "next": login.following(), "until": (now() + _LIFE).timestamp()}
    auth.set_cookie(response, _COOKIE, _sealed(kept), _LIFE)
    return response


def back() -> BaseResponse:
    """From the provider: the officer whom it names gets in, by the same door as with a password."""
    provider, kept = _provider(), _opened(request.cookies.get(_COOKIE, ""))
    if kept is None or not hmac.compare_digest(
        request.args.get("state", "").encode("utf-8", "replace"), kept["state"].encode()
    ):
        return _failed(_("Sesi masuk ini sudah lewat. Mulailah lagi."), 400)
    if request.args.get("error") or not request.args.get("code"):
        return _failed(_("Masuk lewat %(name)s dibatalkan.", name=provider.name), 403)
    if request.args.get("iss", provider.issuer) != provider.issuer:
        return _failed(_("Sesi masuk ini dijawab pihak lain. Mulailah lagi."), 403)
    address = auth.bucket("sso address", request.remote_addr or "")
    with runtime().engine.begin() as connection:
        wait = throttle.attempt(connection, address, now(), login.PER_ADDRESS)
    if wait:
        response = _failed(login.too_many(wait), 429)
        response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
        return response
    return _named(provider, kept, address)


def _named(provider: Provider, kept: dict[str, Any], address: str) -> BaseResponse:
    attempt = Attempt(state=kept["state"], nonce=kept["nonce"], verifier=kept["verifier"])
    try:
        whom = provider.finish(_back(), attempt, request.args["code"], now())
    except SignInError as error:
        unsure = _("%(name)s tidak dapat memastikan siapa Anda. Coba lagi.", name=provider.name)
        return _failed(unsure, 403, error)
    with runtime().engine.begin() as connection:
        find = users.of_email if provider.claim == "email" else users.named
        user = find(connection, whom)
        if user is None or not user.active:
            return _failed(_("Akun Anda belum terdaftar di Muara. Hubungi administrator Anda."), 403)
        throttle.uncount(connection, address)
        response = login.proceed(connection, user.id, kept["next"])
    response.delete_cookie(_COOKIE, path=auth.PATH)
    return response


def _failed(message: str, status: int, error: SignInError | None = None) -> BaseResponse:
    if error is not None:
        _log.warning("single sign-on: %s", error)
    response = login.form(message, status)
    response.delete_cookie(_COOKIE, path=auth.PATH)
    return response


def _random() -> str:
    return secrets.token_urlsafe(48)


def _sealed(kept: dict[str, Any]) -> str:
    text = base64.urlsafe_b64encode(json.dumps(kept).encode()).decode()
    return f"{text}.{auth.bucket('sso', text)}"


def _opened(cookie: str) -> dict[str, Any] | None:
    """What `_sealed` wrote and has not run out; None for everything else."""
    text, _, mac = cookie.partition(".")
    if not hmac.compare_digest(mac.encode("utf-8", "replace"), auth.bucket("sso", text).encode()):
        return None
    try:
        kept: dict[str, Any] = json.loads(base64.urlsafe_b64decode(text))
    except (ValueError, binascii.Error):
        return None
    return kept if kept["until"] > now().timestamp() else None
