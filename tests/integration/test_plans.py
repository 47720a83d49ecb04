"""No query of an officer's goes through a large table row by row: the plans of all that the pages ask are read."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from sqlalchemy import event, make_url

from bench import inbox as bench
from bench.crowd import FREQUENT, RARE, gather
from store.queue import Flag, Queue, Sort
from tests.conftest import TEMPLATE
from tests.factories import NOW
from tests.plankit import walked

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from bench.inbox import House

COUNT, OPEN = 30_000, 3_000
LARGE = {"complaint", "complaint_search", "message", "event", "outbox", "attachment", "contact", "notice"}
#: On each queue the usual filters one by one.
FILTERS = (
    *(f"tanda={flag}" for flag in Flag),
    *("kanal=telegram", "jenis=aspirasi", "unit=dpu", "program=siaga", "program=sapa&unit=dishub"),
    *("kecamatan=Comal", "dari=2026-11-01", "dari=2026-01-01&sampai=2026-01-31"),
)
Asked = tuple[str, Any]


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory,
    template_url: str,
    new_database: Callable[..., contextlib.AbstractContextManager[str]],
    valkey: Any,
) -> Iterator[House]:
    assert template_url
    with new_database(TEMPLATE) as url:
        plain = make_url(url)
        where = {"host": str(plain.query["host"]), "user": plain.username, "dbname": plain.database}
        with psycopg.connect(**where, autocommit=True) as connection:
            gather(connection, COUNT, NOW.isoformat(), still_open=OPEN)
        config = bench.configuration(tmp_path_factory.mktemp("config"))
        folder = tmp_path_factory.mktemp("data")
        made = bench.opened(config, folder, url, valkey.url, count=COUNT, seconds=0.0)
        yield made
        made.runtime.engine.dispose()


def asked(house: House, who: str, url: str) -> list[Asked]:
    """What a request sends to the database."""
    seen: list[Asked] = []

    def statement(_connection: object, _cursor: object, sql: str, parameters: Any, *_rest: object) -> None:
        seen.append((sql, parameters))

    event.listen(house.runtime.engine, "before_cursor_execute", statement)
    try:
        answer = house.browsers[who].get(url)
    finally:
        event.remove(house.runtime.engine, "before_cursor_execute", statement)
    assert answer.status_code == 200, url
    return seen


def urls(house: House, who: str) -> Iterator[str]:
    """Every page of the inbox that grows with the complaints."""
    for queue, sort in itertools.product(Queue, Sort):
        yield f"/inbox?antrean={queue}&urut={sort}"
    for filtered in FILTERS:
        yield f"/inbox?antrean=semua&{filtered}"
        yield f"/inbox/pulse?antrean=antrean&{filtered}"
    for words in (RARE, FREQUENT, "Siti Rahayu", "081000000017"):
        yield f"/inbox?q={words}"
    page = house.browsers[who].get("/inbox?antrean=semua&urut=terbaru").text
    tickets = [each.partition('"')[0] for each in page.split('data-ticket="')[1:]]
    yield from (f"/inbox/{ticket}" for ticket in tickets[:4])
    yield f"/inbox/pulse?kasus={tickets[0]}"
    yield "/inbox/notices"
    following = page.partition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    yield following.replace("&amp;", "&")


@pytest.mark.parametrize("who", bench.LOOKERS)
def test_no_large_table_is_gone_through_row_by_row(house: House, who: str) -> None:
    queries = {sql: (sql, parameters) for url in urls(house, who) for sql, parameters in asked(house, who, url)}
    assert len(queries) > 50
    with house.runtime.engine.connect() as connection:
        assert walked(connection, queries.values(), LARGE) == set()


@pytest.mark.parametrize(
    ("index", "url", "table"),
    [
        ("ix_message_thread", "/inbox?antrean=unit", "message"),
        ("ix_complaint_created", "/inbox/pulse?antrean=semua", "complaint"),
        ("ix_notice_officer, ix_notice_unseen", "/inbox/notices", "notice"),
    ],
)
def test_a_missing_index_would_be_found(house: House, index: str, url: str, table: str) -> None:
    queries = asked(house, "administrator", url)
    engine: Engine = house.runtime.engine
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP INDEX {index}")
        assert table in {each for each, _ in walked(connection, queries, LARGE)}
        connection.rollback()
        assert walked(connection, queries, LARGE) == set()
