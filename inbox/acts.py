"""What an officer does to a case; every act answers with a redirect, so that a reload repeats nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, request

from dispatcher import telling
from dispatcher.telling import Newcomer
from inbox import answering, mentions, rights
from inbox.acting import LONGEST, after_leaving, carry_out, refused, submission, typed
from inbox.case import found
from inbox.state import person, runtime
from normalizer.complaint import State
from store import casework

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.casework import Act
    from store.queue import Row


def take(ticket: str) -> BaseResponse:
    """Ambil."""
    return carry_out(ticket, lambda connection, _row, act: casework.take(connection, act))


def dispose(ticket: str) -> BaseResponse:
    """Disposisi to a unit of the complaint's program."""

    def deed(connection: Connection, row: Row, act: Act) -> None:
        program = runtime().programs.get(row.program or "")
        unit = request.form.get("unit", "")
        if program is None or unit not in {each.code for each in program.units}:
            abort(400)
        casework.dispose(connection, act, unit, typed()[:LONGEST], submission())
        telling.handed(connection, row.id, program, unit, act.officer_id, act.now)

    return after_leaving(ticket, carry_out(ticket, deed))


def answer(ticket: str) -> BaseResponse:
    """Balas; with `then` the citizen is asked, or the case is closed with the answer."""
    text = typed()
    then = {"warga": State.MENUNGGU_WARGA, "selesai": State.SELESAI}.get(request.form.get("then", ""))
    if not text:
        return refused(ticket, "Tulis jawabannya dulu.", 422)
    with runtime().engine.connect() as connection:
        way = answering.chosen(answering.choices(connection, found(connection, ticket)), request.form.get("via", ""))
    in_person = request.form.get("in_person") == "1"
    if way is None:
        return refused(ticket, "Percakapan yang Anda pilih tidak ada lagi. Pilih kanal lain.")
    if not way.options.allowed and not in_person:
        return refused(ticket, way.options.reason or "Kanal ini tidak dapat menerima jawaban sekarang.")
    if len(text) > (LONGEST if in_person or way.max_text is None else way.max_text):
        return refused(ticket, f"Jawaban terlalu panjang: {len(text)} dari {way.max_text or LONGEST} huruf.", 422)
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
        ),
        bell=not in_person,
    )


def note(ticket: str) -> BaseResponse:
    """Catatan between officers; who is called by @username is told."""
    text = typed()
    if not text:
        return refused(ticket, "Tulis catatannya dulu.", 422)
    if len(text) > LONGEST:
        return refused(ticket, f"Catatan terlalu panjang: {len(text)} dari {LONGEST} huruf.", 422)

    def deed(connection: Connection, row: Row, act: Act) -> None:
        called = mentions.meant(connection, row, text)
        if casework.note(connection, act, text, submission()):
            mentions.tell(connection, act, called)

    try:
        return carry_out(ticket, deed)
    except mentions.BlindError as error:
        return refused(ticket, f"@{error} tidak dapat membuka aduan ini, jadi tidak dapat dipanggil di sini.", 422)


def set_program(ticket: str) -> BaseResponse:
    """Pilih program, out of the triage tray; only programs that this officer sees."""

    def deed(connection: Connection, row: Row, act: Act) -> None:
        chosen = {program.key: program for program in rights.programs(person(), runtime())}
        program = chosen.get(request.form.get("program", ""))
        if program is None:
            abort(400)
        casework.set_program(connection, act, program)
        came = Newcomer(id=row.id, program=program.key, unit=row.unit, account=row.account)
        telling.arrived(runtime(), connection, [came], act.now, but=act.officer_id)

    return carry_out(ticket, deed)


def retry(ticket: str, outbox_id: uuid.UUID) -> BaseResponse:
    """Kirim ulang what failed."""
    return carry_out(ticket, lambda connection, _row, act: casework.retry_send(connection, act, outbox_id), bell=True)


def settle(ticket: str, outbox_id: uuid.UUID) -> BaseResponse:
    """Decide about a message of which nobody knows whether it arrived."""
    decision = request.form.get("decision")
    if decision not in ("arrived", "again"):
        abort(400)
    arrived = decision == "arrived"
    return carry_out(
        ticket,
        lambda connection, _row, act: casework.settle_unknown(connection, act, outbox_id, arrived=arrived),
        bell=not arrived,
    )
