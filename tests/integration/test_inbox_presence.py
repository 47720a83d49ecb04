"""Two at once: who else has a case open, without the database; and a second answer that asks first."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import ConnectionError as RedisAwayError
from sqlalchemy import event

from inbox.queue.presence import LIFE
from store import sessions
from tests.inboxkit import Browser, Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def beat(browser: Browser, ticket: str, *, etag: str = "", typing: bool = False) -> Any:
    headers = {"X-Typing": "1"} if typing else {}
    return browser.get(f"/inbox/pulse?kasus={ticket}", headers={**headers, **({"If-None-Match": etag} if etag else {})})


def near(page: str) -> str:
    found = re.search(r"data-present[^>]*>([^<]*)<", page)
    assert found
    return unescape(found[1])


def test_who_else_has_it_open_shows_on_the_case_on_its_card_and_in_the_pulse(site: Site) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    assert near(sari.get(f"/inbox/{ticket}").text) == ""
    assert near(budi.get(f"/inbox/{ticket}").text) == "Sari membuka aduan ini"
    assert beat(sari, ticket).json["present"] == "Budi membuka aduan ini"
    page = site.officer("dewi").get("/inbox").text
    assert 'class="here">Budi, Sari membuka aduan ini<' in page


def test_a_pulse_hears_of_comers_and_typing_without_the_database_in_between(site: Site) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    sari.get(f"/inbox/{ticket}")
    tag = beat(sari, ticket).headers["ETag"]
    asked: list[str] = []
    event.listen(site.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2]))
    assert beat(sari, ticket, etag=tag).status_code == 304
    assert asked == []
    budi.get(f"/inbox/{ticket}")
    come = beat(sari, ticket, etag=tag)
    assert (come.status_code, come.json["present"]) == (200, "Budi membuka aduan ini")
    tag = come.headers["ETag"]
    beat(budi, ticket, typing=True)
    types = beat(sari, ticket, etag=tag)
    assert types.json["present"] == "Budi sedang menulis jawaban"
    asked.clear()
    assert beat(sari, ticket, etag=types.headers["ETag"]).status_code == 304
    assert asked == []


def test_who_is_silent_is_gone(site: Site) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    budi.get(f"/inbox/{ticket}")
    site.clock.pass_by(timedelta(seconds=LIFE + 1))
    assert near(sari.get(f"/inbox/{ticket}").text) == ""


@pytest.mark.parametrize("role", ["leader", "auditor"])
def test_who_only_reads_is_shown_as_reading_and_never_as_typing(site: Site, role: str) -> None:
    ticket, sari, reader = site.complaint(), site.officer("sari"), site.officer("rina", role)
    reader.get(f"/inbox/{ticket}")
    beat(reader, ticket, typing=True)
    assert near(sari.get(f"/inbox/{ticket}").text) == "Rina membaca"


def test_a_case_that_one_may_not_see_is_not_entered_by_a_pulse(site: Site) -> None:
    ticket, sari = site.complaint(), site.officer("sari")
    stranger = site.officer("budi", programs=["matur"])
    assert beat(stranger, ticket).json["present"] == ""
    beat(stranger, ticket, typing=True)
    assert near(sari.get(f"/inbox/{ticket}").text) == ""


def test_two_windows_of_one_officer_are_one(site: Site) -> None:
    ticket, sari = site.complaint(), site.officer("sari")
    with site.engine.begin() as connection:
        [(ident,)] = site.rows("SELECT id FROM officer WHERE username = 'sari'")
        other = site.browser(sessions.open_session(connection, ident, site.clock()))
    sari.get(f"/inbox/{ticket}")
    assert near(other.get(f"/inbox/{ticket}").text) == ""


def test_a_redis_that_was_wiped_or_is_away_stops_nobody(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    sari.get(f"/inbox/{ticket}")
    budi.get(f"/inbox/{ticket}")
    tag = beat(sari, ticket).headers["ETag"]
    site.runtime.redis.flushdb()
    assert beat(sari, ticket, etag=tag).json["present"] == ""
    beat(budi, ticket)
    assert beat(sari, ticket).json["present"] == "Budi membuka aduan ini"

    def away(*_arguments: object, **_options: object) -> None:
        raise RedisAwayError("away")

    for name in ("hgetall", "zrangebyscore"):
        monkeypatch.setattr(type(site.runtime.redis), name, away)
    monkeypatch.setattr("redis.client.Pipeline.execute", away)
    assert sari.get("/inbox").status_code == 200
    assert near(sari.get(f"/inbox/{ticket}").text) == ""
    answered = {"text": "Sudah", **sari.form(ticket)}
    assert sari.post(f"/inbox/{ticket}/answer", **answered).status_code == 303


def test_an_answer_after_a_colleagues_shows_his_and_asks(site: Site) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    form = open_form(sari, ticket)
    budi.post(f"/inbox/{ticket}/answer", text="Sudah kami perbaiki", **open_form(budi, ticket))
    asked = sari.post(f"/inbox/{ticket}/answer", text="Besok kami datang", **form)
    assert asked.status_code == 409
    told = re.sub(r"\s+", " ", asked.text)
    assert '<blockquote class="text">Sudah kami perbaiki</blockquote>' in told
    assert "<strong>budi</strong> menjawab warga" in told
    assert "Besok kami datang</textarea>" in told
    assert "Kirim juga" in told
    assert site.rows("SELECT text FROM outbox") == [("Sudah kami perbaiki",)]
    again = {name: field(asked.text, name) for name in ("version", "submission", "seen", "sure")}
    assert sari.post(f"/inbox/{ticket}/answer", text="Besok kami datang", **again).status_code == 303
    assert len(site.rows("SELECT * FROM outbox")) == 2


def test_an_answer_while_a_colleague_types_asks_once(site: Site) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    budi.get(f"/inbox/{ticket}")
    beat(budi, ticket, typing=True)
    form = open_form(sari, ticket)
    asked = sari.post(f"/inbox/{ticket}/answer", text="Besok", **form)
    assert asked.status_code == 409
    assert "Budi sedang menulis jawaban untuk aduan ini." in asked.text
    assert "Besok</textarea>" in asked.text
    assert site.rows("SELECT * FROM outbox") == []
    assert sari.post(f"/inbox/{ticket}/answer", text="Besok", sure="1", **form).status_code == 303


def test_other_acts_than_an_answer_say_who_did_what_and_ask_nothing(site: Site) -> None:
    ticket, sari, budi = site.complaint(), site.officer("sari"), site.officer("budi")
    form = open_form(sari, ticket)
    budi.post(f"/inbox/{ticket}/take", **open_form(budi, ticket))
    stale = sari.post(f"/inbox/{ticket}/answer", text="Besok", **form)
    assert stale.status_code == 409
    assert "<strong>budi</strong> mengambil aduan" in stale.text
    assert "Kirim juga" not in stale.text


def test_under_the_veil_a_colleagues_answer_names_nobody(site: Site) -> None:
    ticket = site.complaint(name="Siti Aminah", anonim=True)
    sari, dewi = site.officer("sari"), site.officer("dewi", sees_identity=True)
    form = open_form(sari, ticket)
    dewi.post(f"/inbox/{ticket}/answer", text="Ibu Aminah, sudah kami perbaiki", **open_form(dewi, ticket))
    asked = sari.post(f"/inbox/{ticket}/answer", text="Besok", **form)
    assert "sudah kami perbaiki" in asked.text
    assert "Aminah" not in asked.text


def open_form(browser: Browser, ticket: str) -> dict[str, str]:
    page = browser.get(f"/inbox/{ticket}").text
    return {name: field(page, name) for name in ("version", "submission", "seen")}
