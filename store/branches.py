"""Which index leads to what an officer reaches: a scope taken apart into rows that stand together in one.

A complaint's desk (`program/unit`) is one word, so that an index by desk and time has the page of an officer of units
in order, as one by program has that of a program; an OR over programs, units and what has none is in no order at all.
"""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, func, select, text, true, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from store.models import Complaint
from store.queue import among, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import ColumnElement, CompoundSelect, Select

    from store.queue import Scope, Wanted

#: The desk of what has no program.
_STRAY: Final = "/"
# From one program to the next one, however many complaints lie between them.
_PROGRAMS: Final = text("""
WITH RECURSIVE found AS (
  (SELECT program FROM complaint WHERE program IS NOT NULL ORDER BY program LIMIT 1)
  UNION ALL
  SELECT (SELECT c.program FROM complaint c WHERE c.program > found.program ORDER BY c.program LIMIT 1)
  FROM found WHERE found.program IS NOT NULL
)
SELECT program FROM found WHERE program IS NOT NULL
""").columns(program=Text())


class Part(enum.Enum):
    """Which part of what a scope reaches a queue is about."""

    ALL = "all of it"
    UNIT = "what a unit has"
    NO_UNIT = "what a program has and no unit"
    OURS = "what a program has: no unit, or a unit of the scope's"
    STRAY = "what no program has"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """Rows that have one of the values, an array, in the column; without one, all rows. `also` is asked of each."""

    column: Any = None
    values: ColumnElement[Any] | None = None
    also: tuple[ColumnElement[bool], ...] = ()

    @property
    def is_all(self) -> bool:
        """Whether there is no row that it does not hold."""
        return self.column is None and not self.also

    @property
    def condition(self) -> list[ColumnElement[bool]]:
        """The rows, in no order."""
        keys = [] if self.column is None else [self.column == func.any(self.values)]
        return [*keys, *self.also]


def of(scope: Scope, wanted: Wanted, part: Part) -> list[Branch]:
    """The branches that hold all that the scope reaches of a part, and that hold no row twice."""
    strays = part in {Part.ALL, Part.STRAY} and wanted.program is None and wanted.unit is None
    if part is Part.STRAY:
        return _strays(scope) if strays else []
    mine = _mine(scope, wanted, part)
    return [*mine, *(_strays(scope) if strays and not any(each.is_all for each in mine) else ())]


def _mine(scope: Scope, wanted: Wanted, part: Part) -> list[Branch]:
    programs = _also(scope.programs, wanted.program)
    units = None if scope.units is None else scope.units | {""}
    if part is Part.NO_UNIT or (part is Part.OURS and units is None):
        units = frozenset({""})
    elif part is Part.UNIT and units is not None:
        units -= {""}
    units = _also(units, wanted.unit)
    if units is None and programs is not None:
        return [Branch(column=Complaint.program, values=texts(programs))]
    if units is None:
        everything = part is Part.ALL and scope.tray is None
        return [Branch() if everything else Branch(also=(Complaint.program.is_not(None),))]
    if programs is None:
        return [Branch(column=Complaint.desk, values=_everywhere(units))]
    desks = {f"{program}/{unit}" for program in programs for unit in units}
    return [Branch(column=Complaint.desk, values=texts(desks))]


def _everywhere(units: frozenset[str]) -> ColumnElement[Any]:
    """The desks of these units in every program that has a complaint."""
    known, unit = _PROGRAMS.subquery("known"), func.unnest(texts(units)).table_valued("code").render_derived("unit")
    desks = select(known.c.program + "/" + unit.c.code).select_from(known.join(unit, true()))
    return func.array(desks.scalar_subquery(), type_=ARRAY(Text))


def _also(known: frozenset[str] | None, asked: str | None) -> frozenset[str] | None:
    """Of what is known, that which is asked for; None is anything."""
    if asked is None:
        return known
    return frozenset({asked}) if known is None or asked in known else frozenset()


def _strays(scope: Scope) -> list[Branch]:
    if scope.tray is None:
        return [Branch(column=Complaint.desk, values=texts([_STRAY]))]
    if not scope.tray:
        return []
    return [Branch(column=Complaint.desk, values=texts([_STRAY]), also=(among(Complaint.account, scope.tray),))]


def in_order(
    branches: Sequence[Branch], query: Select[Any], order: Callable[[Any], list[Any]], limit: ColumnElement[int]
) -> Any:
    """The first rows of `query` in the order of its two columns `at` and `id`, as a subquery.

    Each value of each branch gives its own first ones, in the order of its index; these few are then sorted.
    """
    parts = [_first(branch, query.limit(limit)) for branch in branches]
    found = union_all(*parts).subquery("found")
    return select(found.c.at, found.c.id).order_by(*order(found.c)).limit(limit).subquery("hit")


def _first(branch: Branch, query: Select[Any]) -> Select[Any]:
    query = query.where(*branch.also)
    if branch.column is None:
        each = query.subquery()
        return select(each.c.at, each.c.id)
    keys = func.unnest(branch.values).table_valued("key").render_derived()
    of_key = query.where(branch.column == keys.c.key).correlate(keys).lateral()
    return select(of_key.c.at, of_key.c.id).select_from(keys.join(of_key, true()))


def anywhere(branches: Sequence[Branch], query: Select[Any]) -> CompoundSelect[Any]:
    """The rows of `query`, in no order."""
    return union_all(*(query.where(*branch.condition) for branch in branches))
