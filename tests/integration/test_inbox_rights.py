"""Every route of the inbox as every role; a route that no table names fails."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from inbox import rights
from inbox.pages import ROUTES
from inbox.rights import Need
from store import canned, renditions
from store.people import Person, Role
from tests import factories
from tests.inboxkit import Browser, Site, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

READERS = {Role.LEADER, Role.AUDITOR}
KEEPERS = {Role.ADMINISTRATOR, Role.PROGRAM_ADMIN, Role.UNIT_HEAD}
SORTERS = {Role.ADMINISTRATOR, Role.PROGRAM_ADMIN}

#: What each route answers: to a stranger, to who may, to who may not; and what it answers for a case of others.
EXPECTED: dict[str, tuple[int, int, int | None, int | None]] = {
    "login": (200, 303, None, None),
    "log_in": (400, 400, None, None),
    "logout": (401, 303, None, None),
    "welcome": (404, 404, None, None),
    "choose_password": (400, 400, None, None),
    "sso": (404, 404, None, None),
    "sso_back": (404, 404, None, None),
    "forgotten": (200, 200, None, None),
    "ask_reset": (400, 400, None, None),
    "code": (303, 303, None, None),
    "check_code": (400, 400, None, None),
    "second": (303, 200, None, None),
    "second_enable": (401, 303, None, None),
    "second_change": (401, 303, None, None),
    "user_second": (401, 303, 403, 404),
    "language": (303, 303, None, None),
    "my_language": (401, 303, None, None),
    "me": (303, 200, None, None),
    "my_password": (401, 422, None, None),
    "my_sessions": (401, 303, None, None),
    "users": (303, 200, 403, None),
    "user_form": (303, 200, 403, None),
    "user_invite": (401, 422, 403, None),
    "user": (303, 200, 403, 404),
    "user_change": (401, 422, 403, 404),
    "user_link": (401, 200, 403, 404),
    "user_active": (401, 303, 403, 404),
    "queue": (303, 200, None, None),
    "views": (303, 200, None, None),
    "view_add": (401, 303, None, None),
    "view_rename": (401, 404, None, None),
    "view_remove": (401, 404, None, None),
    "numbers": (303, 200, None, None),
    "number_rows": (303, 200, None, None),
    "number_export": (303, 200, None, None),
    "queue_export": (303, 200, None, None),
    "map": (303, 200, None, None),
    "report": (303, 200, None, None),
    "report_sheet": (303, 200, None, None),
    "leaflet": (401, 404, None, None),
    "pulse": (401, 200, None, None),
    "desk": (303, 200, 403, None),
    "write_slip": (401, 422, 403, None),
    "import_form": (303, 200, 403, None),
    "import_upload": (401, 422, 403, None),
    "import_confirm": (401, 409, 403, None),
    "letter": (303, 200, None, 404),
    "file": (303, 200, None, 404),
    "thumb": (303, 200, None, 404),
    "original": (303, 200, None, 404),
    "case": (303, 200, None, 404),
    "manage": (303, 200, 403, None),
    "channels": (303, 200, 403, None),
    "channel": (303, 200, 403, None),
    "channel_check": (401, 303, 403, None),
    "channel_pause": (401, 303, 403, None),
    "channel_resume": (401, 303, 403, None),
    "channel_test": (401, 303, 403, None),
    "channel_expect": (401, 303, 403, None),
    "quarantine": (303, 200, 403, None),
    "quarantine_replay_all": (401, 303, 403, None),
    "quarantined": (303, 200, 403, 404),
    "quarantine_reveal": (401, 403, 403, 404),
    "quarantine_cover": (401, 403, 403, 404),
    "quarantine_replay": (401, 303, 403, 404),
    "quarantine_dismiss": (401, 303, 403, 404),
    "programs": (303, 200, 403, None),
    "program": (303, 200, 403, 404),
    "notices": (303, 200, None, None),
    "notices_seen": (401, 303, None, None),
    "my_notices": (303, 200, None, None),
    "my_notices_save": (401, 303, None, None),
    "my_notices_resume": (401, 303, None, None),
    "my_notices_test": (401, 422, None, None),
    "telegram_code": (401, 404, None, None),
    "telegram_unlink": (401, 303, None, None),
    "prod": (401, 303, 403, 404),
    "take": (401, 303, 403, 404),
    "dispose": (401, 303, 403, 404),
    "answer": (401, 303, 403, 404),
    "note": (401, 303, 403, 404),
    "bulk": (401, 303, 403, None),
    "canned": (303, 200, 403, None),
    "canned_add": (401, 303, 403, None),
    "canned_edit": (303, 200, 403, 404),
    "canned_change": (401, 303, 403, 404),
    "canned_remove": (401, 303, 403, 404),
    "hand_on": (401, 303, 403, 404),
    "archive": (401, 409, 403, 404),
    "hold": (401, 409, 403, 404),
    "resume": (401, 409, 403, 404),
    "left": (303, 303, 403, 404),
    "undo": (401, 303, 403, 404),
    "audit": (303, 200, 403, None),
    "audit_file": (303, 200, 403, None),
    "reveal": (401, 303, 403, 404),
    "cover": (401, 303, 403, 404),
    "merge": (401, 422, 403, 404),
    "unmerge": (401, 409, 403, 404),
    "split": (401, 303, 403, 404),
    "set_program": (401, 409, 403, 404),
    "join": (401, 422, 403, 404),
    "part": (401, 303, 403, 404),
    "retry": (401, 303, 403, 404),
    "settle": (401, 303, 403, 404),
}


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


class Target:
    """A case with a failed message, one of unknown outcome, and a photo."""

    def __init__(self, site: Site, **values: Any) -> None:
        self.ticket = site.complaint(**values)
        case = site.id_of(self.ticket)
        with site.engine.begin() as connection:
            self.failed = factories.outgoing(connection, case, "failed", "Halo")
            self.unknown = factories.outgoing(connection, case, "unknown", "Halo")
            line = factories.line(connection, case, "foto")
            sha256 = site.runtime.blobs.put(b"isi")
            made = renditions.Made(shown=sha256, thumb=sha256, content_type="image/jpeg")
            renditions.keep(connection, sha256, made, factories.NOW)
            owner = [values.get("program", "siaga")]
            self.user = factories.officer(connection, f"bawahan-{self.ticket.lower()}", programs=owner)
            self.letter = factories.line(connection, case, "surat", html="<p>surat</p>")
            self.program = values.get("program", "siaga")
            account = "kertas" if self.program == "siaga" else "dicabut"
            self.items = {
                name: factories.quarantined(connection, account) for name in EXPECTED if name.startswith("quarantine")
            }
            later = factories.NOW + timedelta(hours=1)
            self.line = factories.line(connection, case, "hal lain", sent_at=later, conversation="lain")
            self.canned = uuid.uuid4()
            values = {"program": site.case(self.ticket).program, "unit": None, "title": "Salam", "text": "Halo {nama}"}
            canned.add(connection, self.canned, "admin", factories.NOW, **values)
            self.file = factories.attachment(connection, line, sha256=sha256, content_type="image/png", name="a.png")

    def address(self, rule: str, name: str) -> str:
        outbox = self.unknown if name == "settle" else self.failed
        return (
            rule.replace("<ticket>", self.ticket)
            .replace("<uuid:outbox_id>", str(outbox))
            .replace("<uuid:line_id>", str(self.line))
            .replace("<uuid:canned_id>", str(self.canned))
            .replace("<uuid:view_id>", str(uuid.uuid4()))
            .replace("<uuid:attachment_id>", str(self.file))
            .replace("<uuid:message_id>", str(self.letter))
            .replace("<int:officer_id>", str(self.user))
            .replace("<int:item_id>", str(self.items.get(name)))
            .replace("<account>", "kertas")
            .replace("<key>", self.program)
            .replace("<kind>", "csv")
            .replace("<token>", "tidak-ada")
            .replace("<code>", "id")
        )


FORMS: dict[str, dict[str, str]] = {
    "write_slip": {"submission": str(uuid.uuid4()), "program": "siaga", "source": "phone", "type": "pengaduan"},
    "dispose": {"unit": "dpu", "submission": "1"},
    "answer": {"text": "Jawab", "submission": "2"},
    "note": {"text": "Catat", "submission": "3"},
    "bulk": {"verb": "take"},
    "view_add": {"name": "Jalan", "query": "?q=jalan", "submission": str(uuid.uuid4())},
    "view_rename": {"name": "Lain"},
    "canned_add": {"title": "Baru", "text": "Halo", "place": "siaga/", "submission": str(uuid.uuid4())},
    "canned_change": {"title": "Lain", "text": "Halo", "place": "siaga/"},
    "split": {"submission": "7"},
    "hand_on": {"to": "PLN", "text": "Milik PLN", "submission": "4"},
    "archive": {"ground": "umum", "submission": "5"},
    "hold": {"until": "2026-12-01", "text": "Menunggu", "submission": "6"},
    "set_program": {"program": "siaga"},
    "settle": {"decision": "arrived"},
    "prod": {"text": "Mohon segera", "submission": "7"},
    "channel_pause": {"sending": "1", "reason": "rusak"},
    "channel_test": {"to": "+628111000001", "mine": "1", "submission": str(uuid.uuid4())},
    "channel_expect": {"hours": "6"},
    "quarantine_replay_all": {"account": "kertas", "reason": "lain"},
    "quarantine_dismiss": {"reason": "uji coba penyedia"},
    "notices_seen": {"up_to": "1"},
    "my_notices_save": {"digest_hour": "7", "digest_days": "all"},
    "my_notices_resume": {"way": "mail"},
    "user_active": {"active": "1"},
    "my_language": {"language": "id"},
}


def call(browser: Browser, route: tuple[str, str, str], target: Target, version: int) -> int:
    rule, name, method = route
    address = target.address(rule, name)
    if method == "GET":
        return browser.get(address).status_code
    return browser.post(address, version=str(version), **FORMS.get(name, {})).status_code


def inbox_rules(site: Site) -> list[tuple[str, str, str]]:
    found = []
    for rule in site.app.url_map.iter_rules():
        endpoint = rule.endpoint.removeprefix("inbox.")
        if rule.endpoint.startswith("inbox.") and endpoint != "static":
            [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
            found.append((rule.rule, endpoint, method))
    return found


def test_the_table_names_every_route(site: Site) -> None:
    rules = inbox_rules(site)
    assert len(rules) >= 16
    assert {name for _, name, _ in rules} == set(EXPECTED)
    assert {route.name for route in ROUTES} == set(EXPECTED)


def test_every_rule_below_inbox_is_the_inboxs(site: Site) -> None:
    outside = {rule.rule for rule in site.app.url_map.iter_rules() if not rule.endpoint.startswith("inbox.")}
    assert outside == {"/static/<path:filename>"}


@pytest.mark.parametrize("role", [None, *Role])
def test_every_route_as_every_role(site: Site, role: Role | None) -> None:
    mine, others = Target(site), Target(site, program="matur")
    browser = site.browser() if role is None else site.officer(f"{role}-satu", role)
    needs = {route.name: route.need for route in ROUTES}
    for rule, name, method in inbox_rules(site):
        if name == "logout" and role is not None:
            continue  # last of all, below
        stranger, allowed, refused, foreign = EXPECTED[name]
        version = site.case(mine.ticket).version
        if role is None:
            post = browser.client.post(mine.address(rule, name)) if method == "POST" else None
            status = post.status_code if post else browser.get(mine.address(rule, name)).status_code
            expected = 400 if name == "log_in" else stranger
        else:
            status = call(browser, (rule, name, method), mine, version)
            blocked = (needs[name] is Need.WORK and role in READERS) or (
                needs[name] in {Need.SORT, Need.IMPORT, Need.USERS, Need.OPERATE} and role not in SORTERS
            )
            blocked = blocked or needs[name] is Need.REVEAL  # a permission of its own, which none of them has
            blocked = blocked or (needs[name] is Need.CANNED and role not in KEEPERS)
            blocked = blocked or (needs[name] is Need.OVERSEE and role not in SORTERS | {Role.AUDITOR})
            blocked = blocked or (needs[name] is Need.PROD and role not in SORTERS | {Role.LEADER})
            expected = int(refused or 0) if blocked else allowed
        assert status == expected, f"{method} {rule} as {role}"
        if foreign is not None and role not in {None, Role.ADMINISTRATOR}:
            status = call(browser, (rule, name, method), others, 1)
            assert status == (403 if expected == 403 else foreign), f"{method} {rule} of others as {role}"
    if role is not None:
        assert browser.post("/inbox/logout").status_code == 303
    assert site.case(others.ticket).version == 1


def test_a_case_of_others_looks_like_one_that_is_not_there(site: Site) -> None:
    theirs = site.complaint(program="matur")
    browser = site.officer("dewi")
    there, nowhere = browser.get(f"/inbox/{theirs}"), browser.get("/inbox/K7MP-2XWD")
    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.text == nowhere.text


def test_a_unit_sees_its_own_those_below_it_and_what_nobody_has(site: Site) -> None:
    free, own = site.complaint("bebas"), site.complaint("punya", unit="dpu")
    below, other = site.complaint("bawah", unit="dpu-jalan"), site.complaint("lain", unit="dinkes")
    head = site.officer("kepala", "unit_head", unit="dpu")
    assert set(tickets(head.get("/inbox?antrean=semua").text)) == {free, own, below}
    assert head.get(f"/inbox/{other}").status_code == 404
    assert set(tickets(head.get("/inbox?antrean=unit").text)) == {own, below}
    staff = site.officer("staf", "officer", unit="dpu-jalan")
    assert set(tickets(staff.get("/inbox?antrean=semua").text)) == {free, below}
    assert set(tickets(site.officer("pusat").get("/inbox?antrean=semua").text)) == {free, own, below, other}


def test_triage_is_seen_by_those_who_sort_it_on_their_accounts(site: Site) -> None:
    shared = site.complaint("bersama", program=None, account="sms-a")
    elsewhere = site.complaint("lain", program=None, account="kertas")
    admin = site.officer("admin", "administrator", programs=[])
    ours = site.officer("siaga", "program_admin", programs=["siaga"])
    theirs = site.officer("matur", "program_admin", programs=["matur"])
    staff = site.officer("staf")
    assert set(tickets(admin.get("/inbox?antrean=triase").text)) == {shared, elsewhere}
    assert set(tickets(ours.get("/inbox?antrean=triase").text)) == {shared, elsewhere}
    assert set(tickets(theirs.get("/inbox?antrean=triase").text)) == {shared}
    assert tickets(staff.get("/inbox?antrean=triase").text) == []
    assert "Triase" not in staff.get("/inbox").text
    assert theirs.get(f"/inbox/{elsewhere}").status_code == 404


def test_a_program_admin_sorts_into_his_programs_only(site: Site) -> None:
    ticket = site.complaint(program=None)
    ours = site.officer("siaga", "program_admin")
    assert ours.post(f"/inbox/{ticket}/program", version="1", program="matur").status_code == 400
    assert ours.post(f"/inbox/{ticket}/program", version="1", program="siaga").status_code == 303
    assert site.case(ticket).program == "siaga"


def test_a_unit_of_another_program_is_no_place_to_dispose_to(site: Site) -> None:
    ticket = site.complaint()
    browser = site.officer("dewi")
    assert browser.post(f"/inbox/{ticket}/dispose", version="1", unit="dinsos", submission="1").status_code == 400
    assert site.case(ticket).unit is None


def test_whoever_hands_a_case_away_sees_how_to_take_it_back_and_goes_back_to_the_queue(site: Site) -> None:
    ticket = site.complaint(unit="dpu")
    browser = site.officer("staf", unit="dpu")
    response = browser.post(f"/inbox/{ticket}/dispose?antrean=unit", version="1", unit="dinkes", submission="1")
    assert response.location == f"/inbox/{ticket}/left?antrean=unit"
    assert 'href="/inbox?antrean=unit"' in browser.get(response.location).text
    assert site.case(ticket).unit == "dinkes"


@pytest.mark.parametrize("sees", [True, False])
def test_only_a_reveal_lifts_the_mask_and_only_of_its_case(*, sees: bool) -> None:
    case = uuid.uuid4()
    for role in Role:
        person = Person(id=1, username="x", name="X", role=role, programs=frozenset(), unit=None, sees_identity=sees)
        assert rights.may(person, Need.REVEAL) is sees
        assert rights.masked(person, anonim=True, rahasia=False, case=case)
        assert rights.masked(person, anonim=False, rahasia=True, case=case)
        assert not rights.masked(person, anonim=False, rahasia=False)
        shown = dataclasses.replace(person, revealed=frozenset({case}))
        assert not rights.masked(shown, anonim=True, rahasia=True, case=case)
        assert rights.masked(shown, anonim=True, rahasia=True, case=uuid.uuid4())
        assert rights.masked(shown, anonim=True, rahasia=True)
