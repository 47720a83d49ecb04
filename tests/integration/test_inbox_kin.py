"""Likely doubles and the same citizen's earlier complaints, and what they must not tell."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from store import related
from tests.factories import NOW
from tests.inboxkit import Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

WORDS = "Lampu penerangan di pasar Randudongkal padam sejak malam"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def listed(page: str, heading: str) -> list[str]:
    """Tickets below a heading of the side."""
    found = re.search(rf"<summary>{heading} \(\d+\)</summary>(.*?)</details>", page, re.DOTALL)
    return re.findall(r'<a href="/inbox/([^"?]+)', found[1]) if found else []


def likely(page: str) -> list[str]:
    return listed(page, "Mungkin aduan yang sama")


def earlier(page: str) -> list[str]:
    return listed(page, "Aduan lain dari pelapor ini")


def same_citizen(site: Site, *tickets: str) -> None:
    contact = site.case(tickets[0]).contact_id
    with site.engine.begin() as connection:
        for ticket in tickets:
            connection.execute(
                text("UPDATE complaint SET contact_id = :c WHERE ticket = :t"), {"c": contact, "t": ticket}
            )


def test_the_same_told_in_other_words_is_found_and_merged_by_a_button(site: Site) -> None:
    ticket = site.complaint(WORDS)
    double = site.complaint("Pasar Randudongkal gelap, lampu penerangan padam", address="+628990000777")
    site.complaint("Jalan di depan pasar Randudongkal berlubang")
    site.complaint(WORDS, program="matur")
    site.complaint(WORDS, opened_at=NOW - timedelta(days=60))
    site.complaint(WORDS, state="digabung")
    dewi = site.officer("dewi")
    assert likely(dewi.get(f"/inbox/{ticket}").text) == [double]
    form = {**dewi.form(ticket), "into": double}
    assert dewi.post(f"/inbox/{ticket}/merge", **form).location == f"/inbox/{double}"


def test_the_same_place_makes_up_for_words(site: Site) -> None:
    place: dict[str, Any] = {"label": "Randudongkal", "candidates": [], "lat": None, "lon": None}
    words = ("Penerangan gelap sejak kemarin sore", "Penerangan kemarin menyilaukan warga sekitar")
    ticket, other = (site.complaint(each, place=place) for each in words)
    far = site.complaint(words[1])
    assert likely(site.officer("dewi").get(f"/inbox/{ticket}").text) == [other]
    assert far != other


@pytest.mark.parametrize("words", ["Tolong", "", "'a' & | ! <-> \\ :*", "12 34 di ke dari"])
def test_few_or_odd_words_find_nothing_and_break_nothing(site: Site, words: str) -> None:
    ticket = site.complaint(words)
    site.complaint(WORDS)
    assert likely(site.officer("dewi").get(f"/inbox/{ticket}").text) == []


def test_earlier_ones_of_the_same_citizen_within_reach(site: Site) -> None:
    now, before, theirs = site.complaint("Sampah"), site.complaint("Banjir"), site.complaint("Ternak", program="matur")
    same_citizen(site, now, before, theirs)
    assert earlier(site.officer("dewi").get(f"/inbox/{now}").text) == [before]


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_a_hidden_reporter_is_not_known_by_his_other_complaints(site: Site, flag: str) -> None:
    named, hidden = site.complaint(WORDS), site.complaint(f"{WORDS}. Siti Aminah", **{flag: True})
    same_citizen(site, named, hidden)
    dewi, sari = site.officer("dewi"), site.officer("sari", sees_identity=True)
    assert earlier(dewi.get(f"/inbox/{hidden}").text) == earlier(dewi.get(f"/inbox/{named}").text) == []
    side = dewi.get(f"/inbox/{named}").text
    assert likely(side) == [hidden]
    assert f"{WORDS}. Siti" not in side.partition("Mungkin aduan yang sama")[2].partition("</details>")[0]
    assert earlier(sari.get(f"/inbox/{hidden}").text) == earlier(sari.get(f"/inbox/{named}").text) == []
    sari.reveal(hidden)
    assert earlier(sari.get(f"/inbox/{hidden}").text) == [named]
    assert earlier(sari.get(f"/inbox/{named}").text) == []


MANY = """
INSERT INTO complaint (id, ticket, program, account, channel, conversation, state, type, subject, body, words,
                       opened_at, created_at, last_inbound_at, last_activity_at)
SELECT gen_random_uuid(), 'uji-' || n, 'siaga', 'sms-a', 'kertas', 'x', 'baru', 'pengaduan', '', '',
       'kata' || n || ' kata' || n %% 97, %(now)s, %(now)s, %(now)s, %(now)s
FROM generate_series(1, 20000) AS n
"""


def test_among_many_by_the_index_of_words(site: Site) -> None:
    ticket = site.complaint(WORDS)
    with site.engine.begin() as connection:
        connection.exec_driver_sql(MANY, {"now": NOW})
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE complaint")
        asked = related.question(connection, site.id_of(ticket))
        assert asked is not None
        rows = connection.exec_driver_sql(f"EXPLAIN {asked[0]}", asked[1])
        plan = "\n".join(row[0] for row in rows)
    assert "ix_complaint_search" in plan
    assert "Seq Scan on complaint" not in plan
