"""Who may do what: the one place that knows what a role means."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

from dispatcher import reach
from dispatcher.reach import IN_UNITS, SORTERS
from store.canned import Reach as Keep
from store.people import Role
from store.users import Reach

if TYPE_CHECKING:
    from collections.abc import Iterable
    from uuid import UUID

    from dispatcher.runtime import Account, Runtime
    from normalizer.program import Program, Unit
    from store.people import Person
    from store.queue import Scope
    from store.users import Profile


class Need(enum.Enum):
    """What a route asks of whoever calls it."""

    NOTHING = "a stranger may"
    READ = "log in"
    WORK = "act on complaints"
    SORT = "give a complaint of the triage tray its program"
    IMPORT = "bring in another system's reports"
    USERS = "manage officers"
    CANNED = "keep canned answers"
    REVEAL = "be shown who an anonymous or confidential reporter is"
    PROD = "remind a unit of a complaint"
    OVERSEE = "look at channels, quarantine and programs"
    OPERATE = "pause and test channels, read quarantine again"


_READERS: Final = frozenset({Role.LEADER, Role.AUDITOR})
_KEEPERS: Final = SORTERS | {Role.UNIT_HEAD}


def may(person: Person, need: Need) -> bool:  # noqa: PLR0911 - an answer for each need
    """Whether the role is enough; which complaints it reaches, `scope` says."""
    match need:
        case Need.NOTHING | Need.READ:
            return True
        case Need.WORK:
            return person.role not in _READERS
        case Need.SORT | Need.IMPORT | Need.USERS | Need.OPERATE:
            return person.role in SORTERS
        case Need.CANNED:
            return person.role in _KEEPERS
        case Need.REVEAL:
            return person.sees_identity
        case Need.PROD:
            return person.role in SORTERS or person.role is Role.LEADER
        case Need.OVERSEE:
            return person.role in SORTERS or person.role is Role.AUDITOR


def sees_all(person: Person) -> bool:
    """Whether every program and every account is this officer's, also those of no program."""
    return person.role is Role.ADMINISTRATOR


def programs(person: Person, runtime: Runtime) -> list[Program]:
    """The programs that an officer sees."""
    return reach.programs(person, runtime.programs)


def accounts(person: Person, runtime: Runtime) -> list[Account]:
    """The accounts on which the officer's programs are reached; an administrator sees those of no program too."""
    if sees_all(person):
        return list(runtime.accounts.values())
    seen = {account for program in programs(person, runtime) for account in program.accounts}
    return [account for name, account in runtime.accounts.items() if name in seen]


def operates(person: Person, account: Account) -> bool:
    """Whether the officer may pause and test an account: one that serves others' programs too is not his alone."""
    if sees_all(person):
        return True
    whole = bool(account.programs) and all(program.key in person.programs for program in account.programs)
    return may(person, Need.OPERATE) and whole


def scope(person: Person, runtime: Runtime) -> Scope:
    """What the officer's queries reach."""
    return reach.scope(person, runtime.programs)


def canned(person: Person, runtime: Runtime) -> Keep:
    """Whose canned answers the officer keeps: those of his programs, the head of a unit those of it and below it."""
    seen = programs(person, runtime)
    return Keep(programs=frozenset(program.key for program in seen), units=reach.units(person, seen))


def with_those_above(code: str, units: Iterable[Unit]) -> frozenset[str]:
    """A unit and all that it belongs to, up to the root."""
    parents = {unit.code: unit.parent for unit in units}
    found: set[str] = set()
    above: str | None = code
    while above is not None and above not in found:
        found.add(above)
        above = parents.get(above)
    return frozenset(found)


def masked(person: Person, *, anonim: bool, rahasia: bool, case: UUID | None = None) -> bool:
    """Whether the reporter's identity is hidden from this officer (invariant 10).

    It is from everybody, but on the pages of a `case` that he has had revealed to him a moment ago.
    """
    return (anonim or rahasia) and case not in person.revealed


def grantable(person: Person) -> list[Role]:
    """The roles that this officer may give: an administrator all, a program's own those of its units."""
    return [role for role in Role if sees_all(person) or role in IN_UNITS]


def manageable(person: Person) -> Reach | None:
    """Which officers this one sees in the list; None is all."""
    return None if sees_all(person) else Reach(roles=IN_UNITS, programs=person.programs)


def manages(person: Person, profile: Profile) -> bool:
    """Whether this officer may make, change and let go one of that profile.

    A program's administrator has the heads and officers of its units, where they see no program that he does not see,
    and no identity that he may not see: a link to choose a password with is a way into their accounts.
    """
    if sees_all(person):
        return True
    within = bool(profile.programs) and set(profile.programs) <= person.programs
    return profile.role in IN_UNITS and within and (person.sees_identity or not profile.sees_identity)
