"""The page of phones: what each citizen wrote and what came back, and a newcomer's own phones to write with."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import Counter
from datetime import timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, abort, jsonify, redirect, render_template, request, url_for

from standins import pictures
from standins.kinds import KINDS, SMS
from standins.steps import Say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from werkzeug.wrappers import Response as BaseResponse

    from standins.exchange import Exchange
    from standins.kinds import Kind
    from standins.town import Phone, Town

YOU: Final = "Anda"
#: The newcomer's own phones.
MINE: Final = tuple((kind.key, kind.own, YOU) for kind in KINDS.values() if kind.own)
#: Beside the town's file, for the newcomer to upload at the site.
EXAMPLE: Final = "contoh-lapor.csv"
_HERE: Final = Path(__file__).parent
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_WIB: Final = timezone(timedelta(hours=7), "WIB")
_SHOWN: Final = 12
_OWN_LAST: Final = 8
_LONGEST, _LONGEST_SUBJECT = 1500, 150
_NUMBER: Final = re.compile(r"\+[1-9]\d{7,14}")
#: How long (seconds) a form waits for the webhook; then the message goes on being carried without it.
_WAIT: Final = 5.0


def create_app(exchange: Exchange, *, inbox_url: str, formats: Sequence[str]) -> Flask:
    """The page's application; `formats` are shown as what to write."""
    app = Flask("standin-phones", template_folder=str(_HERE / "templates"), static_folder=str(_HERE / "static"))
    app.static_url_path = "/aset"
    pages = _Pages(exchange)
    versions = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12] for path in (_HERE / "static").iterdir()}
    routes = Blueprint("phones", __name__)
    routes.add_url_rule("/", "all", pages.all)
    routes.add_url_rule("/hp/<phone_id>", "one", pages.one)
    routes.add_url_rule("/hp/<phone_id>", "write", pages.write, methods=["POST"])
    routes.add_url_rule("/hp/<phone_id>/isi", "lines", pages.lines)
    routes.add_url_rule("/denyut", "pulse", pages.pulse)
    routes.add_url_rule("/foto/<name>.jpg", "photo", _photo)
    routes.add_url_rule(f"/{EXAMPLE}", "example", pages.example)
    routes.add_url_rule("/healthz", "health", lambda: "ok\n")
    app.register_blueprint(routes)

    @app.before_request
    def _own_forms_only() -> tuple[str, int] | None:
        origin = request.headers.get("origin")
        if request.method == "POST" and origin and urlsplit(origin).netloc != request.host:
            return "Formulir ini bukan dari halaman telepon.\n", 403
        return None

    @app.after_request
    def _secure(response: Response) -> Response:
        response.headers.extend(_HEADERS)
        return response

    @app.context_processor
    def _shared() -> dict[str, Any]:
        return {
            "asset": lambda name: url_for("static", filename=name, v=versions[name]),
            "inbox_url": inbox_url,
            "site_url": exchange.site.url,
            "formats": formats,
            "names": exchange.site.names,
            "kinds": KINDS,
            "clock": lambda at: at.astimezone(_WIB).strftime("%d/%m %H.%M"),
        }

    return app


class _Pages:
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        for kind, address, name in MINE:
            exchange.town.phone(kind, address, name)

    @property
    def _town(self) -> Town:
        return self._exchange.town

    def all(self) -> str:
        """The newcomer's own phones, and those on which something happened last; `?saluran=` shows one kind only."""
        chosen = KINDS.get(request.args.get("saluran", ""))
        everybody = self._town.phones()
        others = [phone for phone in everybody if not _is_mine(phone)]
        fitting = [phone for phone in others if chosen is None or phone.kind == chosen.key]
        shown = fitting if "semua" in request.args else fitting[:_SHOWN]
        mine = [self._town.phone(*one) for one in MINE if chosen is None or one[0] == chosen.key]
        return render_template(
            "phones.html",
            version=self._town.version,
            chosen=chosen,
            counts=Counter(phone.kind for phone in others),
            mine=[self._shown(phone, last=_OWN_LAST) for phone in mine],
            others=[self._shown(phone, last=4) for phone in shown],
            hidden=len(fitting) - len(shown),
        )

    def one(self, phone_id: str) -> str:
        """One phone with all that stands on it."""
        phone = self._found(phone_id)
        return render_template("phone.html", version=self._town.version, phone=self._shown(phone, last=None))

    def lines(self, phone_id: str) -> str:
        """The messages of one phone alone, for a page that is open already."""
        last = request.args.get("akhir", type=int)
        return render_template("_lines.html", phone=self._shown(self._found(phone_id), last=last))

    def pulse(self) -> Response:
        """Ids of the phones that have changed since `?sejak=`, and the version to ask with next time."""
        version = self._town.version
        return jsonify(version=version, phones=self._town.changed_since(request.args.get("sejak", 0, type=int)))

    def write(self, phone_id: str) -> BaseResponse:
        """Send what was typed: from this phone, or from the number that was given with it."""
        phone = self._found(phone_id)
        kind, form = KINDS[phone.kind], request.form
        text = form.get("teks", "").strip()[:_LONGEST]
        if kind.key == SMS and (number := canonical(form.get("nomor", ""))) and number != phone.address:
            phone = self._town.phone(SMS, number)
        if text and (kind.own or kind.ways):
            said = Say(text=text, to=self._receiver(), way=_way(kind), subject=_subject())
            _shortly(lambda: self._exchange.do(phone, said))
        if _is_mine(phone) and form.get("asal") in {"semua", kind.key}:
            chosen = kind.key if form["asal"] == kind.key else None
            return redirect(url_for("phones.all", saluran=chosen, _anchor=phone.id), 303)
        return redirect(url_for("phones.one", phone_id=phone.id), 303)

    def example(self) -> Response:
        """The export that the newcomer can upload."""
        path = self._town.path.with_name(EXAMPLE)
        if not path.exists():
            abort(404)
        named = {"Content-Disposition": f"attachment; filename={EXAMPLE}"}
        return Response(path.read_bytes(), mimetype="text/csv", headers=named)

    def _receiver(self) -> str:
        """The SMS provider whose number was chosen."""
        names, chosen = self._exchange.site.names, request.form.get("ke", "")
        return next((name for name in ("kannel", "android", "twilio") if names[name] == chosen), "kannel")

    def _found(self, phone_id: str) -> Phone:
        return self._town.find(phone_id) or abort(404)

    def _shown(self, phone: Phone, *, last: int | None) -> dict[str, Any]:
        lines = self._town.lines(phone.id)
        shown = lines if last is None else lines[-last:]
        return {
            "id": phone.id,
            "kind": KINDS[phone.kind],
            "name": phone.name or phone.address,
            "address": phone.address,
            "handle": self._exchange.providers[phone.kind].handle(phone),
            "lines": shown,
            "earlier": len(lines) - len(shown),
            "last": last,
            "mine": _is_mine(phone),
        }


def _is_mine(phone: Phone) -> bool:
    return phone.name == YOU and (phone.kind, phone.address, YOU) in MINE


def _way(kind: Kind) -> str:
    """How it is written, as far as the kind has a choice."""
    ways = [value for value, _ in kind.ways]
    chosen = request.form.get("cara", "")
    return chosen if chosen in ways else next(iter(ways), "")


def _subject() -> str:
    """In one line, as a header has it."""
    return " ".join(request.form.get("subjek", "").split())[:_LONGEST_SUBJECT]


def canonical(text: str) -> str | None:
    """A phone number as typed, with + and country code; None for what is none."""
    digits = re.sub(r"[\s().\-]", "", text)
    if digits.startswith("0"):
        digits = "+62" + digits[1:]
    elif not digits.startswith("+"):
        digits = "+" + digits
    return digits if _NUMBER.fullmatch(digits) else None


def _photo(name: str) -> Response:
    if not pictures.is_known(name):
        abort(404)
    response = Response(pictures.jpeg(name), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "public, max-age=86400, immutable"
    return response


def _shortly(work: Callable[[], object]) -> None:
    """Where the site is away the message is sent all the same, later: nobody waits for that before a web page."""
    thread = threading.Thread(target=work, name="newcomer", daemon=True)
    thread.start()
    thread.join(_WAIT)
