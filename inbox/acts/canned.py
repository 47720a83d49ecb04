"""Canned answers: the page where they are kept, and what the composer offers for a case."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request, url_for

from inbox import rights, words
from inbox.i18n import _, in_source, lazy
from inbox.presenters import unit_name
from inbox.state import now, page, person, reading, runtime
from normalizer import canned as texts
from store import canned as store

if TYPE_CHECKING:
    from datetime import datetime

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from normalizer.program import Program
    from store.queue import Row

_LONGEST_TITLE: Final = 100
_LONGEST_TEXT: Final = 5000
#: For whom the reporter is nobody that may be named.
_SOMEBODY: Final = "Bapak/Ibu"
#: What each variable stands for.
_VARIABLES: Final = {
    "nama": lazy("nama pelapor; pelapor anonim atau rahasia disapa Bapak/Ibu"),
    "nomor": lazy("nomor aduan"),
    "program": lazy("nama program"),
    "unit": lazy("unit yang menangani"),
    "petugas": lazy("nama Anda"),
    "tenggat": lazy("tenggat berikutnya"),
}


def show() -> Response:
    """The list, with an empty form."""
    return _page({})


def edit(canned_id: uuid.UUID) -> Response:
    """The list, with one of them in the form."""
    row = _known(canned_id)
    return _page({"title": row.title, "text": row.text, "place": _place(row.program, row.unit)}, chosen=canned_id)


def add() -> BaseResponse:
    """Keep a new one."""
    try:
        canned_id = uuid.UUID(request.form.get("submission", ""))
    except ValueError:
        abort(400)
    values, problem = _typed()
    if problem:
        return _page(request.form, 422, problem=problem)
    with runtime().engine.begin() as connection:
        store.add(connection, canned_id, person().username, now(), **values)
    return redirect(url_for("inbox.canned"), 303)


def change(canned_id: uuid.UUID) -> BaseResponse:
    """Keep it with other words."""
    _known(canned_id)
    values, problem = _typed()
    if problem:
        return _page(request.form, 422, problem=problem, chosen=canned_id)
    with runtime().engine.begin() as connection:
        store.change(connection, canned_id, person().username, now(), **values)
    return redirect(url_for("inbox.canned"), 303)


def remove(canned_id: uuid.UUID) -> BaseResponse:
    """Let it go."""
    _known(canned_id)
    with runtime().engine.begin() as connection:
        store.remove(connection, canned_id)
    return redirect(url_for("inbox.canned"), 303)


def _page(typed: Any, status: int = 200, **extra: Any) -> Response:
    with reading() as connection:
        rows = store.managed(connection, rights.canned(person(), runtime()))
    house = runtime()
    kept = [
        {"id": row.id, "title": row.title, "text": row.text, "place": _named(house.programs.get(row.program), row.unit)}
        for row in rows
    ]
    values = {
        "kept": kept,
        "typed": typed,
        "places": _places(),
        "variables": _VARIABLES,
        "limits": {"title": _LONGEST_TITLE, "text": _LONGEST_TEXT},
        "submission": uuid.uuid4(),
        "chosen": None,
        "problem": None,
        **extra,
    }
    return page("canned.html", status, title=_("Jawaban siap pakai"), **values)


def _known(canned_id: uuid.UUID) -> Any:
    with reading() as connection:
        return store.find(connection, rights.canned(person(), runtime()), canned_id) or abort(404)


def _place(program: str, unit: str | None) -> str:
    return f"{program}/{unit or ''}"


def _named(program: Program | None, unit: str | None) -> str:
    if program is None:
        return unit or ""
    return f"{program.name}: " + (unit_name(runtime(), program.key, unit) if unit else _("semua unit"))


def _places() -> dict[str, str]:
    """The programs and units for which this officer may keep canned answers."""
    reach = rights.canned(person(), runtime())
    found: dict[str, str] = {}
    for key in sorted(reach.programs):
        program = runtime().programs[key]
        codes = [None, *(unit.code for unit in program.units)]
        allowed = [code for code in codes if reach.units is None or code in reach.units]
        found |= {_place(key, code): _named(program, code) for code in allowed}
    return found


def _typed() -> tuple[dict[str, str | None], str | None]:
    """The form's values, and what is wrong with them in the officer's words."""
    title = request.form.get("title", "").replace("\0", "").strip()
    text = request.form.get("text", "").replace("\r\n", "\n").replace("\0", "").strip()
    place = request.form.get("place", "")
    program, _slash, unit = place.partition("/")
    values = {"program": program, "unit": unit or None, "title": title, "text": text}
    if place not in _places():
        return values, _("Pilih program atau unit yang Anda kelola.")
    if not title or not text:
        return values, _("Tulis judul dan isinya.")
    if len(title) > _LONGEST_TITLE or len(text) > _LONGEST_TEXT:
        limits = {"title": _LONGEST_TITLE, "text": _LONGEST_TEXT}
        return values, _("Judul paling banyak %(title)s huruf, isi paling banyak %(text)s huruf.", **limits)
    if wrong := texts.unknown(text):
        names = ", ".join(f"{{{name}}}" for name in wrong)
        known = ", ".join(f"{{{name}}}" for name in texts.VARIABLES)
        return values, _("Variabel tidak dikenal: %(names)s. Yang dapat dipakai: %(known)s.", names=names, known=known)
    return values, None


def for_case(connection: Connection, row: Row) -> list[dict[str, str]]:
    """What the composer of a complaint offers, its variables filled: id, title, text."""
    program = runtime().programs.get(row.program or "")
    if program is None:
        return []
    values = _values(row, program)
    units = rights.with_those_above(row.unit, program.units) if row.unit else frozenset()
    return [
        {"id": str(each.id), "title": each.title, "text": texts.fill(each.text, values)}
        for each in store.offered(connection, program.key, units)
    ]


def _told(due: datetime) -> str:
    """A deadline in the words of what citizens get, whatever language the officer reads."""
    with in_source():
        return words.absolute(due, runtime().zone)


def _values(row: Row, program: Program) -> dict[str, str]:
    """A hidden reporter is nobody by name here, also for those who may know: what is sent is read by others."""
    due = row.next_due_at
    name = None if row.anonim or row.rahasia else row.contact_name or row.name
    return {
        "nama": name or _SOMEBODY,
        "nomor": row.ticket,
        "program": program.name,
        "unit": unit_name(runtime(), program.key, row.unit) or program.organisation,
        "petugas": person().name,
        "tenggat": "secepatnya" if due is None else _told(due),
    }
