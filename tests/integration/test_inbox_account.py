"""An officer's own account: another password, his sessions."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from inbox.people import devices
from store import people, sessions, tokens
from tests import factories
from tests.factories import PASSWORD
from tests.inboxkit import Browser, Site, cheap_hashing, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

NEW = "kuda besi lari pagi"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    cheap_hashing(monkeypatch)
    made = Site(engine, redis_client, tmp_path)
    with engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi Kartika", PASSWORD, "officer", ["siaga"])
    return made


def logged_in(site: Site, agent: str = FIREFOX, password: str = PASSWORD) -> Browser:
    browser = site.browser()
    csrf = field(browser.get("/inbox/login").text, "csrf")
    form = {"csrf": csrf, "username": "dewi", "password": password}
    headers = {"User-Agent": agent}
    assert browser.client.post("/inbox/login", data=form, headers=headers).status_code == 303
    return browser


def changed(browser: Browser, old: str = PASSWORD, new: str = NEW, again: str | None = None) -> TestResponse:
    response = browser.post("/inbox/me/password", old=old, password=new, again=again or new)
    browser.csrf = ""
    return response


def test_another_password_ends_all_other_sessions_and_links(site: Site) -> None:
    mine, other = logged_in(site), logged_in(site)
    [(officer_id,)] = site.rows("SELECT id FROM officer")
    with site.engine.begin() as connection:
        tokens.make(connection, officer_id, tokens.Purpose.PASSWORD, site.clock(), timedelta(days=1))
    cookie = mine.client.get_cookie("muara_session", path="/inbox")
    assert changed(mine).status_code == 303
    assert "Kata sandi diganti" in mine.get("/inbox/me?siap=sandi").text
    assert other.get("/inbox").status_code == 303
    assert cookie is not None
    assert site.browser(cookie.value).get("/inbox").status_code == 303
    assert site.rows("SELECT count(*) FROM officer_token") == [(0,)]
    assert site.rows("SELECT kind, actor_id FROM person_event") == [("password_changed", officer_id)]
    logged_in(site, password=NEW)


@pytest.mark.parametrize(
    ("old", "new", "again", "sentence"),
    [
        ("salah sekali ini", NEW, None, "Kata sandi lama salah"),
        (PASSWORD, NEW, "lain sama sekali", "tidak sama"),
        (PASSWORD, "pendek", None, "paling sedikit 12"),
        (PASSWORD, "dewikartika2026", None, "mudah ditebak"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_changes(
    site: Site, old: str, new: str, again: str | None, sentence: str
) -> None:
    mine, other = logged_in(site), logged_in(site)
    response = changed(mine, old, new, again)
    assert response.status_code == 422
    assert sentence in response.text
    assert other.get("/inbox").status_code == 200
    logged_in(site)


def test_who_sits_at_an_open_session_cannot_guess_the_old_one_at_leisure(site: Site) -> None:
    mine = logged_in(site)
    assert [changed(mine, "salah sekali ini").status_code for _ in range(6)] == [422] * 5 + [429]
    assert changed(mine).status_code == 429
    site.clock.pass_by(timedelta(minutes=1))
    assert changed(mine).status_code == 303


def test_sessions_are_listed_by_what_the_officer_knows_them_by(site: Site) -> None:
    logged_in(site, "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36")
    site.clock.pass_by(timedelta(hours=1))
    page = logged_in(site).get("/inbox/me").text
    assert re.findall(r"<p>(\w+ di \w+)", page) == ["Firefox di Linux", "Chrome di Android"]
    assert page.count("Sesi ini") == 1
    assert page.index("Sesi ini") < page.index("Chrome di Android")
    assert "1 jam lalu" in page
    assert site.rows("SELECT count(*) FROM session WHERE device LIKE '%Mozilla%'") == [(0,)]


def test_one_session_is_ended_or_all_others(site: Site) -> None:
    mine, second, third = (logged_in(site) for _ in range(3))
    other = field(mine.get("/inbox/me").text, "session")
    assert mine.post("/inbox/me/sessions", session=other).status_code == 303
    assert sorted(each.get("/inbox").status_code for each in (second, third)) == [200, 303]
    assert mine.post("/inbox/me/sessions", all="1").status_code == 303
    assert [each.get("/inbox").status_code for each in (mine, second, third)] == [200, 303, 303]
    assert site.rows("SELECT kind, data FROM person_event") == [("signed_out", {"sessions": 1})] * 2


def test_another_officers_session_is_not_his_to_end(site: Site) -> None:
    rina = site.officer("rina")
    [(theirs,)] = site.rows("SELECT token_hash FROM session")
    mine = logged_in(site)
    for value in (theirs, "\0", "é"):
        assert mine.post("/inbox/me/sessions", session=value).status_code == 303
    assert rina.get("/inbox").status_code == 200
    assert site.rows("SELECT count(*) FROM person_event") == [(0,)]


def test_what_the_page_names_opens_no_session(site: Site) -> None:
    logged_in(site)
    named = field(logged_in(site).get("/inbox/me").text, "session")
    assert site.browser(named).get("/inbox").status_code == 303


def test_sessions_that_ran_out_are_not_listed(site: Site) -> None:
    logged_in(site)
    site.clock.pass_by(sessions.IDLE)
    assert logged_in(site).get("/inbox/me").text.count("Terakhir dipakai") == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox di Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1", "Safari di iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge di Windows"),
        ("Mozilla/5.0 (Linux; Android 14) SamsungBrowser/28.0 Chrome/130.0 Mobile", "Samsung Internet di Android"),
        ("<script>curl", "Peramban lain"),
        ("", "Peramban lain"),
    ],
)
def test_devices_in_words(agent: str, words: str) -> None:
    assert devices.shown(devices.described(agent)) == words


def test_an_invited_officer_hears_the_same_rules(site: Site) -> None:
    admin = site.officer("admin", "administrator")
    with site.engine.begin() as connection:
        officer_id = factories.officer(connection, "sri", name="Sri Wahyuni")
    link = re.findall(r"/inbox/invite/[\w-]+", admin.post(f"/inbox/users/{officer_id}/link").text)[0]
    browser = site.browser()
    form = {"csrf": field(browser.get(link).text, "csrf"), "password": "sriwahyuni2026", "again": "sriwahyuni2026"}
    response = browser.client.post(link, data=form)
    assert response.status_code == 422
    assert "mudah ditebak" in response.text
    assert browser.client.post(link, data={**form, "password": NEW, "again": NEW}).status_code == 303
