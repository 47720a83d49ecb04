"""The case page and what an officer does there; every act answers with a redirect, so that a reload repeats nothing."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import abort, redirect, request, url_for

from dispatcher.bells import Bell, ring
from inbox import answering, reporter, rights, thread, words
from inbox.presenters import Chip, channel_mark, chip, place_label, unit_name
from inbox.queue import listing, short, view
from inbox.state import now, page, person, runtime, scope
from normalizer import ticket as codes
from normalizer.complaint import CLOSED, State, TransitionError
from store import casefile, casework, people
from store import queue as store
from store.casework import Act

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.casefile import File
    from store.queue import Row

#: Longer than any channel takes; a note has no other limit.
LONGEST = 20_000


def _found(connection: Connection, ticket: str) -> Row:
    """The complaint of the address, where this officer may see it; 404 for any other, existing or not."""
    code = codes.read(ticket)
    row = store.find(connection, scope(), code) if code else None
    if row is None:
        abort(404)
    return row


def show(ticket: str) -> Response:
    """The case page."""
    return _page(ticket)


def _page(ticket: str, status: int = 200, **extra: Any) -> Response:
    works = rights.may(person(), rights.Need.WORK)
    with runtime().engine.begin() as connection:
        row = _found(connection, ticket)
        if works and row.unread:
            casework.mark_read(connection, row.id)
        file = casefile.read(connection, row.id)
        stamp = short(casefile.stamp(connection, row.id))
        ids = [line.officer_id for line in file.messages if line.officer_id] + [file.complaint.officer_id or 0]
        officers = people.names(connection, ids)
        shown = listing(connection, view(), selected=row.ticket)
        ways = answering.choices(connection, row)
        known = reporter.shown(connection, row)
    desk = thread.Desk(runtime=runtime(), person=person(), now=now(), officers=officers)
    cover = thread.veil_of(file, person())
    way = answering.chosen(ways, extra.get("draft", {}).get("via", "")) or ways[0]
    values = {
        **shown,
        **known,
        **_header(file, desk),
        "who": cover.who(row.name, row.contact_name, row.address, anonim=row.anonim),
        "contact": "" if cover.hidden else row.address or "",
        "where": cover.text(place_label(file.complaint.place)),
        "lines": thread.lines(file, desk, cover),
        "ways": ways,
        "way": way,
        "submission": uuid.uuid4(),
        "stamp": stamp,
        "draft": {},
        **extra,
    }
    return page("case.html", status, title=row.ticket, **values)


def _header(file: File, desk: thread.Desk) -> dict[str, Any]:
    row, house = file.complaint, runtime()
    state = State(row.state)
    program = house.programs.get(row.program) if row.program else None
    return {
        "case": row,
        "mark": channel_mark(house, row.account, row.channel),
        "chip": chip(row, house, now()),
        "resolution": _resolution(row),
        "state_label": words.STATES[state],
        "closed": state in CLOSED,
        "type_label": words.TYPES.get(row.type, row.type),
        "program_name": program.name if program else "",
        "unit_label": unit_name(house, row.program, row.unit),
        "case_units": {unit.code: unit.name for unit in program.units} if program else {},
        "officer_name": desk.officers.get(row.officer_id, "") if row.officer_id else "",
        "is_mine": row.officer_id == person().id,
        "opened": desk.time(row.opened_at),
        "may_sort": row.program is None and rights.may(person(), rights.Need.SORT),
    }


def _resolution(row: Any) -> Chip | None:
    """The second clock while the first still runs."""
    if row.responded_at or row.closed_at or row.resolution_due_at is None:
        return None
    return chip(_Due(row.resolution_due_at, row.opened_at, row.state), runtime(), now())


class _Due:
    """The resolution's deadline in the shape that a chip is made of."""

    def __init__(self, due: Any, opened_at: Any, state: str) -> None:
        self.next_due_at, self.opened_at, self.state = due, opened_at, state


def _act(row: Row) -> Act:
    try:
        version = int(request.form.get("version", ""))
    except ValueError:
        abort(400)
    return Act(complaint_id=row.id, version=version, officer_id=person().id, username=person().username, now=now())


def _submission() -> str:
    return request.form.get("submission", "")[:64] or abort(400)


def _text() -> str:
    return request.form.get("text", "").replace("\r\n", "\n").replace("\0", "").strip()


def _carry_out(ticket: str, deed: Callable[[Connection, Row, Act], object], *, bell: bool = False) -> BaseResponse:
    """Do it in one transaction and go back to the case; 409 with the officer's words where it cannot be done."""
    try:
        with runtime().engine.begin() as connection:
            row = _found(connection, ticket)
            deed(connection, row, _act(row))
    except casework.NotAnswerableError:
        return refused(ticket, "Warga tidak meninggalkan alamat untuk dijawab.")
    except (casework.CaseworkError, TransitionError) as error:
        return stale(ticket, closed=isinstance(error, TransitionError))
    if bell:
        ring(runtime().redis, Bell.OUTBOX)
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


def stale(ticket: str, *, closed: bool) -> Response:
    """Somebody was faster: what happened meanwhile, and the officer's words kept beside it."""
    if closed:
        message = "Status aduan ini tidak mengizinkan tindakan itu. Lihat keadaan terbarunya di bawah."
    else:
        message = "Aduan ini baru saja berubah, mungkin oleh rekan Anda. Tindakan Anda belum dilakukan."
    return refused(ticket, message)


def refused(ticket: str, message: str, status: int = 409) -> Response:
    """The case as it is now, why the act was not done, and the officer's words back in their form."""
    draft = {"kind": (request.endpoint or "").rpartition(".")[2], "text": _text()}
    draft |= {name: request.form.get(name, "") for name in ("unit", "via")}
    return _page(ticket, status, refusal=message, draft=draft)


def take(ticket: str) -> BaseResponse:
    """Ambil."""
    return _carry_out(ticket, lambda connection, _row, act: casework.take(connection, act))


def dispose(ticket: str) -> BaseResponse:
    """Disposisi to a unit of the complaint's program."""

    def deed(connection: Connection, row: Row, act: Act) -> None:
        program = runtime().programs.get(row.program or "")
        unit = request.form.get("unit", "")
        if program is None or unit not in {each.code for each in program.units}:
            abort(400)
        casework.dispose(connection, act, unit, _text()[:LONGEST], _submission())

    return _after_leaving(ticket, _carry_out(ticket, deed))


def _after_leaving(ticket: str, response: BaseResponse) -> BaseResponse:
    """An officer of a unit who hands a case to another no longer sees it: then the queue, not a 404."""
    if response.status_code != 303:  # noqa: PLR2004 - the redirect after a success
        return response
    with runtime().engine.connect() as connection:
        seen = store.find(connection, scope(), codes.read(ticket) or "")
    return response if seen else redirect(url_for("inbox.queue") + view().here, 303)


def answer(ticket: str) -> BaseResponse:
    """Balas; with `then` the citizen is asked, or the case is closed with the answer."""
    text = _text()
    then = {"warga": State.MENUNGGU_WARGA, "selesai": State.SELESAI}.get(request.form.get("then", ""))
    if not text:
        return refused(ticket, "Tulis jawabannya dulu.", 422)
    with runtime().engine.connect() as connection:
        way = answering.chosen(answering.choices(connection, _found(connection, ticket)), request.form.get("via", ""))
    in_person = request.form.get("in_person") == "1"
    if way is None:
        return refused(ticket, "Percakapan yang Anda pilih tidak ada lagi. Pilih kanal lain.")
    if not way.options.allowed and not in_person:
        return refused(ticket, way.options.reason or "Kanal ini tidak dapat menerima jawaban sekarang.")
    if len(text) > (LONGEST if in_person or way.max_text is None else way.max_text):
        return refused(ticket, f"Jawaban terlalu panjang: {len(text)} dari {way.max_text or LONGEST} huruf.", 422)
    via = None if way.way is None else (way.way.account, way.way.conversation)
    return _carry_out(
        ticket,
        lambda connection, _row, act: casework.answer(
            connection, act, text, _submission(), then=then, deliver=not in_person, via=via
        ),
        bell=not in_person,
    )


def note(ticket: str) -> BaseResponse:
    """Catatan between officers."""
    text = _text()
    if not text:
        return refused(ticket, "Tulis catatannya dulu.", 422)
    if len(text) > LONGEST:
        return refused(ticket, f"Catatan terlalu panjang: {len(text)} dari {LONGEST} huruf.", 422)
    return _carry_out(ticket, lambda connection, _row, act: casework.note(connection, act, text, _submission()))


def set_program(ticket: str) -> BaseResponse:
    """Pilih program, out of the triage tray; only programs that this officer sees."""

    def deed(connection: Connection, _row: Row, act: Act) -> None:
        chosen = {program.key: program for program in rights.programs(person(), runtime())}
        program = chosen.get(request.form.get("program", ""))
        if program is None:
            abort(400)
        casework.set_program(connection, act, program)

    return _carry_out(ticket, deed)


def retry(ticket: str, outbox_id: uuid.UUID) -> BaseResponse:
    """Kirim ulang what failed."""
    return _carry_out(ticket, lambda connection, _row, act: casework.retry_send(connection, act, outbox_id), bell=True)


def settle(ticket: str, outbox_id: uuid.UUID) -> BaseResponse:
    """Decide about a message of which nobody knows whether it arrived."""
    decision = request.form.get("decision")
    if decision not in ("arrived", "again"):
        abort(400)
    arrived = decision == "arrived"
    return _carry_out(
        ticket,
        lambda connection, _row, act: casework.settle_unknown(connection, act, outbox_id, arrived=arrived),
        bell=not arrived,
    )
