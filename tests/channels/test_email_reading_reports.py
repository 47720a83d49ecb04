"""The mail parser: bounces and reports become receipts of our mail; automatic mail is kept and never answered."""

from __future__ import annotations

import pytest
from letters import BUDI, MAILBOX, OUR_ID, OURS, TAGGED, TOKEN, items, mail, message, part, parts

from channels.email.parsing.automatic import is_machine
from normalizer.messages import Delivery, DeliveryReceipt, InboundMessage

OUR_BARE = OUR_ID.strip("<>")
COPY = f"From: Aduan <{OURS}>\nTo: {BUDI}\nMessage-ID: {OUR_ID}\nSubject: Re: Jalan\n"


def report(fields: str, copy: bytes | None = None, **header: str | bytes | None) -> bytes:
    """A delivery report as Postfix, Exchange and Gmail send it."""
    return parts(
        part("text/plain", f"<{BUDI}>: tidak sampai"),
        part("message/delivery-status", f"Reporting-MTA: dns; mx.example\n\n{fields}"),
        copy if copy is not None else part("text/rfc822-headers", COPY),
        kind="report; report-type=delivery-status",
        **{"From": "MAILER-DAEMON@mx.example", "Return-Path": "<>", **header},
    )


def receipt(body: bytes) -> DeliveryReceipt:
    [item] = items(body)
    assert isinstance(item, DeliveryReceipt), item
    return item


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ("Action: failed\nStatus: 5.1.1", Delivery.FAILED, "tidak sampai (5.1.1: alamat penerima tidak dikenal)"),
        (
            "Action: failed\nStatus: 5.2.2 (full)",
            Delivery.FAILED,
            "tidak sampai (5.2.2: kotak surat penerima penuh atau tidak aktif)",
        ),
        ("Action: failed\nStatus: 5.2.3", Delivery.FAILED, "tidak sampai (5.2.3: surel terlalu besar bagi penerima)"),
        ("Action: failed\nStatus: 5.0.0", Delivery.FAILED, "tidak sampai (5.0.0)"),
        ("Action: delayed\nStatus: 4.4.1", Delivery.SENT, "tertunda (4.4.1: server penerima tidak dapat dihubungi)"),
        ("Action: delivered\nStatus: 2.1.5", Delivery.DELIVERED, None),
        ("Action: relayed (no reports there)\nStatus: 2.0.0", Delivery.SENT, None),
        ("Action: failed", Delivery.FAILED, None),
        (
            "Action: ???\nStatus: 5.7.1",
            Delivery.FAILED,
            "tidak sampai (5.7.1: ditolak oleh aturan keamanan server penerima)",
        ),
        (
            "Action: delivered\nStatus: 2.0.0\n\nAction: failed\nStatus: 5.1.1\n\nAction: delayed\nStatus: 4.0.0",
            Delivery.FAILED,
            "tidak sampai (5.1.1: alamat penerima tidak dikenal)",
        ),
    ],
)
def test_delivery_reports(fields: str, status: Delivery, error: str | None) -> None:
    found = receipt(
        report(f"Final-Recipient: rfc822; {BUDI}\n{fields}".replace("\n\n", f"\n\nFinal-Recipient: {BUDI}\n"))
    )
    assert (found.external_id, found.status, found.error) == (OUR_BARE, status, error)
    assert found.at is not None


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "text/plain"])
def test_our_id_is_found_in_whatever_came_back(kind: str) -> None:
    assert receipt(report("Action: failed\nStatus: 5.1.1", part(kind, COPY + "\nIsi"))).external_id == OUR_BARE


def test_a_bounce_of_a_mail_that_is_not_ours_stays_a_message() -> None:
    strange = f"From: x@x.example\nMessage-ID: <0192.{TOKEN}@lain.example>\n"
    found = message(report("Action: failed\nStatus: 5.1.1", part("text/rfc822-headers", strange)))
    assert found.hints["automatic"] is True
    assert found.hints["no_reply"] is True
    assert "tidak sampai" in found.text


def test_reading_receipts() -> None:
    def read(disposition: str) -> DeliveryReceipt:
        fields = f"Final-Recipient: rfc822;{BUDI}\nOriginal-Message-ID: {OUR_ID}\nDisposition: {disposition}\n"
        return receipt(
            parts(
                part("text/plain", "Dibaca"),
                part("message/disposition-notification", fields),
                kind="report; report-type=disposition-notification",
            )
        )

    shown = read("manual-action/MDN-sent-manually; displayed")
    assert (shown.external_id, shown.status, shown.error) == (OUR_BARE, Delivery.READ, None)
    assert read("automatic-action/MDN-sent-automatically; deleted").status is Delivery.DELIVERED


@pytest.mark.parametrize(
    ("sender", "words", "status", "code"),
    [
        (
            "MAILER-DAEMON@x.example",
            f"Hi. This is the qmail-send program at x.\n<{BUDI}>:\nmailbox is full (#5.2.2)\n\n--- Below:\n\n{COPY}",
            Delivery.FAILED,
            "5.2.2",
        ),
        (
            "Mail Delivery System <Mailer-Daemon@x.example>",
            f"A message that you sent was not delivered.\n  {BUDI}\n    550 No such user\n\n--- copy ---\n\n{COPY}",
            Delivery.FAILED,
            "550",
        ),
        ("postmaster@x.example", f"Delivery has failed: 550 5.7.1 blocked\n\n{COPY}", Delivery.FAILED, "5.7.1"),
        ("Mail Delivery Subsystem <mailer-daemon@x.example>", f"Tidak sampai.\n\n{COPY}", Delivery.FAILED, None),
        ("MAILER-DAEMON@x.example", f"Warning: delayed 4 hours, 451 4.4.1 time-out\n\n{COPY}", Delivery.SENT, "4.4.1"),
    ],
)
def test_bounces_in_a_servers_own_words(sender: str, words: str, status: Delivery, code: str | None) -> None:
    found = receipt(mail(words, From=sender, Return_Path="<>"))
    assert (found.external_id, found.status) == (OUR_BARE, status)
    assert (code in (found.error or "")) if code else found.error is None
    assert "@" not in (found.error or "")


def test_a_citizen_who_quotes_our_mail_is_no_bounce() -> None:
    assert message(mail(f"Sudah, terima kasih. 550 rumah.\n\n{COPY}", In_Reply_To=OUR_ID)).conversation_id == TOKEN
    absent = message(
        mail(f"Saya cuti.\n\n{COPY}", From="no-reply@x.example", Auto_Submitted="auto-replied", Return_Path="<>")
    )
    assert absent.hints["automatic"] is True


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (x)",
        "Return-Path: <>",
        "List-Id: <x.example>",
        "List-Unsubscribe: <https://x.example>",
        "Precedence: bulk",
        "Precedence: List",
        "Precedence: junk",
        "X-Auto-Response-Suppress: All",
        "X-Autoreply: yes",
    ],
)
def test_automatic_mail_is_kept_and_marked(field: str) -> None:
    found = message(mail("Saya cuti.", field, To=TAGGED))
    assert (found.hints["automatic"], found.hints["no_reply"]) == (True, True)
    assert (found.text, found.conversation_id) == ("Saya cuti.", TOKEN)


@pytest.mark.parametrize(
    "field", ["Auto-Submitted: no", "Return-Path: <budi@surat.example>", "Precedence: first-class"]
)
def test_a_citizens_mail_is_not_taken_for_automatic(field: str) -> None:
    assert "automatic" not in message(mail("Halo", field)).hints


@pytest.mark.parametrize(
    ("address", "machine"),
    [
        ("MAILER-DAEMON@x.example", True),
        ("noreply@x.example", True),
        ("no-reply+12@x.example", True),
        ("donotreply@x.example", True),
        ("bounces+4=x@x.example", True),
        ("postmaster", True),
        ("budi@x.example", False),
        ("norepli@x.example", False),
        ("", False),
    ],
)
def test_addresses_that_nobody_reads(address: str, machine: bool) -> None:
    assert is_machine(address) is machine
    if "@" in address:
        assert message(mail("x", From=address)).hints.get("no_reply", False) is machine


def test_our_ids_survive_what_servers_do_to_them() -> None:
    folded = COPY.replace(f"Message-ID: {OUR_ID}", f"message-id:\n {OUR_ID}")
    assert receipt(report("Action: failed\nStatus: 5.1.1", part("message/rfc822", folded))).external_id == OUR_BARE
    [other] = items(report("Action: failed", part("text/rfc822-headers", COPY), From="x@x.example"))
    assert isinstance(other, DeliveryReceipt)
    assert MAILBOX.read_message_id(other.external_id) == TOKEN
    [plain] = items(report("apa saja", b"\n", From="x@x.example"))
    assert isinstance(plain, InboundMessage)
