"""Mail sent: the adapter against a real SMTP server on loopback, at every step at which it can fail."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import OutboundFile, OutboundReply
from channels.email.composing import compose
from channels.email.mailbox import Mailbox
from channels.email.settings import EmailSettings
from channels.errors import OutcomeUnknown, ProviderDown, Refused, Throttled
from normalizer.messages import Delivery
from tests.dovecot import PASSWORD, USER, free_ports
from tests.mailkit import SITI, mailbox, reply
from tests.smtpd import Post, post_office
from tests.toy import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.email.adapter import EmailChannel


@pytest.fixture
def post() -> Iterator[Post]:
    with post_office() as running:
        yield running


@pytest.fixture
def channel(post: Post) -> Iterator[EmailChannel]:
    with mailbox(9, post) as made:
        yield made


def test_an_answer_is_threaded_signed_with_our_name_and_comes_back_to_its_conversation(
    post: Post, channel: EmailChannel
) -> None:
    answer = reply(
        channel,
        "Sudah kami perbaiki.\nTerima kasih.",
        in_reply_to="surat-1@warga.example#79f49439",
        subject="Jalan rusak",
        hints={"references": ["<awal@warga.example>", "surat-1@warga.example"]},
        values={"ticket": "MBS-7K2", "program": "Mas Bup Siaga", "state": "selesai"},
    )
    receipt = channel.send(answer)
    [found] = post.mails()
    token = channel._mailbox.token(SITI)
    assert found["From"] == f"Mas Bup Siaga <{USER}>"
    assert found["To"] == SITI
    assert found["Reply-To"] == f"Mas Bup Siaga <aduan+{token}@pemalang.example>"
    assert found["Subject"] == "Re: Jalan rusak [MBS-7K2]"
    assert found["In-Reply-To"] == "<surat-1@warga.example>"
    assert found["References"].split() == ["<awal@warga.example>", "<surat-1@warga.example>"]
    assert found["Message-ID"] == f"<{receipt.external_id}>"
    assert channel._mailbox.read_message_id(found["Message-ID"]) == token
    assert found["Auto-Submitted"] is None
    assert found["Date"].datetime.tzinfo is not None
    assert found.get_content() == "Sudah kami perbaiki.\nTerima kasih.\n"
    assert (post.taken[0].mail_from, post.taken[0].rcpt_tos) == (USER, [SITI])
    assert receipt.status is Delivery.ACCEPTED
    assert any(option.startswith("SIZE=") for option in post.options)


def test_a_second_try_has_the_same_message_id(post: Post, channel: EmailChannel) -> None:
    assert channel.send(reply(channel)).external_id == channel.send(reply(channel)).external_id
    assert len({mail["Message-ID"] for mail in post.mails()}) == 1


@pytest.mark.parametrize("purpose", ["ack", "format", "status"])
def test_an_automatic_text_says_that_it_is_one(post: Post, channel: EmailChannel, purpose: str) -> None:
    channel.send(reply(channel, purpose=purpose))
    [found] = post.mails()
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["X-Auto-Response-Suppress"] == "OOF, AutoReply"


@pytest.mark.parametrize("hint", ["automatic", "no_reply"])
def test_machines_do_not_write_to_each_other(post: Post, channel: EmailChannel, hint: str) -> None:
    with pytest.raises(Refused, match="otomatis"):
        channel.send(reply(channel, purpose="ack", hints={hint: True}))
    assert post.taken == []
    channel.send(reply(channel, hints={hint: True}))
    assert len(post.taken) == 1


HOSTILE = "Halo\r\nBcc: korban@lain.example\r\n\r\nisi \u202egnp.exe\x00 \u2028 é"


def test_no_header_can_be_forged(post: Post) -> None:
    with mailbox(9, post, name="") as channel:
        channel.send(
            reply(
                channel,
                HOSTILE,
                subject=HOSTILE,
                in_reply_to="x@y>\r\nBcc: <z@lain.example",
                values={"program": HOSTILE, "ticket": "A-1"},
                hints={"references": [HOSTILE, "<baik@warga.example>", 7, "dua kata@x"]},
                attachments=[OutboundFile(name=HOSTILE, content_type=HOSTILE, content=b"x")],
            )
        )
    [found] = post.mails()
    assert found["Bcc"] is None
    assert found["In-Reply-To"] is None
    assert found["References"] is None
    assert found["Subject"] == "Re: Halo Bcc: korban@lain.example isi gnp.exe\ufffd é [A-1]"
    [attachment] = found.iter_attachments()
    assert attachment.get_content_type() == "application/octet-stream"
    assert "\n" not in str(attachment.get_filename())
    assert post.taken[0].rcpt_tos == [SITI]
    assert set(found.keys()) == {
        "Date", "From", "To", "Reply-To", "Subject", "Message-ID", "MIME-Version", "Content-Type"
    }  # fmt: skip


NO_ADDRESSES = """|siti|siti@|@warga.example|a@b\r\nRCPT TO:<c@d>|a b@c.example|<a@b.example>|a@b..example|a@ex_ample"""


@pytest.mark.parametrize("address", [*NO_ADDRESSES.split("|"), "a@" + "x" * 70 + ".example"])
def test_an_address_that_is_none_is_refused(post: Post, channel: EmailChannel, address: str) -> None:
    with pytest.raises(Refused, match="Alamat surel warga tidak dapat dipakai"):
        channel.send(reply(channel, to=address))
    assert post.taken == []


def test_a_domain_with_other_letters_is_written_in_ascii(post: Post, channel: EmailChannel) -> None:
    channel.send(reply(channel, to="siti@bücher.example"))
    assert post.taken[0].rcpt_tos == ["siti@xn--bcher-kva.example"]


def test_a_name_with_other_letters_needs_a_server_that_takes_them(post: Post, channel: EmailChannel) -> None:
    with pytest.raises(Refused, match="huruf khusus"):
        channel.send(reply(channel, to="sitī@warga.example"))
    with post_office(enable_SMTPUTF8=True) as able, mailbox(9, able) as other:
        other.send(reply(other, to="sitī@warga.example", subject="é"))
        assert able.taken[0].rcpt_tos == ["sitī@warga.example"]
        assert able.mails()[0]["To"] == "sitī@warga.example"


def test_long_and_foreign_words_survive(post: Post) -> None:
    name = "Dinas Pekerjaan Umum — 道路 " * 4
    text = "é" * 3000 + "\n.\n..titik\n" + "panjang " * 300
    words = "Jalan rusak — 道路 \U0001f64f " * 10
    root = "r" * 230 + "@warga.example"
    with mailbox(9, post, name=name) as channel:
        channel.send(reply(channel, text, subject=words, in_reply_to=root, hints={"references": ["x" * 100] * 40}))
    [found] = post.mails()
    # The library's newer reader puts blanks between the pieces of a long name; its older one reads them right.
    plain = email.message_from_bytes(bytes(post.taken[0].content))
    assert str(make_header(decode_header(plain["From"]))) == f"{name.strip()} <{USER}>"
    assert found.get_content().replace("\r\n", "\n") == text + "\n"
    assert str(found["Subject"]).removeprefix("Re: ") == words[:200].strip()
    assert found["In-Reply-To"] == f"<{root}>"
    assert found["References"].split()[-1] == f"<{root}>"
    assert len(found["References"].split()) == 12
    content: Any = post.taken[0].original_content
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) < 300
    assert max(len(word) for word in re.findall(rb"=\?\S+\?=", content)) <= 75
    assert b"=?" not in content.partition(b"References:")[2].partition(b"\r\nM")[0]


def test_files_go_along(post: Post, channel: EmailChannel) -> None:
    files = [
        OutboundFile(name="surat tugas é.pdf", content_type="application/pdf", content=b"%PDF-1.7"),
        OutboundFile(name="catatan.txt", content_type="text/plain; charset=utf-8", content="é".encode()),
        OutboundFile(name="", content_type="message/rfc822", content=b"From: x\r\n\r\n"),
    ]
    channel.send(reply(channel, attachments=files))
    found = list(post.mails()[0].iter_attachments())
    assert [each.get_filename() for each in found] == ["surat tugas é.pdf", "catatan.txt", "berkas"]
    assert [each.get_payload(decode=True) for each in found] == [file.content for file in files]


def test_an_empty_reply_is_refused(post: Post, channel: EmailChannel) -> None:
    with pytest.raises(Refused, match="kosong"):
        channel.send(reply(channel, "  \n"))


def test_a_mail_larger_than_the_server_takes_is_refused_before_it_is_sent() -> None:
    with post_office(data_size_limit=1_000_000) as post, mailbox(9, post) as channel:
        huge = OutboundFile(name="foto.jpg", content_type="image/jpeg", content=bytes(1_000_000))
        with pytest.raises(Refused, match=r"terlalu besar .*2 MB"):
            channel.send(reply(channel, attachments=[huge]))
        assert post.options == []


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize(("said", "expected"), [
    ("550 5.1.1 <siti.aminah@warga.example>: User unknown", (Refused, "tidak dikenal atau tidak aktif (550 5.1.1)")),
    ("552 5.2.2 mailbox full", (Refused, "penuh")),
    ("554 5.7.1 spam", (Refused, "menolak isi atau pengirim")),
    ("554 no", (Refused, "menolak surat ini (554)")),
    ("450 4.2.0 greylisted", (Throttled, "450 4.2.0")),
    ("451 try later", (Throttled, "451")),
    ("452 4.3.1 storage", (Throttled, "452")),
    ("550 5.4.5 Daily user sending limit exceeded", (Throttled, "tidak menerima surat kita lagi hari ini")),
    ("530 5.7.0 log in first", (ProviderDown, "periksa smtp_login")),
    ("421 4.7.0 closing", (ProviderDown, "421")),
])  # fmt: skip
def test_what_the_server_refuses_was_not_sent(
    post: Post, channel: EmailChannel, step: str, said: str, expected: tuple[type[Exception], str]
) -> None:
    kind, words = expected
    post.answers[step] = said
    with pytest.raises(kind) as told:
        channel.send(reply(channel))
    assert type(told.value) is kind
    assert words in str(told.value)
    assert "siti" not in str(told.value)
    assert post.taken == []


def test_an_unknown_addressee_without_a_code_is_still_one(post: Post, channel: EmailChannel) -> None:
    post.answers["RCPT"] = "550 no such user"
    with pytest.raises(Refused, match="tidak dikenal"):
        channel.send(reply(channel))


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_connection_that_ends_before_the_mail_left_has_sent_nothing(
    post: Post, channel: EmailChannel, step: str
) -> None:
    post.drop = step
    with pytest.raises(ProviderDown):
        channel.send(reply(channel))
    post.drop = ""
    channel.send(reply(channel))
    assert len(post.taken) == 1


@pytest.mark.parametrize(("step", "taken"), [("END", 0), ("AFTER", 1)])
@pytest.mark.parametrize("way", ["drop", "hang"])
def test_no_answer_after_the_mail_left_is_an_unknown_outcome(post: Post, way: str, step: str, taken: int) -> None:
    with mailbox(9, post, timeout=0.1) as channel:
        setattr(post, way, step)
        with pytest.raises(OutcomeUnknown):
            channel.send(reply(channel))
        assert len(post.taken) == taken


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
def test_a_server_that_hangs_before_the_mail_left_has_sent_nothing(post: Post, step: str) -> None:
    post.hang = step
    with mailbox(9, post, timeout=0.3) as channel, pytest.raises(ProviderDown):
        channel.send(reply(channel))


def test_no_server_a_wrong_password_and_no_tls_are_for_the_operator(post: Post) -> None:
    with mailbox(9, free_ports(1)[0]) as channel, pytest.raises(ProviderDown, match="tidak dapat dihubungi"):
        channel.send(reply(channel))
    with mailbox(9, post, password="salah") as channel, pytest.raises(ProviderDown, match="periksa username") as told:
        channel.send(reply(channel))
    assert "salah" not in str(told.value)
    with mailbox(9, post, smtp_security="starttls") as channel, pytest.raises(ProviderDown, match="tanpa STARTTLS"):
        channel.send(reply(channel))


@pytest.mark.parametrize("security", ["ssl", "starttls"])
def test_tls_and_its_certificates(security: str) -> None:
    with post_office(security) as post, mailbox(9, post, smtp_security=security) as channel:
        channel.send(reply(channel))
        assert len(post.taken) == 1
    for certificate, why in (("expired", "has expired"), ("other", "not valid for")):
        with (
            post_office(security, certificate=certificate) as post,
            mailbox(9, post, smtp_security=security) as channel,
            pytest.raises(ProviderDown, match=why),
        ):
            channel.send(reply(channel))


def test_a_relay_of_its_own_login_or_none(post: Post) -> None:
    own = {"password": "imap", "smtp_username": USER, "smtp_password": PASSWORD}
    with mailbox(9, post, **own) as channel:
        channel.send(reply(channel))
    with post_office(login=False) as open_relay, mailbox(9, open_relay, smtp_login=False) as channel:
        channel.send(reply(channel))
        assert len(open_relay.taken) == 1


def test_only_who_cannot_read_answers_is_written_to_elsewhere(post: Post, channel: EmailChannel) -> None:
    forged = {"reply_to": "orang.lain@jahat.example"}
    channel.send(reply(channel, hints=forged))
    channel.send(reply(channel, to="no-reply@formulir.example", hints={"reply_to": "siti@warga.example"}))
    assert [envelope.rcpt_tos for envelope in post.taken] == [[SITI], ["siti@warga.example"]]


def test_lines_of_a_mail_are_what_smtp_wants(post: Post, channel: EmailChannel) -> None:
    channel.send(reply(channel, "satu\rdua\r\ntiga\n.\n.empat"))
    content: Any = post.taken[0].original_content
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert post.mails()[0].get_content() == "satu\ndua\ntiga\n.\n.empat\n"


ANY = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n\x00<>\"'@:;,\\"), max_size=60)


@settings(max_examples=200, deadline=None)
@given(subject=ANY, name=ANY, parent=ANY, references=st.lists(ANY, max_size=3), ticket=ANY, text=ANY)
def test_whatever_is_written_the_headers_are_ours(**words: Any) -> None:
    kept = EmailSettings(
        address=USER, signing_key="k" * 16, imap_host="x", smtp_host="x", password="x", name=words["name"]
    )
    answer = OutboundReply(
        id="r1",
        conversation_id="a" * 16,
        to=SITI,
        text=words["text"],
        subject=words["subject"],
        in_reply_to=words["parent"],
        hints={"references": words["references"]},
        values={"ticket": words["ticket"]},
    )
    letter = compose(answer, kept, Mailbox((USER,), kept.signing_key), START)
    head = letter.content.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    names = {line.partition(b":")[0] for line in head.split(b"\r\n") if line[:1] not in {b" ", b"\t"}}
    always = {b"Date", b"From", b"To", b"Reply-To", b"Subject", b"Message-ID", b"MIME-Version", b"Content-Type"}
    assert always <= names <= always | {b"In-Reply-To", b"References", b"Content-Transfer-Encoding"}
    assert email.message_from_bytes(letter.content, policy=email.policy.default)["To"] == SITI
