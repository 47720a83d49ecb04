"""Gabung and Pisahkan lagi: one case, and still each citizen answered in his own conversation."""

from __future__ import annotations

import dataclasses
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from channels.contract import ReplyOptions
from gateway.tracking import look_up
from normalizer.program import Texts
from store import identity
from tests import factories
from tests.factories import NOW, PaperChannel
from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

SITI, BUDI = "+628112626116", "+628990000777"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


class Pair:
    """Budi's complaint on another account, and Siti's, into which it is merged."""

    def __init__(self, site: Site, **theirs: Any) -> None:
        self.site = site
        self.siti = site.complaint("Lampu pasar mati", address=SITI)
        values = {"name": "Budi", "address": BUDI, "account": "kertas", "conversation": BUDI, **theirs}
        self.budi = site.complaint("Lampu di pasar padam", **values)
        with site.engine.begin() as connection:
            connection.execute(text("UPDATE message SET account = 'kertas' WHERE address = :a"), {"a": BUDI})

    def merge(self, browser: Browser, **form: str) -> TestResponse:
        form = {**browser.form(self.budi), "into": self.siti, **form}
        return browser.post(f"/inbox/{self.budi}/merge", **form)

    def part(self, browser: Browser) -> TestResponse:
        return browser.post(f"/inbox/{self.budi}/unmerge", **browser.form(self.budi))

    def writes(self) -> None:
        """Budi writes again; the drain lays it into the case that took his in."""
        into = self.site.id_of(self.siti)
        with self.site.engine.begin() as connection:
            factories.line(
                connection, into, "masih padam", account="kertas", address=BUDI, conversation=BUDI, name="Budi"
            )


def ways(page: str) -> dict[str, str]:
    found = re.findall(r'<option value="(semua|[0-9a-f]{24})"[^>]*>([^<]*)<', page)
    return {label: key for key, label in found}


def sent(site: Site) -> list[tuple[Any, ...]]:
    return site.rows("SELECT account, address, text FROM outbox WHERE purpose = 'answer' ORDER BY account DESC")


def told(site: Site) -> list[tuple[Any, ...]]:
    return site.rows("SELECT address, state, text FROM outbox WHERE purpose = 'merged'")


def test_answered_together_or_one_by_one_each_on_his_channel(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    assert pair.merge(dewi).location == f"/inbox/{pair.siti}"
    assert site.case(pair.budi).state == "digabung"
    page = dewi.get(f"/inbox/{pair.siti}").text
    assert f'Gabungan dari aduan <a href="/inbox/{pair.budi}"' in page
    labels = ways(page)
    assert next(iter(labels)) == "Semua pelapor (2)"
    [own] = [key for label, key in labels.items() if label.endswith(f"pelapor {pair.budi}")]
    for via, expected in (
        ("semua", [("sms-a", SITI, "Besok"), ("kertas", BUDI, "Besok")]),
        (own, [("kertas", BUDI, "Besok")]),
    ):
        form = {**dewi.form(pair.siti), "text": "Besok", "via": via}
        assert [dewi.post(f"/inbox/{pair.siti}/answer", **form).status_code for _ in range(2)] == [303, 303]
        assert sent(site) == expected
        with site.engine.begin() as connection:
            connection.execute(text("DELETE FROM outbox"))


def test_each_citizen_reads_his_own_answers_on_the_public_page(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    pair.merge(dewi)
    labels = ways(dewi.get(f"/inbox/{pair.siti}").text)
    for label, key in labels.items():
        site.clock.pass_by(timedelta(minutes=1))
        dewi.post(f"/inbox/{pair.siti}/answer", **dewi.form(pair.siti), text=f"[{label}]", via=key)
    with site.engine.connect() as connection:
        tracks = {code: look_up(connection, code) for code in (pair.siti, pair.budi)}
    read = {code: [answer.text for answer in track.answers] for code, track in tracks.items() if track}
    together = next(label for label in labels if label.startswith("Semua"))
    theirs = next(label for label in labels if pair.budi in label)
    own = next(label for label in labels if label not in {together, theirs})
    assert read == {pair.siti: [f"[{together}]", f"[{own}]"], pair.budi: [f"[{together}]", f"[{theirs}]"]}


def test_a_reason_goes_to_all_of_them(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    pair.merge(dewi)
    form = {**dewi.form(pair.siti), "ground": "umum"}
    assert dewi.post(f"/inbox/{pair.siti}/archive", **form).status_code == 303
    assert [row[1] for row in sent(site)] == [SITI, BUDI]
    assert dewi.post(f"/inbox/{pair.siti}/undo", **dewi.form(pair.siti)).status_code == 303
    channel = site.runtime.accounts["kertas"].channel
    assert isinstance(channel, PaperChannel)
    channel.options = ReplyOptions(allowed=False, reason="Tutup.")
    form = {**dewi.form(pair.siti), "ground": "umum"}
    assert dewi.post(f"/inbox/{pair.siti}/archive", **form).status_code == 409
    assert dewi.post(f"/inbox/{pair.siti}/archive", **form, in_person="1").status_code == 303
    waiting = site.rows("SELECT address FROM outbox WHERE state = 'queued' AND purpose = 'answer'")
    assert waiting == [(SITI,)]


def test_clicked_twice_is_merged_once(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    form = dewi.form(pair.budi)
    assert [pair.merge(dewi, **form).status_code for _ in range(2)] == [303, 303]
    assert site.rows("SELECT count(*) FROM event WHERE actor = 'dewi'") == [(2,)]


def test_parted_again_as_it_was(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    before = site.case(pair.budi)
    pair.merge(dewi)
    assert "Pisahkan lagi" in dewi.get(f"/inbox/{pair.budi}").text
    assert pair.part(dewi).status_code == 303
    after = site.case(pair.budi)
    kept = ("state", "merged_into", "closed_at", "next_due_at", "unit", "officer_id")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert pair.part(dewi).status_code == 409
    assert pair.merge(dewi).status_code == 303


def test_whose_case_was_merged_is_told_without_the_others_ticket(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    pair.merge(dewi)
    [(address, state, words)] = told(site)
    assert (address, state) == (BUDI, "queued")
    assert pair.budi in words
    assert pair.siti not in words
    page = dewi.get(f"/inbox/{pair.budi}").text
    assert "Kabar penggabungan" in page
    pair.part(dewi)
    assert [row[1] for row in told(site)] == ["skipped"]


@pytest.mark.parametrize("why", ["shut", "silent"])
def test_nobody_is_told_where_the_channel_is_shut_or_the_program_says_nothing(site: Site, why: str) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    if why == "shut":
        channel = site.runtime.accounts["kertas"].channel
        assert isinstance(channel, PaperChannel)
        channel.options = ReplyOptions(allowed=False, reason="Jendela sudah tutup.")
    else:
        programs = site.runtime.programs
        assert isinstance(programs, dict)
        programs["siaga"] = dataclasses.replace(programs["siaga"], texts=Texts(merged=""))
    assert pair.merge(dewi).status_code == 303
    assert told(site) == []


def test_not_parted_once_he_has_written_there(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    pair.merge(dewi)
    pair.writes()
    refused = pair.part(dewi)
    assert refused.status_code == 409
    assert "Sudah ada pesan baru sejak digabung" in refused.text
    assert site.case(pair.budi).state == "digabung"


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_a_hidden_reporter_stays_hidden_where_he_was_merged(site: Site, flag: str) -> None:
    pair, dewi = Pair(site, **{flag: True}), site.officer("dewi")
    pair.merge(dewi)
    pair.writes()
    page = dewi.get(f"/inbox/{pair.siti}").text
    assert "masih padam" in page
    assert "Budi" not in page
    assert BUDI[-9:] not in page
    assert getattr(site.case(pair.siti), flag) is True


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_what_hid_him_goes_with_him(site: Site, flag: str) -> None:
    pair, dewi = Pair(site, **{flag: True}), site.officer("dewi")
    pair.merge(dewi)
    pair.part(dewi)
    assert getattr(site.case(pair.siti), flag) is False


@pytest.mark.parametrize("why", ["closed", "itself", "merged", "nothing"])
def test_not_into_everything(site: Site, why: str) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    into = {
        "closed": site.complaint(state="selesai", closed_at=NOW),
        "itself": pair.budi,
        "merged": site.complaint(state="digabung"),
        "nothing": "K7MP-2XWD",
    }[why]
    assert pair.merge(dewi, into=into).status_code == (422 if why == "nothing" else 409)
    assert site.case(pair.budi).state == "baru"


def test_both_must_be_the_officers(site: Site) -> None:
    pair = Pair(site)
    staff = site.officer("staf", unit="dpu")
    theirs = site.complaint(unit="dinkes")
    assert pair.merge(staff, into=theirs).status_code == 422
    assert pair.merge(site.officer("dewi"), into=site.complaint(program="matur")).status_code == 422
    admin = site.officer("admin", "administrator", programs=[])
    assert pair.merge(admin, into=site.complaint(program="matur")).status_code == 409


def test_who_was_merged_into_what_was_merged_is_answered_too(site: Site) -> None:
    pair, dewi = Pair(site), site.officer("dewi")
    pair.merge(dewi)
    last = site.complaint("Semua lampu pasar", address="+628110000333")
    form = {**dewi.form(pair.siti), "into": last}
    assert dewi.post(f"/inbox/{pair.siti}/merge", **form).status_code == 303
    with site.engine.connect() as connection:
        found = identity.ways(connection, site.id_of(last), site.case(last).contact_id)
    assert {way.ticket for way in found} == {last, pair.siti, pair.budi}
    assert len({way.reporter for way in found}) == 3
