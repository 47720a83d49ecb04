"""Revealing an identity: a permission, a reason, a trace, for a while, to one session, of one case, and of no more."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from inbox.pages import ROUTES
from store import sessions
from tests.inboxkit import Browser, Site
from tests.integration.test_inbox_identity import NAME, PHONE, SECRETS, confide, everything, told

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

REASON = "Tim lapangan perlu menelepon"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def secrets(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret.lower() in text.lower()]


def looks(site: Site) -> list[tuple[str, str, str]]:
    """Who looked, why and from where, as the history has it."""
    sql = "SELECT actor, data->>'reason', origin FROM event WHERE kind = 'identitas_dilihat' ORDER BY id"
    return [(actor, reason, origin) for actor, reason, origin in site.rows(sql)]


def second_session(site: Site, username: str) -> Browser:
    [(officer_id,)] = site.rows("SELECT id FROM officer WHERE username = :u", u=username)
    with site.engine.begin() as connection:
        return site.browser(sessions.open_session(connection, officer_id, site.clock()))


@pytest.mark.parametrize("flags", [{"anonim": True}, {"rahasia": True}])
def test_with_a_reason_it_is_shown_for_a_while_on_that_case(site: Site, flags: dict[str, bool]) -> None:
    ticket, other = confide(site, **flags), confide(site, **flags)
    dewi = site.officer("dewi", sees_identity=True)
    before = dewi.get(f"/inbox/{ticket}").text
    assert not secrets(before)
    assert "Lihat identitas" in before
    dewi.reveal(ticket, REASON)
    page = dewi.get(f"/inbox/{ticket}").text
    assert NAME in page
    assert PHONE in page
    assert "kartono99@surat.example" in page
    assert "Identitas terlihat oleh Anda sampai" in page
    assert not secrets(dewi.get(f"/inbox/{other}").text)
    site.clock.pass_by(timedelta(minutes=14))
    assert NAME in dewi.get(f"/inbox/{ticket}").text
    site.clock.pass_by(timedelta(minutes=2))
    after = everything(site, dewi, ticket)
    assert not told(after)
    assert looks(site) == [("dewi", REASON, "inbox:")]


def test_the_page_knows_when_its_time_is_up_and_no_browser_keeps_it(site: Site) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    assert "data-reveal=" not in dewi.get(f"/inbox/{ticket}").text
    dewi.reveal(ticket)
    site.clock.pass_by(timedelta(minutes=10, milliseconds=300))
    # Also where the page is the answer to a form, which cannot be asked for anew.
    for answer in (dewi.get(f"/inbox/{ticket}"), dewi.post(f"/inbox/{ticket}/take", version="99")):
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert 'data-reveal="300"' in answer.text
        again = f'<noscript><meta http-equiv="refresh" content="301;url=/inbox/{ticket}"></noscript>'
        assert again in answer.text.partition("</head>")[0]
    site.clock.pass_by(timedelta(minutes=5))
    assert 'http-equiv="refresh"' not in dewi.get(f"/inbox/{ticket}").text


def test_lists_and_searches_stay_masked_while_it_is_shown(site: Site) -> None:
    ticket = confide(site, rahasia=True)
    dewi = site.officer("dewi", sees_identity=True)
    dewi.reveal(ticket)
    for url in ("/inbox?antrean=semua", "/inbox?q=lurah", f"/inbox?q={ticket}"):
        assert not secrets(dewi.get(url).text), url
    listed = re.split(r'<main class="case"', dewi.get(f"/inbox/{ticket}").text)[0]
    assert ticket in listed
    assert not secrets(listed)


def test_another_session_of_the_same_officer_sees_nothing(site: Site) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    dewi.reveal(ticket)
    assert not told(everything(site, second_session(site, "dewi"), ticket))
    assert not told(everything(site, site.officer("sari", sees_identity=True), ticket))


def test_it_ends_with_the_session_and_with_the_permission(site: Site) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    dewi.reveal(ticket)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET sees_identity = false")
    assert not secrets(dewi.get(f"/inbox/{ticket}").text)
    dewi.post("/inbox/logout")
    assert site.rows("SELECT * FROM reveal") == []


def test_it_can_be_hidden_before_its_time(site: Site) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    dewi.reveal(ticket)
    assert dewi.post(f"/inbox/{ticket}/cover", version="1").status_code == 303
    assert not secrets(dewi.get(f"/inbox/{ticket}").text)


def test_without_the_permission_there_is_no_button_and_no_way(site: Site) -> None:
    ticket = confide(site, anonim=True)
    sari = site.officer("sari", "administrator")
    assert "Lihat identitas" not in sari.get(f"/inbox/{ticket}").text
    assert sari.post(f"/inbox/{ticket}/reveal", version="1", reason=REASON).status_code == 403
    assert not secrets(sari.get(f"/inbox/{ticket}").text)
    assert site.rows("SELECT * FROM reveal") == []


@pytest.mark.parametrize("reason", ["", "   ", "abc", "a b c d"[:4], "x" * 201])
def test_without_a_reason_nothing_is_shown(site: Site, reason: str) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    answer = dewi.post(f"/inbox/{ticket}/reveal", version="1", reason=reason)
    assert answer.status_code == 422
    assert "Tulis alasan melihat identitas" in answer.text
    assert not secrets(answer.text)
    assert looks(site) == []


def test_the_history_tells_everybody_who_looked_and_why_and_names_nobody(site: Site) -> None:
    ticket = confide(site, anonim=True)
    site.officer("dewi", sees_identity=True).reveal(ticket, f"Menelepon {NAME} di 0811-2626-999")
    page = site.officer("sari").get(f"/inbox/{ticket}").text
    assert "melihat identitas pelapor, alasan: Menelepon" in page
    assert not secrets(page)
    [(_actor, reason, _origin)] = looks(site)
    assert not secrets(reason)


def test_a_double_click_is_one_trace_and_does_not_lengthen_it(site: Site) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    dewi.reveal(ticket)
    site.clock.pass_by(timedelta(minutes=10))
    dewi.reveal(ticket)
    assert len(looks(site)) == 1
    site.clock.pass_by(timedelta(minutes=6))
    assert not secrets(dewi.get(f"/inbox/{ticket}").text)
    dewi.reveal(ticket)
    assert len(looks(site)) == 2


def test_of_an_open_complaint_nothing_is_revealed_and_nothing_written(site: Site) -> None:
    ticket = confide(site)
    dewi = site.officer("dewi", sees_identity=True)
    assert "Lihat identitas" not in dewi.get(f"/inbox/{ticket}").text
    dewi.reveal(ticket)
    assert looks(site) == []


def test_looking_takes_nobodys_undo_away_and_changes_no_version(site: Site) -> None:
    ticket = confide(site, anonim=True)
    sari = site.officer("sari")
    assert sari.post(f"/inbox/{ticket}/take", version="1").status_code == 303
    site.officer("dewi", sees_identity=True).reveal(ticket)
    assert sari.post(f"/inbox/{ticket}/undo", version=str(site.case(ticket).version)).status_code == 303
    assert site.case(ticket).officer_id is None


def test_the_citizen_is_answered_on_his_channel_without_anybody_knowing_him(site: Site) -> None:
    ticket = confide(site, rahasia=True)
    sari = site.officer("sari")
    answer = sari.post(f"/inbox/{ticket}/answer", text="Sedang kami periksa", **sari.form(ticket))
    assert answer.status_code == 303
    assert site.rows("SELECT address FROM outbox WHERE text = 'Sedang kami periksa'") == [(PHONE,)]
    assert not secrets(sari.get(f"/inbox/{ticket}").text)


def test_files_of_the_hidden_are_kept_by_no_browser(site: Site) -> None:
    ticket = confide(site, anonim=True)
    dewi = site.officer("dewi", sees_identity=True)
    dewi.reveal(ticket)
    files = site.rows("SELECT id FROM attachment WHERE state = 'stored'")
    assert len(files) == 2
    for (number,) in files:
        kept = dewi.get(f"/inbox/files/{number}/original").headers["Cache-Control"]
        assert kept == "private, no-store"


def legible(body: bytes) -> str:
    """The words of an answer; of a workbook those of all its parts."""
    if not body.startswith(b"PK"):
        return body.decode("utf-8", "replace")
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


@pytest.mark.parametrize("role", ["administrator", "program_admin", "unit_head", "officer", "leader", "auditor"])
def test_no_page_of_the_inbox_tells_who_it_is(site: Site, role: str) -> None:
    """Every GET route, as every role, with the permission and without having asked."""
    ticket = confide(site, anonim=True)
    browser = site.officer("dewi", role, unit="dpu" if role in {"unit_head", "officer"} else None, sees_identity=True)
    [(message,)] = site.rows("SELECT id FROM message WHERE quoted IS NOT NULL")
    [(officer,)] = site.rows("SELECT id FROM officer")
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET html = %s WHERE id = %s", (f"<p>{NAME}</p>", message))
    asked = 0
    for route in ROUTES:
        if route.method != "GET":
            continue
        for (number,) in site.rows("SELECT id FROM attachment"):
            address = (
                route.rule.replace("<ticket>", ticket)
                .replace("<uuid:attachment_id>", str(number))
                .replace("<uuid:message_id>", str(message))
                .replace("<int:officer_id>", str(officer))
                .replace("<int:item_id>", "1")
                .replace("<account>", "kertas")
                .replace("<key>", "siaga")
                .replace("<kind>", "xlsx")
            )
            answer = browser.get(f"/inbox{address}")
            assert answer.status_code < 500
            assert not secrets(f"{answer.headers}{legible(answer.get_data())}"), address
            asked += 1
    assert asked > 30
