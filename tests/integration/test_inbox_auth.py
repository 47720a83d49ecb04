"""Logging in and out: sessions, CSRF, waits for those who guess; wrong names and wrong passwords look the same."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from store import people, sessions
from tests.factories import PASSWORD
from tests.inboxkit import Browser, Site, cheap_hashing, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

WRONG = "Nama pengguna atau kata sandi salah."


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    cheap_hashing(monkeypatch)
    made = Site(engine, redis_client, tmp_path)
    with engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi", PASSWORD, "officer", ["siaga"])
    return made


def log_in(browser: Browser, username: str = "dewi", password: str = PASSWORD, after: str = "") -> TestResponse:
    csrf = field(browser.get("/inbox/login").text, "csrf")
    form = {"csrf": csrf, "username": username, "password": password, "next": after}
    return browser.client.post("/inbox/login", data=form)


def test_the_right_password_opens_the_queue(site: Site) -> None:
    browser = site.browser()
    response = log_in(browser)
    assert (response.status_code, response.location) == (303, "/inbox")
    assert browser.get("/inbox").status_code == 200


def test_the_cookie_is_kept_from_scripts_and_other_sites_and_the_table_opens_nothing(site: Site) -> None:
    browser = site.browser()
    cookies = log_in(browser).headers.getlist("Set-Cookie")
    [session] = [cookie for cookie in cookies if cookie.startswith("muara_session=")]
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
    assert "Secure" not in session
    token = session.split("=", 1)[1].split(";")[0]
    assert len(token) >= 43
    assert site.rows("SELECT token_hash FROM session") == [(hashlib.sha256(token.encode()).hexdigest(),)]


def test_over_https_the_cookie_is_secure(engine: Engine, redis_client: Redis, tmp_path: Path) -> None:
    secure = Site(engine, redis_client, tmp_path, public_url="https://aduan.example")
    response = secure.browser().get("/inbox/login")
    assert all("Secure" in cookie for cookie in response.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(("username", "password"), [("dewi", "salah sekali"), ("tidak-ada", PASSWORD), ("dewi\0", "x")])
def test_wrong_names_and_wrong_passwords_look_the_same(site: Site, username: str, password: str) -> None:
    response = log_in(site.browser(), username, password)
    assert response.status_code == 401
    assert WRONG in response.text


def test_an_unknown_name_costs_a_real_verification(site: Site) -> None:
    hasher = people._hasher()
    with mock.patch("argon2.PasswordHasher.verify", autospec=True, side_effect=type(hasher).verify) as verify:
        log_in(site.browser(), "tidak-ada")
        log_in(site.browser(), "dewi", "salah sekali")
    hashes = [call.args[1] for call in verify.call_args_list]
    assert len(hashes) == 2
    assert hashes[0].split("$")[:4] == hashes[1].split("$")[:4]


def test_passwords_are_kept_as_argon2id_with_the_libraries_own_parameters(engine: Engine) -> None:
    with engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi", PASSWORD, "officer")
        [stored] = connection.exec_driver_sql("SELECT password_hash FROM officer").one()
        assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
        assert people.check_password(connection, "Dewi", PASSWORD) == 1


def test_an_officer_who_left_cannot_log_in_and_his_session_ends(site: Site) -> None:
    browser = site.browser()
    log_in(browser)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET active = false")
    assert browser.get("/inbox").status_code == 303
    assert log_in(site.browser()).status_code == 401


def test_whoever_guesses_a_name_waits_longer_and_longer(site: Site) -> None:
    for _ in range(5):
        assert log_in(site.browser(), password="salah sekali").status_code == 401
    refused = log_in(site.browser())
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) == 15
    site.clock.pass_by(timedelta(seconds=16))
    assert log_in(site.browser(), password="salah sekali").status_code == 401
    assert int(log_in(site.browser()).headers["Retry-After"]) == 30
    site.clock.pass_by(timedelta(seconds=31))
    assert log_in(site.browser()).status_code == 303
    assert log_in(site.browser(), password="salah sekali").status_code == 401


def test_unknown_names_wait_just_the_same(site: Site) -> None:
    statuses = [log_in(site.browser(), "tidak-ada").status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_one_address_cannot_try_many_names(site: Site) -> None:
    statuses = [log_in(site.browser(), f"nama-{number}").status_code for number in range(31)]
    assert statuses == [401] * 30 + [429]
    assert log_in(site.browser()).status_code == 429


def test_the_throttle_names_nobody(site: Site) -> None:
    log_in(site.browser(), "dewi", "salah sekali")
    buckets = [row[0] for row in site.rows("SELECT bucket FROM throttle")]
    assert len(buckets) == 2
    assert all(len(bucket) == 64 and "dewi" not in bucket for bucket in buckets)


def test_an_idle_session_ends(site: Site) -> None:
    browser = site.browser()
    log_in(browser)
    site.clock.pass_by(sessions.IDLE - timedelta(minutes=1))
    assert browser.get("/inbox").status_code == 200
    site.clock.pass_by(sessions.IDLE - timedelta(minutes=1))
    assert browser.get("/inbox").status_code == 200
    site.clock.pass_by(sessions.IDLE)
    assert browser.get("/inbox").location == "/inbox/login?next=%2Finbox"


def test_an_open_page_that_only_pulses_does_not_keep_the_session(site: Site) -> None:
    browser = site.browser()
    log_in(browser)
    for _ in range(5):
        site.clock.pass_by(sessions.IDLE / 4)
        last = browser.get("/inbox/pulse")
    assert last.status_code == 401


def test_a_session_ends_for_good_whatever_he_does(site: Site) -> None:
    browser = site.browser()
    log_in(browser)
    steps = 0
    while browser.get("/inbox").status_code == 200:
        site.clock.pass_by(timedelta(hours=1))
        steps += 1
    assert steps == sessions.ABSOLUTE / timedelta(hours=1)


def test_logging_out_ends_the_session_in_the_database(site: Site) -> None:
    browser = site.browser()
    log_in(browser)
    assert browser.post("/inbox/logout").status_code == 303
    assert site.rows("SELECT count(*) FROM session") == [(0,)]
    assert browser.get("/inbox").status_code == 303


@pytest.mark.parametrize("csrf", ["", "x", "é"])
def test_a_form_without_the_sessions_token_does_nothing(site: Site, csrf: str) -> None:
    browser = site.officer("agus")
    response = browser.client.post("/inbox/logout", data={"csrf": csrf})
    assert response.status_code == 400
    assert browser.get("/inbox").status_code == 200


def test_another_officers_token_does_nothing(site: Site) -> None:
    browser, other = site.officer("agus"), site.officer("rina")
    stolen = field(other.get("/inbox").text, "csrf")
    assert browser.client.post("/inbox/logout", data={"csrf": stolen}).status_code == 400


def test_the_log_in_form_needs_the_cookie_that_came_with_it(site: Site) -> None:
    form = {"username": "dewi", "password": PASSWORD, "csrf": field(site.browser().get("/inbox/login").text, "csrf")}
    assert site.browser().client.post("/inbox/login", data=form).status_code == 400


@pytest.mark.parametrize(
    ("wanted", "got"),
    [
        ("/inbox?antrean=saya", "/inbox?antrean=saya"),
        ("https://jahat.example", "/inbox"),
        ("//jahat.example", "/inbox"),
        ("/inbox/\\jahat.example", "/inbox"),
        ("/inboxjahat", "/inbox"),
        ("/inbox\r\nX: y", "/inbox"),
    ],
)
def test_after_the_log_in_only_pages_of_the_inbox_follow(site: Site, wanted: str, got: str) -> None:
    assert log_in(site.browser(), after=wanted).location == got


def test_a_stranger_is_sent_to_the_log_in_and_back(site: Site) -> None:
    assert site.browser().get("/inbox/K7MP-2XWD?q=a").location == "/inbox/login?next=%2Finbox%2FK7MP-2XWD%3Fq%3Da"


def test_what_was_written_when_the_session_ended_is_given_back(site: Site) -> None:
    browser = site.officer("agus")
    ticket = site.complaint()
    form = browser.form(ticket)
    site.clock.pass_by(sessions.IDLE)
    response = browser.client.post(f"/inbox/{ticket}/answer", data={**form, "text": "Panjang & <b>lebar</b>"})
    assert response.status_code == 401
    assert "Panjang &amp; &lt;b&gt;lebar&lt;/b&gt;" in response.text


@pytest.mark.parametrize(
    ("username", "role", "password", "message"),
    [
        ("dewi", "officer", PASSWORD, "taken"),
        ("Dewi ", "officer", PASSWORD, "taken"),
        ("d", "officer", PASSWORD, "username"),
        ("agus", "bupati", PASSWORD, "unknown role"),
        ("agus", "officer", "pendek", "password"),
    ],
)
def test_an_officer_that_cannot_be_added_says_why(
    site: Site, username: str, role: str, password: str, message: str
) -> None:
    with site.engine.begin() as connection, pytest.raises(people.OfficerError, match=message):
        people.add_officer(connection, username, "Nama", password, role)
    assert site.rows("SELECT count(*) FROM officer") == [(1,)]


def test_every_page_carries_the_strict_policy(site: Site) -> None:
    browser = site.officer("agus")
    for url in ("/inbox/login", "/inbox", "/inbox/desk", "/inbox/tidak-ada"):
        headers = browser.get(url).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "private, no-store"
