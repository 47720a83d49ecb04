"""What is done to many complaints at once: each is judged by itself, and the page says which could not be done."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from flask import abort, redirect, request, url_for

from dispatcher import telling
from dispatcher.bells import Bell, ring
from inbox import words
from inbox.acts import answering
from inbox.acts.acting import LONGEST, typed
from inbox.acts.offers import act_for
from inbox.acts.reasons import GROUNDS, archived
from inbox.i18n import _, lazy
from inbox.queue.view import view
from inbox.state import page, reading, runtime, scope
from normalizer import ticket as codes
from normalizer.complaint import CLOSED, State, TransitionError
from store import casework
from store import queue as store
from store.casework import Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.queue import Row

#: A page of the list, twice.
_MOST: Final = 100
_VERBS: Final = {"take": lazy("Ambil"), "dispose": lazy("Disposisi"), "archive": lazy("Arsipkan")}


class _Undone(Exception):  # noqa: N818 - not an error: what the result page says of one complaint
    """Why one of them was left as it is, in the officer's words."""


def act() -> BaseResponse:
    """Ambil, Disposisi or Arsipkan of the ticked; what the verb needs is asked for on a page of its own first."""
    verb = request.form.get("verb", "")
    picked = _picked()
    if verb not in _VERBS:
        abort(400)
    if not picked:
        return redirect(url_for("inbox.queue") + view().here, 303)
    if verb != "take" and "submission" not in request.form:
        return _ask(verb, picked)
    if problem := _missing(verb):
        return _ask(verb, picked, 422, problem)
    results = [(code, _done(verb, code, version)) for code, version in picked]
    if any(problem is None for _, problem in results):
        ring(runtime().redis, Bell.OUTBOX)
    return page("bulk_done.html", title=_VERBS[verb], verb=_VERBS[verb], results=results, view=view())


def _picked() -> list[tuple[str, int]]:
    """Tickets and the versions in which they were seen, as the list's checkboxes name them."""
    found: dict[str, int] = {}
    for value in request.form.getlist("pick")[:_MOST]:
        ticket, _, version = value.partition(":")
        code = codes.read(ticket)
        if code is None or not version.isdecimal() or len(version) > 9:  # noqa: PLR2004 - no version is longer
            abort(400)
        found[code] = int(version)
    return list(found.items())


def _ask(verb: str, picked: Sequence[tuple[str, int]], status: int = 200, problem: str | None = None) -> BaseResponse:
    with reading() as connection:
        rows = [store.find(connection, scope(), code) for code, _ in picked]
    programs = {row.program for row in rows if row is not None and row.program}
    units = {}
    if len(programs) == 1:
        [program] = [runtime().programs[key] for key in programs]
        units = {unit.code: unit.name for unit in program.units}
    values: dict[str, Any] = {
        "verb": verb,
        "label": _VERBS[verb],
        "picked": picked,
        "units": units,
        "grounds": words.GROUNDS,
        "typed": request.form,
        "problem": problem,
        "submission": request.form.get("submission") or uuid.uuid4(),
        "view": view(),
    }
    return page("bulk.html", status, title=_VERBS[verb], **values)


def _missing(verb: str) -> str | None:
    if verb == "dispose" and not request.form.get("unit"):
        return _("Pilih unitnya.")
    if verb == "archive" and request.form.get("ground") not in GROUNDS:
        return _("Pilih alasan mengarsipkan.")
    return None


def _done(verb: str, code: str, version: int) -> str | None:
    """Do it to one of them, in a transaction of its own; why not, where it was not done."""
    try:
        with runtime().engine.begin() as connection:
            row = store.find(connection, scope(), code)
            if row is None:
                return _("tidak ada, atau bukan bagian Anda")
            _carry_out(connection, row, verb, version)
    except _Undone as reason:
        return str(reason)
    except casework.NotAnswerableError:
        return _("warga tidak meninggalkan alamat; arsipkan dari halamannya")
    except TransitionError:
        return _("statusnya tidak mengizinkan")
    except casework.CaseworkError:
        return _("baru saja berubah; lihat dulu")
    return None


def _carry_out(connection: Connection, row: Row, verb: str, version: int) -> None:
    # What is already so, by a double click or a colleague, counts as done.
    deed = act_for(row, version)
    form = f"bulk:{request.form.get('submission', '')[:40]}"
    if verb == "take":
        if State(row.state) in CLOSED:
            raise _Undone(_("sudah ditutup"))
        if row.officer_id != deed.officer_id:
            casework.take(connection, deed)
    elif verb == "dispose":
        unit = request.form.get("unit", "")
        program = runtime().programs.get(row.program or "")
        if program is None or unit not in {each.code for each in program.units}:
            raise _Undone(_("programnya tidak punya unit itu"))
        if row.state != State.DISPOSISI.value or row.unit != unit:
            casework.dispose(connection, deed, unit, typed()[:LONGEST], form)
            telling.handed(connection, row.id, program, unit, deed.officer_id, deed.now)
    else:
        ground = request.form.get("ground", "")
        reason = None if ground == "spam" else _reason(connection, row, ground)
        casework.archive(connection, deed, ground, reason, form)


def _reason(connection: Connection, row: Row, ground: str) -> Reason:
    """What this citizen is told; where that cannot be sent, the officer tells him himself, from the case's page."""
    text = archived(row.ticket, ground, typed())
    way = answering.choices(connection, row)[0]
    if way.shut or way.way is None or not way.options.allowed:
        raise _Undone(_("kanalnya tertutup; arsipkan dari halamannya setelah warga diberi tahu langsung"))
    length, most = answering.length(way, text), way.max_text
    if most is not None and length > most:
        raise _Undone(
            _("alasannya terlalu panjang untuk kanalnya: %(length)s dari %(most)s huruf", length=length, most=most)
        )
    return Reason(text=text, vias=answering.vias(way))
