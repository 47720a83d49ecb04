"""Log-in, log-out, and the two proofs that a request is the officer's own: session cookie and CSRF token."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import g, redirect, request, url_for

from inbox.state import inbox, now, page, runtime
from store import people

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

_SESSION: Final = "muara_session"
_BEFORE: Final = "muara_login"
_PATH: Final = "/inbox"
#: A name that is guessed at waits soon; an address may be a whole office behind one router.
_PER_NAME: Final = people.Backoff(free=5)
_PER_ADDRESS: Final = people.Backoff(free=30)


def _mac(purpose: str, value: str) -> str:
    return hmac.new(inbox().secret, f"{purpose}\0{value}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _bucket(kind: str, value: str) -> str:
    return _mac(f"throttle:{kind}", value)


def load(*, touch: bool) -> None:
    """Put the officer of the session cookie into `g.person`; None where there is none."""
    token = request.cookies.get(_SESSION, "")
    g.person = None
    g.token = token
    if token:
        with runtime().engine.begin() as connection:
            g.person = people.session_person(connection, token, now(), touch=touch)


def csrf_token() -> str:
    """The token that this session's forms carry; before the log-in, one for the cookie that came with the form."""
    if g.get("person") is not None:
        return _mac("csrf", g.token)
    return _mac("login", _nonce())


def _nonce() -> str:
    if "nonce" not in g:
        g.nonce = request.cookies.get(_BEFORE) or secrets.token_urlsafe(32)
    return str(g.nonce)


def csrf_holds() -> bool:
    """Whether the form carries the token of this session, or of the cookie that came with the log-in form."""
    given = request.form.get("csrf", "")
    if g.get("person") is not None:
        expected = _mac("csrf", g.token)
    elif cookie := request.cookies.get(_BEFORE):
        expected = _mac("login", cookie)
    else:
        return False
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _cookie(response: BaseResponse, name: str, value: str, age: timedelta | None) -> None:
    response.set_cookie(name, value, max_age=age, path=_PATH, httponly=True, secure=inbox().secure, samesite="Lax")


def _form(message: str | None = None, status: int = 200, retry_after: int | None = None) -> Response:
    response = page("login.html", status, message=message, csrf=csrf_token(), next=_next(), title="Masuk")
    _cookie(response, _BEFORE, _nonce(), timedelta(hours=1))
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _next() -> str:
    """Where to go after the log-in: a page of the inbox, never another host."""
    wanted = request.values.get("next", "")
    inside = wanted == _PATH or wanted.startswith((f"{_PATH}/", f"{_PATH}?"))
    return wanted if inside and "\\" not in wanted and wanted.isprintable() else ""


def login_form() -> BaseResponse:
    """The log-in page; whoever is logged in goes on."""
    if g.person is not None:
        return redirect(_next() or url_for("inbox.queue"), 303)
    return _form()


def login() -> BaseResponse:
    """Check name and password, with waits that grow for names and addresses that try in vain."""
    username = request.form.get("username", "").replace("\0", "").strip().lower()[:200]
    address = _bucket("address", request.remote_addr or "")
    name = _bucket("name", username)
    with runtime().engine.begin() as connection:
        # Always in this order, so that two log-ins never wait for each other's rows.
        wait = people.attempt(connection, address, now(), _PER_ADDRESS)
        wait = wait or people.attempt(connection, name, now(), _PER_NAME)
    if wait:
        minutes = math.ceil(wait / timedelta(minutes=1))
        text = f"Terlalu banyak percobaan. Coba lagi {minutes} menit lagi."
        return _form(text, 429, retry_after=math.ceil(wait.total_seconds()))
    with runtime().engine.begin() as connection:
        officer_id = people.check_password(connection, username, request.form.get("password", ""))
        if officer_id is None:
            return _form("Nama pengguna atau kata sandi salah.", 401)
        people.forgive(connection, name)
        people.uncount(connection, address)
        token = people.open_session(connection, officer_id, now())
    response = redirect(_next() or url_for("inbox.queue"), 303)
    _cookie(response, _SESSION, token, people.ABSOLUTE)
    response.delete_cookie(_BEFORE, path=_PATH)
    return response


def logout() -> BaseResponse:
    """End the session here and in the database."""
    with runtime().engine.begin() as connection:
        people.close_session(connection, g.token)
    response = redirect(url_for("inbox.login"), 303)
    response.delete_cookie(_SESSION, path=_PATH)
    return response
