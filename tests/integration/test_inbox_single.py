"""Single sign-on against a strict provider with real signatures: who gets in, and everything that must not hold."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests
from joserfc.jwk import RSAKey

import wiring
from commands import doctor
from config.settings import Oidc
from dispatcher.single import Provider
from inbox.state import Access
from standins import oidc
from store import people, second
from tests import factories
from tests.channels.loopback import serving
from tests.factories import PASSWORD
from tests.inboxkit import SECRET, Browser, Site, cheap_hashing, field

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

BACK = "http://localhost/inbox/login/sso/back"


class World:
    """The site, and the provider that it trusts."""

    def __init__(self, site: Site, provider: oidc.Provider) -> None:
        self.site, self.provider = site, provider

    def start(self, after: str = "") -> tuple[Browser, str]:
        """A browser, and where the provider sends it back to."""
        browser = self.site.browser()
        away = browser.get("/inbox/login/sso", query_string={"next": after})
        assert away.status_code == 303, away.text
        answer = requests.get(str(away.location), allow_redirects=False, timeout=5)
        assert answer.status_code == 302, answer.text
        return browser, answer.headers["Location"].removeprefix("http://localhost")

    def log_in(self, after: str = "") -> tuple[Browser, TestResponse]:
        browser, back = self.start(after)
        return browser, browser.get(back)


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "satu", "use": "sig"})


@pytest.fixture
def provider(key: RSAKey) -> Iterator[oidc.Provider]:
    made = oidc.Provider(
        clock=factories.NOW.timestamp,
        key=key,
        redirect_uri=BACK,
        person={"email": "Dewi@kab.example", "email_verified": True, "preferred_username": "dewi"},
    )
    with serving(oidc.create_app(made)) as made.issuer:
        yield made


def world_of(site_parts: tuple[Engine, Redis, Path], provider: oidc.Provider, **values: Any) -> World:
    trusted = Provider(
        issuer=provider.issuer,
        client_id=values.pop("client_id", "muara"),
        client_secret=values.pop("client_secret", provider.client_secret),
        name="SSO Pemkab",
        claim=values.pop("claim", "email"),
        patience=2.0,
    )
    site = Site(*site_parts, access=Access(provider=trusted, **values))
    with site.engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi Kartika", PASSWORD, "officer", ["siaga"])
        people.add_officer(connection, "bos", "Bos", PASSWORD, "administrator")
        connection.exec_driver_sql("UPDATE officer SET email = username || '@kab.example'")
    return World(site, provider)


@pytest.fixture
def parts(
    engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Engine, Redis, Path]:
    cheap_hashing(monkeypatch)
    return engine, redis_client, tmp_path


@pytest.fixture
def world(parts: tuple[Engine, Redis, Path], provider: oidc.Provider) -> World:
    return world_of(parts, provider)


def password(site: Site, username: str) -> TestResponse:
    browser = site.browser()
    csrf = field(browser.get("/inbox/login").text, "csrf")
    return browser.client.post("/inbox/login", data={"csrf": csrf, "username": username, "password": PASSWORD})


def test_an_officer_gets_in_by_his_verified_address(world: World) -> None:
    assert "Masuk lewat SSO Pemkab" in world.site.browser().get("/inbox/login").text
    browser, response = world.log_in("/inbox?antrean=saya")
    assert (response.status_code, response.location) == (303, "/inbox?antrean=saya")
    assert "Dewi Kartika" in browser.get("/inbox").text


def test_by_another_claim_it_is_the_username(parts: tuple[Engine, Redis, Path], provider: oidc.Provider) -> None:
    world = world_of(parts, provider, claim="preferred_username")
    provider.person = {"preferred_username": "Dewi", "email": "bos@kab.example", "email_verified": True}
    browser, _ = world.log_in()
    assert "Dewi Kartika" in browser.get("/inbox").text


@pytest.mark.parametrize(
    "lies",
    [
        {"iss": "https://jahat.example"},
        {"aud": "klien-lain"},
        {"aud": ["muara", "klien-lain"], "azp": "klien-lain"},
        {"nonce": "punya-orang-lain"},
        {"nonce": None},
        {"exp": int(factories.NOW.timestamp()) - 61},
        {"exp": None},
        {"iat": None},
        {"iat": int(factories.NOW.timestamp()) + 3600},
        {"sub": None},
        {"at_hash": "salah"},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
        {"email": ["dewi@kab.example"]},
        {"email": "tidak-diundang@kab.example"},
        {"email": "dewi@kab.example\0"},
    ],
)
def test_what_the_token_must_not_say(world: World, lies: dict[str, Any]) -> None:
    world.provider.lies = lies
    browser, response = world.log_in()
    assert response.status_code == 403
    assert browser.get("/inbox").status_code == 303
    assert world.site.rows("SELECT count(*) FROM officer") == [(2,)]


@pytest.mark.parametrize("signing", ["none", "HS256", "stranger"])
def test_only_the_providers_own_key_signs(world: World, signing: str) -> None:
    world.provider.signing = signing
    browser, response = world.log_in()
    assert response.status_code == 403
    assert browser.get("/inbox").status_code == 303


def test_a_turned_key_holds_at_once(world: World) -> None:
    assert world.log_in()[1].status_code == 303
    world.provider.key = RSAKey.generate_key(2048, {"kid": "dua", "use": "sig"})
    assert world.log_in()[1].status_code == 303


def test_who_left_does_not_get_in(world: World) -> None:
    with world.site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET active = false")
    assert world.log_in()[1].status_code == 403


def test_an_answer_belongs_to_the_browser_that_asked(world: World) -> None:
    """Log-in forgery: the attacker's own answer does nothing in the browser of another."""
    _, back = world.start()
    victim, _ = world.start()
    assert world.site.browser().get(back).status_code == 400
    assert victim.get(back).status_code == 400
    assert victim.get("/inbox").status_code == 303


def test_an_answer_is_good_once(world: World) -> None:
    browser, back = world.start()
    cookie = browser.client.get_cookie("muara_sso", path="/inbox")
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 400
    assert cookie is not None
    thief = world.site.browser()
    thief.client.set_cookie("muara_sso", cookie.value, path="/inbox")
    assert thief.get(back).status_code == 403  # the provider takes a code once


def test_an_answer_that_comes_too_late_is_none(world: World) -> None:
    browser, back = world.start()
    world.site.clock.pass_by(timedelta(minutes=10))
    assert browser.get(back).status_code == 400


@pytest.mark.parametrize("cookie", ["", "x", "e30.x", "é.é"])
def test_a_cookie_that_we_did_not_write_is_none(world: World, cookie: str) -> None:
    _, back = world.start()
    browser = world.site.browser()
    browser.client.set_cookie("muara_sso", cookie, path="/inbox")
    assert browser.get(back).status_code == 400


def test_another_issuers_answer_is_refused(world: World) -> None:
    browser, back = world.start()
    mixed = back.partition("&iss=")[0] + "&iss=https%3A%2F%2Fjahat.example"
    assert browser.get(mixed).status_code == 403
    assert len(world.provider.codes) == 1


@pytest.mark.parametrize("after", ["https://jahat.example", "//jahat.example", "/inbox/\\jahat.example"])
def test_afterwards_only_pages_of_the_inbox_follow(world: World, after: str) -> None:
    assert world.log_in(after)[1].location == "/inbox"


def test_who_changes_his_mind_is_told_so(world: World) -> None:
    browser, back = world.start()
    state = back.partition("state=")[2].partition("&")[0]
    response = browser.get(f"/inbox/login/sso/back?error=access_denied&state={state}")
    assert response.status_code == 403
    assert "dibatalkan" in response.text


def test_a_wrong_secret_lets_nobody_in(parts: tuple[Engine, Redis, Path], provider: oidc.Provider) -> None:
    world = world_of(parts, provider, client_secret="salah")
    assert world.log_in()[1].status_code == 403


@pytest.mark.parametrize(
    "described",
    [{"issuer": "https://jahat.example"}, {"token_endpoint": "http://jahat.example/token"}, {"jwks_uri": 1}],
)
def test_a_description_that_cannot_be_trusted_is_not_followed(world: World, described: dict[str, Any]) -> None:
    world.provider.described = described
    assert world.site.browser().get("/inbox/login/sso").status_code == 503


def test_a_provider_that_is_down_is_said_and_passwords_go_on(world: World) -> None:
    world.provider.down = True
    response = world.site.browser().get("/inbox/login/sso")
    assert response.status_code == 503
    assert "tidak dapat dihubungi" in response.text
    assert password(world.site, "dewi").status_code == 303


def test_passwords_can_be_left_to_administrators(parts: tuple[Engine, Redis, Path], provider: oidc.Provider) -> None:
    world = world_of(parts, provider, local_login=False)
    refused = password(world.site, "dewi")
    assert refused.status_code == 403
    assert "bukan dengan kata sandi" in refused.text
    assert password(world.site, "bos").status_code == 303
    assert world.log_in()[1].status_code == 303


def test_a_second_factor_is_asked_for_as_well(world: World) -> None:
    seed = "0" * 32
    with world.site.engine.begin() as connection:
        second.enable(connection, 1, seed, 0)
    browser, response = world.log_in()
    assert response.location == "/inbox/login/code"
    assert browser.get("/inbox").status_code == 303
    csrf = field(browser.get("/inbox/login/code").text, "csrf")
    step = int(world.site.clock().timestamp()) // second.STEP
    code = second.code(second.secret(SECRET.encode(), 1, seed), step)
    assert browser.client.post("/inbox/login/code", data={"csrf": csrf, "code": code}).status_code == 303
    assert browser.get("/inbox").status_code == 200


def test_who_has_no_password_sets_a_second_factor_up_without(world: World) -> None:
    with world.site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET password_hash = '' WHERE username = 'dewi'")
    browser, _ = world.log_in()
    page = browser.get("/inbox/me/second").text
    seed = field(page, "seed")
    step = int(world.site.clock().timestamp()) // second.STEP
    code = second.code(second.secret(SECRET.encode(), 1, seed), step)
    assert browser.post("/inbox/me/second", seed=seed, code=code, password="").status_code == 200


def test_the_doctor_asks_the_provider(provider: oidc.Provider) -> None:
    settings = Oidc(issuer=provider.issuer, client_id="muara", client_secret="x")
    assert doctor._single(wiring.provider(settings)).ok
    provider.down = True
    assert not doctor._single(wiring.provider(settings)).ok
    assert doctor._single(wiring.provider(Oidc())).ok


def test_without_a_provider_there_is_no_button_and_no_address(parts: tuple[Engine, Redis, Path]) -> None:
    plain = Site(*parts)
    assert "Masuk lewat" not in plain.browser().get("/inbox/login").text
    assert plain.browser().get("/inbox/login/sso").status_code == 404
