"""Bukan wewenang, Arsipkan, Tunda, and taking one's own last act back: what is refused or put off is explained."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING, Final

from flask import abort, request

from inbox import words
from inbox.acts import answering
from inbox.acts.acting import carry_out, refused, submission, typed
from inbox.acts.offers import LONGEST_HOLD, zone_of
from inbox.case.page import found
from inbox.i18n import _, _n, in_source, lazy
from inbox.state import now, reading
from normalizer import ticket as codes
from store import casework
from store.casework import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.casework import Act
    from store.queue import Row

    Deed = Callable[[Connection, Row, Act], object]

#: Why a complaint is not followed up, as its citizen reads it.
GROUNDS: Final = {
    "format": "isinya tidak dapat kami pahami",
    "umum": "terlalu umum untuk ditindaklanjuti",
    "bukan-pemerintahan": "bukan urusan pemerintah",
    "spam": "",
}
_TELL: Final = lazy("Sampaikan alasannya langsung, lalu centang bahwa warga sudah diberi tahu.")
_LONGEST_NAME: Final = 200


def hand_on(ticket: str) -> BaseResponse:
    """Bukan wewenang: to whom, and why."""
    to, why = request.form.get("to", "").replace("\0", "").strip()[:_LONGEST_NAME], typed()
    if not to or not why:
        return refused(ticket, _("Tulis kepada siapa aduan diteruskan, dan alasannya untuk warga."), 422)
    text = f"Aduan {_code(ticket)} bukan wewenang kami dan kami teruskan ke {to}. {why}"
    return _explained(
        ticket,
        text,
        lambda reason: lambda connection, _row, act: casework.hand_on(connection, act, to, reason, submission()),
    )


def archive(ticket: str) -> BaseResponse:
    """Arsipkan, for one of the grounds; spam alone is told nothing."""
    ground = request.form.get("ground", "")
    if ground not in GROUNDS:
        return refused(ticket, _("Pilih alasan mengarsipkan."), 422)
    if ground == "spam":
        return carry_out(
            ticket, lambda connection, _row, act: casework.archive(connection, act, ground, None, submission())
        )
    return _explained(
        ticket,
        archived(_code(ticket), ground, typed()),
        lambda reason: lambda connection, _row, act: casework.archive(connection, act, ground, reason, submission()),
    )


def archived(ticket: str, ground: str, more: str) -> str:
    """What the citizen of an archived complaint is told."""
    return f"Aduan {ticket} tidak kami lanjutkan karena {GROUNDS[ground]}. {more}".strip()


def hold(ticket: str) -> BaseResponse:
    """Tunda until a date, and why."""
    why = typed()
    if not why:
        return refused(ticket, _("Tulis alasan menunda untuk warga."), 422)
    with reading() as connection:
        zone = zone_of(found(connection, ticket))
    until = _until(zone)
    if until is None:
        return refused(ticket, _("Pilih tanggal sesudah hari ini, paling lama 60 hari lagi."), 422)
    with in_source():
        day = words.day(until)
    text = f"Aduan {_code(ticket)} kami tunda sampai {day}. {why}"
    return _explained(
        ticket,
        text,
        lambda reason: lambda connection, _row, act: casework.hold(connection, act, until, reason, submission()),
    )


def resume(ticket: str) -> BaseResponse:
    """Lanjutkan what is on hold, before its date."""
    return carry_out(ticket, lambda connection, _row, act: casework.resume(connection, act))


def undo(ticket: str) -> BaseResponse:
    """Urungkan one's own last act."""
    return carry_out(ticket, lambda connection, _row, act: casework.undo(connection, act))


def _code(ticket: str) -> str:
    """The ticket as citizens know it, however the address spells it."""
    return codes.read(ticket) or abort(404)


def _until(zone: ZoneInfo) -> datetime | None:
    """The first moment of the day that the form names; None for one that is no date, is past, or is too far."""
    try:
        day = date.fromisoformat(request.form.get("until", ""))
    except ValueError:
        return None
    today = now().astimezone(zone).date()
    return datetime.combine(day, time(), zone) if today < day <= today + LONGEST_HOLD else None


def _explained(ticket: str, text: str, deed: Callable[[Reason], Deed]) -> BaseResponse:
    """Do it with its reason going out on the citizen's channel; where that is shut, said in person or not at all."""
    with reading() as connection:
        way = answering.choices(connection, found(connection, ticket))[0]
    if way.shut and request.form.get("in_person") != "1":
        shut = _n(
            "%(num)s pelapor tidak dapat dibalas lewat kanalnya.",
            "%(num)s pelapor tidak dapat dibalas lewat kanalnya.",
            way.shut,
        )
        return refused(ticket, f"{shut} {_TELL}")
    if way.options.allowed and way.way is not None:
        taken = answering.length(way, text)
        if way.max_text is not None and taken > way.max_text:
            return refused(
                ticket,
                _(
                    "Alasan terlalu panjang: %(length)s dari %(most)s huruf dengan kalimat pembukanya.",
                    length=taken,
                    most=way.max_text,
                ),
                422,
            )
        reason = Reason(text=text, vias=answering.vias(way))
        return carry_out(ticket, deed(reason), bell=True)
    if request.form.get("in_person") != "1":
        why = way.reason or _("Kanal ini tidak dapat menerima jawaban sekarang.")
        return refused(ticket, f"{why} {_TELL}")
    return carry_out(ticket, deed(Reason(text=text)))
