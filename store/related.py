"""Complaints that have to do with one another, as far as the officer reaches them."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import Uuid, bindparam, func, literal, not_, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY

from store.engine import KEPT, kept
from store.models import Complaint
from store.queue import within

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, CompoundSelect, Connection, Select

    from store.queue import Scope

_MOST: Final = 20
#: More than a line shows, so that a cut never leaves half a name that masking would then miss.
_FIRST_WORDS: Final = 600


class Related(NamedTuple):
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


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What a complaint has to do with: `merged` into it, the `target` that it was merged into, and others."""

    merged: list[Related]
    target: Related | None
    earlier: list[Related]
    likely: list[Related]


def of(
    connection: Connection, scope: Scope, complaint_id: UUID, *, contact_id: UUID | None, likely: Sequence[UUID]
) -> Kin:
    """All of it in one statement; of the contact's other complaints none that he made anonymously or in confidence."""
    values = {"case": complaint_id, "contact": contact_id, "likely": likely}
    found: dict[str, list[Related]] = {}
    for how, *row in connection.execute(_all(dataclasses.replace(scope, officer_id=0)), values):
        found.setdefault(how, []).append(Related(*row))
    rank = {each: number for number, each in enumerate(likely)}
    return Kin(
        merged=found.get("merged", []),
        target=next(iter(found.get("target", ())), None),
        earlier=found.get("earlier", []),
        likely=sorted(found.get("likely", ()), key=lambda each: rank[each.id]),
    )


@functools.lru_cache(64)
def _all(scope: Scope) -> CompoundSelect[Any]:
    case = bindparam("case", type_=Uuid())
    into = select(Complaint.merged_into).where(Complaint.id == case).scalar_subquery()
    own = Complaint.contact_id == bindparam("contact", type_=Uuid())
    return kept(
        union_all(
            _some(scope, "merged", Complaint.merged_into == case),
            _some(scope, "target", Complaint.id == into),
            _some(scope, "earlier", own, Complaint.id != case, not_(Complaint.anonim), not_(Complaint.rahasia)),
            _some(scope, "likely", Complaint.id == func.any(bindparam("likely", type_=ARRAY(Uuid)))),
        )
    )


def _some(scope: Scope, how: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    query = select(literal(how), *_COLUMNS).where(within(scope), *conditions)
    return query.order_by(Complaint.opened_at.desc()).limit(_MOST)


_MINE = """
SELECT program, opened_at, place->>'label' AS label,
       ARRAY(SELECT lexeme FROM unnest(search) WHERE lexeme ~ '^[[:alnum:]]+$' ORDER BY length(lexeme) DESC, lexeme)
FROM complaint WHERE id = %s
"""
# On either side the nearest in time: by the index of the program's newest where the words are frequent, and where they
# are rare by the index of words. The planner knows which by the pairs, which therefore stand in the statement: with a
# parameter it would soon keep one plan for all.
_NEAREST = """
  (SELECT c.id, c.search, c.place->>'label' AS label FROM complaint c
   WHERE c.search @@ {pairs}::tsquery AND c.program = %(program)s AND c.id <> %(complaint)s AND c.state <> 'digabung'
     AND c.opened_at {side}
   ORDER BY c.opened_at {order} LIMIT 25)
"""
_LIKELY = f"""
WITH candidates AS (
  {_NEAREST.format(pairs="{pairs}", side="BETWEEN %(opened)s - interval '30 days' AND %(opened)s", order="DESC")}
  UNION
  {_NEAREST.format(pairs="{pairs}", side="BETWEEN %(opened)s AND %(opened)s + interval '30 days'", order="")}
), scored AS MATERIALIZED (
  SELECT k.id, (SELECT count(*) FROM unnest(k.search) u WHERE u.lexeme = ANY(%(words)s))::float
               / least(cardinality(%(words)s::text[]), length(k.search))
               + CASE WHEN k.label = %(label)s AND k.label <> '' THEN 0.2 ELSE 0 END AS score
  FROM candidates k
)
SELECT id FROM scored WHERE score >= 0.5 ORDER BY score DESC, id LIMIT 5
"""  # noqa: S608 - words of ours
#: Of its words the longest are the rarest; any two of these make another complaint a candidate.
_LONGEST: Final = 5


def likely(connection: Connection, complaint_id: UUID) -> list[UUID]:
    """Complaints of the program from about the same time that share at least half of the shorter one's words.

    The same place makes up for some of them. The likeliest first.
    """
    asked = question(connection, complaint_id)
    return [] if asked is None else [row[0] for row in connection.exec_driver_sql(*asked)]


def question(connection: Connection, complaint_id: UUID) -> tuple[str, dict[str, Any]] | None:
    """The query for what is likely the same as a complaint; None where it has no program or too few words."""
    program, opened, label, words = connection.exec_driver_sql(_MINE, (complaint_id,), KEPT).one()
    # Lexemes of letters and digits alone: nothing in them ends a quotation.
    pairs = " | ".join(f"{one} & {other}" for one, other in itertools.combinations(words[:_LONGEST], 2))
    if program is None or not pairs:
        return None
    named = {"complaint": complaint_id, "program": program, "opened": opened, "label": label, "words": words}
    return _LIKELY.format(pairs=f"'{pairs}'"), named
