"""The audit log: all that people did in one list, who may read what of it, filters, pages, the file, the state."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from dispatcher import sealing
from store import accounts, users
from tests import factories
from tests.inboxkit import Browser, Site
from tests.journalling import unguarded

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

NOW = factories.NOW


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def entries(page: str) -> list[tuple[str, str]]:
    """Who and what of each line, as they stand on the page."""
    return [
        (who, re.sub(r"<[^>]*>", "", what).strip(": \n"))
        for who, what in re.findall(r"<li>\s*<p><strong>(.*?)</strong>(.*?)</p>", page, re.DOTALL)
    ]


def read(browser: Browser, **given: str) -> list[tuple[str, str]]:
    answer = browser.get("/inbox/audit", query_string=given)
    assert answer.status_code == 200, given
    return entries(answer.text)


@pytest.fixture
def acted(site: Site) -> dict[str, str]:
    """A complaint that was taken, one of another program, an officer who was changed, an account that was paused."""
    mine, theirs = site.complaint(), site.complaint(program="matur")
    sari = site.officer("sari")
    sari.post(f"/inbox/{mine}/take", version="1")
    with site.engine.begin() as connection:
        factories.event(connection, site.id_of(mine), "diterima", "warga", channel="kertas")
        factories.event(connection, site.id_of(theirs), "ditutup", "tono", state="selesai")
        rudi = factories.officer(connection, "rudi")
        users.record(connection, NOW, None, rudi, "added")
        other = factories.officer(connection, "tono", programs=["matur"])
        users.record(connection, NOW, None, other, "added")
        accounts.record(connection, NOW, rudi, "kertas", "resumed")
    return {"mine": mine, "theirs": theirs}


def test_all_that_people_did_stands_in_one_list(site: Site, acted: dict[str, str]) -> None:
    found = read(site.officer("bos", "administrator", programs=[]))
    assert ("sari", "mengambil aduan") in found
    assert ("tono", "menutup aduan: selesai") in found
    assert ("Muara atau baris perintah", "dibuat di server") in found
    assert [what for who, what in found if who == "rudi"]
    assert not [what for who, what in found if who == "Warga"]


def test_an_auditor_reads_what_belongs_to_his_programs(site: Site, acted: dict[str, str]) -> None:
    page = site.officer("auditor", "auditor", programs=["siaga"]).get("/inbox/audit").text
    assert acted["mine"] in page
    assert acted["theirs"] not in page
    assert "rudi" in page
    assert "tono" not in page


@pytest.mark.parametrize("role", ["unit_head", "officer", "leader"])
def test_others_do_not_read_it(site: Site, role: str) -> None:
    browser = site.officer("siapa", role)
    assert browser.get("/inbox/audit").status_code == 403
    assert browser.get("/inbox/audit/file").status_code == 403


def test_filters(site: Site, acted: dict[str, str]) -> None:
    boss = site.officer("bos", "administrator", programs=[])
    assert read(boss, petugas="sari") == [("sari", "mengambil aduan")]
    assert read(boss, aduan=acted["theirs"].lower()) == [("tono", "menutup aduan: selesai")]
    assert read(boss, aduan="K7MP-2XWD") == read(boss, aduan="bukan nomor") == []
    assert ("Warga", "mengirim aduan") in read(boss, jenis="semua")
    assert {who for who, _ in read(boss, jenis="kanal")} == {"rudi"}
    assert {what for _, what in read(boss, jenis="petugas")} == {"dibuat di server"}
    assert {who for who, _ in read(boss, jenis="aduan")} == {"sari", "tono"}
    assert read(boss, jenis="identitas") == []
    today = NOW.astimezone(site.runtime.zone).date()
    assert len(read(boss, dari=today.isoformat(), sampai=today.isoformat())) == 5
    assert read(boss, sampai=(today - timedelta(days=1)).isoformat()) == []
    assert "Hapus saringan" in boss.get("/inbox/audit?petugas=nihil").text


@pytest.mark.parametrize(
    "query", ["jenis=x", "dari=x", "sampai=9999-12-31", "setelah=x", "setelah=2026-11-23T03:00:00_0_1", "setelah=1_9_1"]
)
def test_what_no_form_of_ours_sends_is_refused(site: Site, query: str) -> None:
    assert site.officer("bos", "administrator").get(f"/inbox/audit?{query}").status_code == 400


def test_pages_go_on_where_the_last_ended_also_within_one_moment(site: Site, acted: dict[str, str]) -> None:
    with site.engine.begin() as connection:
        for number in range(120):
            factories.event(connection, site.id_of(acted["mine"]), "diambil", f"petugas{number:03d}")
    boss = site.officer("bos", "administrator", programs=[])
    found, url = [], "/inbox/audit"
    for _ in range(10):
        page = boss.get(url).text
        found += entries(page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        if older is None:
            break
        url = older[1].replace("&amp;", "&")
    assert len(found) == 125
    assert len({who for who, _ in found if who.startswith("petugas")}) == 120


def test_looking_at_an_identity_and_where_from_stand_there(site: Site) -> None:
    ticket = site.complaint(anonim=True)
    site.officer("dewi", sees_identity=True).reveal(ticket, "Perlu ditelepon")
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE session SET device = 'Firefox/Android'")
    site.officer("adi", sees_identity=True).reveal(ticket, "Diperiksa ulang")
    page = site.officer("auditor", "auditor").get("/inbox/audit?jenis=identitas").text
    assert len(entries(page)) == 2
    assert entries(page)[1] == ("dewi", "melihat identitas pelapor, alasan: Perlu ditelepon")


def test_the_device_is_told(site: Site) -> None:
    ticket, sari = site.complaint(), site.officer("sari")
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE session SET device = 'Firefox/Android'")
    sari.post(f"/inbox/{ticket}/take", version="1")
    assert "lewat Firefox di Android" in site.officer("auditor", "auditor").get("/inbox/audit").text


def test_whether_it_holds_is_said(site: Site, acted: dict[str, str]) -> None:
    boss = site.officer("bos", "administrator", programs=[])
    assert "belum pernah diperiksa" in boss.get("/inbox/audit").text
    [made] = sealing.seal(site.runtime)
    sealing.check(site.runtime)
    page = boss.get("/inbox/audit").text
    assert "Utuh menurut pemeriksaan" in page
    assert made.hash in page
    with site.engine.begin() as connection:
        unguarded(connection)
        connection.execute(text("UPDATE event SET actor = 'budi' WHERE actor = 'sari'"))
    sealing.check(site.runtime)
    page = boss.get("/inbox/audit").text
    assert f"Riwayat TIDAK utuh: baris 1 dari {acted['mine']} diubah" in page


def test_the_file_holds_every_line_and_no_formula(site: Site, acted: dict[str, str]) -> None:
    with site.engine.begin() as connection:
        factories.event(connection, site.id_of(acted["mine"]), "bukan_wewenang", "sari", to="=cmd|' /C calc'!A0")
        factories.event(connection, site.id_of(acted["mine"]), "=1+1", "sari")
    boss = site.officer("bos", "administrator", programs=[])
    answer = boss.get("/inbox/audit/file?petugas=sari")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="jejak-audit-')
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    assert rows[0][:3] == ["Waktu", "Siapa", "Perbuatan"]
    assert [row[2] for row in rows[1:]] == [
        "'=1+1",
        "menyatakan bukan wewenang dan meneruskan ke =cmd|' /C calc'!A0",
        "mengambil aduan",
    ]
    assert all(len(row[6]) == 64 for row in rows[1:])
    assert ("bos", "mengunduh jejak audit: ?petugas=sari") in read(boss, petugas="bos")


def test_what_was_done_to_a_channel_stands_in_the_file_with_its_device_and_its_link_of_the_chain(site: Site) -> None:
    boss = site.officer("bos", "administrator", programs=[])
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE session SET device = 'Firefox/Android'")
    boss.post("/inbox/channels/kertas/expect", hours="4")
    answer = boss.get("/inbox/audit/file?jenis=kanal")
    [row] = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))[1:]
    assert (row[1], row[3], row[4], row[5]) == ("bos", "kertas", "lewat Firefox di Android", "1")
    [(digest,)] = site.rows("SELECT encode(hash, 'hex') FROM account_event")
    assert row[6] == digest


def test_another_programs_complaint_by_its_address_is_not_there_and_leaves_a_trace(site: Site) -> None:
    ticket = site.complaint(program="matur")
    sari, boss = site.officer("sari"), site.officer("bos", "administrator", programs=[])
    for _ in range(3):
        assert sari.get(f"/inbox/{ticket}").status_code == 404
    assert sari.post(f"/inbox/{ticket}/take", version="1").status_code == 404
    assert sari.get("/inbox/K7MP-2XWD").status_code == 404
    tried = ("sari", f"mencoba membuka aduan di luar jangkauannya: {ticket}")
    assert read(boss, jenis="ditolak") == [tried]
    assert read(boss, aduan=ticket) == [tried]
    site.clock.pass_by(timedelta(hours=1))
    assert sari.get(f"/inbox/{ticket}").status_code == 404
    assert read(boss, jenis="ditolak") == [tried, tried]


def test_its_files_and_mails_are_traced_as_well(site: Site) -> None:
    ticket = site.complaint(unit="dinkes")
    with site.engine.begin() as connection:
        line = factories.line(connection, site.id_of(ticket), "surat", html="<p>surat</p>")
        file = factories.attachment(connection, line, name="a.png")
    head, boss = site.officer("kepala", "unit_head", unit="dpu"), site.officer("bos", "administrator", programs=[])
    assert head.get(f"/inbox/letters/{line}").status_code == 404
    assert [who for who, _ in read(boss, jenis="ditolak")] == ["kepala"]
    site.clock.pass_by(timedelta(hours=1))
    assert head.get(f"/inbox/files/{file}/original").status_code == 404
    assert len(read(boss, jenis="ditolak")) == 2


def test_what_the_role_may_not_is_traced_once_an_hour(site: Site) -> None:
    ticket = site.complaint()
    leader, boss = site.officer("bupati", "leader"), site.officer("bos", "administrator", programs=[])
    for _ in range(2):
        assert leader.post(f"/inbox/{ticket}/take", version="1").status_code == 403
        assert leader.post(f"/inbox/{ticket}/reveal", version="1", reason="ingin tahu").status_code == 403
    assert sorted(read(boss, jenis="ditolak")) == [
        ("bupati", "mencoba yang tidak diizinkan perannya: reveal"),
        ("bupati", "mencoba yang tidak diizinkan perannya: take"),
    ]


def test_what_is_ones_own_and_what_is_not_there_leave_no_trace(site: Site) -> None:
    ticket, sari = site.complaint(), site.officer("sari")
    assert sari.get(f"/inbox/{ticket}").status_code == 200
    assert sari.get("/inbox/bukan-nomor").status_code == 404
    missing = "00000000-0000-4000-8000-000000000000"
    assert sari.get(f"/inbox/files/{missing}").status_code == 404
    assert site.rows("SELECT kind FROM person_event") == []


def test_no_look_at_many_rows_without_its_index(site: Site) -> None:
    case = site.id_of(site.complaint())
    with site.engine.begin() as connection:
        sql = """INSERT INTO event (complaint_id, at, actor, kind)
                 SELECT :c, CAST(:at AS timestamptz) - n * interval '1 second',
                        CASE WHEN n % 50 = 0 THEN 'petugas' || n % 7 ELSE 'warga' END,
                        CASE WHEN n % 1000 = 0 THEN 'identitas_dilihat' ELSE 'menulis_lagi' END
                 FROM generate_series(1, 20000) n"""
        connection.execute(text(sql), {"c": case, "at": NOW})
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE event")
    boss = site.officer("bos", "administrator", programs=[])
    before = site.rows("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'event'")
    for given in ({}, {"jenis": "semua"}, {"jenis": "identitas"}, {"petugas": "petugas3"}, {"jenis": "aduan"}):
        assert len(read(boss, **given)) >= 20
    with site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SELECT pg_stat_force_next_flush()")
    assert site.rows("SELECT seq_scan FROM pg_stat_user_tables WHERE relname = 'event'") == before
