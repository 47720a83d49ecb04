"""Which language somebody gets: strangers by their browser, officers by their choice, and hostile values nobody."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.inboxkit import Browser, Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

HOSTILE = (
    "../../etc/passwd",
    "en/../../../x",
    "EN",
    "xx",
    "id\r\nSet-Cookie: a=b",
    "e" * 3000,
    "\N{SNOWMAN}",
    "en;q=nan",
    ";;;,,,",
    "*;q=1e999",
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def spoken(browser: Browser, url: str = "/inbox/login", accept: str | None = None) -> str:
    """The language that the page says it is in; its heading must agree."""
    page = browser.get(url, headers={} if accept is None else {"Accept-Language": accept}).text
    found = re.search(r'<html lang="([^"]*)">', page)
    assert found
    if url == "/inbox/login":
        assert {"id": "<h1>Masuk</h1>", "en": "<h1>Log in</h1>"}[found[1]] in page
    return found[1]


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "id"),
        ("id-ID,id;q=0.9,en;q=0.8", "id"),
        ("en-GB,en;q=0.9", "en"),
        ("jv,en;q=0.5", "en"),
        ("jv,su;q=0.9", "id"),
        ("en;q=0.2,id;q=0.3", "id"),
    ],
)
def test_a_stranger_gets_what_his_browser_asks_for(site: Site, accept: str | None, expected: str) -> None:
    assert spoken(site.browser(), accept=accept) == expected


def test_the_link_on_the_log_in_page_decides_for_this_browser(site: Site) -> None:
    browser = site.browser()
    page = browser.get("/inbox/login?next=/inbox/desk").text
    assert 'href="/inbox/language/en?next=/inbox/desk"' in page
    answer = browser.get("/inbox/language/en?next=/inbox/desk")
    assert (answer.status_code, answer.location) == (303, "/inbox/login?next=/inbox/desk")
    assert spoken(browser, accept="id") == "en"
    assert 'href="/inbox/language/id"' in browser.get("/inbox/login").text
    browser.get("/inbox/language/id")
    assert spoken(browser, accept="en") == "id"


def test_the_link_leads_to_no_other_host(site: Site) -> None:
    answer = site.browser().get("/inbox/language/en?next=https://jahat.example/")
    assert answer.location == "/inbox/login"


def test_an_officer_reads_indonesian_until_he_chooses(site: Site) -> None:
    browser = site.officer("dewi")
    assert spoken(browser, "/inbox/me", accept="en") == "id"
    assert browser.post("/inbox/me/language", language="en").status_code == 303
    assert site.rows("SELECT language FROM officer") == [("en",)]
    page = browser.get("/inbox/me", headers={"Accept-Language": "id"}).text
    assert '<html lang="en">' in page
    assert "<h1>My account</h1>" in page
    assert re.search(r'<option value="en" lang="en" selected>', page)
    browser.post("/inbox/me/language", language="id")
    assert spoken(browser, "/inbox/me") == "id"


def test_the_choice_at_the_log_in_holds_for_whoever_has_made_none_of_his_own(site: Site) -> None:
    browser = site.officer("dewi")
    browser.client.set_cookie("muara_language", "en", path="/inbox")
    assert spoken(browser, "/inbox") == "en"
    browser.post("/inbox/me/language", language="id")
    assert spoken(browser, "/inbox") == "id"


def test_the_cookie_is_kept_from_scripts(site: Site) -> None:
    cookie = site.browser().get("/inbox/language/en").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/inbox" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_languages_are_ignored(site: Site, value: str) -> None:
    stranger, officer = site.browser(), site.officer("dewi")
    header = value.replace("\r\n", " ").encode("utf-8").decode("latin-1")
    assert spoken(stranger, accept=header) in {"id", "en"}
    stranger.client.set_cookie("muara_language", value.replace("\r\n", " "), path="/inbox")
    assert spoken(stranger) == "id"
    assert officer.post("/inbox/me/language", language=value).status_code == 404
    assert site.rows("SELECT language FROM officer") == [(None,)]
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET language = %(value)s", {"value": value})
    assert spoken(officer, "/inbox") == "id"


def test_a_language_that_nobody_speaks_is_no_page(site: Site) -> None:
    browser = site.browser()
    for code in ("xx", "EN", "en%2F..", "in"):
        answer = browser.get(f"/inbox/language/{code}")
        assert answer.status_code == 404
        assert "muara_language" not in answer.headers.get("Set-Cookie", "")


def test_a_wrong_password_is_told_in_the_language_of_the_page(site: Site) -> None:
    browser = site.browser()
    browser.get("/inbox/language/en")
    csrf = field(browser.get("/inbox/login").text, "csrf")
    answer = browser.client.post("/inbox/login", data={"csrf": csrf, "username": "tidak", "password": "salah"})
    assert answer.status_code == 401
    assert '<html lang="en">' in answer.text
