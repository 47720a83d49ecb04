"""An officer's own account: his password and his sessions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from flask import g, redirect, request, url_for

from inbox import auth, words
from inbox.i18n import _, lazy
from inbox.people import devices, login
from inbox.state import inbox, now, page, person, reading, runtime
from store import people, sessions, throttle, tokens, users
from store.passwords import SHORTEST
from store.tokens import digest

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

_SAVED: Final = {
    "sandi": lazy("Kata sandi diganti. Sesi lain sudah diakhiri."),
    "sesi": lazy("Sesi diakhiri."),
    "bahasa": lazy("Bahasa disimpan."),
    "langkah": lazy("Masuk dua langkah dimatikan."),
}


def show() -> Response:
    """The page."""
    return _page(done=_SAVED.get(request.args.get("siap", "")))


def _page(status: int = 200, **extra: Any) -> Response:
    with reading() as connection:
        found = sessions.listing(connection, person().id, now(), inbox().access.idle)
    zone = runtime().zone
    shown = [
        {
            "id": each.id,
            "device": devices.shown(each.device),
            "seen": words.ago(each.seen_at, now(), zone),
            "seen_title": words.absolute(each.seen_at, zone),
            "began": words.absolute(each.created_at, zone),
            "here": each.id == digest(g.token),
        }
        for each in found
    ]
    values = {"sessions": shown, "shortest": SHORTEST, "problem": None, "done": None}
    return page("account.html", status, title=_("Akun saya"), **values | extra)


def password() -> BaseResponse:
    """Another password, for whoever knows the old one; all other sessions and open links end."""
    new = request.form.get("password", "")
    wait = _wait()
    if wait is not None:
        return wait
    with runtime().engine.begin() as connection:
        problem = _changed(connection, new)
        token = None if problem else _only_session(connection)
    if token is None:
        return _page(422, problem=problem)
    return auth.begin(redirect(url_for("inbox.me", siap="sandi"), 303), token)


def _changed(connection: Connection, new: str) -> str | None:
    """Why the password was not changed; None where it was."""
    if people.check_password(connection, person().username, request.form.get("old", "")) is None:
        return _("Kata sandi lama salah.")
    throttle.forgive(connection, _bucket())
    if new != request.form.get("again", ""):
        return _("Kedua kata sandi baru tidak sama.")
    try:
        people.set_password(connection, person().id, new)
    except people.WeakPasswordError as error:
        return words.weakness(error.weakness)
    return None


def _only_session(connection: Connection) -> str:
    """A new session's token, after all others and all open links have ended."""
    tokens.drop(connection, person().id)
    sessions.close_all(connection, person().id)
    users.record(connection, now(), person().id, person().id, "password_changed")
    device = devices.described(request.user_agent.string)
    return sessions.open_session(connection, person().id, now(), device, inbox().access.absolute)


def _bucket() -> str:
    return auth.bucket("own password", str(person().id))


def _wait() -> Response | None:
    """Who sits at somebody else's open session guesses no faster than a stranger."""
    with runtime().engine.begin() as connection:
        wait = throttle.attempt(connection, _bucket(), now(), login.PER_NAME)
    if not wait:
        return None
    response = _page(429, problem=login.too_many(wait))
    response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
    return response


def end() -> BaseResponse:
    """End one other session of one's own, or all of them."""
    with runtime().engine.begin() as connection:
        if request.form.get("all") == "1":
            ended = sessions.end_others(connection, person().id, g.token)
        else:
            ended = sessions.end(connection, person().id, request.form.get("session", "").replace("\0", ""))
        if ended:
            users.record(connection, now(), person().id, person().id, "signed_out", sessions=ended)
    return redirect(url_for("inbox.me", siap="sesi"), 303)
