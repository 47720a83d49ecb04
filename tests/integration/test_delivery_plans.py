"""Deliveries go by indexes however many there were, and what was read long ago goes away."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from normalizer.telling import SETTLE, Way, Wishes
from store import delivery, housekeeping
from tests.noticekit import House
from tests.plankit import scanned
from tests.smtpd import Post, post_office
from tests.toy import ToyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

_FILL = (
    """INSERT INTO notice (officer_id, complaint_id, kind, made_at, seen_at, planned)
    SELECT o.id, c.id, 'again', timestamptz '2026-11-20' - n * interval '3 minutes',
           CASE WHEN mod(n, 3) = 0 THEN timestamptz '2026-11-20' END, true
    FROM generate_series(1, 30000) n, officer o, complaint c""",
    """INSERT INTO delivery (notice_id, officer_id, way, digest, due_at, state, batch)
    SELECT id, officer_id, 'mail', false, made_at, 'sent', gen_random_uuid() FROM notice""",
    "ANALYZE notice, delivery",
)


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office(login=False) as running:
        yield running


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path, post: Post) -> House:
    return House(engine, redis_client, tmp_path, post, ToyChannel("bot"))


def test_no_delivery_is_looked_for_row_by_row(house: House, post: Post) -> None:
    officer, case = house.officer(), house.complaint()
    with house.engine.begin() as connection:
        for sql in _FILL:
            connection.exec_driver_sql(sql)
    asked: list[tuple[str, Any]] = []
    event.listen(house.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    house.tell(officer, case)
    house.clock.pass_by(SETTLE)
    house.look()
    with house.engine.begin() as connection:
        delivery.choose(connection, officer, Wishes(), house.clock())
        delivery.put_off(connection, Way.MAIL, house.clock())
        housekeeping.tidy(connection, house.clock())
    assert len(post.taken) == 1
    found = set()
    with house.engine.connect() as connection:
        connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
        cursor = connection.connection.cursor()
        for sql, parameters in asked:
            if sql.lstrip().upper().startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
                cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
                [(plan,)] = cursor.fetchall()
                found |= {(table, sql[:150]) for table in {"notice", "delivery"} & set(scanned(plan[0]["Plan"]))}
    assert len(asked) > 15
    assert found == set()


def test_what_was_read_half_a_year_ago_goes_with_its_deliveries(house: House) -> None:
    officer, case = house.officer(), house.complaint()
    for _ in range(2):
        house.tell(officer, case)
    house.look()
    house.change("UPDATE notice SET seen_at = made_at WHERE id = (SELECT min(id) FROM notice)")
    for days, left in ((180, 2), (181, 1)):
        with house.engine.begin() as connection:
            housekeeping.tidy(connection, house.clock() + timedelta(days=days, seconds=-1 if left == 2 else 0))
        assert len(house.rows("SELECT 1 FROM notice")) == left
    assert len(house.rows("SELECT 1 FROM delivery")) == 1
