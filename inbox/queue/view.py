"""What the address of a list asks for: the queue, its filters, the words in the search box, where the page starts."""

from __future__ import annotations

import dataclasses
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from inbox.state import runtime
from normalizer import seek
from store.queue import After, Flag, Queue, Sort, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from normalizer.seek import Sought

#: The query parameters that make up a view of the queue; case pages carry them along.
_FILTERS: Final = ("program", "kanal", "jenis", "unit", "kecamatan", "tanda", "dari", "sampai", "q")
_PARAMETERS: Final = ("antrean", "urut", *_FILTERS, "setelah")
_LONGEST_QUERY: Final = 200
#: Beyond these no complaint was written, and not every calendar goes on.
_YEARS: Final = range(1970, 2200)
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
