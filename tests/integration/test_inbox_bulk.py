"""Many at once: each complaint is judged by itself, and the page says which were left and why."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from channels.contract import ReplyOptions
from tests.factories import PaperChannel
from tests.inboxkit import Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def picks(site: Site, *tickets: str) -> list[str]:
    return [f"{ticket}:{site.case(ticket).version}" for ticket in tickets]


def left(page: str) -> dict[str, str]:
    """Ticket to why it was not done."""
    rows = re.findall(r'<td><a href="[^"]*">([^<]+)</a></td><td>([^<]+)</td>', page)
    return {ticket: unescape(why) for ticket, why in rows}


def test_the_list_has_a_box_for_each_and_readers_have_none(site: Site) -> None:
    ticket = site.complaint()
    assert f'value="{ticket}:1" form="bulk"' in site.officer("dewi").get("/inbox").text
    assert 'name="pick"' not in site.officer("bupati", "leader").get("/inbox").text


def test_taken_together_but_for_what_cannot_be(site: Site) -> None:
    dewi = site.officer("dewi")
    one, two, closed, theirs = (
        site.complaint(),
        site.complaint(),
        site.complaint(state="selesai"),
        site.complaint(program="matur"),
    )
    changed = site.complaint()
    stale = picks(site, changed)
    site.officer("sari").post(f"/inbox/{changed}/note", version="1", text="Lihat", submission="1")
    form = {"verb": "take", "pick": picks(site, one, two, closed, theirs) + stale}
    response = dewi.post("/inbox/bulk", **form)
    assert "Ambil: 2 dari 5 aduan" in response.text
    assert left(response.text) == {
        closed: "sudah ditutup",
        theirs: "tidak ada, atau bukan bagian Anda",
        changed: "baru saja berubah; lihat dulu",
    }
    assert [site.case(each).state for each in (one, two)] == ["diverifikasi"] * 2
    assert "Ambil: 2 dari 5 aduan" in dewi.post("/inbox/bulk", **form).text
    assert site.rows("SELECT count(*) FROM event WHERE kind = 'diambil'") == [(2,)]


def test_disposed_together_with_a_note(site: Site) -> None:
    dewi = site.officer("dewi")
    both = site.complaint(), site.complaint()
    asked = dewi.post("/inbox/bulk", verb="dispose", pick=picks(site, *both))
    assert "Disposisi: 2 aduan" in asked.text
    assert [site.case(each).unit for each in both] == [None, None]
    form = {"verb": "dispose", "pick": picks(site, *both), "submission": field(asked.text, "submission")}
    assert dewi.post("/inbox/bulk", **form).status_code == 422
    pages = [dewi.post("/inbox/bulk", **form, unit="dpu", text="Mohon dicek").text for _ in range(2)]
    assert all("Disposisi: 2 dari 2 aduan" in page for page in pages)
    assert [site.case(each).unit for each in both] == ["dpu", "dpu"]
    assert site.rows("SELECT count(*) FROM message WHERE text = 'Mohon dicek'") == [(2,)]


def test_archived_together_each_citizen_told_in_his_own_conversation(site: Site) -> None:
    dewi = site.officer("dewi")
    channel = site.runtime.accounts["kertas"].channel
    assert isinstance(channel, PaperChannel)
    channel.options = ReplyOptions(allowed=False, reason="Tutup.")
    one, two = site.complaint(address="+628111"), site.complaint(address="+628222")
    shut, nobody = site.complaint(address="+628333"), site.complaint(address=None)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET account = 'kertas' WHERE address = '+628333'")
    asked = dewi.post("/inbox/bulk", verb="archive", pick=picks(site, one, two, shut, nobody))
    form = {"verb": "archive", "submission": field(asked.text, "submission"), "ground": "umum"}
    response = dewi.post("/inbox/bulk", **form, pick=picks(site, one, two, shut, nobody))
    assert set(left(response.text)) == {shut, nobody}
    assert site.rows("SELECT address FROM outbox ORDER BY address") == [("+628111",), ("+628222",)]
    assert [site.case(each).state for each in (one, two, shut, nobody)] == ["diarsipkan"] * 2 + ["baru"] * 2
    spam = dewi.post("/inbox/bulk", **{**form, "ground": "spam"}, pick=picks(site, shut, nobody))
    assert left(spam.text) == {}
    assert site.rows("SELECT count(*) FROM outbox") == [(2,)]


@pytest.mark.parametrize(
    "form", [{"verb": "burn"}, {"verb": "take", "pick": "x:1"}, {"verb": "take", "pick": "K7MP-2XWD:x"}]
)
def test_nonsense_is_refused(site: Site, form: dict[str, str]) -> None:
    assert site.officer("dewi").post("/inbox/bulk", **{"pick": "K7MP-2XWD:1", **form}).status_code == 400


def test_nothing_ticked_goes_back(site: Site) -> None:
    response = site.officer("dewi").post("/inbox/bulk?antrean=saya", verb="take")
    assert (response.status_code, response.location) == (303, "/inbox?antrean=saya")
