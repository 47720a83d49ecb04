"""The queue page: what its address asks for, and what rail and list show."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode
from uuid import UUID

from flask import request

from inbox import rights, words
from inbox.presenters import card, rail
from inbox.state import now, page, person, runtime, scope
from normalizer import ticket as codes
from normalizer.text import searchable
from store import queue as store
from store.queue import After, Flag, Queue, Sort, Wanted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Response
    from sqlalchemy import Connection

#: The query parameters that make up a view of the queue; case pages carry them along.
_PARAMETERS: Final = ("antrean", "urut", "program", "kanal", "jenis", "unit", "tanda", "q", "setelah")
_LONGEST_QUERY: Final = 200
#: What was written before a page was made may be committed after it.
_OVERLAP: Final = timedelta(seconds=5)
_DEFAULT_NEWEST: Final = frozenset({Queue.DONE, Queue.ALL, Queue.TRIAGE})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What the address asks for: the queue narrowed, where the page starts, and the words in the search box."""

    wanted: Wanted
    after: After | None
    typed: str
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
        return any(self.values.get(name) for name in ("program", "kanal", "jenis", "unit", "tanda", "q"))


def _known(kind: type[Queue | Sort | Flag], value: str | None) -> Any:
    return kind(value) if value in set(kind) else None


def _after(value: str | None) -> After | None:
    """The start of a page as `link` writes it; nonsense is the first page."""
    at, _, row = (value or "").partition("~")
    try:
        moment = datetime.fromisoformat(at) if at else None
        return After(at=moment, id=UUID(row)) if moment is None or moment.tzinfo else None
    except ValueError:
        return None


def _written(after: After | None) -> str | None:
    return None if after is None else f"{after.at.isoformat() if after.at else ''}~{after.id}"


def view() -> View:
    """The view that the request's address asks for."""
    values = {name: request.args[name][:_LONGEST_QUERY].strip() for name in _PARAMETERS if request.args.get(name)}
    typed = values.get("q", "").replace("\0", "")
    queue = _known(Queue, values.get("antrean")) or (Queue.ALL if typed else Queue.NEW)
    if typed:
        queue = Queue.ALL
    default = Sort.NEWEST if queue in _DEFAULT_NEWEST else Sort.DUE
    code = codes.read(typed) if typed else None
    wanted = Wanted(
        queue=queue,
        sort=_known(Sort, values.get("urut")) or default,
        channel=_plain(values.get("kanal")),
        type=_plain(values.get("jenis")),
        unit=_plain(values.get("unit")),
        program=_plain(values.get("program")),
        flag=_known(Flag, values.get("tanda")),
        words=searchable(typed) if typed and code is None else None,
        ticket=code,
    )
    return View(wanted=wanted, after=_after(values.get("setelah")), typed=typed, values=values)


def _plain(value: str | None) -> str | None:
    return value.replace("\0", "") if value else None


def listing(connection: Connection, seen: View, selected: str | None = None) -> dict[str, Any]:
    """Everything that rail and list show; case pages show them too."""
    mine, reach, house = person(), scope(), runtime()
    rows = store.page(connection, reach, seen.wanted, now(), after=seen.after)
    counts = store.counts(connection, reach, now(), program=seen.wanted.program)
    tray = reach.tray is None or bool(reach.tray)
    after = _written(rows.after)
    return {
        "view": seen,
        "since": (now() - _OVERLAP).isoformat(),
        "cards": [card(row, mine, house, now()) for row in rows.rows],
        "shelves": rail(counts, seen.wanted.queue, mine, tray=tray),
        "selected": selected,
        "next_page": seen.link(setelah=after) if after else None,
        "heading": "Hasil pencarian" if seen.typed else words.QUEUES[seen.wanted.queue],
        "empty": "Tidak ada yang cocok." if seen.narrowed else words.EMPTY[seen.wanted.queue],
        **choices(),
    }


def choices() -> dict[str, Any]:
    """What the filters offer this officer."""
    programs = rights.programs(person(), runtime())
    channels = {account.channel.key: account.manifest.name for account in runtime().accounts.values()}
    return {
        "programs": {program.key: program.name for program in programs},
        "channels": dict(sorted(channels.items(), key=lambda pair: pair[1])),
        "units": {unit.code: unit.name for program in programs for unit in program.units},
        "types": words.TYPES,
        "flags": {flag.value: label for flag, label in words.FLAGS.items()},
        "sorts": {sort.value: label for sort, label in words.SORTS.items()},
        "may_work": rights.may(person(), rights.Need.WORK),
        "may_import": rights.may(person(), rights.Need.IMPORT),
    }


def show() -> Response:
    """The queue page."""
    seen = view()
    with runtime().engine.connect() as connection:
        shown = listing(connection, seen)
    return page("queue.html", title=shown["heading"], **shown)


def short(stamp: str) -> str:
    """A stamp that tells a page nothing but that something changed."""
    return hashlib.sha256(stamp.encode()).hexdigest()[:16]
