"""The two proofs that a request is the officer's own: session cookie and CSRF token."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import g, request
from sqlalchemy.exc import DBAPIError

from inbox.state import inbox, now, page, runtime
from store import sessions
from store.engine import is_full

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

    from store.people import Person

SESSION: Final = "muara_session"
#: Between the password and the code.
STEP: Final = "muara_step"
_BEFORE: Final = "muara_login"
PATH: Final = "/inbox"


def _mac(purpose: str, value: str) -> str:
    return hmac.new(inbox().secret, f"{purpose}\0{value}".encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def bucket(kind: str, value: str) -> str:
    """Under what name tries are counted: it names nobody."""
    return _mac(f"throttle:{kind}", value)


def load(*, touch: bool) -> None:
    """Put the officer of the session cookie into `g.person`; None where there is none."""
    token = request.cookies.get(SESSION, "")
    g.person = None
    g.token = token
    if token:
        try:
            g.person = _person(token, touch=touch)
        except DBAPIError as error:
            if not (touch and is_full(error)):
                raise
            # A full disk takes no note of the visit, and must not keep out whoever comes to see what is wrong.
            g.person = _person(token, touch=False)


def _person(token: str, *, touch: bool) -> Person | None:
    with runtime().engine.begin() as connection:
        return sessions.session_person(connection, token, now(), idle=inbox().access.idle, touch=touch)


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


def set_cookie(response: BaseResponse, name: str, value: str, age: timedelta | None) -> None:
    """A cookie of the inbox, kept from scripts and from other sites' forms."""
    response.set_cookie(name, value, max_age=age, path=PATH, httponly=True, secure=inbox().secure, samesite="Lax")


def stranger_page(template: str, status: int = 200, **values: object) -> Response:
    """A page with a form for somebody who is not logged in: `csrf` in it goes with a cookie that comes along."""
    response = page(template, status, csrf=_mac("login", _nonce()), **values)
    set_cookie(response, _BEFORE, _nonce(), timedelta(hours=1))
    return response


def begin(response: BaseResponse, token: str) -> BaseResponse:
    """The answer with which a session begins; the cookies from before the log-in go."""
    set_cookie(response, SESSION, token, inbox().access.absolute)
    for name in (_BEFORE, STEP):
        response.delete_cookie(name, path=PATH)
    return response
