"""What was written before there were chains is chained by the migration, in the order in which it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from store.engine import connect
from store.migrate import downgrade, upgrade
from store.verify import verify

if TYPE_CHECKING:
    from sqlalchemy import Engine

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
        upgrade(empty_database_url, "0009")
        before = chains(engine)
        downgrade(empty_database_url, "0008")
        upgrade(empty_database_url)
        assert chains(engine) == before
        assert [seq for *_, seq, _ in before] == [seq for seq in range(1, 6) for _ in range(3)]
    finally:
        engine.dispose()
