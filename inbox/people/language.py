"""Which language somebody reads: chosen on the log-in page for a browser, in one's account for good."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flask import redirect, request, url_for
from werkzeug.exceptions import NotFound

from inbox import auth
from inbox.i18n import COOKIE, LANGUAGES
from inbox.people import login
from inbox.rights import Need
from inbox.routing import Route
from inbox.state import person, runtime
from store import people

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

_KEPT: Final = timedelta(days=365)


def on_the_way(code: str) -> BaseResponse:
    """Back to the log-in page, which this browser shows in that language from now on."""
    if code not in LANGUAGES:
        raise NotFound
    response = redirect(url_for("inbox.login", next=login.following() or None), 303)
    auth.set_cookie(response, COOKIE, code, _KEPT)
    return response


def choose() -> BaseResponse:
    """Keep the officer's choice, whatever browser he uses."""
    wanted = request.form.get("language", "")
    if wanted not in LANGUAGES:
        raise NotFound
    with runtime().engine.begin() as connection:
        people.set_language(connection, person().id, wanted)
    return redirect(url_for("inbox.me", siap="bahasa"), 303)


ROUTES: Final = (
    Route(rule="/language/<code>", name="language", view=on_the_way, need=Need.NOTHING),
    Route(rule="/me/language", name="my_language", view=choose, need=Need.READ, method="POST"),
)
