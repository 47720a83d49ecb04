"""What the administration's pages and the clock's watch ask goes by indexes, however much has come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from inbox.state import KEY
from store import journal, watch
from tests.inboxkit import Browser, Site
from tests.plankit import walked

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

LARGE = {"journal", "item", "complaint", "outbox"}
_FILL = (
    """INSERT INTO journal (id, account, source, received_at, day, parsed_at, adapter_version, item_count)
    SELECT gen_random_uuid(), CASE mod(n, 5) WHEN 0 THEN 'kertas' ELSE 'sms-a' END, 'webhook', at, at::date, at, '1', 1
    FROM generate_series(1, 40000) n, LATERAL (SELECT timestamptz '2026-11-23' - n * interval '9 minutes' AS at) t""",
    """INSERT INTO item (journal_id, ordinal, journal_seq, account, day, kind, external_id, version, conversation,
                        partition, received_at, payload, state, outcome)
    SELECT id, 0, seq, account, day, 'message', seq::text, '', '', 0, received_at, '{}', 'done',
           CASE WHEN mod(seq, 1000) = 0 THEN 'quarantined' ELSE 'ignored' END FROM journal""",
    """INSERT INTO complaint (id, ticket, program, account, channel, conversation, state, type, subject, body, words,
                             opened_at, created_at, last_inbound_at, last_activity_at)
    SELECT gen_random_uuid(), n::text, 'siaga', 'sms-a', 'kertas', '',
           CASE mod(n, 40) WHEN 0 THEN 'baru' ELSE 'selesai' END,
           'pengaduan', '', '', '', at, at, at, at
    FROM generate_series(1, 40000) n, LATERAL (SELECT timestamptz '2026-11-23' - n * interval '9 minutes' AS at) t""",
    """INSERT INTO outbox (id, account, conversation, address, purpose, text, lane, state, next_attempt_at, created_at)
    SELECT gen_random_uuid(), 'sms-a', '', '', 'ack', '', 1,
           CASE mod(n, 400) WHEN 0 THEN 'failed' ELSE 'sent' END, at, at
    FROM generate_series(1, 40000) n, LATERAL (SELECT timestamptz '2026-11-23' - n * interval '9 minutes' AS at) t""",
    "ANALYZE journal, item, complaint, outbox",
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    made = Site(engine, redis_client, tmp_path)
    with engine.begin() as connection:
        for sql in _FILL:
            connection.exec_driver_sql(sql)
    return made


class Asked(list[tuple[str, Any]]):
    """What is sent to the database."""

    def __call__(self, _connection: object, _cursor: object, sql: str, parameters: Any, *_rest: object) -> None:
        self.append((sql, parameters))


def test_nothing_is_gone_through_row_by_row(site: Site) -> None:
    assert site.app.extensions[KEY]
    browsers: list[Browser] = [
        site.officer("admin", "administrator", programs=[]),
        site.officer("siaga", "program_admin"),
    ]
    asked = Asked()
    event.listen(site.engine, "before_cursor_execute", asked)
    for browser in browsers:
        for page in (
            "channels",
            "channels/kertas",
            "quarantine",
            "quarantine?akun=sms-a",
            "programs",
            "programs/siaga",
        ):
            assert browser.get(f"/inbox/{page}").status_code == 200
    with site.engine.connect() as connection:
        assert watch.last_messages(connection, ["kertas", "sms-a"])
        assert journal.last_parsed(connection)
    event.remove(site.engine, "before_cursor_execute", asked)
    assert len(asked) > 40
    with site.engine.connect() as connection:
        assert walked(connection, asked, LARGE) == set()
