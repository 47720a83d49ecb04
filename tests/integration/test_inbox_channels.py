"""The pages of channels: what they show, what may be done there, by whom; and that no provider is asked for a page."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import AccountInfo, Capabilities, Health
from dispatcher import sending, watch
from inbox.state import KEY, Machine
from store import accounts, cursors, health, housekeeping, notices
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Browser, Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

READY: dict[str, Any] = {
    "ready": True,
    "database": "up",
    "redis": "up",
    "spool": {"writable": True, "pending": 0, "bad": 0, "oldest_s": None},
    "oldest_unparsed_s": None,
}


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.officer("admin", "administrator", programs=[])


def check(site: Site) -> None:
    for name in watch.begin(site.runtime):
        watch.check(site.runtime, site.runtime.accounts[name])


def state(site: Site, account: str = "kertas") -> accounts.State:
    with site.engine.connect() as connection:
        return accounts.states(connection)[account]


def kinds(site: Site) -> list[str]:
    return [kind for (kind,) in site.rows("SELECT kind FROM account_event ORDER BY id")]


def pause(browser: Browser, account: str = "kertas", **form: str) -> int:
    return browser.post(
        f"/inbox/channels/{account}/pause", **{"sending": "1", "reason": "modem rusak", **form}
    ).status_code


def test_the_page_shows_what_the_clock_found_and_asks_no_provider(
    site: Site, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    paper: Any = site.runtime.accounts["kertas"].channel
    monkeypatch.setattr(paper, "health", lambda: Health(ok=False, sentence="Kertas <habis>."))
    assert "belum diperiksa" in admin.get("/inbox/channels").text
    check(site)

    def never() -> Health:
        raise AssertionError

    monkeypatch.setattr(paper, "health", never)
    page = admin.get("/inbox/channels").text
    assert "Kertas &lt;habis&gt;." in page
    assert "bermasalah" in page
    assert "Diperiksa" in page
    assert "Kertas &lt;habis&gt;." in admin.get("/inbox/channels/kertas").text
    assert "Meja layanan (kertas): bermasalah" in admin.get("/inbox").text
    site.clock.pass_by(timedelta(minutes=31))
    assert "Meja layanan (kertas): belum diperiksa" in admin.get("/inbox").text


def test_a_check_is_asked_for_and_the_clock_makes_it(site: Site, admin: Browser) -> None:
    check(site)
    site.clock.pass_by(timedelta(seconds=5))
    assert admin.post("/inbox/channels/kertas/check").status_code == 303
    assert state(site).checking
    assert "Pemeriksaan sedang diminta" in admin.get("/inbox/channels/kertas").text
    check(site)
    assert state(site).checked_at == NOW + timedelta(seconds=5)


def test_pause_and_resume_show_everywhere_and_leave_a_trace(site: Site, admin: Browser) -> None:
    ticket = site.complaint(account="kertas")
    dewi = site.officer("dewi")
    assert "kanal dijeda" not in dewi.get(f"/inbox/{ticket}").text
    assert pause(admin, reason="") == 422
    assert pause(admin, reason="x" * 301) == 422
    assert pause(admin, sending="0") == 422
    assert pause(admin, sending="0", polling="1") == 422  # it is not polled
    assert pause(admin) == 303
    assert state(site).sending_paused
    assert not state(site).polling_paused
    page = dewi.get(f"/inbox/{ticket}").text
    assert "kanal dijeda" in page
    assert "modem rusak" in page
    assert "Meja layanan (kertas): dijeda" in dewi.get("/inbox").text
    assert "Dijeda Admin: modem rusak" in admin.get("/inbox/channels").text.replace("&#39;", "'")
    assert admin.post("/inbox/channels/kertas/resume").status_code == 303
    assert admin.post("/inbox/channels/kertas/resume").status_code == 303
    assert kinds(site) == ["paused", "resumed"]
    history = admin.get("/inbox/channels/kertas").text
    assert "dijeda (pengiriman)" in history
    assert "oleh Admin" in history


def test_a_test_message_goes_to_the_typed_address_once_and_its_fate_shows(site: Site, admin: Browser) -> None:
    form = {"submission": field(admin.get("/inbox/channels/kertas").text, "submission"), "to": "+628111000001"}
    assert admin.post("/inbox/channels/kertas/test", **form).status_code == 422  # nobody said whose it is
    assert site.rows("SELECT 1 FROM outbox") == []
    for _ in range(2):
        assert admin.post("/inbox/channels/kertas/test", mine="1", **form).status_code == 303
    [(to, purpose, case, text)] = site.rows("SELECT address, purpose, complaint_id, text FROM outbox")
    assert (to, purpose, case) == ("+628111000001", "test", None)
    assert text.startswith("Pesan uji dari Muara, Senin, 23 Nov 2026 10.00 WIB.")
    assert kinds(site) == ["tested"]
    assert "Menunggu dikirim" in admin.get("/inbox/channels/kertas").text
    with sending.sender(site.runtime) as sender:
        sender.run(5.0)
    page = admin.get("/inbox/channels/kertas").text
    assert "+628111000001: <strong>Terkirim</strong>" in page
    assert "+628111000001" not in str(site.rows("SELECT data FROM account_event"))


@pytest.mark.parametrize("to", ["", "x" * 321, "a\nb", "a\u202eb"])
def test_an_address_that_is_none_is_refused(site: Site, admin: Browser, to: str) -> None:
    form = {"submission": str(uuid.uuid4()), "mine": "1", "to": to}
    assert admin.post("/inbox/channels/kertas/test", **form).status_code == 422
    assert site.rows("SELECT 1 FROM outbox") == []


def test_where_a_channel_shuts_the_test_says_why(site: Site, admin: Browser) -> None:
    paper: Any = site.runtime.accounts["kertas"].channel
    paper.options = dataclasses.replace(paper.options, allowed=False, reason="Jendela 24 jam tertutup.")
    form = {"submission": str(uuid.uuid4()), "mine": "1", "to": "08111"}
    assert admin.post("/inbox/channels/kertas/test", **form).status_code == 303
    with sending.sender(site.runtime) as sender:
        sender.run(5.0)
    page = admin.get("/inbox/channels/kertas").text
    assert "Tidak dikirim" in page
    assert "Jendela 24 jam tertutup." in page


def test_a_channel_that_only_receives_has_nothing_to_send_or_pause(site: Site, admin: Browser) -> None:
    paper: Any = site.runtime.accounts["kertas"].channel
    paper.capabilities = Capabilities(webhook=True)
    page = admin.get("/inbox/channels/kertas").text
    assert "tidak ada yang dapat dijeda" in page
    assert "Kirim pesan uji" not in page
    form = {"submission": str(uuid.uuid4()), "mine": "1", "to": "08111"}
    assert admin.post("/inbox/channels/kertas/test", **form).status_code == 404


def test_a_polled_channel_says_when_it_was_read_and_a_hooked_one_where_to_deliver(site: Site, admin: Browser) -> None:
    paper: Any = site.runtime.accounts["kertas"].channel
    paper.capabilities = Capabilities(polling=True, replies=True)
    assert "Penjemputan berhasil terakhir" in admin.get("/inbox/channels/kertas").text
    with site.engine.begin() as connection:
        health.note_received(connection, "kertas", NOW - timedelta(minutes=7))
        cursors.write(connection, "kertas", {"after": "1"}, NOW - timedelta(hours=3))
    page = admin.get("/inbox/channels/kertas").text
    assert "7 menit lalu" in page
    assert "3 jam lalu" in page
    assert pause(admin, sending="0", polling="1") == 303
    assert "Pesan tidak dijemput." in admin.get("/inbox/channels/kertas").text
    paper.capabilities = Capabilities(webhook=True)
    paper.account = AccountInfo(name="kertas", hook_url="https://aduan.example/hooks/kertas")
    page = admin.get("/inbox/channels/kertas").text
    assert 'readonly value="https://aduan.example/hooks/kertas"' in page
    assert "Penjemputan berhasil" not in page


def test_what_is_expected_is_set_here_and_its_alarm_shows(site: Site, admin: Browser) -> None:
    for hours in ("0", "-1", "8785", "abc", "1.5", "٣"):
        assert admin.post("/inbox/channels/kertas/expect", hours=hours).status_code == 422
    assert admin.post("/inbox/channels/kertas/expect", hours="3").status_code == 303
    page = admin.get("/inbox/channels/kertas").text
    assert 'value="3"' in page
    assert "Alarm bila tidak ada pesan sampai Senin, 23 Nov 2026 13.00 WIB" in page
    site.clock.pass_by(timedelta(minutes=200))
    with site.engine.begin() as connection:
        assert watch.judge(site.runtime, connection) == ["kertas"]
    notice = admin.get("/inbox/notices").text
    assert "Tidak ada pesan masuk selama 3 jam" in notice
    assert "/inbox/channels/kertas" in notice
    assert "Meja layanan (kertas): terlalu lama tanpa pesan" in admin.get("/inbox").text
    assert "Terlalu lama tanpa pesan" in admin.get("/inbox/channels/kertas").text
    assert admin.post("/inbox/channels/kertas/expect", hours="").status_code == 303
    assert state(site).expect_hours is None
    assert "terlalu lama" not in admin.get("/inbox").text
    assert kinds(site) == ["expected", "silent", "expected"]


def test_the_books_show_and_a_remainder_is_an_alarm(site: Site, admin: Browser) -> None:
    outcomes = dict.fromkeys(("edit", "unsent", "receipt", "joined", "duplicate", "ignored", "quarantined"), 0)
    line = {
        "account": "kertas",
        "payloads": 9,
        "unparsed": 1,
        "items": 8,
        "pending": 0,
        "outcomes": {**outcomes, "message": 6},
    }
    check(site)
    with site.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE account_state SET week = %s::jsonb WHERE account = 'kertas'",
            (
                accounts_week(
                    {**line, "day": "2026-11-22", "remainder": 2}, {**line, "day": "2026-11-23", "remainder": 0}
                ),
            ),
        )
    page = admin.get("/inbox/channels").text
    assert "9 kiriman, 6 pesan" in page
    assert "18 kiriman, 12 pesan" in page
    assert "2 pesan tidak dapat dipertanggungjawabkan" in page
    one = admin.get("/inbox/channels/kertas").text
    assert '<td class="number wrong">2</td>' in one
    assert "./muara ledger" in one


def accounts_week(*lines: dict[str, Any]) -> str:
    from store.bulk import dumps  # noqa: PLC0415 - as the check writes it

    return dumps(list(lines))


def test_who_sees_and_who_does(site: Site) -> None:
    ours = site.officer("siaga", "program_admin", programs=["siaga"])
    theirs = site.officer("matur", "program_admin", programs=["matur"])
    auditor = site.officer("auditor", "auditor", programs=["siaga"])
    assert "kertas" in ours.get("/inbox/channels").text
    assert theirs.get("/inbox/channels/kertas").status_code == 404
    assert pause(theirs) == 404
    assert pause(auditor) == 403
    assert auditor.get("/inbox/channels/kertas").status_code == 200
    assert "Lanjutkan" not in auditor.get("/inbox/channels/kertas").text
    assert pause(ours) == 303
    # An account that two programs share is no single program's to pause.
    assert ours.get("/inbox/channels/sms-a").status_code == 200
    assert pause(ours, "sms-a") == 403
    assert pause(site.officer("pusat", "administrator", programs=[]), "sms-a") == 303
    assert pause(ours, "tidak-ada") == 404
    assert site.officer("dewi").get("/inbox/channels").status_code == 403


def test_the_installation_on_a_saturday_night(site: Site, admin: Browser) -> None:
    found = {**READY, "redis": "down", "oldest_unparsed_s": 600.0}
    found["spool"] = {"writable": False, "pending": None, "bad": None, "oldest_s": None}
    inbox = site.app.extensions[KEY]
    machine = Machine(look=lambda: found, free=lambda: 12_000_000)
    site.app.extensions[KEY] = dataclasses.replace(inbox, machine=machine)
    page = admin.get("/inbox/channels").text
    for told in (
        "Disk hampir penuh: tersisa 12 MB.",
        "journalctl --vacuum-size=200M",
        "Spool tidak dapat ditulis",
        "Redis atau Valkey tidak menjawab.",
        "Kiriman tertua sudah 10 menit menunggu dibaca.",
        "Proses jam tidak berjalan (belum pernah terlihat).",
    ):
        assert told in page
    machine = Machine(look=lambda: READY, free=lambda: 5_000_000_000)
    site.app.extensions[KEY] = dataclasses.replace(inbox, machine=machine)
    with site.engine.begin() as connection:
        housekeeping.beat(connection, "clock", NOW)
    well = admin.get("/inbox/channels").text
    assert "Instalasi berjalan baik" in well
    assert 'class="findings"' not in well
    site.clock.pass_by(timedelta(minutes=3))
    assert "Proses jam tidak berjalan (terakhir terlihat 3 menit lalu)." in admin.get("/inbox/channels").text


def test_a_full_disk_does_not_keep_out_whoever_comes_to_see_why(site: Site, admin: Browser) -> None:
    admin.get("/inbox/channels")
    with site.engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END$$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER full_disk BEFORE UPDATE ON session FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
    site.clock.pass_by(timedelta(minutes=2))  # the next page notes that he was there
    assert admin.get("/inbox/channels").status_code == 200
    site.clock.pass_by(timedelta(hours=5))  # and who was away too long is out all the same
    assert admin.get("/inbox/channels").status_code == 303


def test_the_spool_s_files_are_named(site: Site, admin: Browser) -> None:
    found = {**READY, "spool": {"writable": True, "pending": 4, "bad": 2, "oldest_s": 9.0}}
    machine = Machine(look=lambda: found, free=lambda: 5_000_000_000)
    site.app.extensions[KEY] = dataclasses.replace(site.app.extensions[KEY], machine=machine)
    page = admin.get("/inbox/channels").text
    assert "4 kiriman menunggu di spool." in page
    assert "2 kiriman di spool ditolak basis data" in page


def test_a_notice_without_a_complaint_is_only_its_officers(site: Site) -> None:
    dewi, sri = site.officer("dewi"), site.officer("sri")
    [(officer_id,)] = site.rows("SELECT id FROM officer WHERE username = 'dewi'")
    data = {"account": "kertas", "hours": 4, "working": True, "since": NOW.isoformat()}
    told = notices.NewNotice(officer_id=officer_id, complaint_id=None, kind="silence", data=data)
    with site.engine.begin() as connection:
        notices.add(connection, [told], factories.NOW)
    assert "4 jam kerja, sejak Senin, 23 Nov 2026 10.00 WIB" in dewi.get("/inbox/notices").text
    assert "jam kerja" not in sri.get("/inbox/notices").text
