"""A link from an administrator, or mailed on request: whoever holds it chooses the password, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flask import redirect, request, url_for

from inbox import auth, words
from inbox.i18n import _
from inbox.state import now, reading, runtime
from store import people, sessions, throttle, tokens, users
from store.passwords import SHORTEST
from store.tokens import Purpose

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

#: What an administrator made, and what was mailed to whoever lost his password.
_PURPOSES: Final = (Purpose.PASSWORD, Purpose.RESET)


def show(token: str) -> BaseResponse:
    """The form; looking at it does not use the link up, since mail scanners look too."""
    with reading() as connection:
        user = _owner(connection, token)
    return _gone() if user is None else _form(user)


def choose(token: str) -> BaseResponse:
    """Save the password: the link is used up, and every session of the officer ends."""
    password = request.form.get("password", "")
    with runtime().engine.begin() as connection:
        user = _owner(connection, token)
        if user is None:
            return _gone()
        if password != request.form.get("again", ""):
            return _form(user, _("Kedua kata sandi tidak sama."))
        try:
            with connection.begin_nested():
                if not any(tokens.use(connection, token, each, now()) for each in _PURPOSES):
                    return _gone()
                people.set_password(connection, user.id, password)
        except people.WeakPasswordError as error:
            return _form(user, words.weakness(error.weakness))
        tokens.drop(connection, user.id)
        sessions.close_all(connection, user.id)
        throttle.forgive(connection, auth.bucket("name", user.username))
        users.record(connection, now(), None, user.id, "password")
    response = redirect(url_for("inbox.login", siap=1), 303)
    response.delete_cookie(auth.SESSION, path=auth.PATH)
    return response


def _owner(connection: Connection, token: str) -> users.User | None:
    found = (tokens.owner(connection, token, each, now()) for each in _PURPOSES)
    officer_id = next((owner for owner in found if owner is not None), None)
    return None if officer_id is None else users.find(connection, officer_id)


def _form(user: users.User, problem: str | None = None) -> Response:
    return auth.stranger_page(
        "welcome.html",
        422 if problem else 200,
        title=_("Pilih kata sandi"),
        user=user,
        problem=problem,
        shortest=SHORTEST,
    )


def _gone() -> Response:
    return auth.stranger_page("welcome.html", 404, title=_("Tautan tidak berlaku"), user=None)
