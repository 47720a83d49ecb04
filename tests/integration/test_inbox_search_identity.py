"""Invariant 10 in the search: nobody finds a hidden reporter by what he is known by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from store import casework, identity, search_index
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Browser, Site, tickets

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

NAME, PHONE, EMAIL = "Kartono Wiryadinata", "+628112626999", "kartono99@surat.example"
#: Each of them gives him away, however it is written.
GIVEAWAYS = (
    "Kartono",
    "kartono wiryadinata",
    "KARTONO",
    '"Kartono Wiryadinata"',
    "wiryadinata lurah",
    "0811-2626-999",
    "+62 811 2626 999",
    "628112626999",
    "8112626999",
    EMAIL,
    "kartono99",
    "kartonowiryadinata",
    "3327011505800001",
    "ktp",
    "sudrajat",
)
#: In all the ways in which he may have put his name into his own words.
TEXTS = (
    "Saya kartono, hp 0811-2626-999, surat kartono99@surat.example, NIK 3327011505800001. Lurah minta uang.",
    "hub 8112626999 atau 0811 2626 999 atau +62 (811) 2626-999 atau @kartono_w atau fb.com/kartono.wiryadinata",
    "Kar\u200btono, \uff2bartono, KARTONOWIRYADINATA, kartono99 dan kartono-wiryadinata",
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def confide(site: Site, **flags: bool) -> uuid.UUID:
    case = site.id_of(site.complaint(TEXTS[0], name=NAME, address=PHONE, place={"label": "rumah Kartono"}, **flags))
    with site.writing() as connection:
        hints = {"email": EMAIL, "username": "kartono_w"}
        for text in TEXTS[1:]:
            values = {"name": NAME, "address": PHONE, "hints": hints, "subject": f"Dari {NAME}"}
            line = factories.line(connection, case, text, quoted=f"Salam, {NAME}. Pak Sudrajat tahu", **values)
        factories.attachment(connection, line, name="KTP_Kartono.jpg", state="owed")
        factories.outgoing(connection, case, "sent", f"Terima kasih Pak {NAME}, lurah sudah ditegur")
        factories.line(
            connection, case, f"Pak Kartono ({PHONE}) ditelepon, warga kooperatif", direction="note", role="note"
        )
    return case


def found(browser: Browser, typed: str) -> list[str]:
    return tickets(browser.get("/inbox", query_string={"q": typed}).text)


@pytest.mark.parametrize("flags", [{"anonim": True}, {"rahasia": True}])
def test_no_giveaway_finds_him_but_what_he_told_does(site: Site, flags: dict[str, bool]) -> None:
    confide(site, **flags)
    for role in ("officer", "administrator", "leader"):
        browser = site.officer(role, role)
        for typed in GIVEAWAYS:
            assert found(browser, typed) == [], typed
        for typed in ("lurah uang", "ditegur", "kooperatif"):
            assert len(found(browser, typed)) == 1, typed


def test_not_even_the_permission_finds_him_by_who_he_is(site: Site) -> None:
    confide(site, rahasia=True)
    browser = site.officer("dewi", sees_identity=True)
    assert len(found(browser, "lurah uang")) == 1
    for typed in GIVEAWAYS:
        assert found(browser, typed) == [], typed


def test_of_the_same_citizen_only_the_open_complaint_is_found(site: Site) -> None:
    confide(site, rahasia=True)
    other = site.complaint("Lampu mati", name=NAME, address=PHONE)
    assert found(site.officer("dewi"), "Kartono") == [other]
    assert found(site.officer("rina"), "0811 2626 999") == [other]


def test_a_piece_of_the_text_shows_no_more_than_the_page(site: Site) -> None:
    confide(site, rahasia=True)
    page = site.officer("dewi").get("/inbox?q=lurah").text
    assert len(tickets(page)) == 1
    assert "<mark>" in page
    shown = re.sub(r"\s", "", page).lower()
    for secret in ("kartono", "wiryadinata", "8112626999", "811)2626-999", "3327011505800001", "sudrajat", "ktp_"):
        assert secret not in shown


def test_what_is_readable_is_all_that_is_known_of_him(site: Site) -> None:
    """The row by which others find him has no word that the page does not show them."""
    case = confide(site, rahasia=True)
    with site.engine.begin() as connection:
        search_index.catch_up(connection)
    [(lexemes,)] = site.rows(
        "SELECT tsvector_to_array(words) FROM complaint_search WHERE veiled AND complaint_id = :c", c=case
    )
    words = {each for each in lexemes if " " not in each}
    assert not {
        each for each in words if "karton" in each or "wiryadinata" in each or "2626" in each or "3327" in each[4:]
    }
    assert not [each for each in lexemes if each.startswith(("phone", "email"))]


@pytest.mark.parametrize("late", ["hints", "joined", "renamed"])
def test_a_name_that_is_known_later_is_hidden_from_then_on(site: Site, late: str) -> None:
    ticket = site.complaint("Saya Sudrajat. Lurah minta uang", name=None, address=PHONE, rahasia=True)
    case = site.id_of(ticket)
    browser = site.officer("dewi")
    with site.writing() as connection:
        if late == "hints":
            factories.line(connection, case, "halo", address=PHONE, hints={"name": "Sudrajat"})
        elif late == "renamed":
            connection.exec_driver_sql("UPDATE contact_address SET name = 'Sudrajat'")
        else:
            contact = site.rows("SELECT contact_id FROM complaint WHERE id = :id", id=case)[0][0]
            other = site.id_of(site.complaint("lampu", name="Sudrajat", address="+628122222222"))
            his = site.rows("SELECT contact_id FROM complaint WHERE id = :id", id=other)[0][0]
            identity.join(connection, contact, his, actor="rudi", now=NOW)
    assert ticket not in found(browser, "Sudrajat")
    assert ticket in found(browser, "lurah")


def test_whoever_becomes_hidden_is_found_by_nothing_until_it_is_read_anew(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = site.complaint("Lurah minta uang", name=NAME, address=PHONE)
    browser = site.officer("dewi")
    assert found(browser, "Kartono") == [ticket]
    monkeypatch.setattr("inbox.queue.finding._FIRST", 0)
    with site.writing() as connection:
        connection.exec_driver_sql("UPDATE complaint SET rahasia = true")
    assert found(browser, "Kartono") == []
    assert found(browser, "lurah") == []
    with site.engine.begin() as connection:
        search_index.catch_up(connection)
    assert found(browser, "Kartono") == []
    assert found(browser, "lurah") == [ticket]
    with site.writing() as connection:
        connection.exec_driver_sql("UPDATE complaint SET rahasia = false")
        search_index.catch_up(connection)
    assert found(browser, "Kartono") == [ticket]
    assert site.rows("SELECT count(*) FROM complaint_search") == [(1,)]


def test_a_hidden_case_that_is_merged_hides_where_it_went(site: Site) -> None:
    kept = site.complaint("Lurah minta uang", name="Budi Hartono", address="+628122222222")
    secret = site.complaint("Lurah minta uang lagi", name=NAME, address=PHONE, rahasia=True)
    browser = site.officer("dewi")
    assert found(browser, "Budi") == [kept]
    with site.writing() as connection:
        officer = factories.officer(connection, "rudi")
        act = factories.act(site.id_of(secret), officer, now=NOW)
        casework.merge(connection, act, site.id_of(kept), "form")
    assert found(browser, "Budi") == []
    assert found(browser, "Kartono") == []
    assert set(found(browser, "lurah uang")) == {kept, secret}


def test_counts_and_pages_tell_nothing_either(site: Site) -> None:
    confide(site, rahasia=True)
    browser = site.officer("dewi")
    nothing, hidden = (browser.get("/inbox", query_string={"q": typed}).text for typed in ("Zulkarnaen", "Wiryadinata"))
    plain = [
        re.sub(r'name="(csrf|submission)" value="[^"]*"', "", page).replace("Zulkarnaen", "Wiryadinata")
        for page in (nothing, hidden)
    ]
    assert plain[0] == plain[1]
