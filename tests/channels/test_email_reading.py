"""The mail parser: who wrote, in which conversation, under which id, when."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import pytest
from letters import BUDI, MAILBOX, OUR_ID, OURS, TAGGED, TOKEN, items, mail, message

from channels.email.mailbox import Mailbox
from channels.email.parsing import addresses, ids
from channels.email.reading import read_mail
from normalizer.messages import Ignored, InboundMessage, Sender

SITI = "siti@lain.example"
OUR_BARE = OUR_ID.strip("<>")


def test_a_plain_mail() -> None:
    found = message(mail("Jalan rusak.\n"))
    assert (found.sender, found.to) == (Sender(address=BUDI, name="Budi Santoso"), OURS)
    assert (found.text, found.subject, found.quoted, found.html) == ("Jalan rusak.", "Jalan rusak", None, None)
    assert found.sent_at == datetime(2026, 11, 2, 1, tzinfo=UTC)
    assert found.conversation_id == TOKEN
    assert found.external_id is not None
    assert ids.header_id(found.external_id) == "<CAF1kQ8xYz77aBcD1234@mail.surat.example>"
    assert found.hints["references"] == ["<CAF1kQ8xYz77aBcD1234@mail.surat.example>"]
    assert found.hints["subject"] == "Jalan rusak"


# conversations


@pytest.mark.parametrize("field", ["To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_our_tag_names_the_conversation_whoever_writes(field: str) -> None:
    found = message(mail("Ya", **{"From": f"Siti <{SITI}>", field: f"Aduan <{TAGGED.upper()}>"}))
    assert (found.conversation_id, found.to, found.sender.address) == (TOKEN, OURS, SITI)


@pytest.mark.parametrize("field", ["In-Reply-To", "References"])
def test_our_message_id_names_the_conversation(field: str) -> None:
    found = message(mail("Ya", **{"From": SITI, field: f"<a1@surat.example> {OUR_ID}"}))
    assert (found.conversation_id, found.in_reply_to) == (TOKEN, OUR_BARE)


def test_the_newest_of_our_ids_is_answered_and_only_one_of_this_conversation() -> None:
    newest = MAILBOX.message_id("lebih-baru", TOKEN, "pemalang.example")
    other = MAILBOX.message_id("orang-lain", MAILBOX.token(SITI), "pemalang.example")
    found = message(mail("Ya", References=f"{OUR_ID} {newest} <x1@surat.example>"))
    assert found.in_reply_to == newest.strip("<>")
    mixed = message(mail("Ya", To=TAGGED, References=f"{OUR_ID} {other}"))
    assert (mixed.conversation_id, mixed.in_reply_to) == (TOKEN, OUR_BARE)


def test_a_stranger_cannot_write_into_a_citizens_thread() -> None:
    citizen = message(mail("Jalan rusak."))
    own_token = MAILBOX.token(SITI)
    forged = [
        mail("Saya Budi", From=SITI, In_Reply_To="<CAF1kQ8xYz77aBcD1234@mail.surat.example>"),
        mail("Saya Budi", From=SITI, References="<CAF1kQ8xYz77aBcD1234@mail.surat.example>"),
        mail("Tiket MBS-7K2Q", From=SITI, Subject="Re: Jalan rusak [MBS-7K2Q]"),
        mail("x", From=SITI, In_Reply_To=f"<0192aa10.{TOKEN}@jahat.example>"),
        mail("x", From=SITI, To=f"{OURS}, aduan+{TOKEN}@jahat.example"),
        mail("x", From=SITI, To=f"{OURS}, lain+{TOKEN}@pemalang.example"),
    ]
    for body in forged:
        found = message(body)
        assert found.conversation_id == own_token
        assert found.in_reply_to != citizen.external_id
    # The citizen himself, answering his own mail, is threaded by it.
    own = message(mail("Tambahan", Message_ID="<n2@surat.example>", In_Reply_To=header_id(citizen)))
    assert own.in_reply_to == citizen.external_id


def header_id(found: InboundMessage) -> str:
    assert found.external_id is not None
    return ids.header_id(found.external_id) or ""


def test_tokens_cannot_be_made_without_the_key() -> None:
    other = Mailbox(MAILBOX.addresses, "kunci-lain")
    assert other.token(BUDI) != TOKEN
    assert MAILBOX.token(f" {BUDI.upper()} ") == TOKEN
    assert len(TOKEN) == 16
    assert "rahasia" not in repr(MAILBOX)
    assert MAILBOX.find_token(TAGGED) == TOKEN
    assert MAILBOX.find_token(OURS) is None
    assert MAILBOX.read_message_id(OUR_ID) == TOKEN
    assert MAILBOX.read_message_id("<" + "x" * 200 + OUR_ID[1:]) is None
    untagged = dataclasses.replace(MAILBOX, tag_separator="")
    assert untagged.tagged(OURS, TOKEN) == OURS
    assert untagged.find_token(TAGGED) is None
    dashed = dataclasses.replace(MAILBOX, tag_separator="-")
    assert dashed.find_token(dashed.tagged(OURS, TOKEN)) == TOKEN
    assert dashed.own(dashed.tagged(OURS, TOKEN)) == OURS


def test_which_of_our_addresses_was_written_to() -> None:
    assert message(mail(To=f"lain@x.example, Lapor <lapor+{TOKEN}@pemalang.example>")).to == "lapor@pemalang.example"
    assert message(mail(To="undisclosed-recipients:;")).to is None


# ids


def test_the_same_mail_is_one_however_it_came() -> None:
    for gone in ({}, {"Message-ID": None}):
        plain = message(mail("Jalan rusak.", **gone)).external_id
        relayed = mail("Jalan rusak.", "Delivered-To: aduan@pemalang.example", "X-Spam: no", **gone)
        first = b"Received: from a by b; Mon, 2 Nov 2026 08:00:01 +0700\r\n" + relayed
        assert message(first).external_id == plain
        assert read_mail(first, MAILBOX, uid_key="Spam:9:1")[0].external_id == plain


def test_a_repeated_message_id_swallows_nobody() -> None:
    ours = message(mail("Jalan rusak."))
    assert message(mail("Halo", From=SITI)).external_id != ours.external_id
    # A web form that gives every mail one id: told apart by date and subject.
    form = {"Message-ID": "<form@situs.example>"}
    one, two = message(mail("a", **form)), message(mail("b", **form, Date="Mon, 02 Nov 2026 08:00:09 +0700"))
    assert one.external_id != two.external_id


def test_a_mail_without_message_id_is_a_message() -> None:
    first, second = message(mail("Satu", **{"Message-ID": None})), message(mail("Dua", **{"Message-ID": None}))
    assert first.external_id is not None
    assert first.external_id.startswith("sha256:")
    assert len({first.external_id, second.external_id}) == 2
    assert ids.header_id(first.external_id) is None
    assert all(one.startswith("<") is False for one in (first.external_id, second.external_id))


@pytest.mark.parametrize(
    "written", ["<" + "x1" * 1000 + "@y.example>", "<é1234567890123@y.example>", "<>", "tanpa kurung"]
)
def test_odd_message_ids_still_make_ids_that_a_database_takes(written: str) -> None:
    found = message(mail("x", Message_ID=written))
    external_id = found.external_id or ""
    assert 10 < len(external_id) < 450
    assert external_id.isascii()
    answered = message(mail("x", In_Reply_To=written)).in_reply_to
    assert len(answered or "") < 450
    assert len(str(message(mail("x", References=written)).hints)) < 2_000


# senders, dates, hints


def test_no_sender_is_nobody_to_answer() -> None:
    found, other = (
        message(mail("Satu", From=None)),
        message(mail("Dua", From=None, Message_ID="<lain123456789@x.example>")),
    )
    assert (found.sender.address, bool(found.sender.name)) == ("", True)
    assert found.hints["no_reply"] is True
    assert found.conversation_id != other.conversation_id


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (b"Budi <budi@x.example>", ("Budi", "budi@x.example")),
        (b'"Santoso, Budi" <B@X.example>', ("Santoso, Budi", "B@X.example")),
        (b"Budi, S.H. <b@x.example>", ("Budi, S.H.", "b@x.example")),
        (b"b@x.example (Budi S)", ("Budi S", "b@x.example")),
        (b"=?utf-8?Q?Budi_=3Cbudi=40x.example=3E?=", ("Budi", "budi@x.example")),
        (b"=?iso-8859-1?Q?R=E9za?= =?iso-8859-1?Q?_M?= <r@x.example>", ("Réza M", "r@x.example")),
        ("Réza <r@x.example>".encode(), ("Réza", "r@x.example")),
        (b"R\xe9za <r@x.example>", ("Réza", "r@x.example")),
        (b"Budi (RT 3 <b@x.example>", ("Budi RT 3", "b@x.example")),
        (b'"a@palsu.example" <b@x.example>', ("a@palsu.example", "b@x.example")),
        (b"=?utf-8?Q?Budi=0A=E2=80=AEx?= <b@x.example>", ("Budi x", "b@x.example")),
        (b"<@relay.example:b@x.example>", ("", "b@x.example")),
        (b"Warga: b@x.example, c@x.example;", ("", "b@x.example")),
    ],
)
def test_addresses_as_mailers_write_them(written: bytes, expected: tuple[str, str]) -> None:
    assert addresses.parse(written)[0] == expected


@pytest.mark.parametrize(
    "written", [b"", b"x", b"<>", b"undisclosed-recipients:;", b"@", b"a@", b"<MAILER-DAEMON>", b'"']
)
def test_what_is_no_address_is_passed_over(written: bytes) -> None:
    assert addresses.parse(written) == []


@pytest.mark.parametrize(
    "written", [None, "", "kemarin", "Mon, 99 Foo 2026", "Thu, 1 Jan 1970 00:00:00 +0000", "1" * 5000]
)
def test_a_date_that_is_none(written: str | None) -> None:
    received = datetime(2026, 11, 2, 3, tzinfo=UTC)
    assert message(mail(Date=written)).sent_at is None
    [found] = read_mail(mail(Date=written), MAILBOX, internal_date=received)
    assert isinstance(found, InboundMessage)
    assert found.sent_at == received


def test_a_clock_that_runs_ahead_is_not_believed() -> None:
    received = datetime(2026, 11, 2, 3, tzinfo=UTC)
    [found] = read_mail(mail(Date="Sun, 02 Nov 2031 08:00:00 +0700"), MAILBOX, internal_date=received)
    assert isinstance(found, InboundMessage)
    assert found.sent_at == received
    assert message(mail(Date="2 Nov 2026 08:00 -0000")).sent_at == datetime(2026, 11, 2, 8, tzinfo=UTC)


def test_hints_say_what_else_the_header_told() -> None:
    found = message(
        mail(
            "x",
            "Authentication-Results: mx.example; spf=pass (ok) smtp.mailfrom=x; dkim=fail; dmarc=none",
            "Authentication-Results: palsu.example; dmarc=pass",
            Cc="a@x.example, B <b@x.example>",
            Reply_To="Budi <rumah@surat.example>",
        )
    )
    assert found.hints["auth"] == {"spf": "pass", "dkim": "fail", "dmarc": "none"}
    assert (found.hints["cc"], found.hints["reply_to"]) == (2, "rumah@surat.example")
    assert "no_reply" not in found.hints
    assert "reply_to" not in message(mail(Reply_To=f"{TAGGED}, {BUDI}")).hints
    [noted] = read_mail(mail(), MAILBOX, uid_key="INBOX:1:7")
    assert isinstance(noted, InboundMessage)
    assert noted.hints["uid"] == "INBOX:1:7"


def test_the_subject_is_decoded_and_whole() -> None:
    written = "=?UTF-8?B?SmFsYW4gcnVzYWsg8J+Y?= =?UTF-8?B?ijop?=\r\n =?utf-8?Q?_di_Desa?= X"
    assert message(mail(Subject=written)).subject == "Jalan rusak 😊:) di Desa X"
    assert message(mail(Subject="=?utf-8?Q?Lampu padam, tolong!?=")).subject == "Lampu padam, tolong!"
    assert message(mail(Subject="=?utf-8?B?")).subject == "=?utf-8?B?"
    assert message(mail(Subject="x" * 3000)).subject == "x" * 3000
    assert message(mail(Subject=None)).subject is None


# ourselves


def test_our_own_mail_is_left_alone() -> None:
    [found] = items(mail(From=f"Aduan <{TAGGED}>", To=BUDI, Message_ID=OUR_ID))
    assert isinstance(found, Ignored)
    assert found.reason == "own-mail"
    [sent] = items(mail(From=f"Aduan <{OURS}>", Reply_To=TAGGED))
    assert isinstance(sent, Ignored)
    [ours] = items(mail(From=OURS, Reply_To=BUDI, **{"Message-ID": OUR_ID}))
    assert isinstance(ours, Ignored)


def test_a_contact_form_that_writes_in_our_name_brings_the_citizens_complaint() -> None:
    found = message(mail("Nama: Budi", From=f"Situs <{OURS}>", Reply_To=f"Budi <{BUDI}>"))
    assert (found.sender, found.conversation_id) == (Sender(address=BUDI, name="Budi"), TOKEN)


def test_the_same_bytes_give_the_same_items() -> None:
    body = mail("x", **{"Message-ID": None})
    assert items(body) == items(body)
    assert items(b"  \r\n") == [Ignored(reason="empty")]


@pytest.mark.parametrize(
    ("results", "verified"),
    [
        ("mx.pemalang.example; dmarc=pass header.from=surat.example", True),
        ("MX.pemalang.example 1; spf=pass; dmarc=pass", True),
        ("mx.pemalang.example; dmarc=fail", False),
        ("palsu.example; dmarc=pass", False),
        ("mx.pemalang.example.palsu.example; dmarc=pass", False),
        ("; dmarc=pass", False),
    ],
)
def test_a_sender_counts_as_verified_only_by_the_word_of_our_own_server(results: str, verified: bool) -> None:
    mailbox = dataclasses.replace(MAILBOX, authserv="mx.pemalang.example")
    body = mail("x", f"Authentication-Results: {results}", "Authentication-Results: mx.pemalang.example; dmarc=pass")
    [found] = read_mail(body, mailbox)
    assert isinstance(found, InboundMessage)
    assert found.hints.get("email_verified", False) is verified
    assert "email_verified" not in message(body).hints
