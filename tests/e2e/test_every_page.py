"""Every page of the inbox in a real browser: axe-core finds nothing, at 200 % zoom nothing is cut off."""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from sqlalchemy import update

from inbox.pages import ROUTES
from store import accounts, canned, traffic
from store.bulk import dumps
from store.models import Officer
from tests import factories
from tests.factories import NOW
from tests.windowkit import address, site, visit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Page
    from sqlalchemy import Connection

    from tests.inboxkit import Site

__all__ = ["address", "site", "visit"]

#: What a route that is no page of its own answers with.
NO_PAGE = {
    "pulse": "JSON",
    "file": "a file",
    "thumb": "a picture",
    "original": "a file",
    "letter": "a mail as its sender made it, in a sandbox",
    "number_export": "a file",
    "queue_export": "a file",
    "audit_file": "a file",
    "report_sheet": "a file",
    "leaflet": "a script or a style sheet",
    "sso": "a redirect",
    "language": "a redirect",
    "sso_back": "a redirect",
    "code": "a redirect, unless the password was just given: tests/e2e/test_signing_in.py",
    "welcome": "only by a link that is good once: `invitation` below",
}
#: How the page is seen: width and height in CSS pixels, and the colours. 640 pixels are 1280 at 200 % zoom.
LOOKS = {"desktop": (1280, 800, "light"), "dark phone": (390, 844, "dark"), "zoomed": (640, 400, "light")}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Known:
    """What the addresses name."""

    ticket: str
    hidden: str
    officer: int
    canned: str
    item: int


def channels(site: Site, connection: Connection, officer: int) -> int:
    """Accounts with every kind of finding; the number of an item in quarantine."""
    accounts.know(connection, site.runtime.accounts)
    names = ("edit", "unsent", "receipt", "joined", "duplicate", "ignored", "quarantined")
    line = {
        "payloads": 9,
        "unparsed": 1,
        "items": 8,
        "pending": 0,
        "outcomes": {**dict.fromkeys(names, 0), "message": 6},
    }
    week = dumps([{**line, "day": f"2026-11-{day}", "remainder": day - 22} for day in (22, 23)])
    connection.exec_driver_sql(
        "UPDATE account_state SET health_ok = false, health = 'The token is wrong: make a new one.', week = %s::jsonb, "
        "checked_at = %s, last_error = 'Timeout', last_error_at = %s, silent_since = %s",
        (week, NOW, NOW, NOW - timedelta(hours=1)),
    )
    accounts.expect(connection, "sms-a", officer, NOW, 6, working=True)
    accounts.pause(connection, "sms-a", (officer, "Agus"), NOW, "modem rusak", sending=True, polling=False)
    traffic.send_test(connection, uuid.uuid4(), "kertas", "+628111000001", "Pesan uji", NOW)
    return factories.quarantined(connection, "kertas", "PayloadError: unknown envelope", body=b'{"a": 1}')


def fill(site: Site) -> Known:
    """A house in which every part of a page has something to show."""
    site.complaint("Jalan di depan pasar berlubang", unit="dpu", unread=False)
    hidden = site.complaint("Pungutan di sekolah", rahasia=True, next_due_at=NOW - timedelta(hours=1))
    ticket = site.complaint("Lampu mati", place={"label": "Moga", "lat": -7.1, "lon": 109.2}, likely_double=True)
    case = site.id_of(ticket)
    with site.engine.begin() as connection:
        rights = {"role": "administrator", "sees_identity": True}
        connection.execute(update(Officer).where(Officer.username == "dewi").values(rights))
        agus = factories.officer(connection, "agus", unit="dpu", email="agus@kab.example")
        for state in ("delivered", "failed", "unknown", "queued"):
            factories.outgoing(connection, case, state, f"Jawaban {state}", error="kotak penuh")
        factories.line(connection, case, "masih gelap pak")
        factories.event(connection, case, "didisposisikan", "agus", unit="dpu")
        ready = uuid.uuid4()
        canned.add(connection, ready, "dewi", NOW, program="siaga", unit=None, title="Salam", text="Halo")
        item = channels(site, connection, agus)
    return Known(ticket=ticket, hidden=hidden, officer=agus, canned=str(ready), item=item)


def pages(known: Known) -> Iterator[tuple[str, str]]:
    """Name and address of every page that a route is; a route that nobody thought of fails here."""
    for route in ROUTES:
        if route.method != "GET" or route.name in NO_PAGE:
            continue
        rule = route.rule
        for name, value in (
            ("<ticket>", known.ticket),
            ("<int:officer_id>", str(known.officer)),
            ("<uuid:canned_id>", known.canned),
            ("<int:item_id>", str(known.item)),
            ("<account>", "kertas"),
            ("<key>", "siaga"),
        ):
            rule = rule.replace(name, value)
        assert "<" not in rule, f"{route.name}: say how to get to {route.rule}"
        yield route.name, f"/inbox{rule}"
    for queue in ("saya", "lewat", "selesai", "semua"):
        yield f"queue {queue}", f"/inbox?antrean={queue}"
    yield "search", "/inbox?q=lampu"
    yield "nothing found", "/inbox?q=zzz"
    yield "another channel", "/inbox/channels/sms-a"
    yield "a hidden reporter", f"/inbox/{known.hidden}"
    yield "missing", "/inbox/AAAA-AAAA"


def findings(page: Page) -> list[dict[str, Any]]:
    """What axe-core objects to, with where and why."""
    found = Axe().run(page).response["violations"]
    return [
        {"rule": each["id"], "where": [node["target"] for node in each["nodes"]][:5], "html": each["nodes"][0]["html"]}
        for each in found
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(
    site: Site, visit: Callable[..., Page], look: str
) -> None:
    known = fill(site)
    width, height, colours = LOOKS[look]
    page = visit((width, height))
    page.emulate_media(color_scheme=colours, reduced_motion="reduce")  # type: ignore[arg-type]
    problems: dict[str, Any] = {}
    for name, url in pages(known):
        page.goto(url)
        wrong = findings(page)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            wrong.append({"rule": "wider than the screen", "where": [], "html": ""})
        if wrong:
            problems[name] = wrong
    assert problems == {}, json.dumps(problems, indent=1)
