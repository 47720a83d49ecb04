"""The service desk: an officer types in a walk-in, a call or a letter, and tells the citizen the ticket at once."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request, url_for

from dispatcher.bells import Bell, ring
from inbox import rights, words
from inbox.i18n import _, lazy
from inbox.state import now, page, person, runtime
from normalizer import ticket as codes
from store import journal, tickets

if TYPE_CHECKING:
    from flask import Response
    from werkzeug.wrappers import Response as BaseResponse

_ACCOUNT: Final = "desk"
_SOURCES: Final = {"walk-in": lazy("Datang langsung"), "phone": lazy("Telepon"), "letter": lazy("Surat")}
#: Characters of each field; what is longer is refused, never cut.
_LIMITS: Final = {"text": 20_000, "name": 200, "phone": 40, "address": 500, "place": 300}


def _form(status: int = 200, **extra: Any) -> Response:
    programs = {program.key: program.name for program in rights.programs(person(), runtime())}
    values = {
        "programs": programs,
        "sources": _SOURCES,
        "types": words.TYPES,
        "limits": _LIMITS,
        "submission": journal.new_id(),
        "typed": {},
        "ticket": None,
        "problem": None,
        **extra,
    }
    return page("desk.html", status, title=_("Meja layanan"), **values)


def show() -> Response:
    """The empty slip; after one was written, its ticket on top."""
    return _form(ticket=codes.read(request.args.get("tiket", "")))


def _field(name: str) -> str:
    return request.form.get(name, "").replace("\r\n", "\n").replace("\0", "").strip()


def _problem() -> str | None:
    """What is wrong with the slip, in the officer's words; None where nothing is."""
    if not _field("text"):
        return _("Tulis isi aduan.")
    for name, most in _LIMITS.items():
        if len(_field(name)) > most:
            return _("Isian terlalu panjang: paling banyak %(most)s huruf.", most=most)
    return None


def write() -> BaseResponse:
    """Journal the slip under a ticket of its own; the same form sent twice is one slip with one ticket."""
    known = {program.key for program in rights.programs(person(), runtime())}
    try:
        entry_id = uuid.UUID(request.form.get("submission", ""))
    except ValueError:
        abort(400)
    allowed = (("program", known), ("source", _SOURCES.keys()), ("type", words.TYPES.keys()))
    if any(_field(name) not in values for name, values in allowed):
        abort(400)
    if problem := _problem():
        return _form(422, problem=problem, typed=request.form)
    code = _journalled(entry_id)
    ring(runtime().redis, Bell.DRAIN)
    return redirect(url_for("inbox.desk", tiket=code), 303)


def _journalled(entry_id: uuid.UUID) -> str:
    with runtime().engine.begin() as connection:
        entry = journal.Entry(
            id=entry_id,
            account=_ACCOUNT,
            source="desk",
            received_at=now(),
            day=runtime().day(now()),
            body=json.dumps(_slip(entry_id), ensure_ascii=False).encode("utf-8", "replace"),
            meta={"ticket": tickets.reserve(connection, 1)[0]},
        )
        journal.insert(connection, [entry])
        # Sent before: the row that is there has the ticket that the citizen was told.
        written = journal.read(connection, entry_id)
    if written is None or written.account != _ACCOUNT:
        abort(400)
    return str(written.meta["ticket"])


def _slip(entry_id: uuid.UUID) -> dict[str, Any]:
    place = _field("place")
    return {
        "id": str(entry_id),
        "source": _field("source"),
        "officer": person().username,
        "received_at": now().isoformat(),
        "program": _field("program"),
        "text": _field("text"),
        "name": _field("name") or None,
        "phone": _field("phone") or None,
        "address": _field("address") or None,
        "type": _field("type"),
        "anonim": request.form.get("anonim") == "1",
        "rahasia": request.form.get("rahasia") == "1",
        "location": {"label": place} if place else None,
    }
