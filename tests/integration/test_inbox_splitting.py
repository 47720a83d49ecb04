"""Pecah dari sini: a line and what follows become a case with a ticket of its own, acknowledged."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests import factories
from tests.factories import NOW
from tests.inboxkit import Site

if TYPE_CHECKING:
    from pathlib import Path
    from uuid import UUID

    from redis import Redis
    from sqlalchemy import Engine

SITI = "+628112626116"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


class Thread:
    """Siti's complaint, our answer, and two lines about something else."""

    def __init__(self, site: Site, **values: object) -> None:
        self.site = site
        self.ticket = site.complaint("Lampu pasar mati", unit="dpu", **values)
        case = site.id_of(self.ticket)
        minutes = [NOW + timedelta(minutes=each) for each in range(4)]
        with site.engine.begin() as connection:
            factories.line(connection, case, "Catatan", direction="note", role="note", sent_at=minutes[2])
            self.other = factories.line(connection, case, "Jalan RT 4 rusak", sent_at=minutes[1], address=SITI)
            self.more = factories.line(connection, case, "Dekat masjid", sent_at=minutes[3], address=SITI)
        [(self.first,)] = site.rows("SELECT id FROM message WHERE complaint_id = :c ORDER BY sent_at LIMIT 1", c=case)

    def fresh(self) -> str:
        [(code,)] = self.site.rows("SELECT ticket FROM complaint WHERE ticket <> :t", t=self.ticket)
        return str(code)

    def lines(self, ticket: str) -> list[str]:
        sql = "SELECT text FROM message m JOIN complaint c ON c.id = m.complaint_id WHERE ticket = :t ORDER BY sent_at"
        return [row[0] for row in self.site.rows(sql, t=ticket)]


def test_the_line_and_what_follows_is_another_case_and_the_citizen_is_told_its_ticket(site: Site) -> None:
    thread, dewi = Thread(site), site.officer("dewi")
    assert dewi.get(f"/inbox/{thread.ticket}").text.count("Pecah dari sini") == 2
    form = dewi.form(thread.ticket)
    url = f"/inbox/{thread.ticket}/split/{thread.other}"
    response = dewi.post(url, **form)
    assert response.location == f"/inbox/{thread.fresh()}"
    case = site.case(thread.fresh())
    assert thread.lines(thread.ticket) == ["Lampu pasar mati", "Catatan"]
    ack = f"Siaga: aduan Anda kami terima, nomor {case.ticket}. Cek: ketik STATUS {case.ticket}"
    assert sorted(thread.lines(case.ticket)) == sorted([ack, "Jalan RT 4 rusak", "Dekat masjid"])
    assert site.rows("SELECT address, purpose, text FROM outbox") == [(SITI, "ack", ack)]
    assert (case.body, case.state, case.unit, case.program) == ("Jalan RT 4 rusak", "diverifikasi", "dpu", "siaga")
    assert case.response_due_at == NOW + timedelta(minutes=1, hours=24)
    assert site.rows("SELECT complaint_id FROM ticket WHERE code = :t", t=case.ticket) == [(case.id,)]
    assert "Dekat <mark>masjid</mark>" in dewi.get("/inbox?q=masjid").text
    assert dewi.post(url, **form).status_code == 303
    assert site.rows("SELECT count(*) FROM complaint") == [(2,)]
    page = dewi.get(f"/inbox/{case.ticket}").text
    assert f"memecah aduan ini dari {thread.ticket}" in page
    assert f"menjadi aduan {case.ticket}" in dewi.get(f"/inbox/{thread.ticket}").text


@pytest.mark.parametrize("which", ["first", "note", "other case", "nothing"])
def test_not_everything_can_be_parted(site: Site, which: str) -> None:
    thread, dewi = Thread(site), site.officer("dewi")
    other = Thread(site)
    ids: dict[str, UUID] = {"first": thread.first, "other case": other.other, "nothing": factories.new_id()}
    [(ids["note"],)] = site.rows("SELECT id FROM message WHERE role = 'note' LIMIT 1")
    response = dewi.post(f"/inbox/{thread.ticket}/split/{ids[which]}", **dewi.form(thread.ticket))
    assert response.status_code == 409
    assert site.rows("SELECT count(*) FROM complaint") == [(2,)]


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_what_hides_the_reporter_goes_along(site: Site, flag: str) -> None:
    thread, dewi = Thread(site, **{flag: True}), site.officer("dewi")
    dewi.post(f"/inbox/{thread.ticket}/split/{thread.other}", **dewi.form(thread.ticket))
    assert getattr(site.case(thread.fresh()), flag) is True
    assert SITI[-9:] not in dewi.get(f"/inbox/{thread.fresh()}").text
