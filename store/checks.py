"""The looks at the history that were made, and what the last one found."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from store.models import AuditCheck
from store.verify import Fault, Found, Wrong, verify

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Engine


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One look: its time, how much it saw, the number of faults and the first of them."""

    at: datetime
    rows: int
    seals: int
    faults: int
    first: Fault | None


def look(engine: Engine, now: datetime, against: str = "") -> Found:
    """Look at one picture of the whole history, and write down what was found."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        found = verify(connection, against)
    first = " ".join((found.faults[0].wrong, found.faults[0].name, str(found.faults[0].row))) if found.faults else None
    row = {"at": now, "rows": found.rows, "seals": found.seals, "faults": found.count, "first": first}
    with engine.begin() as connection:
        connection.execute(insert(AuditCheck).values(row))
    return found


def latest(connection: Connection) -> Check | None:
    """The last look."""
    row = connection.execute(select(AuditCheck).order_by(AuditCheck.id.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    first = None
    if row.first:
        wrong, name, number = row.first.split(" ")
        first = Fault(wrong=Wrong(wrong), name=name, row=int(number))
    return Check(at=row.at, rows=row.rows, seals=row.seals, faults=row.faults, first=first)
