"""@username in a note: who is told, once, and who cannot be called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def note(browser: Browser, ticket: str, text: str) -> TestResponse:
    form = {**browser.form(ticket), "text": text}
    browser.post(f"/inbox/{ticket}/note", **form)
    return browser.post(f"/inbox/{ticket}/note", **form)


def told(site: Site) -> list[str]:
    sql = "SELECT username FROM notice JOIN officer ON officer.id = officer_id WHERE kind = 'mention' ORDER BY username"
    return [row[0] for row in site.rows(sql)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@sari tolong dicek", ["sari"]),
        ("Tanya @Sari, @sari dan @bu.tini.", ["bu.tini", "sari"]),
        ("surel ke pasar@sari.go.id, IG @infopasar, @dewi", []),
        ("tanpa siapa-siapa @", []),
    ],
)
def test_who_is_called_is_told_once(site: Site, text: str, names: list[str]) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi", name="Dewi Kartika")
    sari = site.officer("sari")
    site.officer("bu.tini")
    assert note(dewi, ticket, text).status_code == 303
    assert told(site) == names
    if "sari" in names:
        assert "Dewi Kartika memanggil Anda dalam catatan aduan ini" in sari.get("/inbox/notices").text


def test_who_may_not_see_it_is_not_called(site: Site) -> None:
    ticket, dewi = site.complaint(unit="dpu"), site.officer("dewi")
    site.officer("budi", unit="dinkes")
    refused = note(dewi, ticket, "@budi lihat ini")
    assert refused.status_code == 422
    assert "@budi tidak dapat membuka aduan ini" in refused.text
    assert "@budi lihat ini</textarea>" in refused.text
    assert told(site) == []
    assert site.rows("SELECT count(*) FROM message WHERE role = 'note'") == [(0,)]
