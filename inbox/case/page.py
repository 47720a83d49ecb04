"""The case page: what an officer may see of one complaint, and the forms for what he may do."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from flask import abort, request

from dispatcher import pulse
from inbox import rights, words
from inbox.acts import answering, canned, counting, enclosing, meanwhile, offers
from inbox.case import reporter, thread
from inbox.clockface import chips, sentences
from inbox.numbers import maps
from inbox.presenters import channel_mark, place_label, unit_name
from inbox.queue import presence
from inbox.queue.page import listing, short
from inbox.queue.view import view
from inbox.state import now, page, person, reading, runtime, scope
from normalizer import ticket as codes
from normalizer.complaint import CLOSED, State
from store import casefile, casework, people
from store import queue as store

if TYPE_CHECKING:
    from flask import Response
    from sqlalchemy import Connection

    from store.casefile import File
    from store.queue import Row


def found(connection: Connection, ticket: str) -> Row:
    """The complaint of the address, where this officer may see it; 404 for any other, existing or not."""
    code = codes.read(ticket)
    row = store.find(connection, scope(), code) if code else None
    if row is None:
        abort(404)
    return row


def show(ticket: str) -> Response:
    """The case page."""
    return render(ticket)


def render(ticket: str, status: int = 200, **extra: Any) -> Response:
    """The case page; `extra` are values of its template, such as why an act was refused and the words typed."""
    with reading() as connection:
        row = found(connection, ticket)
        if row.unread and rights.may(person(), rights.Need.WORK):
            casework.mark_read(connection, row.id)
            connection.commit()
            pulse.bump(runtime().redis)
        values = _shown(connection, row, extra)
        presence.enter(row.ticket)
        return page("case.html", status, title=row.ticket, **values)


def _shown(connection: Connection, row: Row, extra: dict[str, Any]) -> dict[str, Any]:
    # Before the file: a stamp that is older than what stands beside it costs one answer of the pulse, a newer one would
    # keep the open page as it is although it lacks something.
    stamp = short(casefile.stamp(connection, row.id))
    file = casefile.read(connection, row.id)
    ids = [line.officer_id for line in file.messages if line.officer_id] + [file.complaint.officer_id or 0]
    officers = people.names(connection, ids)
    ways = answering.choices(connection, row)
    ready = canned.for_case(connection, row) if rights.may(person(), rights.Need.WORK) else []
    desk = thread.Desk(runtime=runtime(), person=person(), now=now(), officers=officers)
    cover = thread.veil_of(file, person())
    way = answering.chosen(ways, extra.get("draft", {}).get("via", "")) or ways[0]
    values = {
        **listing(connection, view(), selected=row.ticket),
        **reporter.shown(connection, row, file.addresses),
        **offers.shown(connection, row, file.events),
        **_header(file, desk),
        "who": cover.who(row.name, row.contact_name, row.address, anonim=row.anonim),
        "contact": "" if cover.hidden else row.address or "",
        "where": cover.text(place_label(file.complaint.place)),
        "spot": maps.spot(row.ticket, file.complaint.place, hidden=cover.hidden),
        "lines": thread.lines(file, desk, cover),
        "ways": ways,
        "way": way,
        "enclosing": enclosing,
        "rules": counting.rules(ways),
        "now": now(),
        "ready": ready,
        "submission": uuid.uuid4(),
        "stamp": stamp,
        "draft": _picked(ready),
        "seen": max((row.id for row in file.events), default=0),
        "near": presence.sentence(presence.others(row.ticket)),
        **extra,
    }
    if "since" in extra:
        values["meanwhile"] = meanwhile.since(file, desk, cover, extra["since"])
    return values


def _picked(ready: list[dict[str, str]]) -> dict[str, str]:
    """The answer that the address asks for, as a draft."""
    wanted = request.args.get("templat", "")
    return next(({"kind": "answer", "text": each["text"]} for each in ready if each["id"] == wanted), {})


def _header(file: File, desk: thread.Desk) -> dict[str, Any]:
    row, house = file.complaint, runtime()
    state = State(row.state)
    program = house.programs.get(row.program) if row.program else None
    return {
        "case": row,
        "mark": channel_mark(house, row.account, row.channel),
        "chips": chips(row, house, now()),
        "reckoned": sentences(row, house),
        "state_label": words.STATES[state],
        "closed": state in CLOSED,
        "type_label": words.TYPES.get(row.type, row.type),
        "program_name": program.name if program else "",
        "unit_label": unit_name(house, row.program, row.unit),
        "case_units": {unit.code: unit.name for unit in program.units} if program else {},
        "officer_name": desk.officers.get(row.officer_id, "") if row.officer_id else "",
        "is_mine": row.officer_id == person().id,
        "opened": desk.time(row.opened_at),
        "held_until": words.day(row.held_until.astimezone(house.zone)) if row.held_until else "",
        "may_prod": row.program is not None and rights.may(person(), rights.Need.PROD),
        "may_sort": row.program is None and rights.may(person(), rights.Need.SORT),
    }
