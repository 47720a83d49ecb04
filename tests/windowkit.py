"""The inbox on a socket, and windows of a real browser in which an officer is logged in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from werkzeug.serving import WSGIRequestHandler, make_server

from store import people
from tests.factories import PASSWORD
from tests.inboxkit import Site, cheap_hashing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Page
    from redis import Redis
    from sqlalchemy import Engine

DESKTOP = (1280, 800)


class Quiet(WSGIRequestHandler):
    """Requests are no news."""

    def log(self, type: str, message: str, *arguments: object) -> None:  # noqa: A002 - werkzeug's name
        """Nothing."""


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
    server = make_server("127.0.0.1", 0, site.app, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """A page that is logged in and shows the queue; whatever the browser complains about fails the test."""
    complaints: list[str] = []
    contexts = []

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
        page.goto("/inbox")
        page.get_by_label("Nama pengguna").fill(username)
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        expect(page.get_by_role("heading", name="Antrean")).to_be_visible()
        page.wait_for_load_state("load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
