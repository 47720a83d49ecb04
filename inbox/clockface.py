"""The clocks of a complaint as officers see them: chips, and what each is reckoned from."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any, Final

from inbox import words
from inbox.i18n import _, lazy, speaks
from inbox.reckoning import Reckoning, explain, explain_one
from normalizer import clock
from normalizer.clock import Facts, reckon
from normalizer.complaint import CLOSED, State
from normalizer.program import Clock

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.runtime import Runtime
    from normalizer.program import Program

_LABELS: Final = {
    Clock.VERIFICATION: lazy("Verifikasi:"),
    Clock.RESPONSE: lazy("Tanggapan:"),
    Clock.RESOLUTION: lazy("Selesai:"),
    Clock.SILENCE: lazy("Ditutup otomatis:"),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A deadline: its colour, what is left, and for whoever hovers the moment itself and how it came about."""

    colour: str
    text: str
    title: str
    label: str = ""


def chip(row: Any, runtime: Runtime, now: datetime) -> Chip | None:
    """The next deadline of a row that is open and has one; any row with the columns of `Facts.of`."""
    due = row.next_due_at
    if due is None or State(row.state) in CLOSED:
        return None
    program = runtime.programs.get(row.program or "")
    facts = Facts.of(row)
    found = _ending(program, facts, due, row.opened_at, speaks())
    title = _("Tenggat %(when)s", when=words.absolute(due, runtime.zone))
    if found is None:
        return Chip(colour=clock.chip(due, now, due - facts.started_at), text=words.left(due, now), title=title)
    return dataclasses.replace(_running(found, now), title=f"{title}. {found.text}")


@functools.lru_cache(4096)
def _ending(
    program: Program | None, facts: Facts, due: datetime, opened_at: datetime, _language: str
) -> Reckoning | None:
    """Which clock ends then, and how that came about; kept, since a list shows the same cards again and again.

    None until the clock process has come by after a change of settings: a deadline stands without its reasons.
    """
    deadlines = reckon(program, facts)
    which = next((each for each in deadlines.running if deadlines.ends[each] == due), None)
    return None if which is None else explain_one(program, facts, deadlines, which, opened_at)


def _running(found: Reckoning, now: datetime) -> Chip:
    colour = clock.chip(found.end, now, found.end - found.start)
    text = words.left(found.end, now)
    return Chip(colour=colour, text=text, title=found.text, label=_LABELS[found.clock])


def chips(row: Any, runtime: Runtime, now: datetime) -> list[Chip]:
    """One for each clock that runs or stands still, those with the next deadline first."""
    found = [each for each in _explained(row, runtime) if not each.met]
    found.sort(key=lambda each: (each.paused, each.end))
    return [
        Chip(colour="paused", text=_("dijeda"), title=each.text, label=_LABELS[each.clock])
        if each.paused
        else _running(each, now)
        for each in found
    ]


def sentences(row: Any, runtime: Runtime) -> list[tuple[str, str]]:
    """Every clock's name and how its deadline came about."""
    return [(words.CLOCKS[each.clock].capitalize(), each.text) for each in _explained(row, runtime)]


def _explained(row: Any, runtime: Runtime) -> list[Reckoning]:
    program = runtime.programs.get(row.program or "")
    facts = Facts.of(row)
    return explain(program, facts, reckon(program, facts), row.opened_at)
