"""An officer who reads English: no Indonesian shows through, and what citizens get does not change."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inbox.case import thread
from inbox.pages import ROUTES
from normalizer.complaint import State
from store import canned, renditions, tokens
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Browser, Site
from tests.wordkit import WORD, Shown, indonesian

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

INDONESIAN = indonesian()
#: Ways to pages for a browser without scripts; what is no page (files, exports, the pulse) is told by its type.
EVENT: dict[str, Any] = {
    "unit": "dpu",
    "program": "siaga",
    "due": NOW.isoformat(),
    "until": NOW.isoformat(),
    "clock": "first_response",
    "at": "-4h",
    "ticket": "K7MP-2XWD",
    "ground": "umum",
    "what": "diambil",
    "system": "LAPOR",
    "word": "Closed",
    "account": "sms-a",
    "service": "1",
}
OTHERWISE: dict[str, dict[str, Any]] = {"tenggat": {"to": ["officer", "unit_head"]}, "ditutup": {"state": "selesai"}}


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def english(site: Site, username: str = "jane", role: str = "administrator", **values: Any) -> Browser:
    given = {"programs": [] if role == "administrator" else ["siaga"], "sees_identity": True, **values}
    return site.officer(username, role, language="en", **given)


class Stock:
    """One of everything that pages show, in words that are neither language's."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.ticket = site.complaint("Xyz qwrt", name="Qwrt Zxcv", unit="dpu", anonim=True, send_failed=True)
        site.complaint("Vbnm xyz", name="Qwrt", state="ditunda", held_until=NOW + timedelta(days=2), rahasia=True)
        site.complaint("Xyz", state="selesai", next_due_at=None, closed_at=NOW)
        case = site.id_of(self.ticket)
        self.canned = uuid.uuid4()
        with site.engine.begin() as connection:
            for state in ("failed", "unknown", "queued", "delivered"):
                factories.outgoing(connection, case, state, "Qwrt")
            line = factories.line(connection, case, "Zxcv", sent_at=NOW - timedelta(days=40), withdrawn_at=NOW)
            sha256 = site.runtime.blobs.put(b"x")
            made = renditions.Made(shown=sha256, thumb=sha256, content_type="image/jpeg")
            renditions.keep(connection, sha256, made, NOW)
            self.file = factories.attachment(connection, line, sha256=sha256, content_type="image/png", size=9)
            factories.attachment(connection, line, state="too_large", content_type="audio/ogg")
            self.letter = factories.line(connection, case, "Zxcv", html="<p>Zxcv</p>", revised="Qwrt", revised_at=NOW)
            for kind in (*thread._EVENTS, *thread._PLAIN):
                factories.event(connection, case, kind, "qwrt", **{**EVENT, "to": "PLN", **OTHERWISE.get(kind, {})})
            self.officer = factories.officer(connection, "zxcv", "unit_head", name="Zxcv", unit="dpu")
            values = {"program": "siaga", "unit": None, "title": "Qwrt", "text": "{nomor}"}
            canned.add(connection, self.canned, "qwrt", NOW, **values)
            self.item = factories.quarantined(connection, "kertas", "qwrt")
            purpose = tokens.Purpose.PASSWORD
            self.token = tokens.make(connection, self.officer, purpose, site.clock(), timedelta(days=1))

    def address(self, rule: str) -> str:
        found = (
            rule.replace("<ticket>", self.ticket)
            .replace("<uuid:canned_id>", str(self.canned))
            .replace("<uuid:attachment_id>", str(self.file))
            .replace("<uuid:message_id>", str(self.letter))
            .replace("<int:officer_id>", str(self.officer))
            .replace("<int:item_id>", str(self.item))
            .replace("<account>", "kertas")
            .replace("<kind>", "csv")
            .replace("<key>", "siaga")
            .replace("<token>", self.token)
            .replace("<code>", "en")
            .replace("<name>", "x")
        )
        assert "<" not in found, f"no value for {rule}"
        return f"/inbox{found}"

    def known(self) -> set[str]:
        """Words of data: programs, units, accounts and channels are called what they are called."""
        house = self.site.runtime
        names = [*house.accounts, *(account.manifest.name for account in house.accounts.values())]
        for program in house.programs.values():
            names += [program.name, program.organisation, program.format, *(unit.name for unit in program.units)]
            names += [getattr(program.texts, name) or "" for name in program.texts.__dataclass_fields__]
        return {word.lower() for name in names for word in WORD.findall(name)}


def left(page: str, known: set[str]) -> list[str]:
    """The texts of a page with words that only Indonesian knows."""
    return [
        text
        for text in Shown(page).texts
        if any(word.lower() in INDONESIAN and word.lower() not in known for word in WORD.findall(text))
    ]


def test_every_page_is_english_for_who_reads_english(site: Site) -> None:
    stock = Stock(site)
    known, browser = stock.known(), english(site)
    seen = 0
    for route in ROUTES:
        if route.method != "GET":
            continue
        answer = browser.get(stock.address(route.rule), headers={"Accept-Language": "en"}, follow_redirects=True)
        page = answer.get_data()  # read to its end, also where it is an export that streams
        if answer.mimetype != "text/html" or route.name == "letter":
            continue
        assert b'<html lang="en">' in page, route.rule
        assert left(page.decode(), known) == [], route.rule
        seen += 1
    assert seen > 20


@pytest.mark.parametrize("role", ["officer", "unit_head", "program_admin", "leader", "auditor"])
def test_what_each_role_sees_is_english(site: Site, role: str) -> None:
    stock = Stock(site)
    known, browser = stock.known(), english(site, role=role, sees_identity=False)
    queues = re.findall(r'href="(/inbox\?antrean=[a-z]+)"', browser.get("/inbox").text)
    assert len(queues) > 6
    for url in (*queues, "/inbox?q=qqqq", "/inbox?jenis=aspirasi", f"/inbox/{stock.ticket}", "/inbox/K7MP-2XWD"):
        assert left(browser.get(url).text, known) == [], url


def test_strangers_pages_are_english_where_their_browser_is(site: Site) -> None:
    stock = Stock(site)
    for url in ("/inbox/login", "/inbox/forgotten", f"/inbox/invite/{stock.token}", "/inbox/invite/tidak-ada"):
        page = site.browser().get(url, headers={"Accept-Language": "en-GB,en"}).text
        assert '<html lang="en">' in page, url
        assert left(page, stock.known() | {"bahasa"}) == [], url


REFUSED: dict[str, dict[str, str]] = {
    "/users/new": {"username": "?", "name": "", "role": "officer", "programs": "siaga"},
    "/me/password": {"old": "x", "password": "a", "again": "b"},
    "/canned": {"title": "", "text": "", "place": "siaga/"},
    "/desk": {"text": ""},
    "/import": {},
    "/bulk": {"verb": "archive", "pick": "K7MP-2XWD:1", "submission": "1"},
    "/{ticket}/note": {"text": "", "submission": "1"},
    "/{ticket}/hold": {"text": "", "submission": "1"},
    "/{ticket}/archive": {"ground": "x", "submission": "1"},
    "/{ticket}/merge": {"into": "K7MP-2XWD", "submission": "1"},
    "/{ticket}/undo": {},
    "/{ticket}/take": {"version": "99"},
    "/{ticket}/prod": {"text": "", "submission": "1"},
}


@pytest.mark.parametrize("url", REFUSED)
def test_what_is_refused_is_refused_in_english(site: Site, url: str) -> None:
    stock, browser = Stock(site), english(site)
    form = {"version": str(site.case(stock.ticket).version), **REFUSED[url]}
    answer = browser.post("/inbox" + url.format(ticket=stock.ticket), **form)
    assert answer.status_code in {400, 403, 409, 422}
    assert left(answer.text, stock.known()) == []


#: What an officer does that a citizen hears of: the verb, its form, and the state in which it is done.
TOLD: dict[str, dict[str, str]] = {
    "hand-on": {"to": "PLN Pemalang", "text": "Tiang itu milik PLN."},
    "archive": {"ground": "umum", "text": "Sebutkan jalannya."},
    "hold": {"until": "2026-12-01", "text": "Menunggu musim kering."},
    "answer": {"text": "Sudah diperbaiki."},
}


def told(site: Site, browser: Browser, verb: str) -> str:
    """What the citizen of a new complaint is told, without its ticket."""
    ticket = site.complaint("Lampu padam")
    assert browser.post(f"/inbox/{ticket}/{verb}", **browser.form(ticket), **TOLD[verb]).status_code == 303
    assert site.case(ticket).state != State.BARU.value
    [(text,)] = site.rows("SELECT text FROM outbox WHERE complaint_id = :id", id=site.id_of(ticket))
    return str(text).replace(ticket, "TIKET")


@pytest.mark.parametrize("verb", TOLD)
def test_the_citizen_hears_the_same_whatever_the_officer_reads(site: Site, verb: str) -> None:
    first, second = site.officer("dewi", programs=["siaga"]), english(site, role="officer")
    assert told(site, first, verb) == told(site, second, verb)


def test_a_ready_made_reply_says_its_deadline_in_indonesian(site: Site) -> None:
    with site.engine.begin() as connection:
        values = {"program": "siaga", "unit": None, "title": "Janji", "text": "Kami jawab {tenggat}."}
        canned.add(connection, uuid.uuid4(), "admin", NOW, **values)
    ticket = site.complaint("Lampu padam")
    page = english(site, role="officer").get(f"/inbox/{ticket}").text
    assert re.search(r'data-text="Kami jawab Selasa, 24 Nov 2026 09\.00 WIB\."', page)
