"""Invariant 10: who an anonymous or confidential reporter is shows nowhere, but where he was revealed with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from inbox.masking import veil
from store.people import Role
from tests import factories
from tests.inboxkit import Browser, Site, tickets

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

NAME = "Kartono Wiryadinata"
PHONE = "+628112626999"
#: Whatever would give him away, in the spellings that his messages hold.
SECRETS = (
    "Kartono",
    "Wiryadinata",
    "8112626999",
    "0811-2626-999",
    "kartono99@surat.example",
    "3327011505800001",
    "KTP_",
)
TEXT = (
    "Saya kartono, hp 0811-2626-999, surat kartono99@surat.example, NIK 3327011505800001. "
    "Lurah minta uang untuk surat tanah."
)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def confide(site: Site, **flags: bool) -> str:
    ticket = site.complaint(TEXT, name=NAME, address=PHONE, place={"label": "rumah Kartono"}, **flags)
    case = site.id_of(ticket)
    with site.engine.begin() as connection:
        line = factories.line(
            connection,
            case,
            f"ini {NAME} lagi",
            name=NAME,
            address=PHONE,
            revised=f"ini {NAME} lagi ya",
            revised_at=factories.NOW,
            subject=f"Laporan {NAME}",
            quoted=f"Dari: {NAME} <kartono99@surat.example>",
            location={"lat": -7.0, "lon": 109.3, "label": f"Rumah {NAME}"},
        )
        sha256 = site.runtime.blobs.put(b"gambar")
        for kind in ("image/jpeg", "application/pdf"):
            factories.attachment(connection, line, name=f"KTP_{NAME}.jpg", content_type=kind, sha256=sha256)
        factories.attachment(connection, line, name=f"KTP_{NAME}.jpg", state="expired")
        factories.outgoing(connection, case, "failed", f"Terima kasih Pak {NAME}", error=f"{PHONE} tidak aktif")
    return ticket


def everything(site: Site, browser: Browser, ticket: str) -> dict[str, str]:
    """Every answer that could hold the identity, headers with it."""
    pages = {
        "queue": "/inbox?antrean=semua",
        "search by name": "/inbox?q=Kartono",
        "search by phone": "/inbox?q=0811-2626-999",
        "search by ticket": f"/inbox?q={ticket}",
        "pulse": f"/inbox/pulse?antrean=semua&kasus={ticket}",
        "case": f"/inbox/{ticket}",
        "desk": "/inbox/desk",
    }
    for (number,) in site.rows("SELECT id FROM attachment"):
        pages[f"file {number}"] = f"/inbox/files/{number}"
    answers = {name: browser.get(url) for name, url in pages.items()}
    answers["stale"] = browser.post(f"/inbox/{ticket}/take", version="99")
    answers["empty answer"] = browser.post(f"/inbox/{ticket}/answer", version="1", submission="1", text="")
    return {name: f"{answer.headers}\n{answer.text}" for name, answer in answers.items()}


def told(answers: dict[str, str]) -> dict[str, list[str]]:
    """Which of the answers tell what; the words that were searched for stand in the search box."""
    found = {
        name: [secret for secret in SECRETS if secret.lower() in answer.lower()]
        for name, answer in answers.items()
        if not name.startswith("search by")
    }
    return {name: secrets for name, secrets in found.items() if secrets}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("flags", [{"anonim": True}, {"rahasia": True}])
@pytest.mark.parametrize("sees", [True, False])
def test_nothing_gives_the_reporter_away(site: Site, role: Role, flags: dict[str, bool], *, sees: bool) -> None:
    ticket = confide(site, **flags)
    answers = everything(site, site.officer("dewi", role, sees_identity=sees), ticket)
    assert len(answers) >= 12
    assert not told(answers)
    shown = "Pelapor anonim" if "anonim" in flags else "Pelapor dirahasiakan"
    assert shown in answers["case"]
    assert "minta uang" in answers["case"]


def test_a_search_tells_no_more_than_what_was_typed(site: Site) -> None:
    confide(site, rahasia=True)
    browser = site.officer("dewi")
    page = browser.get("/inbox?q=Wiryadinata").text
    assert tickets(page) == []
    listed = browser.get("/inbox?q=lurah").text
    assert len(tickets(listed)) == 1
    assert not [secret for secret in SECRETS if secret.lower() in listed.lower()]


def test_of_an_open_complaint_the_name_is_no_secret(site: Site) -> None:
    ticket = confide(site)
    browser = site.officer("dewi")
    assert NAME in browser.get(f"/inbox/{ticket}").text
    assert NAME in browser.get("/inbox").text


@pytest.mark.parametrize(
    "text",
    ["hubungi 0811 2626 999 ya", "(0811) 2626.999", "+62 811-2626-999", "62811 2626999", "a.b+c@surat.co.id"],
)
def test_numbers_and_addresses_in_the_words_are_hidden_however_spelt(text: str) -> None:
    hidden = veil(hidden=True, identities=()).text(text)
    assert "2626" not in hidden
    assert "surat" not in hidden


def test_what_is_no_identity_stays() -> None:
    text = "Lampu mati di RT 03/02 sejak 12-11-2026, 17 rumah, Rp 1.500.000"
    assert veil(hidden=True, identities=("Budi",)).text(text) == text
