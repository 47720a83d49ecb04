"""The programs as their files say: brand, units, calendar, clocks, escalation; and what no longer fits together."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from flask import abort

from inbox import rights, words
from inbox.i18n import _, lazy, said
from inbox.presenters import channel_mark
from inbox.reckoning import explain
from inbox.state import now, page, person, reading, runtime
from normalizer.clock import Facts, reckon
from normalizer.clock_time import national
from normalizer.program import Calendar, Clock, Weekday
from store import staffing
from store.people import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date

    from flask import Response

    from normalizer.program import Clocks, Escalation, Program, Unit
    from store.staffing import Member

Open = dict[tuple[str | None, str | None], int]

_CALENDARS: Final = {
    Calendar.PLAIN: lazy("jam biasa"),
    Calendar.HOURS: lazy("jam kerja"),
    Calendar.WORKING: lazy("hari kerja"),
}
_DAYS: Final = {
    Weekday.SENIN: lazy("Senin"),
    Weekday.SELASA: lazy("Selasa"),
    Weekday.RABU: lazy("Rabu"),
    Weekday.KAMIS: lazy("Kamis"),
    Weekday.JUMAT: lazy("Jumat"),
    Weekday.SABTU: lazy("Sabtu"),
    Weekday.MINGGU: lazy("Minggu"),
}
#: The end of a step such as 75%, -4h, +24h.
_SHARE, _HOURS = "%", "h"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A unit in the tree; `open` counts its own complaints, not those of the units below it."""

    code: str
    name: str
    heads: list[str]
    officers: list[str]
    open: int
    below: list[Node]


def show() -> Response:
    """The programs that the officer sees, and what is wrong across them."""
    seen = rights.programs(person(), runtime())
    with reading() as connection:
        members, opened = staffing.members(connection), staffing.open_cases(connection)
        accounts = staffing.open_accounts(connection)
    rows = [
        {
            "program": program,
            "units": len(program.units),
            "open": sum(count for (key, _unit), count in opened.items() if key == program.key),
            "problems": len(list(problems(program, members, opened))),
        }
        for program in seen
    ]
    whole = list(_astray(members, opened, accounts)) if rights.sees_all(person()) else []
    return page("programs.html", title=_("Program"), rows=rows, problems=whole)


def one(key: str) -> Response:
    """One program; 404 where the officer does not see it."""
    program = next((each for each in rights.programs(person(), runtime()) if each.key == key), None) or abort(404)
    with reading() as connection:
        members, opened = staffing.members(connection), staffing.open_cases(connection)
    ours = [member for member in members if program.key in member.programs]
    year = now().astimezone(runtime().zone).year
    return page(
        "program.html",
        title=program.name,
        program=program,
        accounts=[_account(name) for name in program.accounts],
        tree=tree(program, ours, opened),
        people=_people(ours),
        free=opened.get((program.key, None), 0),
        clocks=_clocks(program),
        weekend=", ".join(str(_DAYS[day]) for day in program.clocks.weekend),
        years=[(each, _holidays(program.clocks, each)) for each in (year, year + 1)],
        steps=[_step(step) for step in program.escalation],
        texts=dataclasses.asdict(program.texts),
        problems=list(problems(program, members, opened)),
    )


def _account(name: str) -> dict[str, Any]:
    known = runtime().accounts.get(name)
    mark = channel_mark(runtime(), name, known.channel.key if known else name)
    return {"name": name, "label": said(known.manifest.name) if known else "", "mark": mark, "there": known is not None}


def tree(
    program: Program, members: Sequence[Member], opened: Mapping[tuple[str | None, str | None], int]
) -> list[Node]:
    """The units as their parents say, in the order of the file."""
    below: dict[str | None, list[Unit]] = {}
    for unit in program.units:
        below.setdefault(unit.parent, []).append(unit)

    def grown(unit: Unit) -> Node:
        return Node(
            code=unit.code,
            name=unit.name,
            heads=[each.name for each in members if each.unit == unit.code and each.role == Role.UNIT_HEAD],
            officers=[each.name for each in members if each.unit == unit.code and each.role == Role.OFFICER],
            open=opened.get((program.key, unit.code), 0),
            below=[grown(each) for each in below.get(unit.code, [])],
        )

    return [grown(unit) for unit in below.get(None, [])]


def _people(members: Sequence[Member]) -> list[tuple[str, list[str]]]:
    """Those of the whole program, by role."""
    found = [
        (str(words.ROLES[role]), [each.name for each in members if each.role == role and each.unit is None])
        for role in Role
    ]
    return [(role, names) for role, names in found if names]


def _clocks(program: Program) -> list[dict[str, Any]]:
    """Each clock, with the deadline of a complaint that came this moment."""
    facts = Facts(started_at=now())
    told = {each.clock: each.text for each in explain(program, facts, reckon(program, facts), now())}
    return [
        {
            "name": str(words.CLOCKS[clock]).capitalize(),
            "amount": program.clocks.amount(clock),
            "calendar": _CALENDARS[program.clocks.calendar_of(clock)],
            "example": told.get(clock, ""),
            "waits": clock in program.clocks.pause_while_waiting,
            "held": clock in program.clocks.pause_while_held,
        }
        for clock in Clock
    ]


def _holidays(clocks: Clocks, year: int) -> list[tuple[date, str, bool]]:
    """National ones and the file's own, and the days that are worked all the same; whether it is an Indonesian name."""
    named = national(year, collective_leave=clocks.collective_leave)
    own = {day: _("libur daerah") for day in clocks.holidays if day.year == year}
    own |= {day: _("tetap masuk") for day in clocks.workdays if day.year == year}
    return [(day, name, day not in own) for day, name in sorted((dict(named) | own).items())]


def _step(step: Escalation) -> dict[str, str]:
    if step.at.endswith(_SHARE):
        when = _("setelah %(share)s%% waktunya", share=step.at.removesuffix(_SHARE))
    elif step.at == "0":
        when = _("pada tenggatnya")
    elif step.at.startswith("-"):
        when = _("%(hours)s jam sebelumnya", hours=step.at[1:].removesuffix(_HOURS))
    else:
        when = _("%(hours)s jam sesudahnya", hours=step.at[1:].removesuffix(_HOURS))
    to = ", ".join(str(words.RECIPIENTS[each]) for each in step.to)
    return {"clock": str(words.CLOCKS[step.clock]).capitalize(), "when": when, "to": to}


def problems(program: Program, members: Sequence[Member], opened: Open) -> Iterator[str]:
    """What officers or complaints name that the program's file does not have, and who is missing."""
    codes = {unit.code for unit in program.units}
    for name in program.accounts:
        if name not in runtime().accounts:
            yield _("Akun %(name)s di accounts tidak ada atau dimatikan di muara.toml.", name=name)
    for member in members:
        if program.key in member.programs and member.unit and member.unit not in _units_of(member):
            yield _("%(name)s ditugaskan di unit %(unit)s, yang tidak ada lagi.", name=member.name, unit=member.unit)
    for (key, unit), count in opened.items():
        if key == program.key and unit is not None and unit not in codes:
            yield _("%(count)s aduan terbuka ada di unit %(unit)s, yang tidak ada lagi.", count=count, unit=unit)
    if not any(each.role == Role.PROGRAM_ADMIN and program.key in each.programs for each in members):
        yield _("Belum ada admin program: peringatan yang tidak punya penerima lain tidak dibaca siapa pun.")


def _units_of(member: Member) -> set[str]:
    known = runtime().programs
    return {unit.code for key in member.programs if key in known for unit in known[key].units}


def _astray(members: Sequence[Member], opened: Open, accounts: Mapping[str, int]) -> Iterator[str]:
    """What belongs to no program or account that the files have."""
    known = runtime().programs
    for member in members:
        for key in member.programs:
            if key not in known:
                yield _("%(name)s ditugaskan di program %(key)s, yang tidak ada berkasnya.", name=member.name, key=key)
    for key in sorted({key for key, _unit in opened if key is not None and key not in known}):
        count = sum(number for (other, _unit), number in opened.items() if other == key)
        yield _("%(count)s aduan terbuka milik program %(key)s, yang tidak ada berkasnya.", count=count, key=key)
    for name, count in sorted(accounts.items()):
        if name not in runtime().accounts:
            yield _(
                "%(count)s aduan terbuka masuk lewat akun %(name)s, yang tidak ada lagi. "
                "Jawabannya tidak dapat dikirim.",
                count=count,
                name=name,
            )
    for name, account in runtime().accounts.items():
        if not account.programs:
            yield _("Akun %(name)s tidak dipakai program mana pun: yang masuk ke sana menunggu di triase.", name=name)
