"""Bukan wewenang, Arsipkan, Tunda and Urungkan: the citizen is told why, or nothing happens."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels.contract import ReplyOptions
from dispatcher.sending import Sender
from gateway.tracking import look_up
from store import casework, outbox
from tests import factories
from tests.factories import NOW, PaperChannel
from tests.inboxkit import Browser, Site

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine
    from werkzeug.test import TestResponse

LATER = "2026-12-01"


@pytest.fixture
def site(engine: Engine, redis_client: Redis, tmp_path: Path) -> Site:
    return Site(engine, redis_client, tmp_path)


def shut(site: Site) -> None:
    channel = site.runtime.accounts["sms-a"].channel
    assert isinstance(channel, PaperChannel)
    channel.options = ReplyOptions(allowed=False, reason="Jendela sudah tutup.")


def act(browser: Browser, ticket: str, verb: str, **form: str) -> TestResponse:
    return browser.post(f"/inbox/{ticket}/{verb}", **{**browser.form(ticket), **form})


VERBS: dict[str, tuple[dict[str, str], str, str]] = {
    "hand-on": (
        {"to": "PLN Pemalang", "text": "Tiang itu milik PLN."},
        "bukan_wewenang",
        "Aduan {} bukan wewenang kami dan kami teruskan ke PLN Pemalang. Tiang itu milik PLN.",
    ),
    "archive": (
        {"ground": "umum", "text": "Sebutkan jalannya."},
        "diarsipkan",
        "Aduan {} tidak kami lanjutkan karena terlalu umum untuk ditindaklanjuti. Sebutkan jalannya.",
    ),
    "hold": (
        {"until": LATER, "text": "Menunggu musim kering."},
        "ditunda",
        "Aduan {} kami tunda sampai 1 Des 2026. Menunggu musim kering.",
    ),
}
each_verb = pytest.mark.parametrize("verb", VERBS)


@each_verb
def test_the_reason_is_in_the_outbox_with_the_change_and_leaves_a_little_later(site: Site, verb: str) -> None:
    form, state, text = VERBS[verb]
    ticket, dewi = site.complaint(), site.officer("dewi")
    assert act(dewi, ticket, verb, **form).status_code == 303
    assert site.case(ticket).state == state
    due = NOW + casework.GRACE
    assert site.rows("SELECT text, next_attempt_at FROM outbox") == [(text.format(ticket), due)]
    with site.engine.connect() as connection:
        assert outbox.lanes(connection, NOW, NOW) == []
    site.clock.pass_by(casework.GRACE)
    sender = Sender(site.runtime)
    try:
        sender.run(2)
    finally:
        sender.close()
    assert site.rows("SELECT state FROM outbox") == [("sent",)]


@each_verb
def test_a_double_click_is_one_act(site: Site, verb: str) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    form = {**dewi.form(ticket), **VERBS[verb][0]}
    assert [dewi.post(f"/inbox/{ticket}/{verb}", **form).status_code for _ in range(2)] == [303, 303]
    assert site.rows("SELECT count(*) FROM outbox") == [(1,)]
    assert site.rows("SELECT count(*) FROM event WHERE actor = 'dewi'") == [(1,)]


@each_verb
def test_where_the_channel_is_shut_the_officer_says_that_he_told_the_citizen_himself(site: Site, verb: str) -> None:
    form, state, text = VERBS[verb]
    ticket, dewi = site.complaint(), site.officer("dewi")
    shut(site)
    refused = act(dewi, ticket, verb, **form)
    assert refused.status_code == 409
    assert "Jendela sudah tutup. Sampaikan alasannya langsung" in refused.text
    assert form["text"] in refused.text
    assert site.case(ticket).state == "baru"
    assert act(dewi, ticket, verb, in_person="1", **form).status_code == 303
    assert site.case(ticket).state == state
    assert site.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert site.rows("SELECT text, hints FROM message WHERE direction = 'out'") == [
        (text.format(ticket), {"delivered": "in-person"})
    ]


@pytest.mark.parametrize(
    ("verb", "form"),
    [
        ("hand-on", {"to": "", "text": "Bukan kami"}),
        ("hand-on", {"to": "PLN", "text": " "}),
        ("archive", {"ground": "", "text": "Malas"}),
        ("archive", {"ground": "lupa", "text": "Malas"}),
        ("archive", {"ground": "umum", "text": "x" * 320}),
        ("hold", {"until": LATER, "text": ""}),
        ("hold", {"until": "", "text": "Nanti"}),
        ("hold", {"until": "2026-11-23", "text": "Hari ini"}),
        ("hold", {"until": "2027-06-01", "text": "Terlalu lama"}),
        ("hold", {"until": "31-12-2026", "text": "Bukan tanggal"}),
    ],
)
def test_without_a_reason_nothing_happens(site: Site, verb: str, form: dict[str, str]) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    assert act(dewi, ticket, verb, **form).status_code == 422
    assert site.case(ticket).version == 1
    assert site.rows("SELECT count(*) FROM message WHERE direction = 'out'") == [(0,)]


def test_spam_is_told_nothing(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    assert act(dewi, ticket, "archive", ground="spam", text="tidak terkirim").status_code == 303
    assert site.case(ticket).state == "diarsipkan"
    assert site.rows("SELECT count(*) FROM message WHERE direction = 'out'") == [(0,)]
    assert "mengarsipkan aduan: spam" in dewi.get(f"/inbox/{ticket}").text


def test_a_reason_needs_words_also_below_the_pages(site: Site) -> None:
    ticket = site.complaint()
    site.officer("dewi")
    [(officer,)] = site.rows("SELECT id FROM officer")
    deed = factories.act(site.id_of(ticket), officer)
    with site.engine.connect() as connection, pytest.raises(casework.UntoldError):
        casework.hand_on(connection, deed, "PLN", casework.Reason(text=""), "1")


def test_what_is_held_comes_back_by_itself_on_its_date(site: Site) -> None:
    ticket, other = site.complaint(), site.complaint(state="tindak_lanjut")
    dewi = site.officer("dewi")
    for each in (ticket, other):
        act(dewi, each, "hold", **VERBS["hold"][0])
    assert "Ditunda sampai 1 Des 2026" in dewi.get(f"/inbox/{ticket}").text
    midnight = NOW + timedelta(days=7, hours=14)
    for moment, count in ((midnight - timedelta(seconds=1), 0), (midnight, 2), (midnight, 0)):
        with site.engine.begin() as connection:
            assert casework.resume_due(connection, moment, site.runtime.programs) == count
    assert (site.case(ticket).state, site.case(other).state) == ("diverifikasi", "tindak_lanjut")
    assert (site.case(ticket).unread, site.case(ticket).held_until) == (True, None)
    assert "Muara melanjutkan aduan yang ditunda" in " ".join(dewi.get(f"/inbox/{ticket}").text.split())


def test_what_is_held_goes_on_earlier_or_gets_another_date(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    act(dewi, ticket, "hold", **VERBS["hold"][0])
    assert act(dewi, ticket, "hold", until="2026-12-05", text="Lebih lama.").status_code == 303
    assert act(dewi, ticket, "resume").status_code == 303
    assert site.case(ticket).state == "diverifikasi"
    assert act(dewi, ticket, "resume").status_code == 409
    act(dewi, ticket, "hold", **VERBS["hold"][0])
    act(dewi, ticket, "answer", text="Sudah kering.")
    assert (site.case(ticket).state, site.case(ticket).held_until) == ("tindak_lanjut", None)


ACTS: dict[str, dict[str, str]] = {"take": {}, "dispose": {"unit": "dpu"}} | {verb: VERBS[verb][0] for verb in VERBS}


@pytest.mark.parametrize("verb", ACTS)
def test_undone_and_both_stand_in_the_history(site: Site, verb: str) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    before = site.case(ticket)
    act(dewi, ticket, verb, **ACTS[verb])
    assert "Urungkan" in dewi.get(f"/inbox/{ticket}").text
    site.clock.pass_by(timedelta(seconds=10))
    assert act(dewi, ticket, "undo").status_code == 303
    after = site.case(ticket)
    kept = ("state", "unit", "officer_id", "held_until", "held_from", "closed_at", "next_due_at", "responded_at")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert site.rows("SELECT count(*) FROM outbox WHERE state <> 'skipped'") == [(0,)]
    assert site.rows("SELECT count(*) FROM event WHERE actor = 'dewi'") == [(2,)]
    assert "mengurungkan tindakannya" in dewi.get(f"/inbox/{ticket}").text
    assert act(dewi, ticket, "undo").status_code == 409


def test_what_the_citizen_was_told_is_not_undone(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    act(dewi, ticket, "archive", **VERBS["archive"][0])
    form = dewi.form(ticket)
    [(lane,)] = site.rows("SELECT lane FROM outbox")
    with site.engine.begin() as connection:
        assert outbox.claim(connection, "sms-a", lane, NOW + casework.GRACE)
    refused = dewi.post(f"/inbox/{ticket}/undo", **form)
    assert refused.status_code == 409
    assert "Sudah terlambat" in refused.text
    assert site.case(ticket).state == "diarsipkan"


def test_what_was_taken_back_is_not_claimed(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    act(dewi, ticket, "archive", **VERBS["archive"][0])
    act(dewi, ticket, "undo")
    [(lane,)] = site.rows("SELECT lane FROM outbox")
    with site.engine.begin() as connection:
        assert outbox.claim(connection, "sms-a", lane, NOW + casework.GRACE) is None
    assert "Diurungkan petugas" in dewi.get(f"/inbox/{ticket}").text


def test_the_citizen_reads_the_steps_of_officers_on_the_public_page(site: Site) -> None:
    ticket, dewi = site.complaint(), site.officer("dewi")
    closing = {"text": "Baik", "then": "selesai"}
    for verb, form in (("take", {}), ("hold", VERBS["hold"][0]), ("undo", {}), ("answer", closing)):
        assert act(dewi, ticket, verb, **form).status_code == 303
    with site.engine.connect() as connection:
        track = look_up(connection, ticket)
    assert track is not None
    steps = [step.what for step in track.steps]
    assert steps == ["Diperiksa petugas", "Ditunda", "Langkah sebelumnya dibatalkan petugas", "Selesai ditangani"]
    assert [answer.text for answer in track.answers] == ["Baik"]


@pytest.mark.parametrize("why", ["late", "other", "more"])
def test_only_ones_own_last_act_and_only_for_a_while(site: Site, why: str) -> None:
    ticket, dewi, sari = site.complaint(), site.officer("dewi"), site.officer("sari")
    act(dewi, ticket, "take")
    if why == "late":
        site.clock.pass_by(timedelta(minutes=10))
    if why == "more":
        act(dewi, ticket, "note", text="Sudah lihat")
    browser: Any = sari if why == "other" else dewi
    assert "Urungkan" not in browser.get(f"/inbox/{ticket}").text
    assert act(browser, ticket, "undo").status_code == 409
    assert site.case(ticket).officer_id is not None
