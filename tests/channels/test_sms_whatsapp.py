"""WhatsApp by Twilio, both ways: contacts of WhatsApp, the 24 hours, templates after them, statuses, errors."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_message, as_request, dead_address, serving
from twilio.request_validator import RequestValidator

from channels.contract import AccountInfo, Conversation, How, OutboundFile, OutboundReply
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled, VerificationFailed
from channels.sms.adapter import SmsChannel
from channels.sms.dialects.twilio import TwilioSettings
from normalizer.messages import Delivery, DeliveryReceipt, Ignored, InboundMessage, Location, Malformed
from standins import twilio, twilio_forms, twilio_whatsapp
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.twilio_whatsapp import WhatsApp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from standins.request import Request

HOOK = "https://aduan.example.go.id/hooks/twilio"
SID, TOKEN = "AC" + "7" * 32, "token-satu"
OURS, SITI = "+15005550006", "+628112626116"
TALK = f"whatsapp:{SITI}"
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
ACK, QUESTION, CLOSING, ANSWER = (f"HX{letter * 32}" for letter in "abcd")
BODIES = {
    ACK: "Aduan {{1}} di {{2}} kami terima. {{3}} Terima kasih.",
    QUESTION: "Aduan {{1}} ({{2}}), kami bertanya: {{3}} Mohon dijawab.",
    CLOSING: "Aduan {{1}} ({{2}}) selesai: {{3}} Terima kasih.",
    ANSWER: "Aduan {{1}} ({{2}}): {{3}} Terima kasih.",
}
TEMPLATES = {
    "content_sid_ack": ACK,
    "content_sid_question": QUESTION,
    "content_sid_closing": CLOSING,
    "content_sid_answer": ANSWER,
}
VALUES = {"ticket": "K7MP-2XWD", "program": "Mas Bup Siaga", "state": "tindak_lanjut"}


@dataclasses.dataclass
class Stand:
    """Twilio's stand-in with one WhatsApp number."""

    base: str
    whatsapp: WhatsApp
    mailroom: Mailroom
    faults: Faults

    def channel(self, *, base: str | None = None, **changes: Any) -> SmsChannel:
        wanted = {"api_url": base or self.base, "timeout": 5.0} | changes
        return channel(**wanted)

    def delivered(self) -> list[str]:
        return [message.text for message in self.mailroom.delivered(SITI)]


def channel(**changes: Any) -> SmsChannel:
    wanted: dict[str, Any] = {"account_sid": SID, "auth_token": TOKEN, "whatsapp_sender": f"whatsapp:{OURS}"}
    return SmsChannel(AccountInfo(name="twilio", hook_url=HOOK), TwilioSettings(**(wanted | changes)))


@pytest.fixture
def stand() -> Iterator[Stand]:
    whatsapp, mailroom, faults = WhatsApp(senders=[OURS], templates=BODIES, clock=lambda: NOW), Mailroom(), Faults()
    app = twilio.create_app(
        mailroom, account_sid=SID, auth_token=TOKEN, numbers=[OURS], whatsapp=whatsapp, faults=faults
    )
    whatsapp.wrote(SITI)
    with serving(app) as base:
        yield Stand(base, whatsapp, mailroom, faults)
        faults.released.set()


def incoming(**changes: Any) -> Request:
    wanted: dict[str, Any] = {"sender": SITI, "receiver": OURS, "text": "masbupsiaga lampu & jalan 🙏"}
    return twilio_whatsapp.incoming(HOOK, TOKEN, **(wanted | changes))


def message(**changes: Any) -> InboundMessage:
    (item,) = channel().parse(as_message(incoming(**changes)))
    assert isinstance(item, InboundMessage)
    return item


def answer(text: str = "Lampu sudah kami ganti.", **changes: Any) -> OutboundReply:
    wanted: dict[str, Any] = {"id": "r1", "conversation_id": TALK, "to": SITI, "text": text, "values": VALUES}
    return OutboundReply(**(wanted | changes))


def late(text: str = "Lampu sudah kami ganti.", **changes: Any) -> OutboundReply:
    return answer(text, **({"how": How.TEMPLATE} | changes))


def talk(**changes: Any) -> Conversation:
    wanted: dict[str, Any] = {"conversation_id": TALK, "address": SITI, "last_inbound_at": NOW}
    return Conversation(**(wanted | changes))


def test_a_whatsapp_message_is_proven_by_twilios_own_validator_and_is_a_whatsapp_contacts() -> None:
    request = incoming()
    fields = dict(pair.split("=", 1) for pair in request.body.decode().split("&"))
    assert fields["From"] == "whatsapp%3A%2B628112626116"
    assert channel().verify(as_request(request), NOW).journal
    with pytest.raises(VerificationFailed):
        channel(auth_token="token-lain").verify(as_request(request), NOW)
    found = message()
    assert (found.conversation_id, found.to) == (TALK, f"whatsapp:{OURS}")
    assert (found.sender.address, found.sender.name) == (SITI, "Siti Aminah")
    assert (found.text, found.hints) == ("masbupsiaga lampu & jalan 🙏", {"scheme": "whatsapp"})


def test_the_stand_in_signs_as_twilio_does() -> None:
    fields = {"From": TALK, "Body": "halo"}
    signature = twilio_forms.form(HOOK, TOKEN, fields).headers["X-Twilio-Signature"]
    assert RequestValidator(TOKEN).validate(HOOK, fields, signature)


def test_the_number_is_where_citizens_write_to_and_an_sms_goes_its_own_way() -> None:
    made = channel(numbers=("1708",))
    assert made.addresses == {"1708", f"whatsapp:{OURS}"}
    assert channel(whatsapp_sender=OURS).addresses == {f"whatsapp:{OURS}"}
    sms = twilio.incoming(HOOK, TOKEN, sender=SITI, receiver=OURS, text="lampu mati")
    (item,) = made.parse(as_message(sms))
    assert isinstance(item, InboundMessage)
    assert (item.conversation_id, item.to, item.hints) == (SITI, OURS, {})


def test_delivered_twice_it_is_the_same_message() -> None:
    request = incoming()
    assert channel().parse(as_message(request)) == channel().parse(as_message(request))


def test_pictures_places_buttons_quotes_and_forwards_are_read() -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages/MM1/Media/ME1"
    (file,) = message(text="", media=[(url, "image/jpeg")]).attachments
    assert (file.url, file.content_type) == (url, "image/jpeg")
    place = {"Latitude": "-6.8915", "Longitude": "109.3785", "Label": "Pasar Pagi", "Address": "Jl. Sudirman"}
    assert message(text="", **place).location == Location(lat=-6.8915, lon=109.3785, label="Pasar Pagi, Jl. Sudirman")
    button = message(text="", ButtonText="Ya, sudah", ButtonPayload="sudah", OriginalRepliedMessageSid="SM9")
    assert (button.text, button.hints["button"], button.in_reply_to) == ("Ya, sudah", "sudah", "SM9")
    assert message(Forwarded="true").hints["forwarded"] is True
    assert "forwarded" not in message(Forwarded="false").hints


def test_what_has_nothing_to_show_still_reaches_the_officer() -> None:
    assert message(text="", MessageType="order").text == "[Pesan WhatsApp ini tidak dapat ditampilkan di sini: order]"
    assert message(text="", MessageType="<b>").text.endswith(": ?]")


@pytest.mark.parametrize(
    "changes",
    [
        {"Latitude": "utara", "Longitude": "109"},
        {"Latitude": "nan", "Longitude": "109"},
        {"Latitude": "-6.8"},
        {"Latitude": "-6.8", "Longitude": "9" * 400},
        {"From": "whatsapp:"},
    ],
)
def test_what_cannot_be_read_is_quarantined_without_the_citizens_words(changes: dict[str, str]) -> None:
    (item,) = channel().parse(as_message(incoming(**changes)))
    assert isinstance(item, Malformed)
    assert "lampu" not in item.error


def test_other_networks_of_twilio_are_ignored() -> None:
    (item,) = channel().parse(as_message(incoming(From="messenger:123")))
    assert isinstance(item, Ignored)
    assert item.reason == "messenger-not-configured"


def test_free_for_24_hours_then_templates_then_nothing() -> None:
    made = channel(content_sid_answer=ANSWER)
    options = made.reply_options(talk(), NOW)
    assert (options.allowed, options.how, options.until) == (True, How.FREE, NOW + timedelta(hours=24))
    after = NOW + timedelta(hours=24)
    assert made.reply_options(talk(), after - timedelta(seconds=1)).how is How.FREE
    options = made.reply_options(talk(), after)
    assert (options.allowed, options.how) == (True, How.TEMPLATE)
    assert "templat" in (options.reason or "")
    assert made.reply_options(talk(last_inbound_at=None), NOW).how is How.TEMPLATE
    closed = channel(content_sid_ack=ACK).reply_options(talk(), after)
    assert not closed.allowed
    assert "24 jam" in (closed.reason or "")


def test_without_a_whatsapp_number_nothing_can_be_answered_and_sms_still_can() -> None:
    made = channel(sender=OURS, whatsapp_sender="")
    assert "whatsapp_sender" in (made.reply_options(talk(), NOW).reason or "")
    with pytest.raises(Refused, match="whatsapp_sender"):
        made.send(answer())
    assert made.reply_options(talk(conversation_id=SITI), NOW).allowed
    with pytest.raises(Refused, match="sender"):
        channel().send(answer(conversation_id=SITI))


def test_an_answer_within_the_window_arrives_as_written(stand: Stand) -> None:
    receipt = stand.channel().send(answer("Sudah diganti 🙏\n\nTerima   kasih"))
    (delivered,) = stand.mailroom.delivered(SITI)
    assert delivered.text == "Sudah diganti 🙏\n\nTerima   kasih"
    assert (receipt.external_id, receipt.status) == (delivered.external_id, Delivery.ACCEPTED)
    assert receipt.conversation_id == TALK


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"purpose": "ack"}, "kami terima."),
        ({"values": VALUES | {"state": "menunggu_warga"}}, "kami bertanya:"),
        ({"values": VALUES | {"state": "selesai"}}, "selesai:"),
        ({}, "Aduan K7MP-2XWD (Mas Bup Siaga): Lampu sudah kami ganti."),
        ({"values": {}}, "Aduan - (-): Lampu"),
    ],
)
def test_after_the_window_the_fitting_template_carries_the_answer(
    stand: Stand, changes: dict[str, Any], words: str
) -> None:
    stand.channel(**TEMPLATES).send(late(**changes))
    (text,) = stand.delivered()
    assert words in text
    assert "Lampu sudah kami ganti." in text


def test_the_template_for_answers_stands_in_for_the_others(stand: Stand) -> None:
    made = stand.channel(content_sid_answer=ANSWER)
    made.send(late(values=VALUES | {"state": "selesai"}))
    assert stand.delivered() == ["Aduan K7MP-2XWD (Mas Bup Siaga): Lampu sudah kami ganti. Terima kasih."]
    with pytest.raises(Refused, match="belum ada templat"):
        stand.channel(content_sid_closing=CLOSING).send(late())


def test_lines_and_blanks_fit_into_a_variable(stand: Stand) -> None:
    stand.channel(**TEMPLATES).send(late("Satu.\r\n\r\nDua\t      tiga.\u2028Empat."))
    assert "Satu. / Dua tiga. / Empat." in stand.delivered()[0]


def test_the_longest_text_for_a_template_fits(stand: Stand) -> None:
    stand.channel(**TEMPLATES).send(late("x" * 700))
    assert "x" * 700 in stand.delivered()[0]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (answer("  \n"), "tidak berisi teks"),
        (answer("x" * 1601), "1601"),
        (late("x" * 701), "templat"),
        (answer(attachments=[OutboundFile(name="a.pdf", content_type="application/pdf", content=b"%")]), "berkas"),
    ],
    ids=["tidak berisi teks", "too long", "too long for a template", "a file"],
)
def test_what_whatsapp_cannot_carry_is_refused_before_anything_leaves(reply: OutboundReply, said: str) -> None:
    with pytest.raises(Refused, match=said):
        channel(api_url=dead_address(), **TEMPLATES).send(reply)


def test_a_free_text_after_the_window_fails_visibly(stand: Stand) -> None:
    stand.whatsapp.clock = lambda: NOW + timedelta(hours=25)
    receipt = stand.channel().send(answer())
    assert stand.delivered() == []
    ((sid, code),) = stand.whatsapp.failed
    assert sid == receipt.external_id
    callback = twilio_whatsapp.status(HOOK, TOKEN, sid=sid, status="undelivered", error_code=str(code))
    assert channel().verify(as_request(callback), NOW).journal
    (item,) = channel().parse(as_message(callback))
    assert isinstance(item, DeliveryReceipt)
    assert (item.external_id, item.status) == (sid, Delivery.FAILED)
    assert item.error is not None
    assert item.error.startswith("Sudah lebih dari 24 jam")
    assert item.error.endswith("(Twilio 63016).")


@pytest.mark.parametrize(
    ("status", "expected"),
    [("sent", Delivery.SENT), ("delivered", Delivery.DELIVERED), ("read", Delivery.READ), ("failed", Delivery.FAILED)],
)
def test_statuses_are_receipts(status: str, expected: Delivery) -> None:
    (item,) = channel().parse(as_message(twilio_whatsapp.status(HOOK, TOKEN, sid="SM1", status=status)))
    assert isinstance(item, DeliveryReceipt)
    assert (item.external_id, item.status, item.error) == ("SM1", expected, None)


@pytest.mark.parametrize(
    ("code", "error"), [("30003", "30003"), ("x" * 40, "x" * 20), ("²", "²"), ("9" * 400, "9" * 20)]
)
def test_other_error_numbers_are_shown_as_they_are(code: str, error: str) -> None:
    request = twilio.status(HOOK, TOKEN, sid="SM1", status="undelivered", error_code=code)
    (item,) = channel().parse(as_message(request))
    assert isinstance(item, DeliveryReceipt)
    assert item.error == error


def failure(stand: Stand, reply: OutboundReply | None = None, **settings: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        stand.channel(**settings).send(reply or answer())
    assert not any(word in str(caught.value) for word in (answer().text, SITI, TOKEN))
    return caught.value


def test_a_number_that_is_no_sender_is_told_in_words(stand: Stand) -> None:
    error = failure(stand, whatsapp_sender="+15005550009")
    assert isinstance(error, Refused)
    assert "63007" in str(error)
    assert "administrator" in str(error)


def test_a_template_that_does_not_fit_is_refused(stand: Stand) -> None:
    stand.whatsapp.templates = BODIES | {f"HX{'e' * 32}": "{{1}} dan {{4}}"}
    assert "21656" in str(failure(stand, late(), content_sid_answer=f"HX{'e' * 32}"))
    assert isinstance(failure(stand, late(), content_sid_answer=f"HX{'f' * 32}"), Refused)


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        ("down", ProviderDown),
        ("server_error", OutcomeUnknown),
        ("lose_answer", OutcomeUnknown),
        ("slow", OutcomeUnknown),
        ("unauthorized", Refused),
    ],
)
def test_each_fault_becomes_the_error_that_says_what_to_do(stand: Stand, trouble: str, error: type[SendFailed]) -> None:
    setattr(stand.faults, trouble, True)
    assert type(failure(stand, timeout=0.3 if trouble == "slow" else 5.0)) is error
    stand.faults.released.set()


def test_429_waits_and_a_dead_address_is_provider_down(stand: Stand) -> None:
    stand.faults.retry_after = "17"
    error = failure(stand)
    assert isinstance(error, Throttled)
    assert error.retry_after == 17
    assert isinstance(failure(stand, base=dead_address()), ProviderDown)


def test_an_account_needs_something_to_send_from() -> None:
    with pytest.raises(ValueError, match="whatsapp_sender"):
        channel(whatsapp_sender="")


def test_variables_are_json_texts() -> None:
    from channels.sms.dialects import twilio_whatsapp as rules  # noqa: PLC0415 - its name is the stand-in's too

    settings = TwilioSettings(account_sid=SID, auth_token=TOKEN, whatsapp_sender=OURS, content_sid_answer=ANSWER)
    wanted = rules.wanted(settings, late('Kata "kunci" \\ 🙏'), 1600)
    assert json.loads(wanted["content_variables"]) == {
        "1": "K7MP-2XWD",
        "2": "Mas Bup Siaga",
        "3": 'Kata "kunci" \\ 🙏',
    }
    assert (wanted["from_"], wanted["to"]) == (f"whatsapp:{OURS}", TALK)
    assert "body" not in wanted
