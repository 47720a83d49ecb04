"""What officers do to a complaint: one transaction each, stale forms refused, a double click is one answer."""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text, update

from normalizer.complaint import State, TransitionError
from store import casework
from store.casework import Act
from store.models import Complaint, Outbox
from store.partitions import partition
from tests import factories
from tests.factories import NOW, SIAGA

if TYPE_CHECKING:
    from sqlalchemy import Engine

ADDRESS = "+628112626116"


class Case:
    """One complaint with one officer."""

    def __init__(self, engine: Engine, **values: Any) -> None:
        self.engine = engine
        with engine.begin() as connection:
            self.officer = factories.officer(connection, "dewi", "program_admin")
            self.id = factories.complaint(connection, **values)

    @property
    def row(self) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(select(Complaint).where(Complaint.id == self.id)).one()

    def act(self, **changes: Any) -> Act:
        values = {"version": self.row.version, "now": NOW, "programs": {"siaga": SIAGA}, **changes}
        return Act(complaint_id=self.id, officer_id=self.officer, username="dewi", **values)

    def do(self, deed: Any, *arguments: Any, act: Act | None = None, **options: Any) -> Any:
        with self.engine.begin() as connection:
            return deed(connection, act or self.act(), *arguments, **options)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def events(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT kind FROM event ORDER BY id")]


@pytest.fixture
def case(engine: Engine) -> Case:
    return Case(engine)


def test_taking_makes_it_mine_and_verified(case: Case) -> None:
    case.do(casework.take)
    row = case.row
    assert (row.officer_id, row.state, row.touched, row.version) == (case.officer, "diverifikasi", True, 2)
    assert case.rows("SELECT actor, kind, data->>'before' FROM event") == [("dewi", "diambil", None)]


def test_taking_a_disposed_one_starts_the_work(case: Case) -> None:
    case.do(casework.dispose, "dpu", "", "1")
    case.do(casework.take)
    assert case.row.state == "tindak_lanjut"


def test_a_closed_one_cannot_be_taken_and_nothing_changes(case: Case) -> None:
    case.do(casework.close, "Selesai.", "1")
    before = case.row
    with pytest.raises(TransitionError):
        case.do(casework.take)
    assert case.row == before


def test_disposition_gives_it_to_the_unit_with_the_note(case: Case) -> None:
    case.do(casework.take)
    case.do(casework.dispose, "dpu", "Mohon disurvei", "1")
    row = case.row
    assert (row.unit, row.officer_id, row.state) == ("dpu", None, "disposisi")
    assert case.rows("SELECT direction, role, text, officer_id FROM message WHERE direction <> 'in'") == [
        ("note", "note", "Mohon disurvei", case.officer)
    ]
    assert case.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_an_answer_goes_to_the_outbox_of_the_channel_it_came_on(engine: Engine) -> None:
    case = Case(engine, external_id="m1")
    with engine.begin() as connection:
        factories.line(connection, case.id, "lagi", external_id="m2", address=ADDRESS, hints={"smsc": "a"})
    assert case.do(casework.answer, "Kami survei besok.", "form-1")
    with engine.connect() as connection:
        [sent] = connection.execute(select(Outbox)).all()
    assert (sent.account, sent.conversation, sent.address) == ("sms-a", ADDRESS, ADDRESS)
    assert (sent.text, sent.purpose, sent.state, sent.in_reply_to) == ("Kami survei besok.", "answer", "queued", "m2")
    assert sent.lane == partition("sms-a", ADDRESS)
    assert sent.hints == {"smsc": "a"}
    [line] = case.rows("SELECT id, direction, role, text, officer_id FROM message WHERE direction = 'out'")
    assert line == (sent.message_id, "out", "answer", "Kami survei besok.", case.officer)
    assert case.row.officer_id == case.officer
    assert case.row.state == "tindak_lanjut"


def test_the_clock_runs_to_the_response_then_to_the_resolution_then_stops(case: Case) -> None:
    opened = case.row.opened_at
    assert case.row.next_due_at == opened + timedelta(hours=24)
    case.do(casework.answer, "Kami survei.", "1")
    assert (case.row.responded_at, case.row.next_due_at) == (NOW, opened + timedelta(hours=48))
    case.do(casework.close, "Sudah ditambal.", "2", act=case.act(now=NOW + timedelta(hours=1)))
    row = case.row
    assert (row.state, row.next_due_at, row.closed_at) == ("selesai", None, NOW + timedelta(hours=1))
    assert row.responded_at == NOW
    case.do(casework.dispose, "dpu", "Dibuka lagi", "3")
    assert (case.row.closed_at, case.row.next_due_at) == (None, opened + timedelta(hours=48))


def test_an_answer_may_ask_the_citizen_and_may_be_added_after_closing(case: Case) -> None:
    case.do(casework.answer, "RT berapa?", "1", then=State.MENUNGGU_WARGA)
    assert case.row.state == "menunggu_warga"
    case.do(casework.close, "Selesai.", "2")
    case.do(casework.answer, "Tambahan.", "3")
    assert case.row.state == "selesai"
    assert case.rows("SELECT count(*) FROM outbox") == [(3,)]
    assert case.events() == ["dijawab", "ditutup", "dijawab"]


def test_an_answer_given_in_person_is_recorded_and_not_sent(case: Case) -> None:
    case.do(casework.close, "Disampaikan di loket.", "1", deliver=False)
    assert case.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert case.rows("SELECT text FROM message WHERE direction = 'out'") == [("Disampaikan di loket.",)]
    assert case.row.responded_at == NOW


def test_a_double_click_is_one_answer(case: Case) -> None:
    act = case.act()
    assert case.do(casework.answer, "Sekali saja.", "form-1", act=act) is True
    assert case.do(casework.answer, "Sekali saja.", "form-1", act=act) is False
    assert case.rows("SELECT count(*) FROM outbox") == [(1,)]


def test_two_clicks_at_the_same_moment_are_one_answer(case: Case) -> None:
    act = case.act()
    results: list[bool] = []
    barrier = threading.Barrier(2)

    def click() -> None:
        barrier.wait()
        results.append(case.do(casework.answer, "Sekali saja.", "form-1", act=act))

    clicks = [threading.Thread(target=click) for _ in range(2)]
    for thread in clicks:
        thread.start()
    for thread in clicks:
        thread.join()
    assert sorted(results) == [False, True]
    assert case.rows("SELECT count(*) FROM outbox") == [(1,)]


def test_the_same_form_with_other_words_is_not_taken_for_a_double_click(case: Case) -> None:
    act = case.act()
    case.do(casework.answer, "Satu.", "form-1", act=act)
    with pytest.raises(casework.StaleError):
        case.do(casework.answer, "Dua.", "form-1", act=act)


@pytest.mark.parametrize(
    ("deed", "arguments"),
    [
        (casework.take, ()),
        (casework.dispose, ("dpu", "", "9")),
        (casework.answer, ("Jawab", "9")),
        (casework.close, ("Tutup", "9")),
    ],
)
def test_whoever_is_slower_changes_nothing(case: Case, deed: Any, arguments: tuple[str, ...]) -> None:
    stale = case.act()
    case.do(casework.note, "Saya lebih cepat", "1")
    before = case.row
    with pytest.raises(casework.StaleError):
        case.do(deed, *arguments, act=stale)
    assert case.row == before
    assert case.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_notes_never_wait_and_come_once(case: Case) -> None:
    stale = case.act()
    case.do(casework.take)
    case.do(casework.note, "Catatan", "1", act=stale)
    case.do(casework.note, "Catatan", "1", act=stale)
    assert case.rows("SELECT text FROM message WHERE direction = 'note'") == [("Catatan",)]
    with pytest.raises(casework.StaleError):
        case.do(casework.note, "Lain", "1", act=stale)


def test_nobody_to_answer_is_said_and_nothing_is_kept(engine: Engine) -> None:
    case = Case(engine, address=None)
    with pytest.raises(casework.NotAnswerableError):
        case.do(casework.answer, "Halo", "1")
    assert case.rows("SELECT count(*) FROM message WHERE direction = 'out'") == [(0,)]
    assert case.row.version == 1


def test_a_program_is_given_once_and_sets_the_clock_from_when_the_citizen_wrote(engine: Engine) -> None:
    case = Case(engine, program=None, response_due_at=None, resolution_due_at=None, next_due_at=None)
    case.do(casework.set_program, SIAGA)
    row = case.row
    assert (row.program, row.next_due_at) == ("siaga", row.opened_at + timedelta(hours=24))
    assert row.resolution_due_at == row.opened_at + timedelta(hours=48)
    with pytest.raises(casework.AlreadySortedError):
        case.do(casework.set_program, SIAGA)


def test_a_failed_message_is_sent_again_and_the_flag_goes(engine: Engine) -> None:
    case = Case(engine, send_failed=True)
    with engine.begin() as connection:
        failed = factories.outgoing(connection, case.id, "failed", "Halo", attempts=4, error="nomor mati")
    case.do(casework.retry_send, failed)
    assert case.rows("SELECT state, attempts, error FROM outbox") == [("queued", 0, None)]
    assert case.row.send_failed is False
    with pytest.raises(casework.StaleError):
        case.do(casework.retry_send, failed)


def test_the_flag_stays_while_another_message_is_open(engine: Engine) -> None:
    case = Case(engine, send_failed=True)
    with engine.begin() as connection:
        failed = factories.outgoing(connection, case.id, "failed", "Halo")
        factories.outgoing(connection, case.id, "unknown", "Halo lagi")
    case.do(casework.retry_send, failed)
    assert case.row.send_failed is True


@pytest.mark.parametrize(("arrived", "state"), [(True, "sent"), (False, "queued")])
def test_the_officer_decides_about_an_unknown_outcome(engine: Engine, arrived: bool, state: str) -> None:
    case = Case(engine)
    with engine.begin() as connection:
        unknown = factories.outgoing(connection, case.id, "unknown", "Halo")
    case.do(casework.settle_unknown, unknown, arrived=arrived)
    assert case.rows("SELECT state FROM outbox") == [(state,)]


def test_another_complaints_message_cannot_be_resent_through_this_one(engine: Engine) -> None:
    case = Case(engine)
    with engine.begin() as connection:
        other = factories.complaint(connection, "lain", address="+628122222222")
        failed = factories.outgoing(connection, other, "failed", "Halo")
    with pytest.raises(casework.StaleError):
        case.do(casework.retry_send, failed)
    assert case.rows("SELECT state FROM outbox") == [("failed",)]


def test_an_unknown_complaint_is_no_silent_success(case: Case) -> None:
    with pytest.raises(Exception, match="No row"):
        case.do(
            casework.take,
            act=Act(complaint_id=uuid.uuid4(), version=1, officer_id=1, username="x", now=NOW, programs={}),
        )


def test_opening_reads_it_and_leaves_the_version(engine: Engine) -> None:
    case = Case(engine)
    with engine.begin() as connection:
        casework.mark_read(connection, case.id)
    assert (case.row.unread, case.row.version) == (False, 1)
    with engine.begin() as connection:
        connection.execute(update(Complaint).values(unread=True))
    assert case.row.unread
