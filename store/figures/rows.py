"""Which complaints they are: the rows behind a figure, the oldest open ones, what leaves the house as a table."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Float, and_, cast, exists, func, literal, or_, select, true, tuple_

from normalizer.complaint import OPEN
from normalizer.program import Clock
from store.figures.facts import ANSWERS, OUTCOMES, Answer, Facts, Outcome
from store.figures.spans import Span
from store.models import Complaint, ComplaintPast, Contact, Message
from store.queue import After

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Select

    from store.figures.facts import Asked

_OPEN: Final = [state.value for state in OPEN]
#: Rows that an export holds in memory at once.
_BATCH: Final = 500


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A complaint behind a figure; the queue's cards have the rest."""

    id: UUID
    opened_at: datetime
    answer: Answer
    outcome: Outcome


def _counted(facts: Facts) -> ColumnElement[bool]:
    band = facts.asked.cut.band
    if band is None:
        return facts.where()
    span = Span(facts, Clock.RESPONSE)
    return and_(facts.where(), span.end <= facts.asked.moment, span.band == band.value)


def page(connection: Connection, asked: Asked, after: After | None, limit: int) -> tuple[list[Found], After | None]:
    """Those that a figure counts, the newest first, and where the next page starts; None at the end."""
    facts = Facts(asked)
    query = _found(facts).where(_counted(facts)).order_by(Complaint.opened_at.desc(), Complaint.id.desc())
    if after is not None:
        query = query.where(tuple_(Complaint.opened_at, Complaint.id) < tuple_(literal(after.at), literal(after.id)))
    rows = _read(connection, query.limit(limit + 1))
    last = rows[limit - 1] if len(rows) > limit else None
    return rows[:limit], None if last is None else After(at=last.opened_at, id=last.id)


def oldest(connection: Connection, asked: Asked, limit: int) -> list[Found]:
    """What has been open longest, whenever it came before the end of the slice."""
    facts = Facts(asked)
    still: ColumnElement[bool] = Complaint.state.in_(_OPEN)
    if asked.past:
        changed = exists().where(ComplaintPast.complaint_id == Complaint.id, ComplaintPast.until > asked.moment)
        still = or_(still, Complaint.closed_at > asked.moment, changed)
    wanted = [OUTCOMES.index(each) for each in (Outcome.OPEN, Outcome.OPEN_LATE)]
    query = _found(facts).where(facts.where(), still, facts.outcome.in_(wanted))
    return _read(connection, query.order_by(Complaint.opened_at, Complaint.id).limit(limit))


def _found(facts: Facts) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Complaint.id,
        Complaint.opened_at,
        facts.answer.label("answer"),
        facts.outcome.label("outcome"),
    )
    return select(*columns).select_from(facts.source())


def _read(connection: Connection, query: Select[Any]) -> list[Found]:
    return [
        Found(id=row.id, opened_at=row.opened_at, answer=ANSWERS[row.answer], outcome=OUTCOMES[row.outcome])
        for row in connection.execute(query)
    ]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A complaint with coordinates; WGS 84 degrees."""

    ticket: str
    lat: float
    lon: float
    outcome: Outcome
    id: UUID


def points(connection: Connection, asked: Asked, limit: int) -> list[Point]:
    """Where complaints of the slice are, the newest first.

    Anonymous and confidential ones are left out, whoever asks: a place may be the reporter's home.
    """
    facts = Facts(asked)
    lat, lon = (cast(Complaint.place[name].astext, Float) for name in ("lat", "lon"))
    query = (
        select(Complaint.id, Complaint.ticket, lat.label("lat"), lon.label("lon"), facts.outcome.label("outcome"))
        .select_from(facts.source())
        .where(_counted(facts), ~Complaint.anonim, ~Complaint.rahasia, lat.is_not(None), lon.is_not(None))
        .order_by(Complaint.opened_at.desc(), Complaint.id.desc())
        .limit(limit)
    )
    return [
        Point(id=row.id, ticket=row.ticket, lat=row.lat, lon=row.lon, outcome=OUTCOMES[row.outcome])
        for row in connection.execute(query)
    ]


def count(connection: Connection, where: ColumnElement[bool]) -> int:
    """How many complaints there are of these."""
    return connection.execute(select(func.count()).select_from(Complaint).where(where)).scalar_one()


def behind(asked: Asked) -> ColumnElement[bool]:
    """The complaints that a figure of now counts, as a condition for `sheet`."""
    return _counted(Facts(asked))


def sheet(connection: Connection, asked: Asked, where: ColumnElement[bool]) -> Iterator[Sequence[Any]]:
    """All complaints of these, the newest first, in batches; each with its reporter, whom the caller hides.

    The columns are the complaint's, `answer` and `outcome` as the rules of `asked` judge them (their indexes), and
    `name`, `contact_name` and `address` of who wrote.
    """
    facts = Facts(asked)
    sender = (
        select(Message.name, Message.address)
        .where(Message.complaint_id == Complaint.id, Message.direction == "in")
        .order_by(Message.sent_at, Message.sequence)
        .limit(1)
        .lateral("sender")
    )
    query: Select[Any] = select(
        Complaint.id, Complaint.ticket, Complaint.program, Complaint.account, Complaint.channel, Complaint.type,
        Complaint.state,
        Complaint.unit, Complaint.area, Complaint.place, Complaint.body, Complaint.anonim, Complaint.rahasia,
        Complaint.opened_at, Complaint.response_due_at, Complaint.responded_at, Complaint.resolution_due_at,
        Complaint.closed_at, facts.answer.label("answer"), facts.outcome.label("outcome"), sender.c.name.label("name"),
        sender.c.address.label("address"), Contact.name.label("contact_name"),
    )  # fmt: skip
    query = (
        query.select_from(Complaint)
        .outerjoin(Contact, Contact.id == Complaint.contact_id)
        .outerjoin(sender, true())
        .where(where)
        .order_by(Complaint.opened_at.desc(), Complaint.id.desc())
    )
    result = connection.execution_options(yield_per=_BATCH).execute(query)
    yield from result.partitions(_BATCH)
