"""Mail received: the adapter against a real Dovecot on loopback."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from channels.errors import PollFailed
from tests.dovecot import PASSWORD, Dovecot, dovecot, free_ports
from tests.mailkit import everything, mail, mailbox, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from channels.contract import Polled
    from channels.email.adapter import EmailChannel


@pytest.fixture
def server(need: Callable[[str], str]) -> Iterator[Dovecot]:
    with dovecot(need("dovecot")) as running:
        yield running


@pytest.fixture
def channel(server: Dovecot) -> Iterator[EmailChannel]:
    with mailbox(server) as made:
        yield made


def subjects(raws: list[Polled]) -> list[str]:
    lines = [line for raw in raws for line in raw.body.decode("latin-1").splitlines() if line.startswith("Subject:")]
    return [line.removeprefix("Subject: ") for line in lines]


def test_a_mail_is_read_byte_for_byte_and_marked_only_when_it_is_confirmed(
    server: Dovecot, channel: EmailChannel
) -> None:
    sent = mail("Jalan rusak\r\n.\r\nsejak 8bit é\r\n")
    server.append(sent)
    batch = channel.poll(None)
    [raw] = batch.raws
    assert raw.body.replace(b"\r\n", b"\n") == sent.replace(b"\r\n", b"\n")
    assert raw.meta["folder"] == "INBOX"
    assert raw.meta["uid"] == 1
    assert raw.meta["size"] == len(raw.body)
    assert str(raw.meta["internaldate"]).endswith("+00:00")
    assert "lacks" not in raw.meta
    assert (batch.more, server.unseen()) == (False, 1)
    channel.confirm(batch.cursor)
    assert server.unseen() == 0
    assert channel.poll(batch.cursor).raws == []
    [item] = parsed(channel, raw)
    assert item.conversation_id == channel._mailbox.token("siti.aminah@warga.example")


def test_the_same_cursor_gives_the_same_mails(server: Dovecot, channel: EmailChannel) -> None:
    server.append(mail(), mail())
    first = channel.poll(None)
    assert channel.poll(None) == first
    with mailbox(server) as other:
        assert other.poll(None) == first
    server.append(mail())
    second = channel.poll(first.cursor)
    assert channel.poll(first.cursor) == second
    assert len(second.raws) == 1


@pytest.mark.parametrize(("first", "found"), [("unseen", ["baru"]), ("new", []), ("all", ["lama", "baru"])])
def test_what_the_first_poll_takes_is_a_setting(server: Dovecot, first: str, found: list[str]) -> None:
    server.append(mail(Subject="lama"), seen=True)
    server.append(mail(Subject="baru"))
    with mailbox(server, first=first) as channel:
        raws, cursor = everything(channel)
        assert subjects(raws) == found
        channel.confirm(cursor)
        assert server.unseen() == (1 if first == "new" else 0)
        server.append(mail(Subject="sesudah"), seen=True)
        assert subjects(channel.poll(cursor).raws) == ["sesudah"]


def test_mails_that_were_never_ours_are_not_moved(server: Dovecot) -> None:
    server.append(mail(Subject="lama"), seen=True)
    server.append(mail(Subject="baru"))
    with mailbox(server, after="move", move_to="Arsip/Muara") as channel:
        raws, cursor = everything(channel)
        channel.confirm(cursor)
        channel.confirm(cursor)
        with server.client() as client:
            assert client.folder_status("INBOX")[b"MESSAGES"] == 1
            assert client.folder_status("Arsip/Muara")[b"MESSAGES"] == 1
        assert channel.poll(cursor).raws == []
    assert subjects(raws) == ["baru"]


def test_moving_works_without_the_command_for_it(need: Callable[[str], str]) -> None:
    with dovecot(need("dovecot")) as server:
        server.kill()
        server.configure(capability="IMAP4rev1 UIDPLUS AUTH=PLAIN")
        server.start()
        server.append(mail(), mail())
        with mailbox(server, after="move", move_to="Muara") as channel:
            channel.confirm(everything(channel)[1])
        with server.client() as client:
            assert client.folder_status("INBOX")[b"MESSAGES"] == 0
            assert client.folder_status("Muara")[b"MESSAGES"] == 2


def test_after_keep_nothing_is_touched(server: Dovecot) -> None:
    server.append(mail())
    with mailbox(server, after="keep") as channel:
        channel.confirm(everything(channel)[1])
    assert server.unseen() == 1


def test_several_folders_are_read_each_with_its_own_place(server: Dovecot) -> None:
    server.append(mail(Subject="satu"))
    server.append(mail(Subject="dua"), folder="Spam é")
    with mailbox(server, folders=("INBOX", "Spam é")) as channel:
        raws, cursor = everything(channel)
        assert subjects(raws) == ["satu", "dua"]
        assert [raw.meta["folder"] for raw in raws] == ["INBOX", "Spam é"]
        channel.confirm(cursor)
        assert (server.unseen(), server.unseen("Spam é")) == (0, 0)
        server.append(mail(Subject="tiga"), folder="Spam é")
        assert subjects(channel.poll(cursor).raws) == ["tiga"]


def test_a_folder_with_other_numbers_is_read_again_and_nothing_is_missed(server: Dovecot) -> None:
    kept = [mail(Subject="satu"), mail(Subject="dua")]
    server.append(*kept, folder="Aduan")
    with mailbox(server, folders=("Aduan",)) as channel:
        raws, cursor = everything(channel)
        channel.confirm(cursor)
        with server.client() as client:
            client.delete_folder("Aduan")
        server.append(*kept, mail(Subject="tiga"), folder="Aduan", seen=True)
        again, after = everything(channel, cursor)
        assert subjects(again) == ["satu", "dua", "tiga"]
        assert [parsed(channel, raw)[0].external_id for raw in again[:2]] == [
            parsed(channel, raw)[0].external_id for raw in raws
        ]
        channel.confirm(cursor)  # of the old numbers: touches nothing
        assert everything(channel, after) == ([], after)


def test_what_came_during_an_outage_of_days_is_read_in_batches(server: Dovecot, channel: EmailChannel) -> None:
    _, cursor = everything(channel)
    sent = [mail(Subject=f"nomor {number}") for number in range(250)]
    server.append(*sent)
    batch = channel.poll(cursor)
    assert (len(batch.raws), batch.more) == (100, True)
    raws, _ = everything(channel, cursor)
    assert subjects(raws) == [f"nomor {number}" for number in range(250)]


def test_a_batch_has_an_end_in_bytes_too(
    server: Dovecot, channel: EmailChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("channels.email.receiving.BATCH_BYTES", 50_000)
    server.append(*[mail() + b"a\r\n" * 10_000 for _ in range(3)])
    batch = channel.poll(None)
    assert (len(batch.raws), batch.more) == (1, True)
    assert len(everything(channel)[0]) == 3


def test_searches_are_cut_into_windows(server: Dovecot, channel: EmailChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.email.places.WINDOW", 3)
    server.append(*[mail(Subject=f"lama {number}") for number in range(7)], seen=True)
    server.append(mail(Subject="baru"))
    raws, cursor = everything(channel)
    channel.confirm(cursor)
    assert subjects(raws) == ["baru"]
    assert server.unseen() == 0


def test_idle_wakes_at_a_mail(server: Dovecot, channel: EmailChannel) -> None:
    _, cursor = everything(channel)
    assert channel.wait(cursor, 0.05) is False
    arrival = threading.Timer(0.2, server.append, [mail()])
    arrival.start()
    assert channel.wait(cursor, 20) is True
    arrival.join()
    assert channel.wait(cursor, 20) is True
    assert len(channel.poll(cursor).raws) == 1


def test_a_server_without_idle_is_polled_by_the_interval(need: Callable[[str], str]) -> None:
    with dovecot(need("dovecot")) as server:
        server.kill()
        server.configure(capability="IMAP4rev1 AUTH=PLAIN")
        server.start()
        with mailbox(server, poll_interval=7.0) as channel:
            slept: list[float] = []
            channel._receiver._sleep = slept.append
            _, cursor = everything(channel)
            assert channel.wait(cursor, 25) is False
            assert slept == [7.0]


def test_a_server_that_dies_while_we_wait_and_comes_back_loses_nothing(server: Dovecot, channel: EmailChannel) -> None:
    _, cursor = everything(channel)
    death = threading.Timer(0.2, server.kill)
    death.start()
    assert channel.wait(cursor, 20) is True
    death.join()
    with pytest.raises(PollFailed, match="tidak dapat dihubungi"):
        channel.poll(cursor)
    server.start()
    server.append(mail(Subject="sesudah"))
    assert subjects(everything(channel, cursor)[0]) == ["sesudah"]


def test_a_kept_connection_that_died_is_made_anew_without_a_word(server: Dovecot, channel: EmailChannel) -> None:
    _, cursor = everything(channel)
    server.kill()
    server.start()
    server.append(mail(Subject="sesudah"))
    assert subjects(channel.poll(cursor).raws) == ["sesudah"]


def test_one_connection_is_kept(server: Dovecot, channel: EmailChannel) -> None:
    _, cursor = everything(channel)
    for _ in range(3):
        channel.wait(cursor, 0.01)
        channel.poll(cursor)
        channel.confirm(cursor)
    assert server.log().count("Info: Login:") == 1


def test_tls_both_ways(server: Dovecot) -> None:
    server.append(mail())
    with mailbox(server.tls_port, imap_security="ssl") as channel:
        assert len(channel.poll(None).raws) == 1
    with mailbox(server, imap_security="starttls", imap_host="localhost") as channel:
        assert len(channel.poll(None).raws) == 1


@pytest.mark.parametrize(
    ("certificate", "why"), [("expired", "certificate has expired"), ("other", "not valid for '127.0.0.1'")]
)
def test_a_wrong_certificate_is_refused_and_named(need: Callable[[str], str], certificate: str, why: str) -> None:
    with dovecot(need("dovecot"), certificate=certificate) as server:
        for options in ({"imap_security": "ssl", "imap_port": server.tls_port}, {"imap_security": "starttls"}):
            with mailbox(server, **options) as channel, pytest.raises(PollFailed, match=why):
                channel.poll(None)
        assert "Info: Login:" not in server.log()


def test_a_signer_that_nobody_knows_is_refused(server: Dovecot) -> None:
    with (
        mailbox(server.tls_port, imap_security="ssl", ca_file=None) as channel,
        pytest.raises(PollFailed, match=r"tidak dipercaya.*ca_file"),
    ):
        channel.poll(None)


def test_a_ca_file_that_is_not_there_is_named(server: Dovecot) -> None:
    missing = server.folder / "none.pem"
    with (
        mailbox(server, imap_security="starttls", ca_file=missing) as channel,
        pytest.raises(PollFailed, match="ca_file tidak dapat dibaca"),
    ):
        channel.poll(None)


def test_a_wrong_password_says_what_to_do_and_is_not_tried_often(server: Dovecot) -> None:
    with (
        mailbox(server, password="salah-sekali") as channel,
        pytest.raises(PollFailed, match="periksa username") as told,
    ):
        channel.poll(None)
    assert told.value.retry_after == 300
    assert "salah-sekali" not in str(told.value)
    assert PASSWORD not in str(told.value)


def test_a_folder_that_is_not_there_is_named(server: Dovecot) -> None:
    with mailbox(server, folders=("Aduan",)) as channel, pytest.raises(PollFailed, match=r"Folder Aduan .*periksa"):
        channel.poll(None)


def test_no_server_is_a_poll_failure() -> None:
    with mailbox(free_ports(1)[0]) as channel, pytest.raises(PollFailed, match="tidak dapat dihubungi"):
        channel.poll(None)


def test_a_mail_over_the_cap_comes_with_its_beginning(server: Dovecot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.email.fetching._ASKED", ("BODY.PEEK[]", "BODY.PEEK[]<0.2000>", "BODY.PEEK[HEADER]"))
    server.append(mail(Subject="besar") + b"a\r\n" * 400_000, mail(Subject="kecil"))
    with mailbox(server, max_bytes=1 << 20) as channel:
        large, small = channel.poll(None).raws
        assert (len(large.body), large.meta["lacks"]) == (2000, "size")
        assert "lacks" not in small.meta
        [item] = parsed(channel, large)
        assert item.attachments[-1].name == "surat-lengkap.eml"  # type: ignore[union-attr] # a message
