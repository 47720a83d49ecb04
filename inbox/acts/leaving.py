"""After an act by which a case left an officer's sight: what he did, and for ten minutes a way to take it back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from flask import abort, redirect, url_for

from inbox import words
from inbox.acts import reasons
from inbox.acts.acting import act_on
from inbox.acts.offers import act_for
from inbox.presenters import unit_name
from inbox.queue.view import view
from inbox.state import page, reading, runtime, scope
from normalizer import ticket as codes
from store import casework
from store import queue as store

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from store.casework import Undoable
    from store.queue import Row


def left(ticket: str) -> BaseResponse:
    """What the officer did last to a case that he sees no more; 404 for any other case, and once it is too late."""
    with reading() as connection:
        if _seen(connection, ticket):
            return redirect(url_for("inbox.case", ticket=ticket) + view().here, 303)
        row, last = _mine(connection, ticket)
    return page(
        "left.html",
        title=row.ticket,
        case=row,
        did=words.ACTS[last.kind],
        unit=unit_name(runtime(), row.program, row.unit),
        until=words.absolute(last.until, runtime().zone),
        view=view(),
    )


def undo(ticket: str) -> BaseResponse:
    """Urungkan one's own last act, also where the case has left one's sight by it."""
    with reading() as connection:
        seen = _seen(connection, ticket)
    if seen:
        return reasons.undo(ticket)
    try:
        with runtime().engine.begin() as connection:
            row, _last = _mine(connection, ticket)
            casework.undo(connection, act_on(row))
    except casework.CaseworkError:
        abort(404)
    return redirect(url_for("inbox.case", ticket=row.ticket) + view().here, 303)


def _seen(connection: Connection, ticket: str) -> bool:
    return store.find(connection, scope(), codes.read(ticket) or "") is not None


def _mine(connection: Connection, ticket: str) -> tuple[Row, Undoable]:
    """A case whose last act is this officer's own and can be taken back, wherever it is now; 404 for any other."""
    everywhere = dataclasses.replace(scope(), programs=None, units=None, tray=None)
    row = store.find(connection, everywhere, codes.read(ticket) or "")
    if row is None:
        abort(404)
    act = act_for(row, row.version)
    last = casework.undoable(connection, act, casework.last_act(connection, act)) or abort(404)
    return row, last
