"""The case page: the thread as it was, what became of answers, stale and double forms, files, the desk."""

from __future__ import annotations

import json
import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rq import Queue

from channels.contract import ReplyOptions
from store.engine import connect
from tests import factories
from tests.factories import NOW
from tests.inboxkit import Site, field

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_thread_shows_what_was_written_and_what_became_of_it(site: Site) -> None:
    ticket = site.complaint("Jalan berlubang")
    case = site.id_of(ticket)
    with site.engine.begin() as connection:
        factories.line(connection, case, "RT 3", revised="RT 4", revised_at=NOW)
        factories.line(connection, case, "salah kirim", withdrawn_at=NOW)
        factories.line(connection, case, "awal akhir", missing=[2], parts={"1": "awal", "3": "akhir"})
        factories.line(connection, case, "di sini", location={"lat": -7.02, "lon": 109.32, "label": "Pasar"})
        factories.line(connection, case, "rapat besok", direction="note", role="note")
        factories.outgoing(connection, case, "read", "Sudah kami terima")
        factories.event(connection, case, "didisposisikan", "dewi", unit="dpu")
        factories.event(connection, case, "sesuatu_yang_baru", "sistem")
    page = site.officer("dewi").get(f"/inbox/{ticket}").text
    words = text_of(page)
    for expected in (
        "Jalan berlubang",
        "RT 4",
        "lihat tulisan semula RT 3",
        "Ditarik oleh warga",
        "salah kirim",
        "Bagian 2 dari 3 tidak sampai.",
        "Catatan internal",
        "Sudah kami terima",
        "Dibaca",
        "dewi mendisposisikan ke Dinas Pekerjaan Umum",
        "sesuatu yang baru",
    ):
        assert expected in words, expected
    assert "openstreetmap.org/?mlat=-7.020000&amp;mlon=109.320000" in page


def test_opening_reads_it_but_a_leaders_look_does_not(site: Site) -> None:
    ticket = site.complaint()
    site.officer("bupati", "leader").get(f"/inbox/{ticket}")
    assert site.case(ticket).unread
    site.officer("dewi").get(f"/inbox/{ticket}")
    assert not site.case(ticket).unread


def test_a_leader_reads_and_reminds_and_an_auditor_only_reads(site: Site) -> None:
    address = f"/inbox/{site.complaint()}"
    for role, forms in (("leader", ["/inbox/logout", f"{address}/prod"]), ("auditor", ["/inbox/logout"])):
        page = site.officer(f"{role}-satu", role).get(address).text
        assert re.findall(r'<form method="post" action="([^"]+)"', page) == forms


def test_an_answer_goes_out_and_rings(site: Site, redis_client: Redis) -> None:
    ticket = site.complaint()
    browser = site.officer("dewi")
    form = browser.form(ticket)
    response = browser.post(f"/inbox/{ticket}/answer?antrean=saya", text="Baik,\r\nkami survei.", **form)
    assert (response.status_code, response.location) == (303, f"/inbox/{ticket}?antrean=saya")
    assert site.rows("SELECT text, state FROM outbox") == [("Baik,\nkami survei.", "queued")]
    assert len(Queue("outbox", connection=redis_client)) == 1
    page = text_of(browser.get(f"/inbox/{ticket}").text)
    assert "Baik," in page
    assert "Menunggu dikirim" in page


def test_send_clicked_twice_is_one_answer(site: Site) -> None:
    ticket = site.complaint()
    browser = site.officer("dewi")
    form = browser.form(ticket)
    statuses = [browser.post(f"/inbox/{ticket}/answer", text="Sekali", **form).status_code for _ in range(2)]
    assert statuses == [303, 303]
    assert site.rows("SELECT count(*) FROM outbox") == [(1,)]


def test_the_slower_officer_keeps_his_words_and_sees_what_happened(site: Site) -> None:
    ticket = site.complaint()
    slow, fast = site.officer("dewi"), site.officer("agus")
    form = slow.form(ticket)
    fast.post(f"/inbox/{ticket}/answer", text="Saya duluan", **fast.form(ticket))
    response = slow.post(f"/inbox/{ticket}/answer", text="Punya <saya>", **form)
    assert response.status_code == 409
    assert "baru saja berubah" in response.text
    assert "Saya duluan" in response.text
    assert "Punya &lt;saya&gt;</textarea>" in response.text
    assert site.rows("SELECT count(*) FROM outbox") == [(1,)]
    again = {name: field(response.text, name) for name in ("version", "submission")}
    assert slow.post(f"/inbox/{ticket}/answer", text="Punya <saya>", **again).status_code == 303


def test_closing_and_asking(site: Site) -> None:
    browser = site.officer("dewi")
    for then, state in (("warga", "menunggu_warga"), ("selesai", "selesai"), ("", "tindak_lanjut")):
        ticket = site.complaint()
        browser.post(f"/inbox/{ticket}/answer", text="Jawab", then=then, **browser.form(ticket))
        assert site.case(ticket).state == state


@pytest.mark.parametrize(("length", "status"), [(320, 303), (321, 422)])
def test_an_answer_too_long_for_the_channel_is_refused_with_its_words(site: Site, length: int, status: int) -> None:
    ticket = site.complaint()
    browser = site.officer("dewi")
    text = "😀" * length
    response = browser.post(f"/inbox/{ticket}/answer", text=text, **browser.form(ticket))
    assert response.status_code == status
    if status == 422:
        assert text in response.text
        assert "paling banyak 320 huruf" in response.text


def test_a_closed_window_says_why_and_takes_what_was_said_in_person(site: Site) -> None:
    reason = "Jendela 24 jam sudah tutup."
    site.runtime.accounts["sms-a"].channel.options = ReplyOptions(allowed=False, reason=reason)  # type: ignore[attr-defined]
    ticket = site.complaint()
    browser = site.officer("dewi")
    assert reason in browser.get(f"/inbox/{ticket}").text
    refused = browser.post(f"/inbox/{ticket}/answer", text="Halo", **browser.form(ticket))
    assert refused.status_code == 409
    browser.post(f"/inbox/{ticket}/answer", text="Lewat telepon", in_person="1", then="selesai", **browser.form(ticket))
    assert site.case(ticket).state == "selesai"
    assert site.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert "Disampaikan langsung" in browser.get(f"/inbox/{ticket}").text


def test_until_when_one_may_answer_is_shown(site: Site) -> None:
    options = ReplyOptions(allowed=True, until=NOW + timedelta(hours=3))
    site.runtime.accounts["sms-a"].channel.options = options  # type: ignore[attr-defined]
    page = site.officer("dewi").get(f"/inbox/{site.complaint()}").text
    assert "Senin, 23 Nov 2026 13.00 WIB" in page


def test_a_channel_that_is_gone_is_said(site: Site) -> None:
    ticket = site.complaint(account="lama", channel="lama")
    with site.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE message SET account = 'lama'")
    assert "tidak lagi aktif" in site.officer("dewi").get(f"/inbox/{ticket}").text


def test_failed_and_unknown_messages_have_their_buttons(site: Site) -> None:
    ticket = site.complaint(send_failed=True)
    with site.engine.begin() as connection:
        failed = factories.outgoing(connection, site.id_of(ticket), "failed", "A", error="nomor tidak aktif")
        unknown = factories.outgoing(connection, site.id_of(ticket), "unknown", "B")
    browser = site.officer("dewi")
    page = browser.get(f"/inbox/{ticket}").text
    assert "Gagal terkirim: nomor tidak aktif" in text_of(page)
    version = field(page, "version")
    assert browser.post(f"/inbox/{ticket}/outbox/{failed}/retry", version=version).status_code == 303
    assert browser.post(f"/inbox/{ticket}/outbox/{failed}/retry", version=version).status_code == 409
    settle = f"/inbox/{ticket}/outbox/{unknown}/settle"
    assert browser.post(settle, version=version, decision="arrived").status_code == 303
    assert dict(site.rows("SELECT text, state FROM outbox")) == {"A": "queued", "B": "sent"}
    assert not site.case(ticket).send_failed


def test_files_come_with_safe_headers(site: Site) -> None:
    evil = b"<html><script>alert(1)</script>"
    ticket = site.complaint()
    browser = site.officer("dewi")
    with site.engine.begin() as connection:
        line = factories.line(connection, site.id_of(ticket), "berkas")
        sha256 = site.runtime.blobs.put(evil)
        ids = {
            kind: factories.attachment(connection, line, content_type=kind, sha256=sha256, name='a/../b"\r\nX: y.html')
            for kind in ("image/jpeg", "text/html", "image/svg+xml", "application/pdf")
        }
        owed = factories.attachment(connection, line, state="owed", name="nanti.jpg")
        lost = factories.attachment(connection, line, content_type="image/png", sha256="0" * 64)
    for number in ids.values():
        response = browser.get(f"/inbox/files/{number}")
        headers = response.headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith("attachment")
        assert "X" not in headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert browser.get(f"/inbox/files/{owed}").status_code == 404
    assert browser.get(f"/inbox/files/{lost}").status_code == 404
    page = browser.get(f"/inbox/{ticket}").text
    assert "nanti.jpg: sedang diambil" in page
    assert "<img " not in page


@pytest.mark.parametrize("path", ["A2A2-A2A2", "tidak-ada", "K7MP-2XWD", "%00", "..%2f"])
def test_what_is_no_ticket_is_not_found(site: Site, path: str) -> None:
    assert site.officer("dewi").get(f"/inbox/{path}").status_code == 404


def test_a_form_without_its_version_is_refused(site: Site) -> None:
    ticket = site.complaint()
    browser = site.officer("dewi")
    assert browser.post(f"/inbox/{ticket}/take").status_code == 400
    assert browser.post(f"/inbox/{ticket}/answer", version="1", text="Halo").status_code == 400
    assert site.case(ticket).version == 1


def slip(**changes: str) -> dict[str, Any]:
    fields = {"program": "siaga", "source": "phone", "type": "pengaduan", "text": "Lampu mati", "place": "Ds. Widuri"}
    return {**fields, "name": "Slamet", "phone": "0811 2626 116", "address": "", "anonim": "1", **changes}


def test_the_desk_journals_a_slip_that_its_adapter_reads(site: Site, redis_client: Redis) -> None:
    from channels.contract import RawMessage  # noqa: PLC0415 - the adapter is what is tried here
    from channels.registry import channel_type  # noqa: PLC0415

    browser = site.officer("dewi")
    submission = field(browser.get("/inbox/desk").text, "submission")
    response = browser.post("/inbox/desk", submission=submission, **slip())
    [(account, source, body, meta, received)] = site.rows(
        "SELECT account, source, body, meta, received_at FROM journal"
    )
    assert (account, source) == ("desk", "desk")
    assert response.location == f"/inbox/desk?tiket={meta['ticket']}"
    assert meta["ticket"] in browser.get(response.location).text
    assert len(Queue("drain", connection=redis_client)) == 1
    raw = RawMessage(id="1", account="desk", received_at=received, body=bytes(body), meta=meta)
    [message] = channel_type("desk").offline().parse(raw)
    assert message.text == "Lampu mati"  # type: ignore[union-attr]
    assert message.sender.address == "+628112626116"  # type: ignore[union-attr]
    assert message.hints["ticket"] == meta["ticket"]  # type: ignore[union-attr]
    assert message.hints["anonim"] is True  # type: ignore[union-attr]
    assert json.loads(bytes(body))["officer"] == "dewi"


def test_the_same_slip_twice_is_one_with_one_ticket(site: Site) -> None:
    browser = site.officer("dewi")
    number = str(uuid.uuid4())
    first, second = (browser.post("/inbox/desk", submission=number, **slip()).location for _ in range(2))
    assert first == second
    assert site.rows("SELECT count(*) FROM journal") == [(1,)]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"text": "  "}, 422),
        ({"phone": "1" * 41}, 422),
        ({"program": "matur"}, 400),
        ({"source": "merpati"}, 400),
        ({"type": "curhat"}, 400),
    ],
)
def test_a_slip_that_is_not_right_is_not_kept_and_gives_the_words_back(
    site: Site, changes: dict[str, str], status: int
) -> None:
    browser = site.officer("dewi")
    response = browser.post("/inbox/desk", submission=str(uuid.uuid4()), **slip(**changes))
    assert response.status_code == status
    assert site.rows("SELECT count(*) FROM journal") == [(0,)]
    if status == 422:
        assert "Slamet" in response.text


def test_a_database_that_is_away_costs_nobody_his_words(redis_client: Redis, tmp_path: Path) -> None:
    away = Site(connect("postgresql+psycopg://muara@127.0.0.1:1/muara"), redis_client, tmp_path)
    away.app.config["PROPAGATE_EXCEPTIONS"] = False
    browser = away.browser("kuki")
    response = browser.client.post("/inbox/K7MP-2XWD/answer", data={"text": "Sudah saya tulis panjang"})
    assert response.status_code == 503
    assert "Sudah saya tulis panjang" in response.text
