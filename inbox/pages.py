"""The inbox's routes, each with what it needs, and the checks that stand before all of them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, g, redirect, request, url_for
from werkzeug.exceptions import HTTPException

from dispatcher.pulse import bump
from inbox import attempting, auth, desk, i18n, words
from inbox.acts import replying
from inbox.acts import verbs as acts
from inbox.case import files, letters, reporter, revealing
from inbox.case import page as case
from inbox.case import routes as case_routes
from inbox.i18n import _, lazy
from inbox.manage import audit, imports
from inbox.manage import routes as manage_routes
from inbox.numbers import maps
from inbox.numbers import routes as number_routes
from inbox.people import devices, second
from inbox.people import routes as people_routes
from inbox.people.bell import ROUTES as BELL_ROUTES
from inbox.people.bell import count
from inbox.people.mailing import Background
from inbox.people.my_notices import ROUTES as MY_NOTICES_ROUTES
from inbox.queue import lamps, presence, pulse, saved
from inbox.queue import page as queue
from inbox.rights import Need, may
from inbox.routing import Route
from inbox.state import KEY, Access, Ground, Inbox, Machine, inbox, page
from store import origin
from store.engine import is_away

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as BaseResponse

    from dispatcher.runtime import Runtime
    from inbox.routing import View

_HERE: Final = Path(__file__).parent
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


#: Bytes of any form: more than all the files that one may carry, so that these are refused with the words kept.
_LARGEST: Final = 80_000_000
_TOO_LARGE: Final = 413


ROUTES: Final = (
    *revealing.ROUTES,
    *audit.ROUTES,
    *BELL_ROUTES,
    *MY_NOTICES_ROUTES,
    *pulse.ROUTES,
    *people_routes.ROUTES,
    *case_routes.ROUTES,
    *saved.ROUTES,
    *manage_routes.ROUTES,
    *number_routes.ROUTES,
    Route(rule="", name="queue", view=queue.show, need=Need.READ),
    Route(rule="/desk", name="desk", view=desk.show, need=Need.WORK),
    Route(rule="/desk", name="write_slip", view=desk.write, need=Need.WORK, method="POST"),
    Route(rule="/import", name="import_form", view=imports.show, need=Need.IMPORT),
    Route(rule="/import", name="import_upload", view=imports.upload, need=Need.IMPORT, method="POST"),
    Route(rule="/import/confirm", name="import_confirm", view=imports.confirm, need=Need.IMPORT, method="POST"),
    Route(rule="/letters/<uuid:message_id>", name="letter", view=letters.show, need=Need.READ),
    Route(rule="/files/<uuid:attachment_id>", name="file", view=files.show, need=Need.READ),
    Route(rule="/files/<uuid:attachment_id>/thumb", name="thumb", view=files.thumb, need=Need.READ),
    Route(rule="/files/<uuid:attachment_id>/original", name="original", view=files.original, need=Need.READ),
    Route(rule="/<ticket>", name="case", view=case.show, need=Need.READ),
    Route(rule="/<ticket>/take", name="take", view=acts.take, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/dispose", name="dispose", view=acts.dispose, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/answer", name="answer", view=replying.answer, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/note", name="note", view=replying.note, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/program", name="set_program", view=acts.set_program, need=Need.SORT, method="POST"),
    Route(rule="/<ticket>/reporter/join", name="join", view=reporter.join, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/reporter/part", name="part", view=reporter.part, need=Need.WORK, method="POST"),
    Route(rule="/<ticket>/outbox/<uuid:outbox_id>/retry", name="retry", view=acts.retry, need=Need.WORK, method="POST"),
    Route(
        rule="/<ticket>/outbox/<uuid:outbox_id>/settle", name="settle", view=acts.settle, need=Need.WORK, method="POST"
    ),
)


def register(
    app: Flask,
    runtime: Runtime,
    *,
    secret_key: str | bytes,
    access: Access = Access(),  # noqa: B008 - frozen
    machine: Machine | None = None,
    ground: Ground = Ground(),  # noqa: B008 - frozen
) -> None:
    """Put the inbox below /inbox of `app`; `secret_key` signs its CSRF tokens."""
    static = _HERE / "static" / "inbox"
    assets = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in static.iterdir()}
    app.extensions[KEY] = Inbox(
        runtime=runtime,
        secret=secret_key.encode() if isinstance(secret_key, str) else secret_key,
        secure=runtime.public_url.startswith("https:"),
        assets=assets,
        access=access,
        background=Background(),
        machine=machine,
        ground=ground,
    )
    blueprint = Blueprint(
        "inbox",
        __name__,
        url_prefix="/inbox",
        template_folder=str(_HERE / "templates"),
        static_folder=str(static),
        static_url_path="/static",
    )
    i18n.register(app)
    for route in ROUTES:
        blueprint.add_url_rule(route.rule, route.name, _guarded(route), methods=[route.method])
    blueprint.register_error_handler(HTTPException, _problem)
    blueprint.context_processor(_shared)
    blueprint.after_request(_secured)
    app.register_blueprint(blueprint)


def _guarded(route: Route) -> View:
    """The view behind its checks: who calls, by a form of ours, with enough rights."""

    @functools.wraps(route.view)
    def guarded(**values: Any) -> BaseResponse:
        known = route.shortcut() if route.shortcut is not None else None
        if known is not None:
            return known
        posted = route.method == "POST"
        request.max_content_length = _LARGEST
        if route.need is Need.NOTHING and posted:
            g.person = None  # a log-in form that was open before is judged by the cookie that came with it
        else:
            auth.load(touch=route.touch)
        if g.person is None and route.need is not Need.NOTHING:
            return _stranger(route, posted=posted)
        if posted and not auth.csrf_holds():
            return _refuse(400, _("Formulir ini sudah tidak berlaku. Muat ulang halamannya, lalu kirim lagi."))
        if g.person is not None and not may(g.person, route.need):
            attempting.note(403)
            return _refuse(403, _("Peran Anda tidak mengizinkan tindakan ini."))
        if g.person is not None and not route.bare and second.must() and not g.person.second:
            return _bare(posted=posted or not route.touch)
        try:
            with origin.at(origin.inbox(_device())):
                return route.view(**values)
        finally:
            if posted and g.person is not None:
                bump(inbox().runtime.redis)  # whatever it did, and also where it failed after its commit

    return guarded


def _device() -> str:
    """What the officer knows his browser by; of a stranger, what his browser says it is."""
    return g.person.device if g.person is not None else devices.described(request.headers.get("User-Agent", ""))


def _stranger(route: Route, *, posted: bool) -> BaseResponse:
    if not route.touch:
        return Response(status=401)
    if posted:
        return _refuse(401, _("Sesi Anda sudah berakhir. Salin tulisan Anda, masuk lagi, lalu kirim."))
    wanted = request.full_path.rstrip("?")
    return redirect(f"{url_for('inbox.login')}?{urlencode({'next': wanted})}", 303)


def _bare(*, posted: bool) -> BaseResponse:
    """Whose role asks for a second factor sets it up before anything else."""
    if posted:
        return _refuse(403, _("Peran Anda mewajibkan masuk dua langkah. Siapkan dulu di Akun saya."))
    return redirect(url_for("inbox.second"), 303)


def _refuse(status: int, message: str) -> BaseResponse:
    """An error page that gives the officer's words back."""
    # What is over the limit cannot be read: asking for its words would be refused again.
    kept = request.form.get("text", "") if request.method == "POST" and status != _TOO_LARGE else ""
    return page("error.html", status, title=_("Tidak dapat dilakukan"), message=message, kept=kept)


_MESSAGES: Final = {
    400: lazy("Permintaan ini tidak dapat dibaca."),
    403: lazy("Anda tidak berhak melakukan ini."),
    404: lazy("Aduan atau halaman ini tidak ada, atau bukan bagian Anda."),
    _TOO_LARGE: lazy("Kiriman ini terlalu besar. Kembali ke halaman sebelumnya: tulisan Anda masih ada di sana."),
    503: lazy("Penyimpanan sedang tidak dapat dihubungi. Coba lagi sebentar lagi."),
}


def _problem(error: HTTPException) -> BaseResponse:
    cause = getattr(error, "original_exception", None)
    status = 503 if cause is not None and is_away(cause) else error.code or 500
    if "person" not in g:
        g.person = None
    attempting.note(status)
    return _refuse(status, _MESSAGES.get(status, _("Terjadi kesalahan. Coba lagi.")))


def _shared() -> dict[str, Any]:
    """What every template may use."""
    return {
        "person": g.get("person"),
        "roles": words.ROLES,
        "csrf_token": auth.csrf_token,
        "saved_views": saved.rail,
        "bell": count,
        "here": presence.on_cards,
        "may_keep": g.get("person") is not None and may(g.person, Need.CANNED),
        "may_oversee": g.get("person") is not None and may(g.person, Need.OVERSEE),
        "lamps": lamps.lamps,
        "channel_paused": lamps.paused,
        "quarantined": lamps.quarantined,
        "leaflet": maps.address,
        "asset": lambda name: url_for("inbox.static", filename=name, v=inbox().assets[name]),
    }


def _secured(response: BaseResponse) -> BaseResponse:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", maps.policy(_POLICY))
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers.setdefault("Referrer-Policy", "same-origin")
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if request.endpoint == "inbox.static":
        headers["Cache-Control"] = "public, max-age=31536000, immutable"
    else:
        headers.setdefault("Cache-Control", "private, no-store")
    return response
