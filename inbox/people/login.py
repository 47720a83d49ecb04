"""Log-in and log-out, with waits that grow for whoever guesses."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import g, redirect, request, url_for

from inbox import auth
from inbox.i18n import _, _n
from inbox.people import devices
from inbox.state import inbox, now, runtime
from store import people, second, sessions, throttle, tokens, users
from store.tokens import Purpose

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

#: A name that is guessed at waits soon; an address may be a whole office behind one router.
PER_NAME: Final = throttle.Backoff(free=5)
PER_ADDRESS: Final = throttle.Backoff(free=30)
#: How long the page waits for the code after the password.
CODE_LIFE: Final = timedelta(minutes=5)


def form(message: str | None = None, status: int = 200, retry_after: int | None = None) -> Response:
    """The log-in page, with what is to be said."""
    done = _("Kata sandi sudah disimpan. Silakan masuk.") if request.args.get("siap") else None
    response = auth.stranger_page(
        "login.html",
        status,
        message=message,
        done=done,
        next=following(),
        provider=inbox().access.provider,
        title=_("Masuk"),
    )
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def following() -> str:
    """Where to go after the log-in: a page of the inbox, never another host."""
    wanted = request.values.get("next", "")
    inside = wanted == auth.PATH or wanted.startswith((f"{auth.PATH}/", f"{auth.PATH}?"))
    return wanted if inside and "\\" not in wanted and wanted.isprintable() else ""


def show() -> BaseResponse:
    """The log-in page; whoever is logged in goes on."""
    if g.person is not None:
        return redirect(following() or url_for("inbox.queue"), 303)
    return form()


def too_many(wait: timedelta) -> str:
    """What somebody is told who must wait."""
    return _n(
        "Terlalu banyak percobaan. Coba lagi %(num)s menit lagi.",
        "Terlalu banyak percobaan. Coba lagi %(num)s menit lagi.",
        math.ceil(wait / timedelta(minutes=1)),
    )


def log_in() -> BaseResponse:
    """Check name and password, with waits that grow for names and addresses that try in vain."""
    username = request.form.get("username", "").replace("\0", "").strip().lower()[:200]
    address = auth.bucket("address", request.remote_addr or "")
    name = auth.bucket("name", username)
    with runtime().engine.begin() as connection:
        # Always in this order, so that two log-ins never wait for each other's rows.
        wait = throttle.attempt(connection, address, now(), PER_ADDRESS)
        wait = wait or throttle.attempt(connection, name, now(), PER_NAME)
    if wait:
        return form(too_many(wait), 429, retry_after=math.ceil(wait.total_seconds()))
    with runtime().engine.begin() as connection:
        officer_id = people.check_password(connection, username, request.form.get("password", ""))
        if officer_id is None:
            return form(_("Nama pengguna atau kata sandi salah."), 401)
        throttle.forgive(connection, name)
        throttle.uncount(connection, address)
        if not _locally(connection, officer_id):
            return form(_("Akun Anda masuk lewat tombol di bawah, bukan dengan kata sandi."), 403)
        return proceed(connection, officer_id, following())


def _locally(connection: Connection, officer_id: int) -> bool:
    """Whether this officer may log in by password; administrators always may, should the provider be away."""
    access = inbox().access
    if access.provider is None or access.local_login:
        return True
    user = users.find(connection, officer_id)
    return user is not None and user.profile.role is people.Role.ADMINISTRATOR


def proceed(connection: Connection, officer_id: int, after: str) -> BaseResponse:
    """On to the second factor where there is one, else in; `after` is a page of the inbox, or empty."""
    if second.seed_of(connection, officer_id) is not None:
        return _half_way(connection, officer_id, after)
    return enter(connection, officer_id, after)


def _half_way(connection: Connection, officer_id: int, after: str) -> BaseResponse:
    """The password was right; the code is asked for on a page of its own."""
    token = tokens.make(connection, officer_id, Purpose.SECOND, now(), CODE_LIFE)
    response = redirect(url_for("inbox.code", next=after or None), 303)
    auth.set_cookie(response, auth.STEP, token, CODE_LIFE)
    return response


def enter(connection: Connection, officer_id: int, after: str) -> BaseResponse:
    """A session of its own making begins; the one whose cookie the browser had ends."""
    sessions.close_session(connection, request.cookies.get(auth.SESSION, ""))
    device = devices.described(request.user_agent.string)
    token = sessions.open_session(connection, officer_id, now(), device, inbox().access.absolute)
    return auth.begin(redirect(after or url_for("inbox.queue"), 303), token)


def log_out() -> BaseResponse:
    """End the session here and in the database."""
    with runtime().engine.begin() as connection:
        sessions.close_session(connection, g.token)
    response = redirect(url_for("inbox.login"), 303)
    response.delete_cookie(auth.SESSION, path=auth.PATH)
    return response
