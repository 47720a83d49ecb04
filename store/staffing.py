"""Who works where, and how much lies open there: what the pages of programs and units show."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final

from sqlalchemy import func, select

from normalizer.complaint import CLOSED, State
from store.models import Complaint, Officer

if TYPE_CHECKING:
    from sqlalchemy import Connection

_OPEN: Final = tuple(state.value for state in State if state not in CLOSED)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An officer who may log in, as far as a program's page tells of him."""

    id: int
    name: str
    role: str
    programs: tuple[str, ...]
    unit: str | None


def members(connection: Connection) -> list[Member]:
    """Everybody who may log in, by name."""
    query = select(Officer.id, Officer.name, Officer.role, Officer.programs, Officer.unit).where(Officer.active)
    return [
        Member(id=row.id, name=row.name, role=row.role, programs=tuple(row.programs), unit=row.unit)
        for row in connection.execute(query.order_by(Officer.name, Officer.id))
    ]


def open_cases(connection: Connection) -> dict[tuple[str | None, str | None], int]:
    """How many complaints are open by program and unit."""
    query = (
        select(Complaint.program, Complaint.unit, func.count())
        .where(Complaint.state.in_(_OPEN))
        .group_by(Complaint.program, Complaint.unit)
    )
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def open_accounts(connection: Connection) -> dict[str, int]:
    """How many complaints are open by the account that they came on."""
    query = select(Complaint.account, func.count()).where(Complaint.state.in_(_OPEN)).group_by(Complaint.account)
    return {row[0]: row[1] for row in connection.execute(query)}
