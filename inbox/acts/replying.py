"""Balas and Catatan: words with their files, checked against what the channel takes before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import request

from inbox.acts import answering, enclosing, mentions
from inbox.acts.acting import LONGEST, carry_out, refused, submission, typed
from inbox.case.page import found
from inbox.i18n import _
from inbox.queue import presence
from inbox.state import reading
from normalizer import ticket as codes
from normalizer.complaint import State
from store import casework
from store.blobs import BlobError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from inbox.acts.answering import Choice
    from inbox.acts.enclosing import Taken
    from inbox.queue.presence import Somebody
    from store.casework import Act
    from store.queue import Row


def answer(ticket: str) -> BaseResponse:
    """Balas; with `then` the citizen is asked, or the case is closed with the answer."""
    text = typed()
    try:
        files = enclosing.taken()
    except BlobError:
        return _no_store(ticket)
    with reading() as connection:
        way = answering.chosen(answering.choices(connection, found(connection, ticket)), request.form.get("via", ""))
    in_person = request.form.get("in_person") == "1"
    if way is None:
        return refused(ticket, _("Percakapan yang Anda pilih tidak ada lagi. Pilih kanal lain."))
    if text and not way.options.allowed and not in_person:
        return refused(ticket, way.reason or _("Kanal ini tidak dapat menerima jawaban sekarang."))
    if why := _unfit(way, text, files, in_person=in_person):
        return refused(ticket, why, 422)
    typing = [] if request.form.get("sure") == "1" else [each.name for each in _near(ticket) if each.typing]
    if typing:
        why = _("%(names)s sedang menulis jawaban untuk aduan ini.", names=", ".join(typing))
        return refused(ticket, why, ask=True)
    then = {"warga": State.MENUNGGU_WARGA, "selesai": State.SELESAI}.get(request.form.get("then", ""))
    vias = answering.vias(way)
    return carry_out(
        ticket,
        lambda connection, _row, act: casework.answer(
            connection,
            act,
            text,
            submission(),
            then=then,
            deliver=not in_person,
            via=vias[0] if vias else None,
            also=vias[1:],
            files=files.files,
        ),
        bell=not in_person,
    )


def note(ticket: str) -> BaseResponse:
    """Catatan between officers; who is called by @username is told."""
    text = typed()
    try:
        files = enclosing.taken()
    except BlobError:
        return _no_store(ticket)
    if not text:
        return refused(ticket, _("Tulis catatannya dulu."), 422)
    if len(text) > LONGEST:
        return refused(ticket, _long(_("Catatan"), len(text), LONGEST), 422)
    if why := enclosing.misfit(files, enclosing.AMONG_US):
        return refused(ticket, why, 422)

    def deed(connection: Connection, row: Row, act: Act) -> None:
        called = mentions.meant(connection, row, text)
        if casework.note(connection, act, text, submission(), files.files):
            mentions.tell(connection, act, called)

    try:
        return carry_out(ticket, deed)
    except mentions.BlindError as error:
        why = _("@%(name)s tidak dapat membuka aduan ini, jadi tidak dapat dipanggil di sini.", name=error)
        return refused(ticket, why, 422)


def _near(ticket: str) -> tuple[Somebody, ...]:
    return presence.others(codes.read(ticket) or "")


def _unfit(way: Choice, text: str, files: Taken, *, in_person: bool) -> str:
    """What is wrong with words or files; empty where they can go there."""
    if not text:
        return _("Tulis jawabannya dulu.")
    taken = len(text) if in_person else answering.length(way, text)
    most = LONGEST if in_person else way.max_text or LONGEST
    if taken > most:
        return _long(_("Jawaban"), taken, most)
    return enclosing.misfit(files, enclosing.AMONG_US if in_person else way.files)


def _long(what: str, taken: int, most: int) -> str:
    return _("%(what)s terlalu panjang: %(taken)s dari %(most)s huruf.", what=what, taken=taken, most=most)


def _no_store(ticket: str) -> BaseResponse:
    why = _("Penyimpanan berkas sedang tidak dapat dihubungi, jadi lampirannya belum aman. Coba lagi sebentar lagi.")
    return refused(ticket, why, 503)
