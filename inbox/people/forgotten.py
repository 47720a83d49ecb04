"""A lost password by mail: the same page, as quickly, whether somebody has that address or not."""

from __future__ import annotations

import logging
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from flask import current_app, request, url_for

from dispatcher.mailing import MailError
from inbox import auth
from inbox.i18n import SOURCE, _, speaking
from inbox.people import login
from inbox.people.mailing import reset
from inbox.state import inbox, now, runtime
from store import throttle, tokens, users
from store.tokens import Purpose

if TYPE_CHECKING:
    from flask import Response
    from flask.ctx import AppContext

    from dispatcher.mailing import Mailer
    from dispatcher.runtime import Runtime

_log: Final = logging.getLogger(__name__)
LIFE: Final = timedelta(minutes=30)
_PER_EMAIL: Final = throttle.Backoff(free=3, first=timedelta(minutes=5), longest=timedelta(hours=1))
_PER_ADDRESS: Final = throttle.Backoff(free=20, first=timedelta(minutes=1), longest=timedelta(hours=1))


def show() -> Response:
    """The form; where the installation has no mail, whom to ask instead."""
    return _page()


def _page(status: int = 200, *, problem: str | None = None, sent: bool = False) -> Response:
    return auth.stranger_page(
        "forgotten.html",
        status,
        title=_("Lupa kata sandi"),
        able=runtime().mailer is not None,
        problem=problem,
        sent=sent,
        minutes=int(LIFE.total_seconds() // 60),
    )


def ask() -> Response:
    """Take the request; whether anybody has the address is looked up when the answer has left."""
    mailer = runtime().mailer
    if mailer is None:
        return _page()
    email = request.form.get("email", "").replace("\0", "").strip().lower()[:200]
    with runtime().engine.begin() as connection:
        address = auth.bucket("forgot address", request.remote_addr or "")
        wait = throttle.attempt(connection, address, now(), _PER_ADDRESS)
        wait = wait or throttle.attempt(connection, auth.bucket("forgot", email), now(), _PER_EMAIL)
    if wait:
        response = _page(429, problem=login.too_many(wait))
        response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
        return response
    house, at = runtime(), now()
    base = f"{house.public_url}{url_for('inbox.welcome', token='')}"
    words = current_app.app_context()
    inbox().background(lambda: _send(house, mailer, email, base, at, words))
    return _page(sent=True)


def _send(house: Runtime, mailer: Mailer, email: str, base: str, at: datetime, words: AppContext) -> None:  # noqa: PLR0917 - a thread's whole world
    with house.engine.begin() as connection:
        user = users.of_email(connection, email)
        if user is None or not user.active:
            return
        token = tokens.make(connection, user.id, Purpose.RESET, at, LIFE)
        users.record(connection, at, None, user.id, "reset_mailed")
    with words, speaking(user.language or SOURCE):
        subject, text = reset(user.profile.name, user.username, int(LIFE.total_seconds() // 60), base + token)
    try:
        mailer.send(email, subject, text, at)
    except MailError as error:
        _log.warning("a mail to an officer was not sent: %s", error)
