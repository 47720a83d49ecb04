"""The inbox on a socket, and windows of a real browser in which an officer is logged in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from inbox.auth import PATH, SESSION
from store import people, sessions
from store.models import Officer
from tests.channels.loopback import serving
from tests.factories import PASSWORD
from tests.inboxkit import Site, cheap_hashing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page
    from redis import Redis
    from sqlalchemy import Engine

DESKTOP = (1280, 800)


def is_trouble(page: Page, message: ConsoleMessage) -> bool:
    """An error; but an error page that the test itself opened is none."""
    return message.type == "error" and message.location["url"] != page.url


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    cheap_hashing(monkeypatch)
    made = Site(engine, redis_client, tmp_path)
    with engine.begin() as connection:
        people.add_officer(connection, "dewi", "Dewi Kartika", PASSWORD, "program_admin", ["siaga"])
    return made


@pytest.fixture
def address(site: Site) -> Iterator[str]:
    with serving(site.app, to_the_end=True) as at:
        yield at


def logged_in(site: Site, username: str) -> str:
    """The token of a new session; that one gets it by the form is what test_signing_in.py shows."""
    with site.engine.begin() as connection:
        officer_id = connection.execute(select(Officer.id).where(Officer.username == username)).scalar_one()
        return sessions.open_session(connection, officer_id, site.clock())


@pytest.fixture
def visit(browser: Browser, site: Site, address: str) -> Iterator[Callable[..., Page]]:
    """A page that is logged in and shows the queue; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []
    host = str(urlsplit(address).hostname)

    def open_page(size: tuple[int, int] = DESKTOP, *, scripts: bool = True, username: str = "dewi") -> Page:
        width, height = size
        context = browser.new_context(
            base_url=address,
            viewport={"width": width, "height": height},
            java_script_enabled=scripts,
            locale="id-ID",
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if is_trouble(page, message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        token = logged_in(site, username)
        context.add_cookies([{"name": SESSION, "value": token, "domain": host, "path": PATH, "httpOnly": True}])
        page.goto("/inbox")
        expect(page.get_by_role("heading", name="Antrean")).to_be_visible()
        page.wait_for_load_state("load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints, complaints
