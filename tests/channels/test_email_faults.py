"""Mail servers at their worst: sick mails, silence, garbage; the strict stand-ins can be told to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from channels.email.fetching import _DEATHS
from channels.errors import PollFailed
from normalizer.messages import InboundMessage, Malformed
from standins.imap import ImapServer
from standins.mail import Enclosure, Post
from standins.mailroom import Mailroom
from standins.postbox import Postbox
from tests.dovecot import USER
from tests.mailkit import everything, mail, mailbox, parsed, reply

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.email.adapter import EmailChannel

PASSWORD = "rahasia"


@pytest.fixture
def server() -> Iterator[ImapServer]:
    running = ImapServer(Postbox(), USER, PASSWORD)
    running.start()
    for number in range(1, 4):
        running.postbox.deliver(mail(Subject=f"nomor {number}"))
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture
def channel(server: ImapServer) -> Iterator[EmailChannel]:
    with mailbox(server.port, password=PASSWORD, timeout=2.0) as made:
        yield made


def test_a_healthy_server_first(server: ImapServer, channel: EmailChannel) -> None:
    raws, cursor = everything(channel)
    assert len(raws) == 3
    channel.confirm(cursor)
    assert all("\\Seen" in stored.flags for stored in server.postbox.folder("INBOX").mails)  # type: ignore[union-attr] # INBOX is there
    assert channel.wait(cursor, 0.05) is False
    server.postbox.deliver(mail())
    assert channel.wait(cursor, 20) is True


@pytest.mark.parametrize("way", ["no", "nothing"])
def test_a_mail_that_is_not_given_comes_as_far_as_it_is(server: ImapServer, channel: EmailChannel, way: str) -> None:
    server.faults.sick[2] = way
    raws, cursor = everything(channel)
    assert [raw.meta["uid"] for raw in raws] == [1, 2, 3]
    assert raws[1].meta["lacks"] == "rest"
    [item] = parsed(channel, raws[1])
    assert isinstance(item, InboundMessage)
    assert (item.subject, item.sender.address) == ("nomor 2", "siti.aminah@warga.example")
    assert [file.name for file in item.attachments] == ["surat-lengkap.eml"]
    assert channel.poll(cursor).raws == []


@pytest.mark.parametrize("way", ["no", "nothing"])
def test_a_mail_of_which_nothing_is_given_is_quarantined(server: ImapServer, channel: EmailChannel, way: str) -> None:
    server.faults.sick[2] = way
    server.faults.header_too = True
    raws, _ = everything(channel)
    assert [raw.meta["uid"] for raw in raws] == [1, 2, 3]
    [item] = parsed(channel, raws[1])
    assert isinstance(item, Malformed)
    assert "does not give it" in item.error
    assert item.external_id == f"imap:INBOX:{raws[1].meta['uidvalidity']}:2"


@pytest.mark.parametrize("header_too", [False, True])
def test_a_mail_over_which_the_server_dies_holds_the_others_up_for_a_while_only(
    server: ImapServer, channel: EmailChannel, *, header_too: bool
) -> None:
    server.faults.sick[2] = "drop"
    server.faults.header_too = header_too
    tries = 0
    while True:
        try:
            raws, _ = everything(channel)
            break
        except PollFailed:
            tries += 1
            assert tries < 12
    assert [raw.meta["uid"] for raw in raws] == [1, 2, 3]
    assert tries >= _DEATHS
    assert raws[1].meta["lacks"] == ("all" if header_too else "rest")


def test_one_lost_connection_is_not_held_against_a_mail(server: ImapServer, channel: EmailChannel) -> None:
    server.faults.sick[2] = "drop"
    with pytest.raises(PollFailed):
        channel.poll(None)
    server.faults.sick.clear()
    raws, _ = everything(channel)
    assert [raw.meta.get("lacks") for raw in raws] == [None, None, None]


@pytest.mark.parametrize("step", ["AUTHENTICATE", "EXAMINE", "UID SEARCH", "UID FETCH"])
def test_a_server_that_falls_silent_is_left_in_time(server: ImapServer, step: str) -> None:
    server.faults.hang = step
    with (
        mailbox(server.port, password=PASSWORD, timeout=0.3) as channel,
        pytest.raises(PollFailed, match=r"tidak menjawab dalam 0\.3 detik"),
    ):
        channel.poll(None)
    server.faults.hang = ""


def test_a_server_that_falls_silent_after_the_commit_marks_later(server: ImapServer) -> None:
    with mailbox(server.port, password=PASSWORD, timeout=0.3) as channel:
        _, cursor = everything(channel)
        server.faults.hang = "UID STORE"
        with pytest.raises(PollFailed):
            channel.confirm(cursor)
        server.faults.hang = ""
        channel.confirm(cursor)
    assert all("\\Seen" in stored.flags for stored in server.postbox.folder("INBOX").mails)  # type: ignore[union-attr] # INBOX is there


def test_what_is_no_imap_server_is_named(server: ImapServer, channel: EmailChannel) -> None:
    server.faults.garbage = True
    with pytest.raises(PollFailed, match="melanggar protokolnya"):
        channel.poll(None)
    assert channel.health().ok is False


def test_an_idle_that_always_ends_at_once_gives_way_to_polling(server: ImapServer, channel: EmailChannel) -> None:
    slept: list[float] = []
    channel._receiver._sleep = slept.append
    _, cursor = everything(channel)
    server.faults.hang = "IDLE"
    with mailbox(server.port, password=PASSWORD, timeout=0.2, poll_interval=9.0) as impatient:
        impatient._receiver._sleep = slept.append
        assert [impatient.wait(cursor, 25) for _ in range(4)] == [True, True, True, False]
    assert slept == [9.0]
    server.faults.hang = ""


def test_the_demo_s_post_office_there_and_back() -> None:
    mailroom = Mailroom()
    office = Post(mailroom, USER, PASSWORD)
    ports = office.start()
    try:
        with mailbox(ports.imap, ports.smtp, password=PASSWORD) as channel:
            photo = Enclosure(name="foto é.jpg", content_type="image/jpeg", content=b"\xff\xd8\xff")
            first = office.write("budi@warga.example", "Budi", "Lampu mati", "Di depan pasar.", attachments=[photo])
            raws, cursor = everything(channel)
            [item] = parsed(channel, raws[0])
            assert isinstance(item, InboundMessage)
            answer = reply(
                channel, "Sudah menyala.\n.", to="budi@warga.example", in_reply_to=first, subject="Lampu mati"
            )
            receipt = channel.send(answer)
            [got] = mailroom.delivered("budi@warga.example")
            assert (got.text, got.external_id) == ("Re: Lampu mati\nSudah menyala.\n.", receipt.external_id)
            office.write("budi@warga.example", "Budi", "", "Terima kasih", in_reply_to=got.external_id)
            [back] = channel.poll(cursor).raws
            [item] = parsed(channel, back)
            assert item.conversation_id == answer.conversation_id
            assert channel.health().sentence == "aduan@pemalang.example dibaca (INBOX) dan dapat mengirim."
    finally:
        office.stop()
