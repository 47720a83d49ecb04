"""The clock process: warnings once and in time whatever crashes, silence closed with a text, nothing doubled."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from dispatcher import clocks, sweeper
from normalizer.clock import Facts
from normalizer.complaint import State
from normalizer.program import Clock, Clocks, Escalation, Program, Recipient, Texts
from store import casework, journal, notices
from store.casework import Act
from store.models import Complaint
from tests import factories
from tests.factories import NOW, SIAGA

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

HOUR = timedelta(hours=1)


def step(clock: str, at: str, *to: str) -> Escalation:
    return Escalation(clock=Clock(clock), at=at, to=tuple(Recipient(each) for each in to))


PROGRAM: Program = dataclasses.replace(
    SIAGA,
    clocks=Clocks(first_response=8, resolution=48, silence=24, pause_while_waiting=(Clock.RESOLUTION,)),
    escalation=(
        step("first_response", "75%", "officer", "unit_head"),
        step("first_response", "0", "unit_head", "program_admin"),
        step("first_response", "+24h", "leader"),
        step("resolution", "-4h", "officer"),
    ),
    texts=Texts(silence="{program} menutup {ticket}; cek {link}"),
)


class World:
    """One complaint in a unit, its officer, its unit's head's head, the program's administrator, and a leader."""

    def __init__(self, engine: Engine, redis: Redis, folder: Path) -> None:
        self.engine = engine
        self.clock = factories.Clock()
        house = factories.house(engine, redis, folder, self.clock)
        self.runtime = dataclasses.replace(house, programs={"siaga": PROGRAM})
        with engine.begin() as connection:
            self.people = {
                "budi": factories.officer(connection, "budi", unit="dpu-jalan"),
                "kepala": factories.officer(connection, "kepala", "unit_head", unit="dpu"),
                "lain": factories.officer(connection, "lain", "unit_head", unit="dinkes"),
                "admin": factories.officer(connection, "admin", "program_admin"),
                "bupati": factories.officer(connection, "bupati", "leader"),
                "tamu": factories.officer(connection, "tamu", "leader", programs=["matur"]),
            }

    def complaint(self, **values: Any) -> uuid.UUID:
        given = {"opened_at": NOW, "unit": "dpu-jalan", "officer_id": self.people["budi"], **values}
        with self.engine.begin() as connection:
            found = factories.complaint(connection, **given)
            row = connection.execute(select(Complaint).where(Complaint.id == found)).one()
            columns = Facts.of(row).columns(PROGRAM)
            connection.execute(Complaint.__table__.update().where(Complaint.id == found).values(columns))  # type: ignore[attr-defined]
        return found

    def look(self, after: timedelta = timedelta()) -> None:
        self.clock.at = NOW + after
        with self.engine.begin() as connection:
            clocks.work(self.runtime, connection)

    def row(self, complaint_id: uuid.UUID) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(Complaint).where(Complaint.id == complaint_id)).one()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def told(self) -> list[tuple[str, str, str]]:
        sql = """SELECT o.username, n.data->>'clock', n.data->>'at' FROM notice n JOIN officer o ON o.id = n.officer_id
                 ORDER BY n.id"""
        return [(row[0], row[1], row[2]) for row in self.rows(sql)]

    def act(self, complaint_id: uuid.UUID, **changes: Any) -> Act:
        values = {"version": self.row(complaint_id).version, "now": self.clock(), **changes}
        return Act(
            complaint_id=complaint_id,
            officer_id=self.people["budi"],
            username="budi",
            programs=self.runtime.programs,
            **values,
        )

    def ask(self, complaint_id: uuid.UUID) -> None:
        with self.engine.begin() as connection:
            casework.answer(connection, self.act(complaint_id), "RT berapa?", "1", then=State.MENUNGGU_WARGA)


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> World:
    return World(engine, redis_client, tmp_path)


def test_each_step_is_told_once_and_in_time(world: World) -> None:
    case = world.complaint()
    assert world.row(case).warn_at == NOW + 6 * HOUR
    world.look(5 * HOUR)
    assert world.told() == []
    for _ in range(3):
        world.look(6 * HOUR)
    assert world.told() == [("budi", "first_response", "75%"), ("kepala", "first_response", "75%")]
    world.look(8 * HOUR)
    assert world.told()[2:] == [("kepala", "first_response", "0"), ("admin", "first_response", "0")]
    world.look(32 * HOUR)
    assert world.told()[4:] == [("bupati", "first_response", "+24h")]
    row = world.row(case)
    assert (row.version, row.warn_at, row.state) == (1, NOW + 44 * HOUR, "baru")
    events = world.rows("SELECT actor, kind, data->>'clock', data->>'at', data->'to' FROM event ORDER BY id")
    assert events[0] == ("sistem", "tenggat", "first_response", "75%", ["officer", "unit_head"])
    assert [event[3] for event in events] == ["75%", "0", "+24h"]


def test_what_is_answered_is_not_warned_of(world: World) -> None:
    case = world.complaint()
    with world.engine.begin() as connection:
        casework.answer(connection, world.act(case), "Kami survei.", "1")
    world.look(40 * HOUR)
    assert world.told() == []
    world.look(44 * HOUR)
    assert world.told() == [("budi", "resolution", "-4h")]
    with world.engine.begin() as connection:
        casework.close(connection, world.act(case), "Sudah.", "2")
    assert world.row(case).warn_at is None


def test_after_an_outage_everybody_is_told_the_last_step_that_is_his(world: World) -> None:
    case = world.complaint()
    world.look(100 * HOUR)
    expected = [
        ("budi", "first_response", "75%"),
        ("kepala", "first_response", "0"),
        ("admin", "first_response", "0"),
        ("bupati", "first_response", "+24h"),
        ("budi", "resolution", "-4h"),
    ]
    assert world.told() == expected
    assert len(world.row(case).warned) == 4
    everybody = ["officer", "unit_head", "program_admin", "leader"]
    events = world.rows("SELECT data->>'clock', data->>'at', data->'to' FROM event ORDER BY id")
    assert events == [("first_response", "+24h", everybody), ("resolution", "-4h", ["officer"])]
    world.look(101 * HOUR)
    assert world.told() == expected


def test_a_crash_before_the_commit_doubles_and_loses_nothing(world: World) -> None:
    world.complaint()
    world.clock.at = NOW + 7 * HOUR
    with world.engine.connect() as connection:
        clocks.work(world.runtime, connection)
        connection.rollback()
    assert world.told() == []
    world.look(7 * HOUR)
    assert len(world.told()) == 2


def test_two_clock_processes_tell_once(world: World) -> None:
    world.complaint()
    world.clock.at = NOW + 7 * HOUR
    with world.engine.begin() as first, world.engine.begin() as second:
        clocks.work(world.runtime, first)
        clocks.work(world.runtime, second)
    assert len(world.told()) == 2


def test_where_nobody_holds_it_the_next_above_is_told(world: World) -> None:
    world.complaint(officer_id=None, unit=None)
    world.look(6 * HOUR)
    assert world.told() == [("admin", "first_response", "75%")]


def test_a_pause_puts_a_step_off_and_does_not_repeat_it(world: World) -> None:
    case = world.complaint()
    with world.engine.begin() as connection:
        casework.answer(connection, world.act(case), "Kami survei.", "0")
    world.look(44 * HOUR)
    assert len(world.told()) == 1
    world.ask(case)
    assert world.row(case).next_due_at == NOW + 68 * HOUR
    world.clock.at = NOW + 64 * HOUR
    with world.engine.begin() as connection:
        casework.answer(connection, world.act(case), "Baik.", "2")
    assert world.row(case).next_due_at == NOW + 68 * HOUR
    world.look(70 * HOUR)
    assert len(world.told()) == 1


def test_what_fails_holds_up_no_other(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = world.complaint(), world.complaint()
    true = clocks.recipients

    def broken(wanted: Recipient, row: Any, program: Program, known: Any) -> Any:
        if row.id == bad:
            raise ValueError
        return true(wanted, row, program, known)

    monkeypatch.setattr(clocks, "recipients", broken)
    world.look(7 * HOUR)
    assert {row[0] for row in world.rows("SELECT complaint_id FROM notice")} == {good}
    assert world.row(bad).warn_at == NOW + 8 * HOUR
    monkeypatch.undo()
    world.look(8 * HOUR)
    assert {row[0] for row in world.rows("SELECT complaint_id FROM notice")} == {bad, good}


def test_silence_closes_with_a_text_that_the_citizen_gets(world: World) -> None:
    case = world.complaint()
    world.ask(case)
    world.look(24 * HOUR - timedelta(seconds=1))
    assert world.row(case).state == "menunggu_warga"
    world.look(24 * HOUR)
    world.look(25 * HOUR)
    row = world.row(case)
    assert (row.state, row.closed_at, row.next_due_at, row.warn_at) == ("selesai", NOW + 24 * HOUR, None, None)
    words = f"Siaga menutup {row.ticket}; cek http://localhost/lacak"
    sent = world.rows("SELECT text, purpose, state FROM outbox ORDER BY seq")
    assert sent == [("RT berapa?", "answer", "queued"), (words, "silence", "queued")]
    [line] = world.rows("SELECT role, officer_id FROM message WHERE text LIKE 'Siaga menutup%'")
    assert line == ("answer", None)
    assert [kind for (kind,) in world.rows("SELECT kind FROM event ORDER BY id")] == ["dijawab", "ditutup_otomatis"]


def test_a_question_asked_again_starts_the_silence_anew(world: World) -> None:
    case = world.complaint()
    world.ask(case)
    world.clock.at = NOW + 20 * HOUR
    with world.engine.begin() as connection:
        casework.answer(connection, world.act(case), "Mohon dijawab.", "2", then=State.MENUNGGU_WARGA)
    world.look(30 * HOUR)
    assert world.row(case).state == "menunggu_warga"
    world.look(44 * HOUR)
    assert world.row(case).state == "selesai"


def test_what_came_in_before_the_deadline_is_handled_first(world: World) -> None:
    case = world.complaint()
    world.ask(case)
    entry = journal.Entry(
        id=journal.new_id(), account="sms-a", source="webhook", received_at=NOW + 20 * HOUR, day=NOW.date(), body=b"x"
    )
    with world.engine.begin() as connection:
        journal.insert(connection, [entry])
    world.look(30 * HOUR)
    assert world.row(case).state == "menunggu_warga"
    with world.engine.begin() as connection:
        journal.mark_parsed(connection, NOW, [(entry.id, "1", 0)])
    world.look(31 * HOUR)
    assert world.row(case).state == "selesai"


def test_who_left_no_address_is_closed_without_a_message(world: World) -> None:
    case = world.complaint(address=None)
    with world.engine.begin() as connection:
        casework.answer(connection, world.act(case), "?", "1", then=State.MENUNGGU_WARGA, deliver=False)
    world.look(24 * HOUR)
    assert world.row(case).state == "selesai"
    assert world.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_changed_settings_reach_what_is_open_and_warn_of_nothing_that_is_past(world: World) -> None:
    case, done = world.complaint(), world.complaint(state="selesai", closed_at=NOW)
    before = world.row(done)
    changed = dataclasses.replace(PROGRAM, clocks=dataclasses.replace(PROGRAM.clocks, first_response=4, resolution=96))
    world.runtime = dataclasses.replace(world.runtime, programs={"siaga": changed})
    world.clock.at = NOW + 5 * HOUR
    with world.engine.begin() as connection:
        assert clocks.reckon_anew(world.runtime, connection, uuid.UUID(int=0)) is None
    row = world.row(case)
    assert (row.next_due_at, row.resolution_due_at, row.version) == (NOW + 4 * HOUR, NOW + 96 * HOUR, 1)
    assert row.warned == ["first_response:75%", "first_response:0"]
    assert row.warn_at == NOW + 28 * HOUR
    assert world.row(done) == before
    world.look(6 * HOUR)
    assert world.told() == []


def test_what_was_due_during_an_outage_is_told_although_the_settings_are_read_anew(world: World) -> None:
    world.complaint()
    world.clock.at = NOW + 7 * HOUR
    with world.engine.begin() as connection:
        clocks.reckon_anew(world.runtime, connection, uuid.UUID(int=0))
    world.look(7 * HOUR)
    assert len(world.told()) == 2


def test_complaints_are_reckoned_anew_in_batches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("store.clocks.BATCH", 2)
    made = sorted(world.complaint() for _ in range(3))
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE complaint SET next_due_at = NULL, clock_started_at = NULL"))
        last = clocks.reckon_anew(world.runtime, connection, uuid.UUID(int=0))
        assert last == made[1]
        assert clocks.reckon_anew(world.runtime, connection, last) is None
    assert {world.row(each).next_due_at for each in made} == {NOW + 8 * HOUR}


def test_a_look_every_second_reads_no_whole_table(world: World) -> None:
    with world.engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL plan_cache_mode = force_generic_plan"))
        asked = {
            "ix_complaint_warn": "SELECT * FROM complaint WHERE warn_at <= $1 ORDER BY warn_at LIMIT 100",
            "ix_complaint_silence": "SELECT * FROM complaint WHERE state = 'menunggu_warga' AND silence_due_at <= $1"
            " ORDER BY silence_due_at LIMIT 100",
        }
        for number, (index, query) in enumerate(asked.items()):
            connection.execute(text(f"PREPARE look{number} (timestamptz) AS {query}"))
            plan = connection.execute(text(f"EXPLAIN EXECUTE look{number} (now())")).scalars().all()
            assert index in "".join(plan)


class Once:
    """A stop that comes after one look."""

    def __init__(self) -> None:
        self.looks = 0

    def wait(self, _seconds: float) -> bool:
        self.looks += 1
        return self.looks > 1


def test_the_clock_process_does_it(world: World) -> None:
    world.complaint()
    world.clock.at = NOW + 7 * HOUR
    sweeper.run(world.runtime, Once())  # type: ignore[arg-type]
    assert len(world.told()) == 2


def test_one_officers_reading_is_not_anothers(world: World) -> None:
    world.complaint()
    world.look(7 * HOUR)
    with world.engine.begin() as connection:
        first = connection.execute(text("SELECT min(id) FROM notice")).scalar_one()
        assert notices.unseen(connection, world.people["budi"]) == 1
        notices.mark_seen(connection, world.people["budi"], NOW, up_to=first)
        assert notices.unseen(connection, world.people["budi"]) == 0
        assert notices.unseen(connection, world.people["kepala"]) == 1
