"""Complaints with a history, made by lot, and their figures reckoned in plain Python."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, text, update

from normalizer.clock_time import counted
from normalizer.complaint import CLOSED, OPEN, State
from normalizer.program import Calendar, Clock, Clocks, DayHours, Program
from store.figures.facts import Answer, Band, Outcome
from store.models import Complaint, ComplaintPast
from tests import factories

if TYPE_CHECKING:
    import random

    from sqlalchemy import Connection

PLAIN = Program(
    key="siaga",
    name="Siaga",
    organisation="Kabupaten Siaga",
    keywords=("siaga",),
    clocks=Clocks(pause_while_waiting=(Clock.RESOLUTION,)),
)
WORKING = Program(
    key="matur",
    name="Matur",
    organisation="Kabupaten Matur",
    keywords=("matur",),
    timezone="Asia/Makassar",
    clocks=Clocks(
        calendar=Calendar.WORKING, first_response=3, resolution=5, office_hours="07:15-16:00",
        hours=DayHours(jumat="08:00-14:30"),
        holidays=(date(2026, 10, 21),), resolution_calendar=Calendar.HOURS, pause_while_held=(Clock.RESOLUTION,),
    ),
)  # fmt: skip
PROGRAMS = (PLAIN, WORKING)
FIRST = datetime(2026, 9, 20, tzinfo=UTC)
DAYS = 63


@dataclasses.dataclass
class Version:
    """A complaint from `at` on, by its columns."""

    at: datetime
    values: dict[str, Any]


def story(chance: random.Random) -> list[Version]:
    """What happened to one complaint: each version with the moment from which it held."""
    opened = FIRST + timedelta(minutes=chance.randrange(DAYS * 24 * 60))
    values: dict[str, Any] = {
        "program": chance.choice(["siaga", "siaga", "matur", None]),
        "channel": chance.choice(["sms", "wa", "web"]),
        "type": chance.choice(["pengaduan", "aspirasi", "informasi"]),
        "unit": chance.choice([None, "dpu", "dinkes"]),
        "place": chance.choice([None, {"label": "pasar", "candidates": ["Moga", "Comal"], "lat": None, "lon": None}]),
        "state": "baru",
        "opened_at": opened,
        "clock_started_at": None,
        "response_due_at": chance.choice([None, opened + timedelta(hours=24)]),
        "resolution_due_at": opened + timedelta(hours=72),
        "responded_at": None,
        "closed_at": None,
        "stays": [],
    }
    found, at = [Version(opened, values)], opened
    for _ in range(chance.randrange(7)):
        at += timedelta(minutes=chance.randrange(1, 60 * 60))
        values = _after(chance, found[-1].values, at)
        found.append(Version(at, values))
    return found


def _after(chance: random.Random, before: dict[str, Any], at: datetime) -> dict[str, Any]:
    values = {**before, "stays": [list(stay) for stay in before["stays"]]}
    if values["stays"] and values["stays"][-1][2] is None:
        values["stays"][-1][2] = at.isoformat()
        values["resolution_due_at"] += timedelta(hours=chance.randrange(1, 20))
        values["state"] = "tindak_lanjut"
        return values
    if values["closed_at"] is not None:  # opened again
        values |= {"state": "tindak_lanjut", "closed_at": None, "responded_at": None, "clock_started_at": at}
        return values | {"response_due_at": at + timedelta(hours=24), "resolution_due_at": at + timedelta(hours=48)}
    match chance.randrange(5):
        case 0:
            values["unit"] = chance.choice([None, "dpu", "dinkes", "dinsos"])
        case 1 | 2:
            values["responded_at"] = values["responded_at"] or at
            values["state"] = "tindak_lanjut"
        case 3:
            standing = chance.choice(["menunggu_warga", "ditunda"])
            values["state"], values["stays"] = standing, [*values["stays"], [standing, at.isoformat(), None]]
        case _:
            closed = chance.choice(["selesai", "selesai", "diarsipkan", "bukan_wewenang", "digabung"])
            answered = values["responded_at"] or chance.choice([None, at])
            values |= {"state": closed, "closed_at": at, "responded_at": answered}
    return values


def write(connection: Connection, versions: list[Version]) -> None:
    """Into the tables, change by change; what the trigger keeps is dated as the story has it."""
    complaint_id = factories.complaint(connection, **versions[0].values)
    for version in versions[1:]:
        last = connection.scalar(select(ComplaintPast.id).order_by(ComplaintPast.id.desc()).limit(1)) or 0
        connection.execute(update(Complaint).where(Complaint.id == complaint_id).values(version.values))
        connection.execute(update(ComplaintPast).where(ComplaintPast.id > last).values(until=version.at))


@dataclasses.dataclass(frozen=True, kw_only=True)
class Judged:
    """One complaint as of a moment, as plain Python counts it."""

    values: dict[str, Any]
    answer: Answer
    outcome: Outcome
    band: Band | None
    response: float | None
    resolution: float | None


def judge(versions: list[Version], moment: datetime) -> Judged | None:
    """The complaint as it was then; None where it does not count."""
    values = [each for each in versions if each.at <= moment or each is versions[0]][-1].values
    program = next((each for each in PROGRAMS if each.key == values["program"]), None)
    state = State(values["state"])
    if program is None or state is State.DIGABUNG:
        return None
    responded = values["responded_at"]
    response = _took(program, Clock.RESPONSE, values, responded)
    done = state is State.SELESAI
    return Judged(
        values=values,
        answer=_answer(values, state, moment),
        outcome=_outcome(program, values, state, moment),
        band=None if response is None else _band(program, response),
        response=response,
        resolution=_took(program, Clock.RESOLUTION, values, values["closed_at"] if done else None),
    )


def _took(program: Program, clock: Clock, values: dict[str, Any], end: datetime | None) -> float | None:
    if end is None:
        return None
    start = values["clock_started_at"] or values["opened_at"]
    calendar = program.clocks.calendar_of(clock)
    return counted(start, end, program.clocks, program.timezone, calendar).total_seconds()


def _answer(values: dict[str, Any], state: State, moment: datetime) -> Answer:
    due, responded = values["response_due_at"], values["responded_at"]
    if responded is not None:
        return Answer.IN_TIME if due is None or responded <= due else Answer.LATE
    if state in CLOSED:
        return Answer.NONE
    return Answer.OVERDUE if due is not None and due <= moment else Answer.WAITING


def _outcome(program: Program, values: dict[str, Any], state: State, moment: datetime) -> Outcome:
    due = values["resolution_due_at"]
    if state in OPEN:
        stands = {
            State.MENUNGGU_WARGA: program.clocks.pause_while_waiting,
            State.DITUNDA: program.clocks.pause_while_held,
        }
        return Outcome.OPEN_LATE if due <= moment and Clock.RESOLUTION not in stands.get(state, ()) else Outcome.OPEN
    if state is State.SELESAI:
        return Outcome.DONE if values["closed_at"] <= due else Outcome.DONE_LATE
    return Outcome.ARCHIVED if state is State.DIARSIPKAN else Outcome.HANDED_ON


def _band(program: Program, seconds: float) -> Band:
    day = 24 * 3600 if program is PLAIN else (8 * 60 + 45) * 60
    limits = ((3 * 3600, Band.HOURS_3), (day, Band.DAY_1), (3 * day, Band.DAYS_3), (5 * day, Band.DAYS_5))
    return next((band for limit, band in limits if seconds <= limit), Band.LONGER)


def least(seconds: list[float], share: float) -> float | None:
    """The least whole minutes, in seconds, within which this share was done."""
    minutes = sorted(-(-each // 60) for each in seconds)
    if not minutes:
        return None
    return next(value * 60 for place, value in enumerate(minutes, 1) if place >= share * len(minutes) - 1e-9)


def sums(judged: list[Judged], key: str) -> dict[str, Counter[tuple[Answer, Outcome]]]:
    """How many of each kind, by a column's values; "-" for none."""
    found: dict[str, Counter[tuple[Answer, Outcome]]] = {}
    for each in judged:
        value = each.values["place"] and each.values["place"]["candidates"][0] if key == "area" else each.values[key]
        found.setdefault(value or "-", Counter())[each.answer, each.outcome] += 1
    return found


JAKARTA = ZoneInfo("Asia/Jakarta")


def plan(connection: Connection, statement: Any) -> str:
    """How PostgreSQL would carry a statement out where a sequential scan is the last resort."""
    connection.execute(text("SET LOCAL enable_seqscan = off"))
    compiled = statement.compile(connection.engine, compile_kwargs={"render_postcompile": True})
    rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params)
    return "\n".join(str(row[0]) for row in rows)
