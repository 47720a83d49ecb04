"""Karantina in the browser: who sees what, safely; read again by a mended adapter; let go with a reason."""

from __future__ import annotations

import dataclasses
import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.errors import PayloadError
from dispatcher import drain
from normalizer.place import PlaceFinder
from store import ledger, reveals, sessions
from store.blobs import BlobError
from tests import factories
from tests.inboxkit import Browser, Site
from tests.journalling import deliver, outcomes
from tests.toy import ToyChannel

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import RawMessage
    from dispatcher.runtime import Account
    from normalizer.messages import Inbound

HOSTILE = '<script>alert(1)</script> {"token": "RAHASIA", "who": "Siti +628112626116"} \u202eabc'


class Broken(ToyChannel):
    """Reads nothing until it is mended."""

    mended = False

    def parse(self, raw: RawMessage) -> list[Inbound]:
        if not self.mended:
            raise PayloadError("unknown envelope")
        return super().parse(raw)


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.officer("admin", "administrator", programs=[], sees_identity=True)


@pytest.fixture
def channel(site: Site) -> Broken:
    """The account `kertas` with an adapter that cannot read."""
    made = Broken("kertas")
    accounts: dict[str, Account] = site.runtime.accounts  # type: ignore[assignment]
    accounts["kertas"] = dataclasses.replace(accounts["kertas"], channel=made)
    places: dict[str, PlaceFinder] = site.runtime.places  # type: ignore[assignment]
    places.update({key: PlaceFinder(()) for key in site.runtime.programs})
    return made


def put(site: Site, account: str = "kertas", reason: str = "galat", **values: Any) -> int:
    with site.engine.begin() as connection:
        return factories.quarantined(connection, account, reason, **values)


def trace(site: Site) -> list[tuple[Any, ...]]:
    return site.rows("SELECT account, kind, data FROM account_event ORDER BY id")


def look(browser: Browser, number: int, reason: str = "galat baru") -> str:
    """The page of an item whose payload was asked for."""
    assert browser.post(f"/inbox/quarantine/{number}/reveal", reason=reason).status_code == 303
    return browser.get(f"/inbox/quarantine/{number}").text


def test_a_mended_adapter_reads_from_the_browser_what_stood_there_once(
    site: Site, admin: Browser, channel: Broken
) -> None:
    for number in range(3):
        deliver(site.runtime, [{"external_id": str(number), "text": f"siaga jalan {number}"}], account="kertas")
    drain.run(site.runtime)
    assert outcomes(site.runtime) == {"quarantined": 3}
    page = admin.get("/inbox/quarantine").text
    assert "PayloadError: unknown envelope" in page
    assert "Baca ulang semua (3)" in page
    assert '<span>Karantina</span> <span class="count">3</span>' in admin.get("/inbox").text
    numbers = [row[0] for row in site.rows("SELECT id FROM item ORDER BY id")]
    again = admin.post(f"/inbox/quarantine/{numbers[0]}/replay")
    assert again.location == "/inbox/quarantine?dibaca=1"
    drain.run(site.runtime)
    assert outcomes(site.runtime) == {"quarantined": 3}  # still broken: it stands there again
    channel.mended = True
    form = {"account": "kertas", "reason": "PayloadError: unknown envelope"}
    assert admin.post("/inbox/quarantine/replay", **form).location == "/inbox/quarantine?dibaca=3"
    drain.run(site.runtime)
    assert outcomes(site.runtime) == {"message": 3}
    assert admin.post("/inbox/quarantine/replay", **form).location == "/inbox/quarantine?dibaca=0"
    assert site.rows("SELECT count(*) FROM message WHERE direction = 'in'") == [(3,)]
    assert "Karantina kosong" in admin.get("/inbox/quarantine").text
    assert [row[:2] for row in trace(site)] == [("kertas", "replayed")] * 2
    with site.engine.connect() as connection:
        assert [line.remainder for line in ledger.balance(connection)] == [0]


def test_what_is_no_citizens_is_let_go_with_a_reason_and_the_books_balance(
    site: Site, admin: Browser, channel: Broken
) -> None:
    assert not channel.mended
    deliver(site.runtime, [{"external_id": "1", "text": "uji coba"}], account="kertas")
    drain.run(site.runtime)
    [(number,)] = site.rows("SELECT id FROM item")
    for reason in ("", "   ", "x" * 301):
        assert admin.post(f"/inbox/quarantine/{number}/dismiss", reason=reason).status_code == 422
    assert admin.post(f"/inbox/quarantine/{number}/dismiss", reason="uji  coba\npenyedia").status_code == 303
    assert site.rows("SELECT outcome, reason FROM item") == [("ignored", "dismissed: admin: uji coba penyedia")]
    assert admin.get(f"/inbox/quarantine/{number}").status_code == 404
    assert admin.post(f"/inbox/quarantine/{number}/dismiss", reason="lagi").status_code == 404
    assert trace(site) == [("kertas", "dismissed", {"item": number, "reason": "uji coba penyedia"})]
    with site.engine.connect() as connection:
        [line] = ledger.balance(connection)
    assert (line.outcomes["ignored"], line.outcomes["quarantined"], line.remainder) == (1, 0, 0)


def test_a_hostile_payload_is_shown_and_does_nothing(site: Site, admin: Browser) -> None:
    number = put(
        site,
        reason="ValueError: <b>tebal</b>",
        body=HOSTILE.encode(),
        headers={"x-signature": "abc", "content-type": "<i>text</i>"},
        query="verify_token=RAHASIA&a=<u>",
    )
    for page in (admin.get("/inbox/quarantine").text, admin.get(f"/inbox/quarantine/{number}").text):
        assert "<b>tebal" not in page
        assert "&lt;b&gt;tebal" in page
        assert "alert(1)" not in page  # nothing of it before somebody asks
    page = look(admin, number)
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "RAHASIA" not in page
    assert "<dd>•••</dd>" in page
    assert "&lt;i&gt;text" in page
    assert "a=&lt;u&gt;" in page
    assert "\\u202eabc" in page
    assert trace(site) == [("kertas", "revealed", {"item": number, "reason": "galat baru"})]


def test_binary_and_large_bodies(site: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = site.runtime.blobs.put(b"\x89PNG\x00" + b"x" * 300_000)
    number = put(site, body=None, blob=sha256)
    page = look(admin, number)
    assert "000000  89 50 4e 47 00" in page
    assert "300005 byte" in page
    assert "Hanya awalnya" in page
    assert len(page) < 20_000

    def away(_: str) -> bytes:
        raise BlobError("away")

    monkeypatch.setattr(site.runtime.blobs, "get", away)
    response = admin.get(f"/inbox/quarantine/{number}")
    assert response.status_code == 503
    assert "tidak dapat dibaca" in response.text


def test_only_who_may_see_identities_sees_a_payload(site: Site) -> None:
    number = put(site, body=HOSTILE.encode())
    ours = site.officer("siaga", "program_admin")
    page = ours.get(f"/inbox/quarantine/{number}").text
    assert "hanya petugas dengan izin melihat identitas" in page
    assert ours.post(f"/inbox/quarantine/{number}/reveal", reason="galat baru").status_code == 403
    curious = site.officer("pusat", "administrator", programs=[], sees_identity=True)
    assert curious.post(f"/inbox/quarantine/{number}/reveal", reason=" ").status_code == 422
    assert trace(site) == []
    auditor = site.officer("auditor", "auditor", sees_identity=True)
    assert "Siti" in look(auditor, number)
    assert "Siti" not in json.dumps(trace(site))
    assert len(trace(site)) == 1


def test_a_payload_is_open_for_a_while_to_one_session(site: Site, admin: Browser) -> None:
    number, other = put(site, body=HOSTILE.encode()), put(site, body=HOSTILE.encode())
    url = f"/inbox/quarantine/{number}"
    assert "Siti" in look(admin, number)
    site.clock.pass_by(timedelta(minutes=10))
    assert "Siti" in look(admin, number, "klik lagi")  # neither longer nor written down again
    assert len(trace(site)) == 1
    page = admin.get(url)
    assert page.headers["Cache-Control"] == "private, no-store"
    assert 'data-reveal="300"' in page.text
    assert f'content="301;url={url}"' in page.text
    # Not another one, and not in another session or of another officer.
    assert "Siti" not in admin.get(f"/inbox/quarantine/{other}").text
    [(officer,)] = site.rows("SELECT id FROM officer")
    with site.engine.begin() as connection:
        second = site.browser(sessions.open_session(connection, officer, site.clock()))
    auditor = site.officer("auditor", "auditor", sees_identity=True)
    assert not any("Siti" in browser.get(url).text for browser in (second, auditor))
    # A form that was refused shows it still.
    refused = admin.post(f"{url}/dismiss", reason=" ")
    assert refused.status_code == 422
    assert "Siti" in refused.text
    site.clock.pass_by(timedelta(minutes=5))
    page = admin.get(url)
    assert "Siti" not in page.text
    assert "Alasan melihat isinya" in page.text
    assert 'http-equiv="refresh"' not in page.text
    assert "Siti" in look(admin, number, "masih galat")
    assert [data["reason"] for _account, _kind, data in trace(site)] == ["galat baru", "masih galat"]


def test_a_payload_is_covered_again_by_hand_with_the_permission_and_with_the_session(
    site: Site, admin: Browser
) -> None:
    number = put(site, body=HOSTILE.encode())
    url = f"/inbox/quarantine/{number}"
    look(admin, number)
    assert admin.post(f"{url}/cover").status_code == 303
    assert "Siti" not in admin.get(url).text
    assert "Siti" in look(admin, number)
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET sees_identity = false")
    assert "Siti" not in admin.get(url).text
    assert admin.post(f"{url}/cover").status_code == 403
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE officer SET sees_identity = true")
    assert "Siti" in admin.get(url).text
    admin.post("/inbox/logout")
    assert site.rows("SELECT * FROM reveal") == []


def test_two_who_click_at_once_leave_one_trace(site: Site, admin: Browser) -> None:
    number = put(site, body=HOSTILE.encode())
    look(admin, number)
    [(session,)] = site.rows("SELECT token_hash FROM session")
    subject = reveals.payload(number + 1)

    def click(ends: list[datetime | None]) -> None:
        with site.engine.begin() as connection:
            ends.append(reveals.lay_open(connection, session, subject, site.clock()))

    ends: list[datetime | None] = []
    clicks = [threading.Thread(target=click, args=(ends,)) for _ in range(6)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert [end for end in ends if end] == [site.clock() + reveals.OPEN]
    assert len(ends) == 6


def test_each_sees_the_quarantine_of_his_accounts(site: Site, admin: Browser) -> None:
    mine, shared, gone = (
        put(site, reason="galat-satu"),
        put(site, "sms-a", "galat-dua"),
        put(site, "dicabut", "galat-tiga"),
    )
    page = admin.get("/inbox/quarantine").text
    assert all(word in page for word in ("galat-satu", "galat-dua", "galat-tiga", "akun yang tidak ada lagi di berkas"))
    ours = site.officer("siaga", "program_admin")
    seen = ours.get("/inbox/quarantine").text
    assert "galat-satu" in seen
    assert "galat-dua" in seen
    assert "galat-tiga" not in seen
    assert ours.get(f"/inbox/quarantine/{gone}").status_code == 404
    theirs = site.officer("matur", "program_admin", programs=["matur"])
    assert "galat-satu" not in theirs.get("/inbox/quarantine").text
    assert theirs.post(f"/inbox/quarantine/{mine}/replay").status_code == 404
    assert theirs.post("/inbox/quarantine/replay", account="kertas", reason="galat-satu").status_code == 404
    # What two programs share is the administrator's to decide over.
    assert theirs.post(f"/inbox/quarantine/{shared}/dismiss", reason="x").status_code == 403
    assert theirs.post("/inbox/quarantine/replay", account="sms-a", reason="galat-dua").status_code == 403
    assert admin.post(f"/inbox/quarantine/{gone}/dismiss", reason="akun lama").status_code == 303
    assert ours.post(f"/inbox/quarantine/{mine}/replay").status_code == 303


def test_the_list_is_narrowed_and_goes_on(site: Site, admin: Browser) -> None:
    for number in range(60):
        put(site, reason="genap" if number % 2 == 0 else "ganjil")
    put(site, "sms-a", "genap")
    first = admin.get("/inbox/quarantine").text
    assert first.count("/inbox/quarantine/") - first.count("/inbox/quarantine/replay") == 50
    assert "Yang lebih lama" in first
    narrowed = admin.get("/inbox/quarantine?akun=kertas&galat=genap").text
    assert narrowed.count("Nomor ") == 30
    assert "Yang lebih lama" not in narrowed
    assert "Tidak ada yang cocok" in admin.get("/inbox/quarantine?akun=lain").text
    for odd in ("sebelum=x", "sebelum=99999999999999999999999", "dibaca=-1", "galat=%00"):
        assert admin.get(f"/inbox/quarantine?{odd}").status_code == 200
    assert admin.get("/inbox/quarantine/99999999999999999999").status_code == 404
