"""Search over all history, the newest first: pages by keyset that cost much the same for rare and for frequent words.

The index (`store.search_index`) is asked for the words together with what the officer reaches and has narrowed to, in
windows that grow from the newest weeks to all of them: what is frequent fills its page from the first, what is rare is
gone through soon. The complaints themselves are then asked once more, so that nothing shows that the index had wrong.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from psycopg.errors import QueryCanceled
from sqlalchemy import cast, literal, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.exc import OperationalError

from normalizer.text import spellings
from store import queue
from store.models import Complaint, ComplaintSearch
from store.queue import After, Flag, Page
from store.search_index import FLAGS, SPANS, facet, span, week

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

    from normalizer.seek import Sought
    from store.queue import Scope, Wanted

    Finds = list[tuple[UUID, datetime]]

#: A lexeme that stands in no row.
_NOWHERE: Final = facet("nowhere", None)
#: Milliseconds that one look may take: a phrase of words that stand everywhere, but never side by side, takes longer.
PATIENCE: Final = 2000
_FACETS: Final = {
    Flag.ANONIM: "anonim",
    Flag.RAHASIA: "rahasia",
    Flag.UNCLEAR: "format_unclear",
    Flag.DOUBLE: "likely_double",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is looked for, as PostgreSQL knows it.

    `text` is a tsquery, empty where there is nothing to look for; `stems` are what a found word is known by.
    """

    text: str
    sought: Sought
    stems: frozenset[str] = frozenset()


_TERMS = """
SELECT phraseto_tsquery('indonesian', t.term)::text, tsvector_to_array(to_tsvector('indonesian', t.term))
FROM unnest(%s::text[]) WITH ORDINALITY AS t(term, number) ORDER BY t.number
"""


def prepare(connection: Connection, sought: Sought) -> Query:
    """The query for what was typed: all of its phrases, each word in any of its everyday spellings."""
    groups = [spellings(phrase[0]) if len(phrase) == 1 else (" ".join(phrase),) for phrase in sought.phrases]
    terms = [term for group in groups for term in group]
    found = iter(connection.exec_driver_sql(_TERMS, (terms,)).fetchall() if terms else ())
    conditions = [_quoted(facet("phone", phone)) for phone in sought.phones]
    conditions += [_quoted(facet("email", email)) for email in sought.emails]
    stems: set[str] = set()
    for group in groups:
        parts = [next(found) for _ in group]
        conditions.append(_any(part[0] for part in parts if part[0]))
        stems.update(stem for part in parts for stem in part[1])
    return Query(text=" & ".join(conditions), sought=sought, stems=frozenset(stems))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Hunt:
    """Who looks for what, where, and when."""

    scope: Scope
    wanted: Wanted
    query: Query
    now: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found(Page):
    """A page of what was found; not `whole` where looking through all of the past would have taken too long."""

    whole: bool = True


def page(connection: Connection, hunt: Hunt, *, after: After | None = None, limit: int = 50) -> Found:
    """One page of what was found, the newest first."""
    found, whole = _found(connection, hunt, limit + 1, after=after)
    rows = queue.of(connection, [each for each, _ in found[:limit]])
    last = found[limit - 1] if len(found) > limit else None
    return Found(rows=rows, after=None if last is None else After(at=last[1], id=last[0]), whole=whole)


def count(connection: Connection, hunt: Hunt, most: int, *, patience: int) -> int | None:
    """How many there are, at most `most`; None where it takes more than so many milliseconds to know."""
    found, whole = _found(connection, hunt, most, patience=patience)
    return len(found) if whole else None


def _found(
    connection: Connection, hunt: Hunt, most: int, *, after: After | None = None, patience: int = PATIENCE
) -> tuple[Finds, bool]:
    """What was found, and whether all was looked through that had to be."""
    found: Finds = []
    if not hunt.query.text or (after is not None and after.at is None):
        return found, True
    narrowed = " & ".join([f"({hunt.query.text})", *_facets(hunt.scope, hunt.wanted)])
    attempt = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {patience}")
        for window in _windows(hunt, after):
            text = f"{narrowed} & {window}" if window else narrowed
            rows = connection.execute(_statement(hunt, text, after).limit(most))
            found = [(row.id, row.opened_at) for row in rows]
            if len(found) == most:
                break
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        return found, False
    finally:
        if attempt.is_active:
            attempt.rollback()  # and with it the patience
    return found, True


def _windows(hunt: Hunt, after: After | None) -> Iterable[str]:
    """Stretches of time from where the page starts backwards, each longer than the one before; the last holds all.

    With `since` there is none beyond what holds it.
    """
    # A clock that runs ahead may have given tomorrow's date.
    newest = week(hunt.now) + 1 if after is None or after.at is None else week(after.at)
    if hunt.wanted.until is not None:
        newest = min(newest, week(hunt.wanted.until))
    oldest = None if hunt.wanted.since is None else week(hunt.wanted.since)
    for weeks in SPANS:
        last = newest // weeks
        numbers = range(last, last - 3, -1)
        yield _any(_quoted(span(weeks, number)) for number in numbers)
        if oldest is not None and numbers[-1] * weeks <= oldest:
            return
    yield ""


def _statement(hunt: Hunt, text: str, after: After | None) -> Any:
    """Ids by the index alone, sorted; then one by one whether the complaint is what the index says, until enough are.

    OFFSET 0 keeps the planner from turning either step into something else: it cannot know how many will be right.
    """
    index = ComplaintSearch
    hits = select(index.complaint_id, index.veiled, index.opened_at).where(
        index.words.op("@@")(cast(literal(text), TSQUERY)), *_period(hunt.wanted, after)
    )
    hit = hits.order_by(index.opened_at.desc(), index.complaint_id.desc()).offset(0).subquery("hit")
    right = (
        select(literal(1).label("one"))
        .select_from(Complaint)
        .where(Complaint.id == hit.c.complaint_id, _readable(hit.c.veiled))
        .where(queue.narrowed(hunt.wanted, hunt.scope, hunt.now))
        .offset(0)
        .lateral("complaint_right")
    )
    return (
        select(hit.c.complaint_id.label("id"), hit.c.opened_at)
        .select_from(hit.join(right, true()))
        .order_by(hit.c.opened_at.desc(), hit.c.complaint_id.desc())
    )


def _period(wanted: Wanted, after: After | None) -> list[ColumnElement[bool]]:
    """What is asked of when it was opened, and that it stands behind the last one of the page before."""
    at = ComplaintSearch.opened_at
    found = []
    if wanted.since is not None:
        found.append(at >= wanted.since)
    if wanted.until is not None:
        found.append(at < wanted.until)
    if after is not None:
        found.append(tuple_(at, ComplaintSearch.complaint_id) < tuple_(literal(after.at), literal(after.id)))
    return found


def _readable(veiled: ColumnElement[bool]) -> ColumnElement[bool]:
    """Of the index that row by which officers may find the complaint, as it stands now (invariant 10)."""
    return veiled == or_(Complaint.anonim, Complaint.rahasia)


def _facets(scope: Scope, wanted: Wanted) -> list[str]:
    """Scope and filters as far as the index knows them; the complaint itself is asked for all of them."""
    found = _reach(scope)
    for kind in ("program", "unit", "channel", "type", "place"):
        value = getattr(wanted, kind)
        if value is not None:
            found.append(_quoted(facet(kind, value)))
    if wanted.flag in _FACETS and _FACETS[wanted.flag] in FLAGS:
        found.append(_quoted(facet("flag", _FACETS[wanted.flag])))
    return found


def _reach(scope: Scope) -> list[str]:
    if scope.programs is None and scope.units is None:
        return []
    mine = []
    if scope.programs is not None:
        mine.append(_any(_quoted(facet("program", each)) for each in sorted(scope.programs)))
    if scope.units is not None:
        mine.append(_any(_quoted(facet("unit", each)) for each in (None, *sorted(scope.units))))
    ours = f"({' & '.join(mine)})"
    none = _quoted(facet("program", None))
    if scope.tray is None:
        return [f"({ours} | {none})"]
    if scope.tray:
        tray = _any(_quoted(facet("account", each)) for each in sorted(scope.tray))
        return [f"({ours} | ({none} & {tray}))"]
    return [ours]


def _any(parts: Iterable[str]) -> str:
    found: Sequence[str] = list(parts) or [_quoted(_NOWHERE)]
    return f"({' | '.join(found)})"


def _quoted(lexeme: str) -> str:
    """A lexeme as a tsquery has it."""
    escaped = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"
