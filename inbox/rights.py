"""Who may do what: the one place that knows what a role means."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from store.people import Role
from store.queue import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    from dispatcher.runtime import Runtime
    from normalizer.program import Program, Unit
    from store.people import Person


class Need(enum.Enum):
    """What a route asks of whoever calls it."""

    NOTHING = "a stranger may"
    READ = "log in"
    WORK = "act on complaints"
    SORT = "give a complaint of the triage tray its program"
    IMPORT = "bring in another system's reports"


_READERS: Final = frozenset({Role.LEADER, Role.AUDITOR})
_SORTERS: Final = frozenset({Role.ADMINISTRATOR, Role.PROGRAM_ADMIN})
_IN_UNITS: Final = frozenset({Role.UNIT_HEAD, Role.OFFICER})


def may(person: Person, need: Need) -> bool:
    """Whether the role is enough; which complaints it reaches, `scope` says."""
    match need:
        case Need.NOTHING | Need.READ:
            return True
        case Need.WORK:
            return person.role not in _READERS
        case Need.SORT | Need.IMPORT:
            return person.role in _SORTERS


def sees_all(person: Person) -> bool:
    """Whether every program and every account is this officer's, also those of no program."""
    return person.role is Role.ADMINISTRATOR


def programs(person: Person, runtime: Runtime) -> list[Program]:
    """The programs that an officer sees; an administrator with none named sees all."""
    if person.role is Role.ADMINISTRATOR:
        return list(runtime.programs.values())
    return [program for key, program in runtime.programs.items() if key in person.programs]


def scope(person: Person, runtime: Runtime) -> Scope:
    """What the officer's queries reach.

    Triage is for those who may sort it: all of it for an administrator, for a program's own administrator what came in
    on an account where his program is reached.
    """
    if person.role is Role.ADMINISTRATOR:
        return Scope(officer_id=person.id, programs=None, units=None, tray=None)
    seen = programs(person, runtime)
    tray = {account for program in seen for account in program.accounts} if may(person, Need.SORT) else set()
    units = None
    if person.role in _IN_UNITS and person.unit is not None:
        units = _with_those_below(person.unit, [unit for program in seen for unit in program.units])
    return Scope(officer_id=person.id, programs=frozenset(person.programs), units=units, tray=frozenset(tray))


def _with_those_below(code: str, units: Iterable[Unit]) -> frozenset[str]:
    parents = {unit.code: unit.parent for unit in units}
    found = {code}
    grew = True
    while grew:
        below = {unit for unit, parent in parents.items() if parent in found} - found
        found |= below
        grew = bool(below)
    return frozenset(found)


def masked(person: Person, *, anonim: bool, rahasia: bool) -> bool:
    """Whether the reporter's identity is hidden from this officer (invariant 10)."""
    return (anonim or rahasia) and not person.sees_identity
