"""What was written before there were chains is chained by the migration, in the order in which it was written."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import text

from store.engine import connect
from store.migrate import downgrade, upgrade
from store.seals import seal
from store.verify import verify

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

CASES = """
INSERT INTO complaint (id, ticket, account, channel, conversation, state, type, subject, body, words,
                       opened_at, created_at, last_inbound_at, last_activity_at)
SELECT ('018f0000-0000-7000-8000-00000000000' || n)::uuid, 'K' || n, 'a', 'a', 'c', 'baru', 'pengaduan', '', '', '',
       now(), now(), now(), now()
FROM generate_series(1, 3) n
"""
EVENTS = """
INSERT INTO event (complaint_id, at, actor, kind, data)
SELECT c.id, now() - interval '1 day', 'dewi', 'diambil', jsonb_build_object('nomor', n, 'kata', E'kutip " dan é')
FROM generate_series(1, 5) n, complaint c
"""
OFFICERS = """
INSERT INTO officer (username, name, password_hash, role, created_at)
VALUES ('dewi', 'Dewi', '', 'officer', now()), ('sari', 'Sari', '', 'officer', now())
"""
ACTS = """
INSERT INTO account_event (at, actor_id, account, kind, data)
SELECT now() - interval '9 days', o.id, a.name, 'paused', jsonb_build_object('nomor', n, 'kata', E'kutip " dan é')
FROM generate_series(1, 3) n, officer o, (VALUES ('sms-a'), ('surel')) a (name)
"""
TRACES = "INSERT INTO person_event (at, officer_id, kind) SELECT now(), id, 'link' FROM officer, generate_series(1, 2)"


def chains(engine: Engine) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        found = verify(connection)
        assert (found.rows, found.count) == (19, 0)
        rows = connection.execute(text("SELECT complaint_id, id, seq, hash FROM event ORDER BY id"))
        return [tuple(row) for row in rows]


def test_rows_from_before_are_chained(empty_database_url: str) -> None:
    upgrade(empty_database_url, "0008")
    engine = connect(empty_database_url)
    try:
        with engine.begin() as connection:
            for statement in (CASES, EVENTS, OFFICERS, TRACES):
                connection.execute(text(statement))
        upgrade(empty_database_url)
        before = chains(engine)
        downgrade(empty_database_url, "0008")
        upgrade(empty_database_url)
        assert chains(engine) == before
        assert [seq for *_, seq, _ in before] == [seq for seq in range(1, 6) for _ in range(3)]
    finally:
        engine.dispose()


def act(connection: Connection, kind: str) -> None:
    sql = text("INSERT INTO account_event (at, account, kind) VALUES (now(), 'sms-a', :kind)")
    connection.execute(sql, {"kind": kind})


def sealed(engine: Engine) -> None:
    with engine.begin() as connection:
        assert seal(connection, datetime.now(UTC)) is not None


def holds(engine: Engine, rows: int, seals: int) -> None:
    with engine.connect() as connection:
        found = verify(connection)
    assert (found.faults, found.rows, found.seals) == ([], rows, seals)


def test_acts_on_accounts_from_before_are_chained_and_sealed_although_older_seals_do_not_hold_them(
    empty_database_url: str,
) -> None:
    upgrade(empty_database_url, "0012")
    engine = connect(empty_database_url)
    try:
        with engine.begin() as connection:
            for statement in (CASES, EVENTS, OFFICERS, TRACES):
                connection.execute(text(statement))
        sealed(engine)
        with engine.begin() as connection:
            connection.execute(text(ACTS))
            connection.execute(
                text("INSERT INTO person_event (at, officer_id, kind) SELECT now(), id, 'x' FROM officer")
            )
        upgrade(empty_database_url)
        # Those with news: two officers, two accounts.
        with engine.connect() as connection:
            assert connection.execute(text("SELECT chains FROM seal ORDER BY id")).scalars().all() == [5, 4]
        holds(engine, rows=33, seals=2)
        with engine.begin() as connection:
            act(connection, "resumed")
        sealed(engine)
        holds(engine, rows=34, seals=3)
        downgrade(empty_database_url, "0012")
        with engine.connect() as connection:
            assert connection.execute(text("SELECT id FROM seal")).scalars().all() == [1]
            assert connection.execute(text("SELECT count(*) FROM history_head")).scalar_one() == 5
        upgrade(empty_database_url)
        holds(engine, rows=34, seals=2)
        with engine.begin() as connection:
            act(connection, "paused")
        sealed(engine)
        holds(engine, rows=35, seals=3)
    finally:
        engine.dispose()


def test_an_installation_without_acts_or_seals_gets_no_seal(empty_database_url: str) -> None:
    upgrade(empty_database_url, "0012")
    engine = connect(empty_database_url)
    try:
        with engine.begin() as connection:
            for statement in (OFFICERS, ACTS):
                connection.execute(text(statement))
        upgrade(empty_database_url)
        holds(engine, rows=12, seals=0)
        sealed(engine)
        holds(engine, rows=12, seals=1)
    finally:
        engine.dispose()
