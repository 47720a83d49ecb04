"""The history shows tampering: every row, every end, every seal; writers of different cases do not wait."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from store import origin, seals, users
from store import verify as looks
from store.models import Event
from store.verify import Fault, Found, Wrong
from tests import factories
from tests.journalling import unguarded

if TYPE_CHECKING:
    import uuid

    from sqlalchemy import Connection, Engine

NOW = factories.NOW
HOUR = timedelta(hours=1)


class Book:
    """Three cases with five rows of history each, an officer with three, and a seal now and then."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        with engine.begin() as connection:
            self.cases = [factories.complaint(connection) for _ in range(3)]
            self.officer = factories.officer(connection, "dewi")
            for number in range(3):
                users.record(connection, NOW, None, self.officer, "link", number=number)
        for number in range(5):
            for case in self.cases:
                self.write(case, number=number)

    def write(self, case: uuid.UUID, kind: str = "diambil", **data: object) -> None:
        with self.engine.begin() as connection:
            factories.event(connection, case, kind, "dewi", **data)

    def seal(self, after: timedelta = timedelta()) -> str:
        with self.engine.begin() as connection:
            made = seals.seal(connection, NOW + after)
        assert made is not None
        return made.hash

    def damage(self, *statements: str) -> None:
        """What somebody who owns the server does."""
        with self.engine.begin() as connection:
            unguarded(connection)
            for statement in statements:
                values = {f"c{number}": case for number, case in enumerate(self.cases)}
                connection.execute(text(statement), values)

    def look(self, against: str = "") -> Found:
        with self.engine.connect() as connection:
            return looks.verify(connection, against)

    def fault(self) -> Fault:
        found = self.look()
        assert found.count == len(found.faults) >= 1
        return found.faults[0]

    def ticket(self, number: int) -> str:
        with self.engine.connect() as connection:
            sql = text("SELECT ticket FROM complaint WHERE id = :id")
            return str(connection.execute(sql, {"id": self.cases[number]}).scalar_one())


@pytest.fixture
def book(engine: Engine) -> Book:
    return Book(engine)


def test_an_untouched_history_holds_with_and_without_seals(book: Book) -> None:
    assert book.look() == Found(rows=18, seals=0, count=0, faults=[], hash="")
    first = book.seal()
    book.write(book.cases[0], "ditutup", kata='kutip " dan é 🙏', angka=1.50, kosong=None)
    second = book.seal(HOUR)
    found = book.look(first[:16])
    assert (found.rows, found.seals, found.count, found.hash) == (19, 2, 0, second)


def test_a_seal_holds_only_what_grew_and_nothing_is_no_seal(book: Book) -> None:
    book.seal()
    with book.engine.begin() as connection:
        assert seals.seal(connection, NOW + HOUR) is None
    book.write(book.cases[1])
    with book.engine.begin() as connection:
        made = seals.seal(connection, NOW + HOUR)
        assert made is not None
        assert (made.id, made.chains) == (2, 1)
        assert seals.latest(connection) == made


def test_only_a_limited_number_of_chains_is_held_up_by_one_seal(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seals, "MOST", 3)
    monkeypatch.setattr(looks, "MOST", 3)
    book.seal()
    book.seal()
    assert book.look().count == 0


@pytest.mark.parametrize("table", ["event", "person_event", "seal", "seal_line", "history_head"])
def test_what_is_written_stays(book: Book, table: str) -> None:
    book.seal()
    statements = ["DELETE FROM {}", "TRUNCATE {}"]
    if table != "history_head":
        statements.append("UPDATE {} SET hash = ''")
    for statement in statements:
        with pytest.raises(DBAPIError, match="append-only"), book.engine.begin() as connection:
            connection.execute(text(statement.format(table)))
    assert book.look().count == 0


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    ("damage", "wrong", "row"),
    [
        (["UPDATE event SET data = '{}' WHERE complaint_id = :c1 AND seq = 2"], Wrong.CHANGED, 2),
        (["UPDATE event SET actor = 'budi' WHERE complaint_id = :c1 AND seq = 3"], Wrong.CHANGED, 3),
        (["UPDATE event SET at = at - interval '1 second' WHERE complaint_id = :c1 AND seq = 1"], Wrong.CHANGED, 1),
        (["UPDATE event SET origin = 'command' WHERE complaint_id = :c1 AND seq = 1"], Wrong.CHANGED, 1),
        (["UPDATE event SET hash = '\\x00' WHERE complaint_id = :c1 AND seq = 5"], Wrong.CHANGED, 5),
        (["DELETE FROM event WHERE complaint_id = :c1 AND seq = 3"], Wrong.MISSING, 3),
        (["DELETE FROM event WHERE complaint_id = :c1 AND seq = 5"], Wrong.MISSING, 5),
        (["DELETE FROM event WHERE complaint_id = :c1 AND seq > 3"], Wrong.MISSING, 4),
        (
            [
                "UPDATE event SET seq = 99 WHERE complaint_id = :c1 AND seq = 2",
                "UPDATE event SET seq = 2 WHERE complaint_id = :c1 AND seq = 3",
                "UPDATE event SET seq = 3 WHERE complaint_id = :c1 AND seq = 99",
            ],
            Wrong.CHANGED,
            2,
        ),
        (["UPDATE event SET complaint_id = :c0, seq = 6 WHERE complaint_id = :c1 AND seq = 5"], Wrong.CHANGED, 6),
        (["DELETE FROM event WHERE complaint_id = :c1"], Wrong.GONE, 5),
        (["DELETE FROM history_head WHERE chain = :c1"], Wrong.END, 5),
        (
            [
                """INSERT INTO event (complaint_id, at, actor, kind, seq, hash)
                   VALUES (:c1, now() - interval '9 days', 'dewi', 'diambil', 6, '\\x00')"""
            ],
            Wrong.CHANGED,
            6,
        ),
    ],
)
def test_what_is_done_to_the_rows_is_found(
    book: Book, damage: list[str], wrong: Wrong, row: int, *, sealed: bool
) -> None:
    if sealed:
        book.seal()
    book.damage(*damage)
    fault = book.fault()
    assert (fault.wrong, fault.row) == (wrong, row)
    assert fault.name in {book.ticket(0), book.ticket(1)}


def test_a_deleted_case_is_named_by_the_ticket_that_is_left(book: Book) -> None:
    ticket = book.ticket(1)
    book.seal()
    book.damage(
        "DELETE FROM event WHERE complaint_id = :c1",
        "DELETE FROM message WHERE complaint_id = :c1",
        "DELETE FROM complaint WHERE id = :c1",
        "DELETE FROM history_head WHERE chain = :c1",
    )
    assert book.look().faults == [Fault(wrong=Wrong.GONE, name=ticket, row=5)]


def chained_anew(connection: Connection, case: uuid.UUID) -> None:
    """What the most careful forger does: the whole chain once more, its end too."""
    rows = connection.execute(select(Event).where(Event.complaint_id == case).order_by(Event.seq)).all()
    connection.execute(text("DELETE FROM event WHERE complaint_id = :c"), {"c": case})
    connection.execute(text("DELETE FROM history_head WHERE chain = :c"), {"c": case})
    connection.execute(text("SET LOCAL session_replication_role = origin"))
    for row in rows:
        factories.event(connection, case, row.kind, row.actor, number=-1)


def test_a_chain_made_anew_is_not_what_the_seal_held(book: Book) -> None:
    book.seal()
    with book.engine.begin() as connection:
        unguarded(connection)
        chained_anew(connection, book.cases[1])
    assert book.look().faults == [Fault(wrong=Wrong.UNSEALED, name=book.ticket(1), row=5)]


def test_a_tail_cut_off_with_its_end_is_found_once_it_was_sealed(book: Book) -> None:
    book.seal()
    book.damage(
        "DELETE FROM event WHERE complaint_id = :c1 AND seq = 5",
        """UPDATE history_head h SET seq = e.seq, hash = e.hash, seal_id = NULL
           FROM event e WHERE h.chain = :c1 AND e.complaint_id = :c1 AND e.seq = 4""",
    )
    assert book.look().faults == [Fault(wrong=Wrong.MISSING, name=book.ticket(1), row=5)]


def test_a_row_that_says_it_is_older_than_the_last_seal_is_found(book: Book) -> None:
    book.seal()
    with book.engine.begin() as connection:
        sql = text("INSERT INTO event (complaint_id, at, actor, kind) VALUES (:c, :at, 'dewi', 'diambil')")
        connection.execute(sql, {"c": book.cases[2], "at": NOW - HOUR})
    assert book.look().faults == [Fault(wrong=Wrong.BACKDATED, name=book.ticket(2), row=6)]
    book.seal(HOUR)
    assert book.look().faults == [Fault(wrong=Wrong.BACKDATED, name=book.ticket(2), row=6)]


@pytest.mark.parametrize(
    ("statements", "wrong", "row"),
    [
        (["DELETE FROM seal WHERE id = 2"], Wrong.SEAL_MISSING, 2),
        (["DELETE FROM seal WHERE id = 2", "DELETE FROM seal_line WHERE seal_id = 2"], Wrong.SEAL_MISSING, 2),
        (["DELETE FROM seal WHERE id = 3"], Wrong.SEAL_MISSING, 6),
        (["DELETE FROM seal_line WHERE seal_id = 2 AND chain = :c0"], Wrong.SEAL_CHANGED, 2),
        (["UPDATE seal SET at = at - interval '1 day' WHERE id = 2"], Wrong.SEAL_CHANGED, 2),
        (["UPDATE seal_line SET seq = 4 WHERE seal_id = 2 AND chain = :c0"], Wrong.SEAL_CHANGED, 2),
    ],
)
def test_what_is_done_to_the_seals_is_found(book: Book, statements: list[str], wrong: Wrong, row: int) -> None:
    book.seal()
    book.write(book.cases[0])
    book.seal(HOUR)
    book.write(book.cases[1])
    book.seal(2 * HOUR)
    book.damage(*statements)
    fault = book.fault()
    assert (fault.wrong, fault.row) == (wrong, row)


def test_seals_that_were_all_made_anew_lack_the_hash_that_was_noted_down(book: Book) -> None:
    noted = book.seal()
    assert book.look(noted).count == 0
    book.damage("DELETE FROM seal", "DELETE FROM seal_line", "UPDATE history_head SET seal_id = NULL")
    book.seal(2 * HOUR)
    assert book.look().count == 0
    assert [fault.wrong for fault in book.look(noted).faults] == [Wrong.UNKNOWN_SEAL]


def test_an_officers_trace_is_a_chain_of_its_own(book: Book) -> None:
    book.seal()
    book.damage("DELETE FROM person_event WHERE seq = 2")
    assert book.look().faults == [Fault(wrong=Wrong.MISSING, name="dewi", row=2)]


def test_where_it_was_done_stands_in_each_row(book: Book) -> None:
    with origin.at(origin.inbox("Firefox di Android")):
        book.write(book.cases[0])
    book.write(book.cases[0])
    with book.engine.connect() as connection:
        found = connection.execute(select(Event.origin).where(Event.seq > 5).order_by(Event.seq)).scalars().all()
    assert found == ["inbox:Firefox di Android", "system"]


def test_two_writers_of_one_case_stand_one_behind_the_other(book: Book) -> None:
    def many() -> None:
        for _ in range(10):
            book.write(book.cases[0])

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = book.look()
    assert (found.rows, found.count) == (58, 0)


def test_a_writer_waits_for_nobody_but_writers_of_his_case_and_the_seal_for_none(book: Book) -> None:
    with book.engine.begin() as first, book.engine.begin() as second:
        first.execute(text("SET LOCAL lock_timeout = '2s'"))
        second.execute(text("SET LOCAL lock_timeout = '2s'"))
        factories.event(first, book.cases[0], "diambil")
        factories.event(second, book.cases[1], "diambil")
        with book.engine.begin() as third:
            made = seals.seal(third, NOW)
            assert made is not None
            assert made.chains == 2  # the third case and the officer
    with book.engine.begin() as connection:
        assert seals.seal(connection, NOW + HOUR) is not None
    assert book.look().count == 0


def test_what_is_rolled_back_leaves_no_gap(book: Book) -> None:
    with book.engine.connect() as connection:
        factories.event(connection, book.cases[0], "diambil")
        connection.rollback()
    book.write(book.cases[0])
    assert book.look().count == 0


def test_a_look_holds_a_bounded_number_of_rows(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    with book.engine.begin() as connection:
        sql = """INSERT INTO event (complaint_id, at, actor, kind) SELECT :c, :at, 'sistem', 'tenggat'
                 FROM generate_series(1, 5000)"""
        connection.execute(text(sql), {"c": book.cases[0], "at": NOW})
    monkeypatch.setattr(looks, "_AT_ONCE", 7)
    assert (book.look().rows, book.look().count) == (5018, 0)
