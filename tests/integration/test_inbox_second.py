"""The second factor: RFC 6238's own figures, replay, guessing, recovery, who must have it, who may take it away."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from inbox.state import Access
from store import people, second
from tests.factories import NOW, PASSWORD
from tests.inboxkit import SECRET, Browser, Site, cheap_hashing, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

KEY = SECRET.encode()
RFC = b"12345678901234567890"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    cheap_hashing(monkeypatch)
    made = Site(engine, redis_client, tmp_path, access=Access(totp_roles=frozenset({"administrator"})))
    with engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi", PASSWORD, "officer", ["siaga"])
        people.add_officer(connection, "bos", "Bos", PASSWORD, "administrator")
    return made


def password(site: Site, username: str = "dewi", after: str = "") -> tuple[Browser, TestResponse]:
    browser = site.browser()
    csrf = field(browser.get("/inbox/login").text, "csrf")
    form = {"csrf": csrf, "username": username, "password": PASSWORD, "next": after}
    return browser, browser.client.post("/inbox/login", data=form)


def answer(browser: Browser, code: str, after: str = "") -> TestResponse:
    csrf = field(browser.get("/inbox/login/code").text, "csrf")
    return browser.client.post("/inbox/login/code", data={"csrf": csrf, "code": code, "next": after})


def code_now(site: Site, seed: str, officer_id: int = 1, steps: int = 0) -> str:
    step = int(site.clock().timestamp()) // second.STEP + steps
    return second.code(second.secret(KEY, officer_id, seed), step)


def set_up(site: Site, username: str = "dewi", officer_id: int = 1) -> tuple[Browser, str, list[str]]:
    """A browser that is logged in, the seed, the recovery codes; then half a minute passes."""
    browser, _ = password(site, username)
    page = browser.get("/inbox/me/second").text
    seed = field(page, "seed")
    form = {"csrf": field(page, "csrf"), "seed": seed, "password": PASSWORD}
    done = browser.client.post("/inbox/me/second", data={**form, "code": code_now(site, seed, officer_id)})
    codes = re.findall(r"<code>(\w{5}-\w{5})</code>", done.text)
    assert len(codes) == 10, done.text
    site.clock.pass_by(timedelta(seconds=30))
    return browser, seed, codes


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_codes_are_those_of_the_rfc(at: int, code: str) -> None:
    assert second.code(RFC, at // second.STEP) == code
    assert second.matching(RFC, f"{code[:3]} {code[3:]}", datetime.fromtimestamp(at, UTC)) == at // second.STEP


@pytest.mark.parametrize(("seconds", "taken"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_half_a_minute_wrong(seconds: int, taken: bool) -> None:
    code = second.code(RFC, int(NOW.timestamp()) // second.STEP)
    assert (second.matching(RFC, code, NOW + timedelta(seconds=seconds)) is not None) is taken


@pytest.mark.parametrize("given", ["", "1", "é", "12345x", "\0", "000000000000"])
def test_nonsense_is_no_code(given: str) -> None:
    assert second.matching(RFC, given, NOW) is None


def test_the_code_stands_between_password_and_queue(site: Site) -> None:
    _, seed, _ = set_up(site)
    browser, response = password(site, after="/inbox?antrean=saya")
    assert response.location == "/inbox/login/code?next=/inbox?antrean%3Dsaya"
    assert browser.get("/inbox").status_code == 303
    assert answer(browser, "000000").status_code == 401
    entered = answer(browser, code_now(site, seed), "/inbox?antrean=saya")
    assert (entered.status_code, entered.location) == (303, "/inbox?antrean=saya")
    assert browser.get("/inbox").status_code == 200


def test_after_the_code_only_pages_of_the_inbox_follow(site: Site) -> None:
    _, seed, _ = set_up(site)
    browser, response = password(site, after="//jahat.example")
    assert response.location == "/inbox/login/code"
    assert answer(browser, code_now(site, seed), "https://jahat.example").location == "/inbox"


def test_a_code_is_good_once(site: Site) -> None:
    _, seed, _ = set_up(site)
    code = code_now(site, seed)
    first, _ = password(site)
    assert answer(first, code).status_code == 303
    again, _ = password(site)
    assert answer(again, code).status_code == 401
    assert answer(again, code_now(site, seed, steps=-1)).status_code == 401
    site.clock.pass_by(timedelta(seconds=30))
    assert answer(again, code_now(site, seed)).status_code == 303


def test_the_code_that_set_it_up_opens_nothing(site: Site) -> None:
    _, seed, _ = set_up(site)
    browser, _ = password(site)
    assert answer(browser, code_now(site, seed, steps=-1)).status_code == 401


def test_of_two_with_the_same_code_at_the_same_time_one_gets_in(site: Site) -> None:
    _, seed, _ = set_up(site)
    code, start = code_now(site, seed), threading.Barrier(4)
    results: list[bool] = []

    def use() -> None:
        start.wait()
        with site.engine.begin() as connection:
            results.append(second.passes(connection, KEY, 1, code, site.clock()))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [False, False, False, True]


def test_guessing_codes_waits_and_new_passwords_do_not_reset_the_wait(site: Site) -> None:
    _, seed, _ = set_up(site)
    statuses = [answer(password(site)[0], f"00000{number}").status_code for number in range(6)]
    assert statuses == [401] * 5 + [429]
    site.clock.pass_by(timedelta(minutes=1))
    assert answer(password(site)[0], code_now(site, seed)).status_code == 303


def test_the_step_between_is_bound_to_its_browser_and_short(site: Site) -> None:
    _, seed, _ = set_up(site)
    browser, _ = password(site)
    assert site.browser().get("/inbox/login/code").location == "/inbox/login"
    site.clock.pass_by(timedelta(minutes=5))
    assert browser.get("/inbox/login/code").location == "/inbox/login"
    once, _ = password(site)
    cookie = once.client.get_cookie("muara_step", path="/inbox")
    assert cookie is not None
    assert site.browser(cookie.value).get("/inbox").status_code == 303
    assert answer(once, code_now(site, seed)).status_code == 303
    late = site.browser()
    late.client.set_cookie("muara_step", cookie.value, path="/inbox")
    assert late.get("/inbox/login/code").location == "/inbox/login"


def test_a_recovery_code_is_good_once_and_traced(site: Site) -> None:
    _, _, codes = set_up(site)
    assert answer(password(site)[0], codes[0].upper().replace("-", " ")).status_code == 303
    assert answer(password(site)[0], codes[0]).status_code == 401
    assert answer(password(site)[0], codes[1]).status_code == 303
    assert site.rows("SELECT count(*) FROM recovery_code") == [(8,)]
    assert [row[0] for row in site.rows("SELECT kind FROM person_event ORDER BY id")] == ["totp_on"] + [
        "recovery_used"
    ] * 2


def test_nothing_in_the_database_makes_a_code(site: Site) -> None:
    _, seed, codes = set_up(site)
    assert site.rows("SELECT totp_seed FROM officer WHERE id = 1") == [(seed,)]
    kept = [row[0] for row in site.rows("SELECT code_hash FROM recovery_code")]
    assert not any(code.replace("-", "") in each for code in codes for each in kept)
    other = second.code(second.secret(b"another installation's key", 1, seed), int(site.clock().timestamp()) // 30)
    assert answer(password(site)[0], other).status_code == 401


def test_setting_it_up_needs_the_password_and_ends_other_sessions(site: Site) -> None:
    other, _ = password(site)
    browser, _ = password(site)
    page = browser.get("/inbox/me/second").text
    seed = field(page, "seed")
    form = {"csrf": field(page, "csrf"), "seed": seed, "code": code_now(site, seed)}
    assert browser.client.post("/inbox/me/second", data={**form, "password": "salah sekali"}).status_code == 422
    assert browser.client.post("/inbox/me/second", data={**form, "code": "1", "password": PASSWORD}).status_code == 422
    assert other.get("/inbox").status_code == 200
    assert browser.client.post("/inbox/me/second", data={**form, "password": PASSWORD}).status_code == 200
    assert (other.get("/inbox").status_code, browser.get("/inbox").status_code) == (303, 200)


def test_it_cannot_be_set_up_over_one_that_is_there(site: Site) -> None:
    browser, seed, _ = set_up(site)
    form = {"seed": "0" * 32, "code": code_now(site, "0" * 32), "password": PASSWORD}
    assert browser.post("/inbox/me/second", **form).status_code == 303
    assert site.rows("SELECT totp_seed FROM officer WHERE id = 1") == [(seed,)]


def test_it_is_turned_off_with_a_code_only(site: Site) -> None:
    browser, seed, _ = set_up(site)
    assert browser.post("/inbox/me/second/change", act="off", code="000000").status_code == 422
    assert browser.post("/inbox/me/second/change", act="off", code=code_now(site, seed)).status_code == 303
    assert password(site)[1].location == "/inbox"
    assert site.rows("SELECT count(*) FROM recovery_code") == [(0,)]


def test_new_recovery_codes_end_the_old_ones(site: Site) -> None:
    browser, seed, old = set_up(site)
    page = browser.post("/inbox/me/second/change", act="codes", code=code_now(site, seed)).text
    fresh = re.findall(r"<code>(\w{5}-\w{5})</code>", page)
    assert answer(password(site)[0], old[0]).status_code == 401
    assert answer(password(site)[0], fresh[0]).status_code == 303


def test_a_role_that_must_have_it_gets_nowhere_before(site: Site) -> None:
    browser, _ = password(site, "bos")
    assert browser.get("/inbox").location == "/inbox/me/second"
    assert browser.get("/inbox/users").location == "/inbox/me/second"
    assert browser.get("/inbox/pulse").status_code == 403
    csrf = field(browser.get("/inbox/me/second").text, "csrf")
    assert browser.client.post("/inbox/users/new", data={"csrf": csrf}).status_code == 403
    ready, seed, _ = set_up(site, "bos", 2)
    assert ready.get("/inbox/users").status_code == 200
    assert ready.post("/inbox/me/second/change", act="off", code=code_now(site, seed, 2)).status_code == 303
    assert site.rows("SELECT totp_seed FROM officer WHERE id = 2") == [(seed,)]


def test_an_administrator_takes_a_lost_one_away(site: Site) -> None:
    browser, _, _ = set_up(site)
    admin, _, _ = set_up(site, "bos", 2)
    assert "Atur ulang masuk dua langkah" in admin.get("/inbox/users/1").text
    assert admin.post("/inbox/users/1/second").status_code == 303
    assert browser.get("/inbox").status_code == 303
    assert password(site)[1].location == "/inbox"
    assert site.rows("SELECT actor_id, data FROM person_event WHERE kind = 'totp_reset'") == [(2, {"sessions": 1})]


def test_the_picture_breaks_no_policy(site: Site) -> None:
    browser, _ = password(site)
    page = browser.get("/inbox/me/second").text
    assert "<svg" in page
    assert "style=" not in page
    assert "<script" not in page
