"""Who is told of what happened to a complaint: rows for the bell, from which the deliveries are made."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dispatcher import reach
from dispatcher.clocks import recipients
from normalizer.program import Recipient
from normalizer.telling import Kind
from store import notices
from store.notices import NewNotice

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from dispatcher.conversation import Conversation
    from dispatcher.runtime import Runtime
    from normalizer.program import Program


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A complaint that has come into a queue."""

    id: UUID
    program: str | None
    unit: str | None
    account: str


def of_batch(runtime: Runtime, connection: Connection, found: Iterable[Conversation], now: datetime) -> None:
    """What a pass of the drain did: complaints that came, citizens who wrote again."""
    came, again, reopened = [], set(), set()
    for conversation in found:
        came += [
            Newcomer(id=case.id, program=case.program, unit=None, account=case.account)
            for case in conversation.cases.values()
            if case.fresh and case.closed_at is None
        ]
        again |= {case for case, _, kind, _ in conversation.events if kind == "menulis_lagi"}
        reopened |= {case for case, _, kind, _ in conversation.events if kind == "dibuka_kembali"}
    arrived(runtime, connection, came, now)
    notices.again(connection, again, reopened, now)


def arrived(
    runtime: Runtime, connection: Connection, came: Sequence[Newcomer], now: datetime, *, but: int | None = None
) -> None:
    """New complaints, to whoever chose to hear of them: one row for each, however many came together.

    In a flood a row for each complaint and officer would cost more than the complaints themselves.
    """
    wanting = notices.wanting(connection, Kind.NEW.value) if came else []
    found = []
    for person in wanting:
        scope = reach.scope(person, runtime.programs)
        mine = [each for each in came if reach.reaches(scope, each.program, each.unit, each.account)]
        if mine and person.id != but:
            data = {"more": len(mine) - 1}
            found.append(NewNotice(officer_id=person.id, complaint_id=mine[0].id, kind=Kind.NEW.value, data=data))
    notices.add(connection, found, now)


def handed(  # noqa: PLR0917 - one act
    connection: Connection, complaint: UUID, program: Program, unit: str, by: int, now: datetime
) -> None:
    """A disposition: those of the unit are told; where it has nobody, the head of the nearest unit above."""
    known = notices.people(connection)
    told = [person for person in known if program.key in person.programs and person.unit == unit]
    if not told:
        told = recipients(Recipient.UNIT_HEAD, _Placed(unit=unit), program, known)
    rows = [
        NewNotice(officer_id=person.id, complaint_id=complaint, kind=Kind.HANDED.value, data={"unit": unit})
        for person in told
        if person.id != by
    ]
    notices.add(connection, rows, now)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    unit: str
    officer_id: None = None
