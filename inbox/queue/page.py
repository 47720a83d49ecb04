"""The queue page: what rail and list show."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from flask import redirect, url_for

from inbox import rights, words
from inbox.i18n import _, said
from inbox.presenters import card, rail
from inbox.queue import emptiness, finding
from inbox.queue.view import View, view, write_after
from inbox.state import now, page, person, reading, runtime, scope
from store import queue as store
from store import shelves
from store.queue import After, Sort

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from dispatcher.runtime import Runtime
    from inbox.presenters import Card
    from store.people import Person
    from store.queue import Row

#: What was written before a page was made may be committed after it.
_OVERLAP: Final = timedelta(seconds=5)


def listing(
    connection: Connection, seen: View, selected: str | None = None, since: datetime | None = None
) -> dict[str, Any]:
    """Everything that rail and list show, and what came `since`; case pages show them too."""
    reach, since = scope(), since or now() - _OVERLAP
    counts = shelves.counts(connection, reach, now(), program=seen.wanted.program)
    tray = reach.tray is None or bool(reach.tray)
    offered = choices()
    return {
        "view": seen,
        "since": since.isoformat(),
        "came": _came(connection, seen, since),
        "shelves": rail(counts, seen.wanted.queue, person(), tray=tray),
        "selected": selected,
        "view_form": uuid4(),
        "heading": _("Hasil pencarian") if seen.typed else words.QUEUES[seen.wanted.queue],
        **_found(connection, seen, offered),
        **offered,
    }


def _came(connection: Connection, seen: View, since: datetime) -> list[str]:
    """The tickets that have come into the view since then; none for a search: what was found need not be new."""
    return [] if seen.typed else shelves.arrived(connection, scope(), seen.wanted, now(), since)


def _found(connection: Connection, seen: View, offered: dict[str, Any]) -> dict[str, Any]:
    """The cards of the page, where the next one starts, and what is to be said where there are none."""
    if seen.sought is not None and seen.sought.ticket is None:
        found = finding.results(connection, seen.wanted, seen.sought, seen.after)
        return {
            "cards": found.cards,
            "next_page": _next(seen, found.after),
            "empty": emptiness.search(seen, found, offered),
            "remarks": [*emptiness.gone(seen, offered), *emptiness.remarks(found)],
        }
    page_of = shelves.page(connection, scope(), seen.wanted, now(), after=seen.after)
    desk = (person(), runtime(), now())
    return {
        "cards": [_card(row, seen.wanted.sort, *desk) for row in page_of.rows],
        "next_page": _next(seen, page_of.after),
        "empty": emptiness.queue(seen, offered),
        "remarks": emptiness.gone(seen, offered),
    }


def _card(row: Row, sort: Sort, person: Person, house: Runtime, now: datetime) -> Card:
    shown = card(row, person, house, now)
    if sort is not Sort.WAITING or row.waiting_since is None:
        return shown
    told = words.waiting(row.waiting_since, now)
    return dataclasses.replace(shown, age=told, age_title=words.absolute(row.waiting_since, house.zone))


def _next(seen: View, after: After | None) -> str | None:
    written = write_after(after)
    return seen.link(setelah=written) if written else None


def choices() -> dict[str, Any]:
    """What the filters offer this officer."""
    programs = rights.programs(person(), runtime())
    channels = {account.channel.key: said(account.manifest.name) for account in runtime().accounts.values()}
    return {
        "programs": {program.key: program.name for program in programs},
        "channels": dict(sorted(channels.items(), key=lambda pair: pair[1])),
        "units": {unit.code: unit.name for program in programs for unit in program.units},
        "places": {name: name for name in sorted({name for program in programs for name in program.places})},
        "types": words.TYPES,
        "flags": {flag.value: label for flag, label in words.FLAGS.items()},
        "sorts": {sort.value: label for sort, label in words.SORTS.items()},
        "may_work": rights.may(person(), rights.Need.WORK),
    }


def show() -> BaseResponse:
    """The queue page; a whole ticket in the search box leads straight to its case."""
    seen = view()
    if seen.wanted.ticket is not None:
        with reading() as connection:
            if store.find(connection, scope(), seen.wanted.ticket) is not None:
                return redirect(url_for("inbox.case", ticket=seen.wanted.ticket), 303)
    elif seen.typed:
        finding.refresh(runtime().engine)
    with reading() as connection:
        shown = listing(connection, seen)
        return page("queue.html", title=shown["heading"], **shown)


def short(stamp: str) -> str:
    """A stamp that tells a page nothing but that something changed."""
    return hashlib.sha256(stamp.encode()).hexdigest()[:16]
