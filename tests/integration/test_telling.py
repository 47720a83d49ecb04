"""Who is told of what: the citizen wrote, a disposition, a send that failed, a new complaint for those who asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, text

from channels.errors import Refused
from dispatcher import drain, sending
from store.models import Choice
from tests import factories
from tests.inboxkit import Site
from tests.journalling import deliver
from tests.toy import ToyChannel, runtime

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from dispatcher.runtime import Runtime

WORDS = "masbupsiaga jalan rusak"
ME = "+62811000001"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> Runtime:
    return runtime(engine, redis_client, tmp_path, channels=(ToyChannel("toy"),))


def told(engine: Engine) -> list[tuple[Any, ...]]:
    sql = "SELECT username, kind, data FROM notice JOIN officer ON officer.id = officer_id ORDER BY notice.id"
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def receive(world: Runtime, *numbers: int, **values: Any) -> None:
    items = [{"external_id": f"in-{each}", "text": WORDS, "at": each * 60, **values} for each in numbers]
    deliver(world, items, account="toy")
    drain.run(world)


def wants(world: Runtime, username: str, role: str = "officer", **values: Any) -> int:
    """An officer who wants to hear of new complaints by mail."""
    with world.engine.begin() as connection:
        found = factories.officer(connection, username, role, programs=["masbup"], **values)
        row = {"officer_id": found, "kinds": {"new": {"mail": "now"}}, "digest_hour": 7, "digest_days": "all"}
        connection.execute(insert(Choice).values(**row, late_passes=False))
    return found


def holds(world: Runtime, username: str) -> None:
    with world.engine.begin() as connection:
        found = factories.officer(connection, username, programs=["masbup"])
        connection.execute(text("UPDATE complaint SET officer_id = :id, touched = true"), {"id": found})


def test_new_complaints_are_told_to_whoever_asked_and_may_see_them(world: Runtime) -> None:
    wants(world, "dewi")
    wants(world, "lain", active=False)
    with world.engine.begin() as connection:
        factories.officer(connection, "tenang", programs=["masbup"])
    receive(world, 1)
    assert told(world.engine) == [("dewi", "new", {"more": 0})]


def test_many_new_complaints_of_one_pass_are_one_notice(world: Runtime) -> None:
    wants(world, "dewi")
    items = [{"external_id": f"in-{each}", "text": WORDS, "who": f"+62811{each:06}"} for each in range(7)]
    deliver(world, items, account="toy")
    drain.run(world)
    assert told(world.engine) == [("dewi", "new", {"more": 6})]


def test_the_holder_hears_that_his_citizen_wrote_again_once_for_many_small_messages(world: Runtime) -> None:
    receive(world, 1)
    holds(world, "dewi")
    receive(world, 2, text="dan lampunya mati")
    receive(world, 3, text="tolong")
    assert told(world.engine) == [("dewi", "again", {"reopened": False})]


def test_what_is_opened_anew_is_told_whatever_was_told_before(world: Runtime) -> None:
    receive(world, 1)
    holds(world, "dewi")
    receive(world, 2, text="dan lampunya mati")
    with world.engine.begin() as connection:
        connection.execute(text("UPDATE complaint SET state = 'selesai', closed_at = now()"))
    receive(world, 3, text="belum beres")
    assert [row[1:] for row in told(world.engine)] == [("again", {"reopened": False}), ("again", {"reopened": True})]


def test_a_send_that_failed_is_told_to_the_holder_once(world: Runtime) -> None:
    receive(world, 1)
    holds(world, "dewi")
    channel = world.accounts["toy"].channel
    assert isinstance(channel, ToyChannel)
    channel.failures = [Refused("bot was blocked by the user")]
    with sending.sender(world) as sender:
        sender.run()
    assert told(world.engine) == [("dewi", "failed", {})]


def test_a_disposition_is_told_to_the_unit_but_for_whoever_made_it(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi", unit="dpu")
    site.officer("rina", unit="dpu")
    site.officer("kepala", "unit_head", unit="dpu")
    site.officer("lain", unit="dinkes")
    site.officer("jauh", unit="dpu", programs=["matur"])
    site.officer("pergi", unit="dpu", active=False)
    dewi.post(f"/inbox/{ticket}/dispose", **dewi.form(ticket), unit="dpu", text="")
    assert told(site.engine) == [("rina", "handed", {"unit": "dpu"}), ("kepala", "handed", {"unit": "dpu"})]


def test_where_the_unit_has_nobody_the_head_above_is_told(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    head = site.officer("kepala", "unit_head", unit="dpu")
    dewi.post(f"/inbox/{ticket}/dispose", **dewi.form(ticket), unit="dpu-jalan", text="")
    assert told(site.engine) == [("kepala", "handed", {"unit": "dpu-jalan"})]
    assert "Didisposisikan ke Bidang Jalan" in head.get("/inbox/notices").text


def test_a_bulk_disposition_tells_of_each(site: Site) -> None:
    tickets, dewi = [site.complaint() for _ in range(3)], site.officer("dewi")
    site.officer("rina", unit="dpu")
    dewi.post("/inbox/bulk", verb="dispose", pick=[f"{each}:1" for each in tickets], unit="dpu", submission="x")
    assert [row[:2] for row in told(site.engine)] == [("rina", "handed")] * 3


def test_what_leaves_the_triage_tray_is_new_in_its_program(site: Site) -> None:
    ticket, admin = site.complaint(program=None), site.officer("admin", "administrator")
    with site.engine.begin() as connection:
        for name in ("rina", "sari"):
            found = factories.officer(connection, name, programs=["siaga" if name == "rina" else "matur"])
            row = {"officer_id": found, "kinds": {"new": {"telegram": "now"}}, "digest_hour": 7, "digest_days": "all"}
            connection.execute(insert(Choice).values(**row, late_passes=False))
    admin.post(f"/inbox/{ticket}/program", **admin.form(ticket), program="siaga")
    assert told(site.engine) == [("rina", "new", {"more": 0})]


def test_the_bell_says_what_happened(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    with site.engine.begin() as connection:
        for kind, data in (("new", '{"more": 3}'), ("again", '{"reopened": true}'), ("failed", "{}")):
            sql = """INSERT INTO notice (officer_id, complaint_id, kind, data, made_at)
                     SELECT o.id, c.id, :kind, cast(:data AS jsonb), now() FROM officer o, complaint c"""
            connection.execute(text(sql), {"kind": kind, "data": data})
    page = dewi.get("/inbox/notices").text
    for words in ("Aduan baru, dan 3 lain", "aduan ini dibuka kembali", "Kiriman kepada warga gagal", ticket):
        assert words in page
