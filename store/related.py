"""Complaints that have to do with one another, as far as the officer reaches them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from store.models import Complaint
from store.queue import within

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

    from store.queue import Scope

_MOST: Final = 20
#: More than a line shows, so that a cut never leaves half a name that masking would then miss.
_FIRST_WORDS: Final = 600


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Related:
    """Another complaint, with its first words unmasked."""

    id: UUID
    ticket: str
    state: str
    body: str
    opened_at: datetime
    anonim: bool
    rahasia: bool
    version: int


_COLUMNS: Final = (
    Complaint.id,
    Complaint.ticket,
    Complaint.state,
    func.left(Complaint.body, _FIRST_WORDS).label("body"),
    Complaint.opened_at,
    Complaint.anonim,
    Complaint.rahasia,
    Complaint.version,
)


def merged(connection: Connection, scope: Scope, complaint_id: UUID) -> list[Related]:
    """What was merged into this one."""
    return _found(connection, scope, Complaint.merged_into == complaint_id)


def target(connection: Connection, scope: Scope, complaint_id: UUID) -> Related | None:
    """What this one was merged into; None where it was not."""
    into = select(Complaint.merged_into).where(Complaint.id == complaint_id).scalar_subquery()
    return next(iter(_found(connection, scope, Complaint.id == into)), None)


def _found(connection: Connection, scope: Scope, *conditions: ColumnElement[bool]) -> list[Related]:
    query = select(*_COLUMNS).where(within(scope), *conditions).order_by(Complaint.opened_at.desc()).limit(_MOST)
    return [_related(row) for row in connection.execute(query)]


def _related(row: Any) -> Related:
    return Related(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
