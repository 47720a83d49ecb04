"""The clock process's work on complaints: warns before and at deadlines, closes what the citizen left unanswered."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import OperationalError

from normalizer.clock import Facts, Step, reckon, steps
from normalizer.program import Recipient, Texts
from store import clocks, notices
from store.notices import NewNotice

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime
    from normalizer.program import Program
    from store.notices import Person

log = logging.getLogger(__name__)

#: When a complaint whose clock failed is looked at again.
PUT_OFF = timedelta(hours=1)
#: Who is told instead where there is nobody of that kind: a warning reaches somebody.
_INSTEAD = {Recipient.OFFICER: Recipient.UNIT_HEAD, Recipient.UNIT_HEAD: Recipient.PROGRAM_ADMIN}


def work(runtime: Runtime, connection: Connection) -> int:
    """One look, in the caller's transaction; how many complaints it found something to do on.

    Several processes may look: a complaint is one's while it is locked.
    """
    now = runtime.clock()
    return close_silent(runtime, connection, now) + warn(runtime, connection, now)


def close_silent(runtime: Runtime, connection: Connection, now: datetime) -> int:
    """Close what waited for the citizen as long as the program says; how many.

    Whatever came in before a deadline is handled first: after hours of standing still the answer may be in the queue.
    """
    rows = clocks.silent(connection, now)
    if not rows or clocks.unread(connection, max(row.silence_due_at for row in rows)):
        return 0
    answering = frozenset(name for name, account in runtime.accounts.items() if account.channel.capabilities.replies)
    for row in rows:
        program = runtime.programs.get(row.program or "")
        with _alone(connection, row, {"silence_due_at": now + PUT_OFF}):
            clocks.close_silent(connection, row, program, _farewell(runtime, program, row.ticket), answering, now)
    return len(rows)


@contextlib.contextmanager
def _alone(connection: Connection, row: Any, later: dict[str, Any]) -> Iterator[None]:
    """One complaint's work in a savepoint: what fails is put off and holds up no other."""
    try:
        with connection.begin_nested():
            yield
    except OperationalError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this one, the others have their deadlines too
        log.error("the clock of %s failed: %s", row.id, type(error).__name__)  # noqa: TRY400 - no words of citizens in logs
        clocks.set_clock(connection, row.id, later)


def _farewell(runtime: Runtime, program: Program | None, ticket: str) -> str:
    texts = Texts() if program is None else program.texts
    values = {
        "ticket": ticket,
        "program": "Layanan Aduan" if program is None else program.name,
        "format": "" if program is None else program.format,
        "state": "selesai",
        "link": f"{runtime.public_url}/lacak",
    }
    return texts.silence.format_map(values)


def warn(runtime: Runtime, connection: Connection, now: datetime) -> int:
    """Take the steps of escalation that are due; how many complaints had any.

    Of the steps of one clock that came due together, as after an outage, everybody is told the last that is his.
    """
    rows = clocks.warnable(connection, now)
    known = notices.people(connection) if rows else []
    for row in rows:
        with _alone(connection, row, {"warn_at": now + PUT_OFF}):
            _warn(connection, row, runtime.programs.get(row.program or ""), known, now)
    return len(rows)


def _warn(connection: Connection, row: Any, program: Program | None, known: Sequence[Person], now: datetime) -> None:
    facts = Facts.of(row)
    due = [step for step in steps(program, facts, reckon(program, facts)) if step.at <= now]
    for clock in dict.fromkeys(step.escalation.clock for step in due):
        if program is not None:
            mine = [step for step in due if step.escalation.clock is clock]
            _tell(connection, row, program, mine, known, now)
    marked = dataclasses.replace(facts, warned=(*facts.warned, *(step.mark for step in due)))
    clocks.set_clock(connection, row.id, marked.columns(program))


def reckon_anew(runtime: Runtime, connection: Connection, last: UUID) -> UUID | None:
    """Bring the clocks of the open complaints behind the id `last` up to the settings; their last id, None at the end.

    A process does this once after its start: holidays are decreed, hours change. A step of escalation that only the
    new settings put into the past is marked and not told.
    """
    rows, now = clocks.open_after(connection, last), runtime.clock()
    for row in rows:
        program = runtime.programs.get(row.program or "")
        facts = Facts.of(row)
        if row.warn_at is None or row.warn_at > now:
            late = [step.mark for step in steps(program, facts, reckon(program, facts)) if step.at <= now]
            facts = dataclasses.replace(facts, warned=(*facts.warned, *late))
        columns = facts.columns(program)
        if any(getattr(row, name) != value for name, value in columns.items()):
            clocks.set_clock(connection, row.id, columns)
    return rows[-1].id if len(rows) == clocks.BATCH else None


def _tell(  # noqa: PLR0917 - one step of warn, split off to be read by itself
    connection: Connection, row: Any, program: Program, due: Sequence[Step], known: Sequence[Person], now: datetime
) -> None:
    """The steps of one clock that are due, in their order."""
    clock = due[0].escalation.clock
    common = {"clock": clock.value, "due": reckon(program, Facts.of(row)).ends[clock].isoformat()}
    told: dict[int, NewNotice] = {}
    wanted: dict[Recipient, None] = {}
    for step in due:
        data = {**common, "at": step.escalation.at}
        for each in step.escalation.to:
            wanted[each] = None
            for person in recipients(each, row, program, known):
                told[person.id] = NewNotice(officer_id=person.id, complaint_id=row.id, kind="deadline", data=data)
    notices.add(connection, told.values(), now)
    last = due[-1].escalation.at
    clocks.record(connection, row.id, now, "tenggat", **common, at=last, to=[each.value for each in wanted])


def recipients(wanted: Recipient, row: Any, program: Program, known: Sequence[Person]) -> list[Person]:
    """Who is meant for this complaint: its holder; the head of its unit or the nearest above; those of the program."""
    ours = [person for person in known if program.key in person.programs]
    match wanted:
        case Recipient.OFFICER:
            found = [person for person in known if person.id == row.officer_id]
        case Recipient.UNIT_HEAD:
            found = _heads(row.unit, program, ours)
        case _:
            found = [person for person in ours if person.role == wanted.value]
    instead = _INSTEAD.get(wanted)
    return recipients(instead, row, program, known) if not found and instead is not None else found


def _heads(unit: str | None, program: Program, ours: Sequence[Person]) -> list[Person]:
    parents = {each.code: each.parent for each in program.units}
    while unit is not None:
        found = [person for person in ours if person.role == Recipient.UNIT_HEAD.value and person.unit == unit]
        if found:
            return found
        unit = parents.get(unit)
    return []
