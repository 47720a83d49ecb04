"""Canned answers of programs and units: what a case is offered, and what an officer manages."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Text, bindparam, delete, func, or_, select, true, update
from sqlalchemy.dialects.postgresql import ARRAY, insert

from store.engine import kept
from store.models import Canned

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

#: More than anybody reads through in a list.
MOST = 500


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whose canned answers an officer manages: programs by key, and in them all units (None) or these."""

    programs: frozenset[str]
    units: frozenset[str] | None


_OFFERED: Final = kept(
    select(Canned)
    .where(Canned.program == bindparam("program"))
    .where(or_(Canned.unit.is_(None), Canned.unit == func.any(bindparam("units", type_=ARRAY(Text)))))
    .order_by(Canned.title, Canned.id)
    .limit(MOST)
)


def offered(connection: Connection, program: str, units: Iterable[str]) -> Sequence[Any]:
    """What a complaint of the program is offered: the program's own, and those of the units (a unit, those above)."""
    return connection.execute(_OFFERED, {"program": program, "units": sorted(units)}).all()


def managed(connection: Connection, reach: Reach) -> Sequence[Any]:
    """All that the officer may change, by program, unit and title."""
    query = select(Canned).where(_within(reach))
    return connection.execute(query.order_by(Canned.program, Canned.unit.nulls_first(), Canned.title).limit(MOST)).all()


def find(connection: Connection, reach: Reach, canned_id: uuid.UUID) -> Any:
    """One that the officer may change; None for any other."""
    return connection.execute(select(Canned).where(Canned.id == canned_id, _within(reach))).one_or_none()


def add(connection: Connection, canned_id: uuid.UUID, by: str, now: datetime, **values: str | None) -> None:
    """A new one: program, unit, title, text; the same form sent twice is one."""
    row = {"id": canned_id, "changed_at": now, "changed_by": by, **values}
    connection.execute(insert(Canned).values(row).on_conflict_do_nothing())


def change(connection: Connection, canned_id: uuid.UUID, by: str, now: datetime, **values: str | None) -> None:
    """Other values; who reads them gets them from now on."""
    changed = update(Canned).where(Canned.id == canned_id)
    connection.execute(changed.values(changed_at=now, changed_by=by, **values))


def remove(connection: Connection, canned_id: uuid.UUID) -> None:
    """Gone; what was answered with it stays as it was sent."""
    connection.execute(delete(Canned).where(Canned.id == canned_id))


def _within(reach: Reach) -> ColumnElement[bool]:
    units = true() if reach.units is None else Canned.unit.in_(sorted(reach.units))
    return Canned.program.in_(sorted(reach.programs)) & units
