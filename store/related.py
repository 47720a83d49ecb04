"""Complaints that have to do with one another, as far as the officer reaches them."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, not_, select

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


def earlier(connection: Connection, scope: Scope, contact_id: UUID, but: UUID) -> list[Related]:
    """The citizen's other complaints, but none that he made anonymously or in confidence."""
    open_ones = (not_(Complaint.anonim), not_(Complaint.rahasia))
    return _found(connection, scope, Complaint.contact_id == contact_id, Complaint.id != but, *open_ones)


_MINE = """
SELECT program, opened_at, place->>'label' AS label,
       ARRAY(SELECT lexeme FROM unnest(search) WHERE lexeme ~ '^[[:alnum:]]+$' ORDER BY length(lexeme) DESC, lexeme)
FROM complaint WHERE id = %s
"""
# The pairs are a value of their own, so that the planner sees how rare they are and takes the index of words.
_LIKELY = """
WITH candidates AS (
  SELECT c.id, c.search, c.place->>'label' AS label FROM complaint c
  WHERE c.search @@ %(pairs)s::tsquery AND c.program = %(program)s AND c.id <> %(complaint)s AND c.state <> 'digabung'
    AND c.opened_at BETWEEN %(opened)s - interval '30 days' AND %(opened)s + interval '30 days'
  LIMIT 200
), scored AS (
  SELECT k.id, (SELECT count(*) FROM unnest(k.search) u WHERE u.lexeme = ANY(%(words)s))::float
               / least(cardinality(%(words)s::text[]), length(k.search))
               + CASE WHEN k.label = %(label)s AND k.label <> '' THEN 0.2 ELSE 0 END AS score
  FROM candidates k
)
SELECT id FROM scored WHERE score >= 0.5 ORDER BY score DESC, id LIMIT 5
"""
#: Of its words the longest are the rarest; any two of these make another complaint a candidate.
_LONGEST: Final = 5


def likely(connection: Connection, scope: Scope, complaint_id: UUID) -> list[Related]:
    """Complaints of the program from about the same time that share at least half of the shorter one's words.

    The same place makes up for some of them.
    """
    values = wanted(connection, complaint_id)
    if values is None:
        return []
    ids = [row[0] for row in connection.exec_driver_sql(_LIKELY, values)]
    found = {each.id: each for each in _found(connection, scope, Complaint.id.in_(ids))} if ids else {}
    return [found[each] for each in ids if each in found]


def wanted(connection: Connection, complaint_id: UUID) -> dict[str, Any] | None:
    """What a complaint is compared by; None where it has no program or too few words."""
    program, opened, label, words = connection.exec_driver_sql(_MINE, (complaint_id,)).one()
    pairs = " | ".join(f"'{one}' & '{other}'" for one, other in itertools.combinations(words[:_LONGEST], 2))
    if program is None or not pairs:
        return None
    named = {"complaint": complaint_id, "program": program, "opened": opened, "label": label}
    return {**named, "words": words, "pairs": pairs}


def _found(connection: Connection, scope: Scope, *conditions: ColumnElement[bool]) -> list[Related]:
    query = select(*_COLUMNS).where(within(scope), *conditions).order_by(Complaint.opened_at.desc()).limit(_MOST)
    return [_related(row) for row in connection.execute(query)]


def _related(row: Any) -> Related:
    return Related(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name
