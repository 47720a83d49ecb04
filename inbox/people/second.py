"""The second factor's pages: the code after the password, and setting it up in one's own account."""

from __future__ import annotations

import base64
import math
import re
import secrets
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from flask import g, redirect, request, url_for

from inbox import auth
from inbox.i18n import _, lazy
from inbox.people import login
from inbox.state import inbox, now, page, person, reading, runtime
from store import people, second, sessions, throttle, tokens, users
from store.tokens import Purpose

if TYPE_CHECKING:
    from datetime import timedelta

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

_SEED: Final = re.compile(r"[0-9a-f]{32}")
_WRONG: Final = lazy("Kode ini salah, sudah dipakai, atau sudah lewat. Tunggu kode berikutnya, lalu coba lagi.")


def _wait(officer_id: int) -> timedelta:
    with runtime().engine.begin() as connection:
        return throttle.attempt(connection, _bucket(officer_id), now(), login.PER_NAME)


def _bucket(officer_id: int) -> str:
    return auth.bucket("code", str(officer_id))


def ask() -> BaseResponse:
    """The page that asks for the code, for whoever has just given the right password."""
    with reading() as connection:
        officer_id = tokens.owner(connection, request.cookies.get(auth.STEP, ""), Purpose.SECOND, now())
    return redirect(url_for("inbox.login"), 303) if officer_id is None else _asking()


def _asking(problem: str | None = None, status: int = 200) -> Response:
    return auth.stranger_page("code.html", status, title=_("Kode masuk"), problem=problem, next=login.following())


def check() -> BaseResponse:
    """Open the session where the code is right, once; guessing waits longer and longer."""
    token, given = request.cookies.get(auth.STEP, ""), request.form.get("code", "")
    with reading() as connection:
        officer_id = tokens.owner(connection, token, Purpose.SECOND, now())
    if officer_id is None:
        return redirect(url_for("inbox.login"), 303)
    if wait := _wait(officer_id):
        response = _asking(login.too_many(wait), 429)
        response.headers["Retry-After"] = str(math.ceil(wait.total_seconds()))
        return response
    with runtime().engine.begin() as connection:
        if not _right(connection, officer_id, given):
            return _asking(_WRONG, 401)
        throttle.forgive(connection, _bucket(officer_id))
        if tokens.use(connection, token, Purpose.SECOND, now()) is None:
            return redirect(url_for("inbox.login"), 303)
        return login.enter(connection, officer_id, login.following())


def _right(connection: Connection, officer_id: int, given: str) -> bool:
    if second.passes(connection, inbox().secret, officer_id, given, now()):
        return True
    if not second.recovers(connection, officer_id, given):
        return False
    users.record(connection, now(), officer_id, officer_id, "recovery_used")
    return True


def show() -> Response:
    """What one's own account has of it: how to set it up, or new recovery codes and the way out."""
    return _page()


def _page(status: int = 200, seed: str | None = None, **extra: Any) -> Response:
    values: dict[str, Any] = {"problem": None, "codes": None, "required": must(), **extra}
    if not person().second and not values["codes"]:
        seed = seed or secrets.token_hex(16)
        shared = base64.b32encode(second.secret(inbox().secret, person().id, seed)).decode()
        values |= {"seed": seed, "shared": shared, "picture": _picture(shared)}
    return page("second.html", status, title=_("Masuk dua langkah"), **values)


def _picture(shared: str) -> str:
    """The QR code as SVG, for the device's camera."""
    import segno  # noqa: PLC0415 - the gateway starts without it

    label = quote(f"Muara:{person().username}")
    made: str = segno.make_qr(f"otpauth://totp/{label}?secret={shared}&issuer=Muara", error="m").svg_inline(
        scale=5, light="#fff"
    )
    return made


def must() -> bool:
    """Whether the officer's role may not do without it."""
    return person().role in inbox().access.totp_roles


def enable() -> BaseResponse:
    """Set it up: password and first code together, so that nobody does it at somebody else's open session."""
    seed = request.form.get("seed", "")
    if person().second or not _SEED.fullmatch(seed):
        return redirect(url_for("inbox.second"), 303)
    if wait := _wait(person().id):
        return _page(429, seed, problem=login.too_many(wait))
    shared = second.secret(inbox().secret, person().id, seed)
    step = second.matching(shared, request.form.get("code", ""), now())
    with runtime().engine.begin() as connection:
        known = _is_he(connection)
        codes = _enabled(connection, seed, step) if known and step is not None else None
    if codes is not None:
        return _page(codes=codes)
    if not known:
        return _page(422, seed, problem=_("Kata sandi salah."))
    return _page(422, seed, problem=_("Kode ini tidak cocok. Periksa jam telepon Anda, lalu coba kode berikutnya."))


def _enabled(connection: Connection, seed: str, step: int) -> list[str]:
    """The recovery codes, once it is set up."""
    throttle.forgive(connection, _bucket(person().id))
    codes = second.enable(connection, person().id, seed, step)
    sessions.end_others(connection, person().id, g.token)
    users.record(connection, now(), person().id, person().id, "totp_on")
    return codes


def _is_he(connection: Connection) -> bool:
    """Whether the password is right; whoever has none came by single sign-on."""
    user = users.find(connection, person().id)
    given = request.form.get("password", "")
    return (user is not None and user.waiting) or people.check_password(
        connection, person().username, given
    ) is not None


def change() -> BaseResponse:
    """New recovery codes, or an end to it; both for a code."""
    off = request.form.get("act") == "off"
    if not person().second or (off and must()):
        return redirect(url_for("inbox.second"), 303)
    if wait := _wait(person().id):
        return _page(429, problem=login.too_many(wait))
    with runtime().engine.begin() as connection:
        right = _right(connection, person().id, request.form.get("code", ""))
        codes = _changed(connection, off=off) if right else []
    if not right:
        return _page(422, problem=_WRONG)
    return redirect(url_for("inbox.me", siap="langkah"), 303) if off else _page(codes=codes)


def _changed(connection: Connection, *, off: bool) -> list[str]:
    """The new recovery codes; none where it was switched off."""
    throttle.forgive(connection, _bucket(person().id))
    users.record(connection, now(), person().id, person().id, "totp_off" if off else "recovery_renewed")
    if not off:
        return second.renew(connection, person().id)
    second.disable(connection, person().id)
    return []
