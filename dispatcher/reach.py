"""Which complaints an officer reaches; what a role may do with them stands in inbox/rights.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from store.people import Role
from store.queue import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from normalizer.program import Program, Unit

#: Who sorts the triage tray, each in his programs.
SORTERS: Final = frozenset({Role.ADMINISTRATOR, Role.PROGRAM_ADMIN})
#: Whose unit limits what they see.
IN_UNITS: Final = frozenset({Role.UNIT_HEAD, Role.OFFICER})


class Someone(Protocol):
    """An officer, as far as his reach depends on him; `role` is the value of a store.people.Role."""

    @property
    def id(self) -> int:
        """His number."""

    @property
    def role(self) -> str:
        """What he is."""

    @property
    def programs(self) -> frozenset[str]:
        """The keys of his programs."""

    @property
    def unit(self) -> str | None:
        """The code of his unit."""


def programs(person: Someone, known: Mapping[str, Program]) -> list[Program]:
    """The programs that an officer sees; an administrator sees all."""
    if person.role == Role.ADMINISTRATOR:
        return list(known.values())
    return [program for key, program in known.items() if key in person.programs]


def scope(person: Someone, known: Mapping[str, Program]) -> Scope:
    """What the officer's queries reach.

    Triage is for those who may sort it: all of it for an administrator, for a program's own administrator what came in
    on an account where his program is reached.
    """
    if person.role == Role.ADMINISTRATOR:
        return Scope(officer_id=person.id, programs=None, units=None, tray=None)
    seen = programs(person, known)
    tray = {account for program in seen for account in program.accounts} if person.role in SORTERS else set()
    return Scope(
        officer_id=person.id, programs=frozenset(person.programs), units=units(person, seen), tray=frozenset(tray)
    )


def units(person: Someone, seen: Iterable[Program]) -> frozenset[str] | None:
    """The codes of the officer's unit and those below it; None where no unit limits him."""
    if person.role not in IN_UNITS or person.unit is None:
        return None
    return _with_those_below(person.unit, [unit for program in seen for unit in program.units])


def reaches(scope: Scope, program: str | None, unit: str | None, account: str) -> bool:
    """Whether a complaint stands within a scope, as store.queue.within has it in the database."""
    if program is None:
        return scope.tray is None or account in scope.tray
    ours = scope.programs is None or program in scope.programs
    return ours and (scope.units is None or unit is None or unit in scope.units)


def _with_those_below(code: str, units: Iterable[Unit]) -> frozenset[str]:
    parents = {unit.code: unit.parent for unit in units}
    found = {code}
    grew = True
    while grew:
        below = {unit for unit, parent in parents.items() if parent in found} - found
        found |= below
        grew = bool(below)
    return frozenset(found)
