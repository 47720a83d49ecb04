"""What an officer does to a case; every act answers with a redirect, so that a reload repeats nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, request

from dispatcher import telling
from dispatcher.telling import Newcomer
from inbox import rights
from inbox.acts.acting import LONGEST, after_leaving, carry_out, submission, typed
from inbox.state import person, runtime
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
