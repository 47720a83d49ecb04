"""The queue page: what its address asks for, and what rail and list show."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import redirect, request, url_for

from inbox import rights, words
from inbox.i18n import _, said
from inbox.presenters import card, rail
from inbox.queue import emptiness, finding
from inbox.state import now, page, person, reading, runtime, scope
from normalizer import seek
from store import queue as store
from store import shelves
from store.queue import After, Flag, Queue, Sort, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from werkzeug.wrappers import Response as BaseResponse

    from dispatcher.runtime import Runtime
    from inbox.presenters import Card
    from normalizer.seek import Sought
    from store.people import Person
    from store.queue import Row

#: The query parameters that make up a view of the queue; case pages carry them along.
_FILTERS: Final = ("program", "kanal", "jenis", "unit", "kecamatan", "tanda", "dari", "sampai", "q")
_PARAMETERS: Final = ("antrean", "urut", *_FILTERS, "setelah")
_LONGEST_QUERY: Final = 200
#: Beyond these no complaint was written, and not every calendar goes on.
_YEARS: Final = range(1970, 2200)
#: What was written before a page was made may be committed after it.
_OVERLAP: Final = timedelta(seconds=5)
_DEFAULT_NEWEST: Final = frozenset({Queue.DONE, Queue.ALL, Queue.TRIAGE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the address asks for: the queue narrowed, where the page starts, and the words in the search box."""

    wanted: Wanted
    after: After | None
    typed: str
    sought: Sought | None
    values: Mapping[str, str]

    def link(self, **changes: str | None) -> str:
        """The query string of this view with changes; a changed view starts at its first page."""
        values = {**self.values, "setelah": None, **changes}
        kept = {name: value for name in _PARAMETERS if (value := values.get(name))}
        return f"?{urlencode(kept)}" if kept else ""

    @property
    def here(self) -> str:
        """The query string of this very view."""
        return self.link(setelah=self.values.get("setelah"))

    @property
    def narrowed(self) -> bool:
        """Whether a filter or a search may be why nothing is there."""
        return any(self.values.get(name) for name in _FILTERS)


def _known(kind: type[Queue | Sort | Flag], value: str | None) -> Any:
    return kind(value) if value in set(kind) else None


def read_after(value: str | None) -> After | None:
    """The start of a page as `link` writes it; nonsense is the first page."""
    at, _, row = (value or "").partition("~")
    try:
        moment = datetime.fromisoformat(at) if at else None
        return After(at=moment, id=UUID(row)) if moment is None or moment.tzinfo else None
    except ValueError:
        return None


def write_after(after: After | None) -> str | None:
    """The start of a page as an address has it."""
    return None if after is None else f"{after.at.isoformat() if after.at else ''}~{after.id}"


def view() -> View:
    """The view that the request's address asks for."""
    return read(request.args)


def read(given: Mapping[str, str]) -> View:
    """The view that these parameters of an address ask for; what cannot be read is as if it were not there."""
    found = {name: given.get(name, "").replace("\0", "")[:_LONGEST_QUERY].strip() for name in _PARAMETERS}
    values = {name: value for name, value in found.items() if value}
    typed = values.get("q", "")
    sought = seek.read(typed) if typed else None
    queue = _known(Queue, values.get("antrean")) or (Queue.ALL if typed else Queue.NEW)
    if typed:
        queue = Queue.ALL
    default = Sort.NEWEST if queue in _DEFAULT_NEWEST else Sort.DUE
    wanted = Wanted(
        queue=queue,
        sort=Sort.NEWEST if typed else _known(Sort, values.get("urut")) or default,
        channel=values.get("kanal"),
        type=values.get("jenis"),
        unit=values.get("unit"),
        program=values.get("program"),
        flag=_known(Flag, values.get("tanda")),
        place=values.get("kecamatan"),
        since=_midnight(values.get("dari")),
        until=_midnight(values.get("sampai"), later=1),
        ticket=None if sought is None else sought.ticket,
    )
    return View(wanted=wanted, after=read_after(values.get("setelah")), typed=typed, sought=sought, values=values)


def _midnight(day: str | None, *, later: int = 0) -> datetime | None:
    """The moment at which that day (`2026-11-23`) begins, or the one so many days later."""
    try:
        found = date.fromisoformat(day or "")
    except ValueError:
        return None
    if found.year not in _YEARS:
        return None
    return datetime.combine(found + timedelta(days=later), time.min, runtime().zone)


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
