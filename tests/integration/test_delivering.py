"""Notices by mail and chat: once, at their time, to whoever may still see them, and with nobody's identity in them."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from channels.errors import OutcomeUnknown, ProviderDown, Refused, Throttled
from dispatcher import delivering
from dispatcher.mailing import Mailer
from normalizer.telling import SETTLE, Days, Kind, Way, When, Wishes
from store import delivery
from tests.noticekit import LATE, House
from tests.smtpd import Post, post_office
from tests.toy import ToyChannel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

CHAT = {(kind, Way.TELEGRAM): When.NOW for kind in Kind}
DIGEST = {(Kind.AGAIN, Way.MAIL): When.DIGEST}
NIGHT = (time(20, 0), time(6, 30))


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office(login=False) as running:
        yield running


@pytest.fixture
def bot() -> ToyChannel:
    return ToyChannel("bot")


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path, post: Post, bot: ToyChannel) -> House:
    return House(engine, redis_client, tmp_path, post, bot)


def subjects(post: Post) -> list[str]:
    return [str(mail["Subject"]) for mail in post.mails()]


def wib(day: int, clock: str) -> datetime:
    """Of November 2026, as Jakarta's clocks show it; the 20th is a Friday."""
    local = datetime.combine(datetime(2026, 11, day, tzinfo=UTC).date(), time.fromisoformat(clock), UTC)
    return local - timedelta(hours=7)


def test_one_notice_is_one_mail_with_what_an_officer_needs(house: House, post: Post) -> None:
    case = house.complaint(unit="dpu")
    house.tell(house.officer(), case, Kind.HANDED)
    house.look()
    assert post.taken == []  # others may follow
    house.clock.pass_by(SETTLE)
    house.look()
    house.look()
    [mail] = post.mails()
    [(ticket,)] = house.rows("SELECT ticket FROM complaint")
    assert mail["To"] == "dewi@kab.example"
    assert mail["Subject"] == f"Muara: Disposisi untuk unit Anda ({ticket})"
    assert mail["Auto-Submitted"] == "auto-generated"
    said = mail.get_content()
    for words in ("Siaga · Dinas Pekerjaan Umum", "Tenggat 24 Nov 2026 09.00 WIB", f"/inbox/{ticket}", "/me/notices"):
        assert words in said
    assert house.states() == ["sent"]


def test_an_officer_reads_it_in_his_language(house: House, post: Post) -> None:
    officer = house.officer(language="en")
    house.tell(officer, house.complaint(), Kind.DEADLINE, LATE)
    house.clock.pass_by(SETTLE)
    house.look()
    [mail] = post.mails()
    assert str(mail["Subject"]).startswith("Muara: 2 hours overdue: first response (")
    assert "Due 23 Nov 2026 14:00 WIB" in mail.get_content()


def test_sixty_dispositions_are_one_message(house: House, post: Post, bot: ToyChannel) -> None:
    both = CHAT | {(Kind.HANDED, Way.MAIL): When.NOW}
    officer = house.officer(chosen=both, chat="77")
    for _ in range(60):
        house.tell(officer, house.complaint(), Kind.HANDED)
        house.clock.pass_by(timedelta(milliseconds=200))
    house.clock.pass_by(SETTLE)
    house.look()
    assert subjects(post) == ["Muara: 60 pemberitahuan"]
    [reply] = bot.sent
    assert (reply.to, reply.conversation_id, reply.purpose) == ("77", "77", "notice")
    assert reply.text.count("Disposisi untuk unit Anda") == 20
    assert "… dan 40 lagi: https://aduan.kab.example/inbox/notices" in reply.text
    assert set(house.states()) == {"sent"}


def test_whoever_chose_nothing_is_left_alone(house: House, post: Post, bot: ToyChannel) -> None:
    officer = house.officer(chosen={}, chat="77")
    house.tell(officer, house.complaint())
    house.clock.pass_by(timedelta(days=2))
    house.look()
    assert (post.taken, bot.sent, house.states()) == ([], [], [])


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE officer SET active = false",
        "UPDATE officer SET email = NULL",
        "UPDATE officer SET programs = '[\"matur\"]'",
        "UPDATE officer SET unit = 'dinkes'",
        "UPDATE complaint SET unit = 'dinkes'",
        "UPDATE complaint SET program = 'matur'",
        "UPDATE notice SET seen_at = now()",
        "UPDATE officer_choice SET kinds = '{}'",
    ],
)
def test_who_may_not_or_need_not_know_at_the_last_moment_gets_nothing(house: House, post: Post, change: str) -> None:
    officer = house.officer(unit="dpu")
    house.tell(officer, house.complaint(unit="dpu"))
    house.look()
    house.change(change)
    house.clock.pass_by(timedelta(hours=1))
    house.look()
    assert post.taken == []
    assert house.states() == ["dropped"]


@pytest.mark.parametrize(
    ("role", "programs", "told"), [("administrator", [], 1), ("program_admin", ["siaga"], 1), ("officer", ["siaga"], 0)]
)
def test_that_a_channel_fell_silent_is_told_to_whoever_looks_after_it(
    house: House, post: Post, role: str, programs: list[str], told: int
) -> None:
    house.tell(house.officer(role=role, programs=programs), None, Kind.SILENCE)
    house.clock.pass_by(SETTLE)
    house.look()
    assert subjects(post) == ["Muara: Kanal sms-a sudah lama tidak menerima pesan"] * told


def test_quiet_hours_hold_it_until_their_end(house: House, post: Post) -> None:
    house.clock.at = wib(20, "22:00")
    officer = house.officer(quiet=NIGHT)
    house.tell(officer, house.complaint())
    for at in (wib(20, "23:59"), wib(21, "00:01"), wib(21, "06:29")):
        house.clock.at = at
        house.look()
    assert post.taken == []
    house.clock.at = wib(21, "06:30")
    house.look()
    assert len(post.taken) == 1


def test_what_an_outage_brought_into_the_quiet_hours_waits_too(house: House, post: Post) -> None:
    house.clock.at = wib(20, "19:00")
    house.tell(house.officer(quiet=NIGHT), house.complaint())
    with house.engine.begin() as connection:
        delivering.plan(house.runtime, connection)
    house.clock.at = wib(20, "21:00")
    house.look()
    assert post.taken == []
    house.clock.at = wib(21, "06:30")
    house.look()
    assert len(post.taken) == 1


def test_a_deadline_that_is_over_passes_where_the_officer_said_so(house: House, post: Post) -> None:
    house.clock.at = wib(20, "22:00")
    officer, case = house.officer(quiet=NIGHT, late_passes=True), house.complaint()
    house.tell(officer, case, Kind.DEADLINE, LATE)
    house.tell(officer, case, Kind.DEADLINE)
    house.clock.pass_by(SETTLE)
    house.look()
    assert [subject.partition(" (")[0] for subject in subjects(post)] == [
        "Muara: Tenggat tanggapan pertama lewat 2 jam"
    ]
    house.clock.at = wib(21, "06:30")
    house.look()
    assert len(post.taken) == 2


def test_a_digest_comes_once_at_its_hour(house: House, post: Post) -> None:
    house.clock.at = wib(18, "10:00")
    officer = house.officer(chosen=DIGEST)
    for _ in range(3):
        house.tell(officer, house.complaint())
    house.clock.at = wib(19, "06:59")
    house.look()
    assert post.taken == []
    for at in (wib(19, "07:00"), wib(19, "07:01"), wib(20, "07:00")):
        house.clock.at = at
        house.look()
    assert subjects(post) == ["Muara: Ringkasan: 3 pemberitahuan"]


def test_a_digest_after_days_of_standing_still_is_one(house: House, post: Post) -> None:
    officer = house.officer(chosen=DIGEST, days=Days.WEEKDAYS)
    for day in (18, 19, 20, 21):
        house.clock.at = wib(day, "10:00")
        house.tell(officer, house.complaint())
        with house.engine.begin() as connection:
            delivering.plan(house.runtime, connection)
    house.clock.at = wib(22, "12:00")  # a Sunday: what was due on Thursday and Friday comes now
    house.look()
    house.clock.at = wib(23, "07:00")
    house.look()
    assert subjects(post) == ["Muara: Ringkasan: 2 pemberitahuan"] * 2


def test_a_mail_whose_sender_died_goes_again_as_the_same_mail(
    house: House, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = Mailer.send

    def killed(*args: Any, **values: Any) -> None:
        send(*args, **values)
        raise KeyboardInterrupt

    monkeypatch.setattr(Mailer, "send", killed)
    house.tell(house.officer(), house.complaint())
    house.clock.pass_by(SETTLE)
    with pytest.raises(KeyboardInterrupt):
        house.look()
    monkeypatch.setattr(Mailer, "send", send)
    house.look()
    assert len(post.taken) == 1
    assert house.states() == ["sending"]
    house.clock.pass_by(delivering.ABANDONED + SETTLE)
    house.look()
    first, second = post.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert house.states() == ["sent"]


def test_a_chat_is_not_written_to_twice(house: House, bot: ToyChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(self: ToyChannel, reply: Any) -> None:
        self.sent.append(reply)
        raise KeyboardInterrupt

    house.tell(house.officer(chosen=CHAT, chat="77"), house.complaint())
    house.clock.pass_by(SETTLE)
    with monkeypatch.context() as patched:
        patched.setattr(ToyChannel, "send", killed)
        with pytest.raises(KeyboardInterrupt):
            house.look()
    house.clock.pass_by(delivering.ABANDONED + SETTLE)
    house.look()
    assert len(bot.sent) == 1
    assert house.states() == ["unknown"]


@pytest.mark.parametrize(("step", "mails"), [("MAIL", 1), ("RCPT", 1), ("END", 1), ("AFTER", 2)])
def test_a_server_in_trouble_is_tried_again_later(house: House, post: Post, step: str, mails: int) -> None:
    if step == "AFTER":
        post.drop = step
    else:
        post.answers[step] = "451 4.3.0 come back later"
    house.tell(house.officer(), house.complaint())
    house.clock.pass_by(SETTLE)
    house.look()
    house.look()
    assert house.states() == ["waiting"]
    post.answers.clear()
    post.drop = ""
    house.clock.pass_by(delivering.FIRST_PAUSE)
    house.look()
    assert house.states() == ["sent"]
    assert len(post.taken) == mails
    assert len({mail["Message-ID"] for mail in post.mails()}) == 1


def test_a_dead_address_is_shown_and_left_alone_after_a_few_refusals(house: House, post: Post) -> None:
    post.answers["RCPT"] = "550 5.1.1 no such user"
    officer = house.officer()
    for _ in range(5):
        house.tell(officer, house.complaint())
        house.clock.pass_by(timedelta(hours=1))
        house.look()
    assert house.states() == ["failed"] * 3  # and then nothing is planned any more
    [(failures, error, paused)] = house.rows("SELECT failures, error, paused_at FROM officer_reach")
    assert (failures, error) == (3, "SMTPRecipientsRefused 550")
    assert paused is not None
    post.answers.clear()
    house.change("UPDATE officer SET email = 'baru@kab.example'")
    house.tell(officer, house.complaint())
    house.clock.pass_by(SETTLE)
    house.look()
    assert [envelope.rcpt_tos for envelope in post.taken] == [["baru@kab.example"]]
    assert house.rows("SELECT failures, paused_at FROM officer_reach") == [(0, None)]


@pytest.mark.parametrize("email", ["d\u00fcwi@kab.example", "bukan alamat", "a@b@c", "x\r\nBcc: y@kab.example"])
def test_an_address_that_no_mail_can_go_to_is_refused(house: House, post: Post, email: str) -> None:
    officer = house.officer()
    with house.engine.begin() as connection:
        connection.execute(text("UPDATE officer SET email = :email"), {"email": email})
    house.tell(officer, house.complaint())
    house.clock.pass_by(SETTLE)
    house.look()
    assert (post.taken, house.states()) == ([], ["failed"])
    assert house.rows("SELECT failures, address FROM officer_reach") == [(1, email)]


@pytest.mark.parametrize(
    ("failure", "states", "sent"),
    [
        (Refused("bot was blocked by the user"), ["failed"], 0),
        (OutcomeUnknown("time-out"), ["unknown"], 0),
        (KeyError("a bug in the adapter"), ["unknown"], 0),
        (Throttled("slow down", retry_after=40.0), ["sent"], 1),
        (ProviderDown("refused"), ["sent"], 1),
    ],
)
def test_each_way_in_which_a_chat_fails(
    house: House, bot: ToyChannel, failure: Exception, states: list[str], sent: int
) -> None:
    bot.failures = [failure]
    house.tell(house.officer(chosen=CHAT, chat="77"), house.complaint())
    house.clock.pass_by(SETTLE)
    house.look()
    house.clock.pass_by(timedelta(minutes=2))
    house.look()
    assert house.states() == states
    assert len(bot.sent) == sent


def test_the_bot_that_rests_for_citizens_rests_for_officers(house: House, bot: ToyChannel) -> None:
    bot.failures = [Throttled("slow down", retry_after=40.0)]
    officer = house.officer(chosen=CHAT, chat="77")
    house.tell(officer, house.complaint())
    house.clock.pass_by(SETTLE)
    house.look()
    assert house.rows("SELECT account FROM account_state WHERE paused_until IS NOT NULL") == [("bot",)]
    house.clock.pass_by(timedelta(seconds=39))
    house.look()
    assert bot.sent == []
    house.clock.pass_by(timedelta(seconds=2))
    house.look()
    assert len(bot.sent) == 1


def test_what_he_chooses_anew_holds_for_what_waits(house: House, post: Post) -> None:
    officer = house.officer(chosen=DIGEST)
    house.tell(officer, house.complaint())
    house.look()
    house.officer("lain")
    with house.engine.begin() as connection:
        delivery.choose(connection, officer, Wishes(ways={(Kind.AGAIN, Way.MAIL): When.NOW}), house.clock())
    house.clock.pass_by(SETTLE)
    house.look()
    assert len(post.taken) == 1


def test_two_processes_do_not_write_to_one_officer_at_once(house: House) -> None:
    house.tell(house.officer(), house.complaint())
    other = house.officer("lain")
    house.clock.pass_by(timedelta(seconds=1))
    house.tell(other, house.complaint())
    house.clock.pass_by(SETTLE)
    with house.engine.begin() as connection:
        delivering.plan(house.runtime, connection)
    with house.engine.begin() as one, house.engine.begin() as two, house.engine.begin() as three:
        first, second = (delivery.claim(each, Way.MAIL, house.clock()) for each in (one, two))
        assert delivery.claim(three, Way.MAIL, house.clock()) is None
        assert first is not None
        assert second is not None
        assert (first.officer.username, second.officer.username) == ("dewi", "lain")


def test_a_thread_for_each_way_delivers_until_it_is_stopped(
    house: House, post: Post, bot: ToyChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivering, "INTERVAL", 0.01)
    both = CHAT | {(Kind.AGAIN, Way.MAIL): When.NOW}
    house.tell(house.officer(chosen=both, chat="77"), house.complaint())
    house.clock.pass_by(SETTLE)
    with house.engine.begin() as connection:
        delivering.plan(house.runtime, connection)
    stop = threading.Event()
    with delivering.threads(house.runtime, stop):
        while set(house.states()) != {"sent"}:
            stop.wait(0.01)
        stop.set()
    assert (len(post.taken), len(bot.sent)) == (1, 1)
