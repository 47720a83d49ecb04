"""Answers by SMS through each provider's stand-in, over a real connection, with all that can go wrong."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_message, as_request, dead_address, serving

from channels.contract import AccountInfo, OutboundFile, OutboundReply
from channels.errors import OutcomeUnknown, ProviderDown, Refused, SendFailed, Throttled
from channels.rawfile import NO_TIME
from channels.sms.adapter import SmsChannel
from channels.sms.dialects.android import AndroidSettings
from channels.sms.dialects.kannel import KannelSettings
from channels.sms.dialects.twilio import TwilioSettings
from normalizer.messages import Delivery, DeliveryReceipt
from standins import android_sms, kannel, twilio
from standins.faults import Faults
from standins.mailroom import Mailroom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from flask import Flask

HOOK = "https://aduan.example.go.id/hooks/sms"
SID = "AC" + "7" * 32
ACCOUNT = AccountInfo(name="sms", hook_url=HOOK)
REPLY = OutboundReply(
    id="0192f0c4-aaaa-7bbb-8ccc-0123456789ab",
    conversation_id="+628112626116",
    to="+628112626116",
    text="Mas Bup Siaga: aduan Anda kami terima, nomor ABC-123 {€}",
)
TIMEOUT = 5.0


@dataclasses.dataclass
class Provider:
    """One dialect with its stand-in."""

    name: str
    app: Flask
    settings: Callable[[str, float], Any]
    faults: Faults
    mailroom: Mailroom
    base: str = ""

    def channel(self, timeout: float = TIMEOUT, base: str | None = None) -> SmsChannel:
        return SmsChannel(ACCOUNT, self.settings(base or self.base, timeout))


def _kannel(faults: Faults, mailroom: Mailroom) -> Provider:
    app = kannel.create_app(mailroom, username="muara", password="p", faults=faults)

    def settings(base: str, timeout: float) -> KannelSettings:
        url = f"{base}/cgi-bin/sendsms"
        return KannelSettings(
            secret="s", username="muara", password="p", sendsms_url=url, sender="1708", timeout=timeout
        )

    return Provider("kannel", app, settings, faults, mailroom)


def _twilio(faults: Faults, mailroom: Mailroom) -> Provider:
    app = twilio.create_app(mailroom, account_sid=SID, auth_token="t", numbers=["+15005550006"], faults=faults)

    def settings(base: str, timeout: float) -> TwilioSettings:
        return TwilioSettings(account_sid=SID, auth_token="t", sender="+15005550006", api_url=base, timeout=timeout)

    return Provider("twilio", app, settings, faults, mailroom)


def _android(faults: Faults, mailroom: Mailroom) -> Provider:
    hooks = [{"event": "sms:received", "url": HOOK}]
    app = android_sms.create_app(mailroom, username="u", password="p", hooks=hooks, faults=faults)

    def settings(base: str, timeout: float) -> AndroidSettings:
        return AndroidSettings(username="u", password="p", signing_key="k", api_url=base, timeout=timeout)

    return Provider("android", app, settings, faults, mailroom)


@pytest.fixture(params=[_kannel, _twilio, _android], ids=["kannel", "twilio", "android"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    made: Provider = request.param(Faults(), Mailroom())
    with serving(made.app) as base:
        made.base = base
        yield made
        made.faults.released.set()


def failure(provider: Provider, **settings: Any) -> SendFailed:
    with pytest.raises(SendFailed) as caught:
        provider.channel(**settings).send(REPLY)
    told = str(caught.value)
    assert REPLY.text not in told
    assert REPLY.to not in told
    assert "p@" not in told
    assert "password" not in told
    return caught.value


def test_an_answer_reaches_the_citizen(provider: Provider) -> None:
    receipt = provider.channel().send(REPLY)
    (delivered,) = provider.mailroom.delivered(REPLY.to)
    assert delivered.text == REPLY.text
    assert receipt.status is Delivery.ACCEPTED
    assert receipt.conversation_id == REPLY.conversation_id
    assert receipt.external_id == (delivered.external_id if provider.name != "kannel" else REPLY.id)


def test_letters_beyond_gsm_and_long_texts_arrive_whole(provider: Provider) -> None:
    text = "Terima kasih 🙏 " * 40
    provider.channel().send(dataclasses.replace(REPLY, text=text))
    assert provider.mailroom.delivered()[0].text == text


def test_a_dead_address_is_provider_down(provider: Provider) -> None:
    assert isinstance(failure(provider, base=dead_address()), ProviderDown)


def test_503_is_provider_down(provider: Provider) -> None:
    provider.faults.down = True
    assert isinstance(failure(provider), ProviderDown)
    assert provider.mailroom.delivered() == []


def test_429_waits_as_long_as_the_provider_says(provider: Provider) -> None:
    provider.faults.retry_after = "17"
    error = failure(provider)
    assert isinstance(error, Throttled)
    assert error.retry_after == 17
    assert error.retry


def test_an_expired_log_in_is_refused(provider: Provider) -> None:
    provider.faults.unauthorized = True
    error = failure(provider)
    assert isinstance(error, Refused)
    assert not error.retry


def test_a_wrong_log_in_is_refused(provider: Provider) -> None:
    field = "auth_token" if provider.name == "twilio" else "password"
    wrong = dataclasses.replace(provider.settings(provider.base, TIMEOUT), **{field: "salah"})
    with pytest.raises(Refused) as caught:
        SmsChannel(ACCOUNT, wrong).send(REPLY)
    assert "salah" not in str(caught.value)
    assert provider.mailroom.delivered() == []


def test_no_answer_in_time_is_an_unknown_outcome(provider: Provider) -> None:
    provider.faults.slow = True
    assert isinstance(failure(provider, timeout=0.2), OutcomeUnknown)
    provider.faults.slow = False
    provider.faults.released.set()


def test_an_answer_lost_after_the_work_is_an_unknown_outcome(provider: Provider) -> None:
    provider.faults.lose_answer = True
    assert isinstance(failure(provider), OutcomeUnknown)
    assert len(provider.mailroom.delivered()) == 1


def test_500_is_an_unknown_outcome(provider: Provider) -> None:
    provider.faults.server_error = True
    assert isinstance(failure(provider), OutcomeUnknown)


def test_again_after_an_unknown_outcome_only_where_it_is_idempotent(provider: Provider) -> None:
    provider.faults.lose_answer = True
    failure(provider)
    provider.faults.lose_answer = False
    channel = provider.channel()
    channel.send(REPLY)
    assert len(provider.mailroom.delivered()) == (1 if channel.capabilities.idempotent_send else 2)


@pytest.mark.parametrize(
    "bad",
    [
        {"to": "TELKOMSEL"},
        {"text": "  "},
        {"text": "x" * 1601},
        {"attachments": [OutboundFile(name="a.pdf", content_type="application/pdf", content=b"%PDF")]},
    ],
    ids=["a name", "no text", "too long", "a file"],
)
def test_what_sms_cannot_carry_is_refused_before_anything_leaves(provider: Provider, bad: dict[str, Any]) -> None:
    with pytest.raises(Refused):
        provider.channel(base=dead_address()).send(dataclasses.replace(REPLY, **bad))


def test_health_says_what_to_do(provider: Provider) -> None:
    well = provider.channel().health()
    assert well.ok, well.sentence
    ill = provider.channel(base=dead_address()).health()
    assert not ill.ok
    if provider.name != "kannel":
        provider.faults.unauthorized = True
        assert "periksa" in provider.channel().health().sentence
    assert provider.mailroom.delivered() == []


def test_the_phone_says_when_the_webhook_is_not_registered() -> None:
    app = android_sms.create_app(Mailroom(), username="u", password="p")
    with serving(app) as base:
        settings = AndroidSettings(username="u", password="p", signing_key="k", api_url=base)
        health = SmsChannel(ACCOUNT, settings).health()
    assert not health.ok
    assert HOOK in health.sentence


@pytest.mark.parametrize(
    ("code", "status"), [(1, Delivery.DELIVERED), (2, Delivery.FAILED), (8, Delivery.SENT), (16, Delivery.FAILED)]
)
def test_kannel_reports_come_back_to_the_reply_they_are_about(code: int, status: Delivery) -> None:
    provider = _kannel(Faults(), Mailroom())
    with serving(provider.app) as base:
        channel = provider.channel(base=base)
        receipt = channel.send(REPLY)
    (dlr_url,) = provider.app.extensions["kannel_reports"]
    report = kannel.report(dlr_url, code, smsc_reply="stat:UNDELIV err:027 text:Aduan", phone=REPLY.to)
    assert channel.verify(as_request(report), NO_TIME).journal
    (item,) = channel.parse(as_message(report))
    assert isinstance(item, DeliveryReceipt)
    assert (item.external_id, item.status) == (receipt.external_id, status)
    assert item.error == ("UNDELIV 027" if status is Delivery.FAILED else None)


def test_kannel_without_a_webhook_asks_for_no_reports() -> None:
    provider = _kannel(Faults(), Mailroom())
    with serving(provider.app) as base:
        SmsChannel(AccountInfo(name="sms"), provider.settings(base, TIMEOUT)).send(REPLY)
    assert provider.app.extensions["kannel_reports"] == []


def test_twilio_tells_its_own_error_number() -> None:
    provider = _twilio(Faults(), Mailroom())
    with serving(provider.app) as base:
        wrong = dataclasses.replace(provider.settings(base, TIMEOUT), sender="+15005550009")
        with pytest.raises(Refused, match="kode 21606"):
            SmsChannel(ACCOUNT, wrong).send(REPLY)


def test_twilio_sends_by_a_messaging_service() -> None:
    provider = _twilio(Faults(), Mailroom())
    with serving(provider.app) as base:
        service = dataclasses.replace(provider.settings(base, TIMEOUT), sender="MG" + "1" * 32)
        SmsChannel(ACCOUNT, service).send(REPLY)
    assert len(provider.mailroom.delivered()) == 1


def test_the_cloud_answers_a_repeated_id_with_409_which_is_no_failure() -> None:
    def app(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("409 Conflict", [("Content-Type", "application/json")])
        return [b'{"message": "duplicate id"}']

    with serving(app) as base:
        settings = AndroidSettings(username="u", password="p", signing_key="k", api_url=base)
        assert SmsChannel(ACCOUNT, settings).send(REPLY).external_id == REPLY.id


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"sid": null}', b'{"sid": 7}'])
def test_a_success_of_twilio_that_cannot_be_read_is_an_unknown_outcome(body: bytes) -> None:
    def app(_environ: object, start_response: Callable[..., object]) -> list[bytes]:
        start_response("201 Created", [("Content-Type", "application/json")])
        return [body]

    with serving(app) as base:
        settings = TwilioSettings(account_sid=SID, auth_token="t", sender="+15005550006", api_url=base)
        with pytest.raises(OutcomeUnknown):
            SmsChannel(ACCOUNT, settings).send(REPLY)
