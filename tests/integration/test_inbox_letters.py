"""A mail as it was sent: shown alone, in a sandbox, and only to those who may know who wrote it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.inboxkit import Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

HTML = "<p>Jalan <b>rusak</b>, hormat saya Kartono</p>"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def letter(site: Site, ticket: str, subject: str = "Jalan") -> str:
    with site.engine.begin() as connection:
        line = factories.line(connection, site.id_of(ticket), "Jalan rusak", html=HTML, subject=subject)
    return f"/inbox/letters/{line}"


def test_the_mails_html_stands_alone_and_may_do_nothing(site: Site) -> None:
    ticket = site.complaint()
    address = letter(site, ticket, "<script>alert(1)</script>")
    dewi = site.officer("dewi")
    assert address in dewi.get(f"/inbox/{ticket}").text
    page = dewi.get(address)
    assert page.status_code == 200
    assert HTML in page.text
    assert "<script" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; sandbox")
    assert "allow-scripts" not in policy
    assert page.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_of_a_reporter_in_confidence_it_is_not_shown(site: Site, flag: str) -> None:
    ticket = site.complaint(**{flag: True})
    address = letter(site, ticket)
    dewi, siti = site.officer("dewi"), site.officer("siti", sees_identity=True)
    assert address not in dewi.get(f"/inbox/{ticket}").text
    assert dewi.get(address).status_code == 404
    assert siti.get(address).status_code == 404
    siti.reveal(ticket)
    assert siti.get(address).status_code == 200


def test_another_programs_mail_is_not_there(site: Site) -> None:
    address = letter(site, site.complaint(program="matur"))
    assert site.officer("dewi").get(address).status_code == 404
    plain = site.complaint()
    [(line,)] = site.rows("SELECT id FROM message WHERE complaint_id = :c", c=site.id_of(plain))
    assert site.officer("sari").get(f"/inbox/letters/{line}").status_code == 404
