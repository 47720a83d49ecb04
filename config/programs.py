"""Complaint programs: one file each below `programs/`, named by the program's key, checked against all the others."""

from __future__ import annotations

import dataclasses
import string
import tomllib
from typing import TYPE_CHECKING

from config import checks
from config.reading import read
from config.spot import Spot
from normalizer import letters
from normalizer.program import WEEK, Clock, Program

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

#: What the texts to citizens may hold in braces.
PLACEHOLDERS = frozenset({"ticket", "program", "format", "state", "link"})
_KEY_CHARACTERS = frozenset(string.ascii_lowercase + string.digits + "-")


def read_toml(path: Path, spot: Spot) -> dict[str, object]:
    """A settings file's table. SettingsError where it is missing, unreadable or no TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise spot.error(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise spot.error("expected UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise spot.error(f"expected TOML: {error}") from None


def read_programs(folder: Path, environ: Mapping[str, str], accounts: Collection[str]) -> tuple[Program, ...]:
    """All programs in the order of their keys; `accounts` are the names that they may use. SettingsError."""
    found: list[tuple[Program, Spot]] = []
    for path in sorted(folder.glob("*.toml")):
        spot = Spot(source=str(path), base=path.parent, environ=environ)
        if not set(path.stem) <= _KEY_CHARACTERS:
            raise spot.error("expected a file name of a-z, 0-9 and dashes: it is the program's key")
        program = read(Program, read_toml(path, spot), spot, given={"key": path.stem})
        _check(program, spot, accounts)
        found.append((program, spot))
    if not found:
        raise Spot(source=str(folder), base=folder).error("expected at least one program, such as masbupsiaga.toml")
    _refuse_shared_words(found)
    return tuple(program for program, _ in found)


def fold(word: str) -> str:
    """A keyword or hashtag as the keyword step compares it: without case, spaces and signs, look-alikes made plain."""
    return "".join(char for char in letters.fold(word)[0] if char.isalnum())


def _check(program: Program, spot: Spot, accounts: Collection[str]) -> None:
    if not program.keywords:
        raise spot.at("keywords").error("expected at least one: citizens are told it as the format")
    for key in ("keywords", "hashtags"):
        if not all(map(fold, getattr(program, key))):
            raise spot.at(key).error("expected words with letters or digits in them")
    for account in program.accounts:
        if account not in accounts:
            known = ", ".join(sorted(accounts)) or "none"
            raise spot.at("accounts").error(f"there is no account {account!r}; accounts are: {known}")
    if len(program.region) != 2 or not program.region.isupper():  # noqa: PLR2004 - ISO 3166
        raise spot.at("region").error("expected a country code of two capital letters, such as ID")
    try:
        checks.timezone(program.timezone)
    except ValueError as error:
        raise spot.at("timezone").error(str(error)) from None
    _check_times(program, spot)
    _check_escalation(program, spot.at("escalation"))
    _check_units(program, spot.at("units"))
    _check_texts(program, spot.at("texts"))


def _check_times(program: Program, spot: Spot) -> None:
    if program.window_hours < 1:
        raise spot.at("window_hours").error("expected at least 1")
    clocks, place = program.clocks, spot.at("clocks")
    for name in ("verification", "silence"):
        if getattr(clocks, name) < 0:
            raise place.at(name).error("expected at least 1, or 0 for no such clock")
    if clocks.first_response < 1:
        raise place.at("first_response").error("expected at least 1")
    alike = clocks.calendar_of(Clock.RESOLUTION) is clocks.calendar_of(Clock.RESPONSE)
    if clocks.resolution < (clocks.first_response if alike else 1):
        raise place.at("resolution").error("expected at least as much as first_response")
    if set(clocks.weekend) == set(WEEK):
        raise place.at("weekend").error("expected at least one day of the week that is worked")
    for name in ("pause_while_waiting", "pause_while_held"):
        if Clock.SILENCE in getattr(clocks, name):
            raise place.at(name).error("silence never stands still: it counts the waiting itself")


def _check_escalation(program: Program, spot: Spot) -> None:
    for number, step in enumerate(program.escalation, start=1):
        here = spot.at(str(number))
        if not program.clocks.amount(step.clock):
            raise here.at("clock").error(f"the clock {step.clock.value} is off")
        if not step.to:
            raise here.at("to").error("expected at least one of officer, unit_head, program_admin, leader")
        if any((step.clock, step.at) == (other.clock, other.at) for other in program.escalation[: number - 1]):
            raise here.at("at").error("this step stands twice")


def _check_units(program: Program, spot: Spot) -> None:
    parents: dict[str, str | None] = {}
    for unit in program.units:
        if unit.code in parents:
            raise spot.error(f"the code {unit.code!r} stands twice")
        parents[unit.code] = unit.parent
    for code, parent in parents.items():
        above = {code}
        while parent is not None:
            if parent not in parents:
                raise spot.error(f"the parent {parent!r} of {code!r} is no unit's code")
            if parent in above:
                raise spot.error(f"the unit {parent!r} stands above itself")
            above.add(parent)
            parent = parents[parent]  # noqa: PLW2901 - the walk up the tree


def _check_texts(program: Program, spot: Spot) -> None:
    allowed = ", ".join(f"{{{name}}}" for name in sorted(PLACEHOLDERS))
    for field in dataclasses.fields(program.texts):
        try:
            pieces = [piece[1:] for piece in string.Formatter().parse(getattr(program.texts, field.name))]
        except ValueError:
            pieces = [("", "?", None)]
        for name, style, conversion in pieces:
            if style or conversion:
                raise spot.at(field.name).error(f"expected braces only as {allowed}; a brace itself is {{{{ or }}}}")
            if name is not None and name not in PLACEHOLDERS:
                raise spot.at(field.name).error(f"unknown placeholder {{{name}}}; known are: {allowed}")


def _refuse_shared_words(found: Sequence[tuple[Program, Spot]]) -> None:
    # One pool: a hashtag routes like a keyword, and a keyword may be written with #.
    owners: dict[tuple[str, str], str] = {}
    for program, spot in found:
        for key, words in (("keywords", program.keywords), ("hashtags", program.hashtags)):
            for account, word in ((account, word) for account in program.accounts for word in words):
                owner = owners.setdefault((account, fold(word)), program.key)
                if owner != program.key:
                    raise spot.at(key).error(
                        f"{word!r} on the account {account!r} is the program {owner!r}'s already: it must say whose"
                    )
