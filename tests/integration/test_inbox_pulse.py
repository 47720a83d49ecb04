"""The pulse of an open page: silent without the database, told of everything, and never told what is not so."""

from __future__ import annotations

import contextlib
import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from sqlalchemy import event

import wiring
from dispatcher import pulse as stamps
from inbox.pages import register
from inbox.queue import pulse
from inbox.state import KEY
from store import casefile
from tests import factories
from tests.factories import NOW
from tests.inboxkit import SECRET, Browser, Site, tickets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

SINCE = {"sejak": NOW.isoformat()}


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@contextlib.contextmanager
def asked(engine: Engine) -> Iterator[list[str]]:
    """The statements that the block sends to the database, and the connections that it takes from the pool."""
    seen: list[str] = []

    def statement(_connection: object, _cursor: object, sql: str, *_rest: object) -> None:
        seen.append(sql)

    def checkout(*_any: object) -> None:
        seen.append("a connection")

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "checkout", checkout)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "checkout", checkout)


def ask(browser: Browser, tag: str = "", **query: Any) -> TestResponse:
    headers = {"If-None-Match": tag} if tag else {}
    return browser.get("/inbox/pulse", query_string=SINCE | query, headers=headers)


def test_the_pulse_is_silent_until_something_happens(site: Site) -> None:
    browser = site.officer("dewi")
    old = site.complaint()
    first = ask(browser)
    assert first.get_json()["arrived"] == []
    assert tickets(first.get_json()["html"]) == [old]
    silent = ask(browser, first.headers["ETag"])
    assert (silent.status_code, silent.data, silent.headers["ETag"]) == (304, b"", first.headers["ETag"])
    assert ask(browser, f"W/{first.headers['ETag']}").status_code == 304  # as it comes through a proxy that compresses
    new = site.complaint(created_at=NOW + timedelta(seconds=1))
    loud = ask(browser, first.headers["ETag"])
    assert loud.status_code == 200
    assert loud.get_json()["arrived"] == [new]
    assert loud.get_json()["counts"]["antrean"] == "2"


def test_a_silent_pulse_asks_the_database_nothing(site: Site) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint()
    with asked(site.engine) as loud:
        tag = ask(browser, kasus=ticket).headers["ETag"]
    assert len(loud) > 5
    with asked(site.engine) as silent:
        assert ask(browser, tag, kasus=ticket).status_code == 304
    assert silent == []


def test_a_tag_is_good_for_its_session_and_its_view_alone(site: Site) -> None:
    dewi, sri = site.officer("dewi"), site.officer("sri")
    tag = ask(dewi).headers["ETag"]
    assert ask(sri, tag).status_code == 200
    assert ask(dewi, tag, antrean="semua").status_code == 200
    assert ask(site.browser(), tag).status_code == 401
    assert ask(dewi, tag).status_code == 304


def test_who_has_signed_out_gets_nothing_more(site: Site) -> None:
    browser = site.officer("dewi")
    tag = ask(browser).headers["ETag"]
    [cookie] = [browser.client.get_cookie("muara_session", path="/inbox")]
    assert cookie is not None
    browser.post("/inbox/logout")
    browser.client.set_cookie("muara_session", cookie.value, path="/inbox")
    assert ask(browser, tag).status_code == 401


def test_a_session_that_was_ended_behind_the_inbox_is_found_out_when_the_answer_is_old(site: Site) -> None:
    browser = site.officer("dewi")
    tag = ask(browser).headers["ETag"]
    with site.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM session")
    assert ask(browser).status_code == 401
    site.clock.pass_by(timedelta(seconds=pulse.FRESH))
    assert ask(browser, tag).status_code == 401


def test_an_answer_grows_old_without_any_bump(site: Site) -> None:
    browser = site.officer("dewi")
    tag = ask(browser).headers["ETag"]
    site.clock.pass_by(timedelta(seconds=pulse.FRESH))
    assert ask(browser, tag).status_code == 200


def test_a_change_while_the_answer_is_made_is_told_by_the_next_one(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = site.officer("dewi")
    listing = pulse.listing

    def late(*values: Any, **named: Any) -> dict[str, Any]:
        shown = listing(*values, **named)
        citizen = threading.Thread(target=site.complaint, args=("di tengah-tengah",))
        citizen.start()
        citizen.join()
        return shown

    monkeypatch.setattr(pulse, "listing", late)
    first = ask(browser)
    assert tickets(first.get_json()["html"]) == []
    monkeypatch.setattr(pulse, "listing", listing)
    second = ask(browser, first.headers["ETag"])
    assert second.status_code == 200
    assert len(tickets(second.get_json()["html"])) == 1


def test_a_change_while_a_case_is_shown_is_told_by_the_next_pulse(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket, browser = site.complaint("lampu mati"), site.officer("dewi")
    browser.get(f"/inbox/{ticket}")  # read: the next look changes nothing
    read = casefile.read

    def late(*values: Any) -> Any:
        found = read(*values)
        colleague = threading.Thread(target=another_line, args=(site, ticket))
        colleague.start()
        colleague.join()
        return found

    monkeypatch.setattr(casefile, "read", late)
    shown = browser.get(f"/inbox/{ticket}").text
    assert "dari rekan" not in shown
    stamp = shown.partition('data-stamp="')[2].partition('"')[0]
    assert ask(browser, kasus=ticket).get_json()["case"] != stamp


def another_line(site: Site, ticket: str) -> None:
    with site.writing() as connection:
        factories.line(connection, site.id_of(ticket), "dari rekan")


def test_a_wiped_redis_proves_nothing(site: Site, redis_client: Redis) -> None:
    browser = site.officer("dewi")
    tag = ask(browser).headers["ETag"]
    redis_client.flushdb()
    assert ask(browser, tag).status_code == 200


def test_without_redis_every_answer_is_a_whole_one(site: Site, engine: Engine, tmp_path: Path) -> None:
    browser = site.officer("dewi")
    tag = ask(browser).headers["ETag"]
    ticket = site.complaint()
    away = factories.house(engine, wiring.redis_client("redis://127.0.0.1:1"), tmp_path, site.clock)
    app = Flask("tanpa redis")
    register(app, away, secret_key=SECRET)
    cookie = browser.client.get_cookie("muara_session", path="/inbox")
    assert cookie is not None
    client = app.test_client()
    client.set_cookie("muara_session", cookie.value, path="/inbox")
    for given in ("", tag):
        answer = ask(Browser(client), given)
        assert (answer.status_code, "ETag" in answer.headers) == (200, False)
        assert tickets(answer.get_json()["html"]) == [ticket]
    assert client.get(f"/inbox/{ticket}").status_code == 200


def test_who_has_to_wait_costs_the_database_nothing(site: Site) -> None:
    browser = site.officer("dewi")
    tag = ask(browser).headers["ETag"]
    turnstile = site.app.extensions[KEY].turnstile
    with asked(site.engine) as silent, turnstile.turn() as mine:
        assert mine
        assert ask(browser, tag).status_code == 304
        later = ask(browser)
    assert (later.status_code, later.data, "ETag" in later.headers) == (204, b"", False)
    assert silent == []
    assert ask(browser).status_code == 200


def test_every_act_and_the_first_look_at_a_case_are_told(site: Site, redis_client: Redis) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint()
    seen = [stamps.stamp(redis_client)]
    form = browser.form(ticket)
    seen.append(stamps.stamp(redis_client))
    browser.get(f"/inbox/{ticket}")
    assert stamps.stamp(redis_client) == seen[-1]
    browser.post(f"/inbox/{ticket}/note", text="Sudah saya telepon", **form)
    seen.append(stamps.stamp(redis_client))
    assert len(set(seen)) == 3
    site.browser().client.post("/inbox/login", data={"username": "x"})
    assert stamps.stamp(redis_client) == seen[-1]


def test_the_bell_is_rung_by_the_pulse(site: Site) -> None:
    ticket = site.complaint()
    browser, leader = site.officer("dewi"), site.officer("bupati", "leader")
    assert ask(browser).get_json()["bell"] == ""
    with site.writing() as connection:
        connection.exec_driver_sql("UPDATE complaint SET officer_id = (SELECT id FROM officer WHERE username = 'dewi')")
    page = leader.get(f"/inbox/{ticket}").text
    submission = re.search(r'name="submission" value="([^"]+)"', page)
    version = re.search(r'name="version" value="([^"]+)"', page)
    assert submission
    assert version
    form = {"text": "Tolong segera", "submission": submission[1], "version": version[1]}
    assert leader.post(f"/inbox/{ticket}/prod", **form).status_code == 303
    assert ask(browser).get_json()["bell"] == "1"


def test_the_pulse_tells_when_the_open_case_moves(site: Site) -> None:
    browser = site.officer("dewi")
    ticket = site.complaint()
    stamp = ask(browser, kasus=ticket).get_json()["case"]
    shown = re.search(r'data-stamp="(\w+)"', browser.get(f"/inbox/{ticket}").text)
    assert shown
    assert shown[1] == stamp
    assert ask(browser, kasus=ticket).get_json()["case"] == stamp
    with site.writing() as connection:
        factories.line(connection, site.id_of(ticket), "lagi")
    assert ask(browser, kasus=ticket).get_json()["case"] != stamp


def test_the_pulse_tells_nothing_of_others_cases(site: Site) -> None:
    theirs = site.complaint(program="matur")
    body = ask(site.officer("dewi"), antrean="semua", kasus=theirs).get_json()
    stranger = ask(site.officer("rina"), antrean="semua", kasus="K7MP-2XWD").get_json()
    assert body["case"] == stranger["case"]
    assert theirs not in body["html"]
