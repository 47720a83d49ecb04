"""From rows to what the list shows: cards, rail and filters, with every identity already masked."""

from __future__ import annotations

import dataclasses
import functools
import zlib
from typing import TYPE_CHECKING, Any, Final

from inbox import rights, words
from inbox.clockface import Chip, chip
from inbox.i18n import _, said, speaks
from inbox.masking import veil
from normalizer.complaint import State
from normalizer.text import subject
from store.queue import CAP, Flag, Queue

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.runtime import Runtime
    from inbox.masking import Veil
    from store.people import Person
    from store.queue import Row

_HUES: Final = 6
_FIRST_WORDS: Final = 160


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A channel on a card: two letters, one of six hues, its name."""

    letters: str
    hue: int
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One complaint in the list; of one that was searched for `hit` says where that stands, and it is marked."""

    ticket: str
    mark: Mark
    words: str
    who: str
    where: str
    age: str
    age_title: str
    chip: Chip | None
    unit: str
    state: str
    state_label: str
    flags: list[tuple[str, str]]
    unread: bool
    failed: bool
    mine: bool
    taken: bool
    version: int
    veiled: bool
    hit: str = ""


def channel_mark(runtime: Runtime, account: str, channel: str) -> Mark:
    """The mark of a channel, from its manifest; of one that is gone, from its key."""
    known = runtime.accounts.get(account)
    return _mark(known.manifest.name if known else channel, channel, speaks())


@functools.lru_cache(256)
def _mark(called: str, channel: str, _language: str) -> Mark:
    name = said(called)
    parts = name.split()
    letters = (parts[0][0] + parts[1][0]).upper() if len(parts) > 1 else name[:2]
    return Mark(letters=letters, hue=zlib.crc32(channel.encode()) % _HUES, name=name)


def unit_name(runtime: Runtime, program: str | None, code: str | None) -> str:
    """A unit's name in its program; its code where the program no longer has it."""
    if code is None:
        return ""
    units = runtime.programs[program].units if program and program in runtime.programs else ()
    return next((unit.name for unit in units if unit.code == code), code)


def place_label(place: Mapping[str, Any] | None) -> str:
    """The words for where: the citizen's own, else the first place that they may mean."""
    if not place:
        return ""
    candidates = place.get("candidates") or ()
    return str(place.get("label") or (candidates[0] if candidates else ""))


def _flags(row: Row) -> list[tuple[str, str]]:
    raised = {
        Flag.RAHASIA: row.rahasia,
        Flag.ANONIM: row.anonim,
        Flag.UNCLEAR: row.format_unclear,
        Flag.DOUBLE: row.likely_double,
    }
    return [(flag.value, words.FLAGS[flag]) for flag, up in raised.items() if up]


def card(row: Row, person: Person, runtime: Runtime, now: datetime, *, cover: Veil | None = None) -> Card:
    """A row as this officer may see it; `cover` is a veil that knows more of its reporter than the row."""
    if cover is None:
        hidden = rights.masked(person, anonim=row.anonim, rahasia=row.rahasia)
        cover = veil(hidden, (row.name, row.contact_name, row.address))
    state = State(row.state)
    return Card(
        ticket=row.ticket,
        mark=channel_mark(runtime, row.account, row.channel),
        words=subject(cover.text(row.body), _FIRST_WORDS) or _("(tanpa teks)"),
        who=cover.who(row.name, row.contact_name, row.address, anonim=row.anonim),
        where=cover.text(place_label(row.place)),
        age=words.ago(row.opened_at, now, runtime.zone),
        age_title=words.absolute(row.opened_at, runtime.zone),
        chip=chip(row, runtime, now),
        unit=unit_name(runtime, row.program, row.unit),
        state=state.value,
        state_label=words.STATES[state],
        flags=_flags(row),
        unread=row.unread,
        failed=row.send_failed,
        mine=row.officer_id == person.id,
        taken=row.officer_id is not None,
        version=row.version,
        veiled=cover.hidden,
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A queue in the rail; `count` is as it is read, "1.000+" at the cap."""

    queue: str
    label: str
    count: str
    active: bool
    alarm: bool


def rail(counts: Mapping[Queue, int], active: Queue, person: Person, *, tray: bool) -> list[Shelf]:
    """The queues with their counts; the triage tray only for those who sort it."""
    shelves = []
    for queue, count in counts.items():
        if queue is Queue.TRIAGE and not tray:
            continue
        label = words.QUEUES[queue]
        if queue is Queue.UNIT and person.unit is None:
            label = _("Di unit")
        text = _("1.000+") if count > CAP else str(count)
        alarm = queue is Queue.LATE and count > 0
        shelves.append(Shelf(queue=queue.value, label=label, count=text, active=queue is active, alarm=alarm))
    return shelves
