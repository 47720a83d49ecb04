"""What was done to an account of a channel is a chain of its own, and shows tampering as a complaint's history does."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from store import accounts, origin, seals
from store.models import AccountEvent
from store.verify import Fault, Wrong
from tests.integration.test_history import HOUR, NOW, Book
from tests.journalling import unguarded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Engine, RowMapping


def act(book: Book, account: str, number: int, at: datetime = NOW) -> None:
    with book.engine.begin() as connection:
        accounts.record(connection, at, book.officer, account, "paused", number=number)


@pytest.fixture
def book(engine: Engine) -> Book:
    """Two accounts with four acts each, beside what the book of `test_history` has."""
    made = Book(engine)
    with engine.begin() as connection:
        accounts.know(connection, ["sms-a", "surel"])
    for number in range(4):
        act(made, "sms-a", number)
        act(made, "surel", number)
    return made


def rows(book: Book, account: str = "sms-a") -> Sequence[RowMapping]:
    with book.engine.connect() as connection:
        query = select(AccountEvent.__table__).where(AccountEvent.account == account).order_by(AccountEvent.seq)
        return connection.execute(query).mappings().all()


def test_untouched_it_holds_with_and_without_seals(book: Book) -> None:
    assert (book.look().rows, book.look().count) == (26, 0)
    book.seal()
    act(book, "sms-a", 4)
    with origin.at(origin.inbox("Firefox/Android")), book.engine.begin() as connection:
        accounts.record(connection, NOW, None, "surel", "silent", hours=4, kata='kutip " dan é 🙏', kosong=None)
    noted = book.seal(HOUR)
    found = book.look(noted)
    assert (found.rows, found.seals, found.count) == (28, 2, 0)
    assert [row["seq"] for row in rows(book)] == [1, 2, 3, 4, 5]
    assert rows(book, "surel")[-1]["origin"] == "inbox:Firefox/Android"


def test_a_seal_holds_each_account_once(book: Book) -> None:
    book.seal()
    act(book, "surel", 4)
    with book.engine.begin() as connection:
        made = seals.seal(connection, NOW + HOUR)
    assert made is not None
    assert made.chains == 1


@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET hash = ''"])
def test_what_is_written_stays(book: Book, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), book.engine.begin() as connection:
        connection.execute(text(statement.format("account_event")))
    assert book.look().count == 0


@pytest.mark.parametrize("sealed", [False, True])
@pytest.mark.parametrize(
    ("damage", "wrong", "row"),
    [
        ("UPDATE account_event SET data = '{}' WHERE account = 'sms-a' AND seq = 2", Wrong.CHANGED, 2),
        ("UPDATE account_event SET actor_id = NULL WHERE account = 'sms-a' AND seq = 3", Wrong.CHANGED, 3),
        ("UPDATE account_event SET kind = 'resumed' WHERE account = 'sms-a' AND seq = 1", Wrong.CHANGED, 1),
        ("UPDATE account_event SET at = at - interval '1 s' WHERE account = 'sms-a' AND seq = 1", Wrong.CHANGED, 1),
        ("UPDATE account_event SET origin = 'command' WHERE account = 'sms-a' AND seq = 4", Wrong.CHANGED, 4),
        ("UPDATE account_event SET hash = '\\x00' WHERE account = 'sms-a' AND seq = 4", Wrong.CHANGED, 4),
        ("DELETE FROM account_event WHERE account = 'sms-a' AND seq = 2", Wrong.MISSING, 2),
        ("DELETE FROM account_event WHERE account = 'sms-a' AND seq = 4", Wrong.MISSING, 4),
        ("DELETE FROM account_event WHERE account = 'sms-a' AND seq > 2", Wrong.MISSING, 3),
        (
            """UPDATE account_event SET seq = 99 WHERE account = 'sms-a' AND seq = 2;
               UPDATE account_event SET seq = 2 WHERE account = 'sms-a' AND seq = 3;
               UPDATE account_event SET seq = 3 WHERE account = 'sms-a' AND seq = 99""",
            Wrong.CHANGED,
            2,
        ),
        ("DELETE FROM account_event WHERE account = 'sms-a'", Wrong.GONE, 4),
        (
            """INSERT INTO account_event (at, account, kind, seq, hash)
               VALUES (now() - interval '9 days', 'sms-a', 'resumed', 5, '\\x00')""",
            Wrong.CHANGED,
            5,
        ),
        (
            """DELETE FROM history_head h USING account_event e
               WHERE h.hash = e.hash AND e.account = 'sms-a' AND e.seq = 4""",
            Wrong.END,
            4,
        ),
    ],
)
def test_what_is_done_to_the_rows_is_found(book: Book, damage: str, wrong: Wrong, row: int, *, sealed: bool) -> None:
    if sealed:
        book.seal()
    book.damage(*damage.split(";"))
    assert book.look().faults == [Fault(wrong=wrong, name="sms-a", row=row)]


def test_an_account_whose_whole_history_is_gone_with_its_end_is_named(book: Book) -> None:
    book.seal()
    book.damage(
        "DELETE FROM history_head h USING account_event e WHERE h.hash = e.hash AND e.account = 'sms-a'",
        "DELETE FROM account_event WHERE account = 'sms-a'",
    )
    assert book.look().faults == [Fault(wrong=Wrong.GONE, name="sms-a", row=4)]


def test_a_row_that_was_moved_to_another_account_is_found_there_and_here(book: Book) -> None:
    book.damage("UPDATE account_event SET account = 'surel', seq = 5 WHERE account = 'sms-a' AND seq = 4")
    assert {(fault.wrong, fault.name, fault.row) for fault in book.look().faults} == {
        (Wrong.CHANGED, "surel", 5),
        (Wrong.MISSING, "sms-a", 4),
    }


def cut(book: Book, last: int) -> None:
    """The tail is taken off and the end is set to what is left."""
    book.damage(
        f"""UPDATE history_head h SET seq = kept.seq, hash = kept.hash, seal_id = NULL
            FROM account_event gone, account_event kept WHERE h.hash = gone.hash AND gone.account = 'sms-a'
            AND gone.seq = {last} AND kept.account = 'sms-a' AND kept.seq = {last - 1}""",  # noqa: S608 - a number
        f"DELETE FROM account_event WHERE account = 'sms-a' AND seq = {last}",  # noqa: S608 - a number
    )


def test_a_tail_cut_off_with_its_end_is_found_once_it_was_sealed(book: Book) -> None:
    book.seal()
    cut(book, 4)
    assert book.look().faults == [Fault(wrong=Wrong.MISSING, name="sms-a", row=4)]


def test_a_tail_cut_off_with_its_end_before_any_seal_is_what_a_seal_is_for(book: Book) -> None:
    book.seal()
    act(book, "sms-a", 4)
    cut(book, 5)
    assert book.look().count == 0
    cut(book, 4)
    assert book.look().faults == [Fault(wrong=Wrong.MISSING, name="sms-a", row=4)]


def test_a_chain_made_anew_is_not_what_the_seal_held(book: Book) -> None:
    book.seal()
    kept = rows(book)
    with book.engine.begin() as connection:
        unguarded(connection)
        connection.execute(text("DELETE FROM account_event WHERE account = 'sms-a'"))
        connection.execute(text("DELETE FROM history_head WHERE hash = :h"), {"h": kept[-1]["hash"]})
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        for row in kept:
            accounts.record(connection, row["at"], row["actor_id"], "sms-a", row["kind"], number=-1)
    assert book.look().faults == [Fault(wrong=Wrong.UNSEALED, name="sms-a", row=4)]


def test_a_row_that_says_it_is_older_than_the_last_seal_is_found(book: Book) -> None:
    book.seal()
    act(book, "sms-a", 4, at=NOW - HOUR)
    assert book.look().faults == [Fault(wrong=Wrong.BACKDATED, name="sms-a", row=5)]
    book.seal(HOUR)
    assert book.look().faults == [Fault(wrong=Wrong.BACKDATED, name="sms-a", row=5)]


def test_an_account_that_was_sealed_first_later_may_not_tell_of_the_time_before(book: Book) -> None:
    book.seal()
    act(book, "baru", 0, at=NOW - timedelta(days=3))
    book.seal(HOUR)
    assert book.look().faults == [Fault(wrong=Wrong.BACKDATED, name="baru", row=1)]


def test_a_line_of_a_seal_that_goes_is_found(book: Book) -> None:
    book.seal()
    book.damage("DELETE FROM seal_line l USING account_event e WHERE l.hash = e.hash AND e.account = 'sms-a'")
    assert [fault.wrong for fault in book.look().faults] == [Wrong.SEAL_CHANGED]


def test_writers_of_one_account_stand_one_behind_the_other_and_others_do_not_wait(book: Book) -> None:
    def many() -> None:
        for number in range(10):
            act(book, "sms-a", number)

    threads = [threading.Thread(target=many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with book.engine.begin() as first, book.engine.begin() as second:
        for connection, account in ((first, "sms-a"), (second, "surel")):
            connection.execute(text("SET LOCAL lock_timeout = '2s'"))
            accounts.record(connection, NOW, None, account, "silent")
    assert (book.look().rows, book.look().count) == (68, 0)
