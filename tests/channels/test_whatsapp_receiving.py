"""WhatsApp's webhook: handshake, signature, and what citizens send becomes, with a strict stand-in as Meta."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_request
from whatsapp_stand import (
    APP_SECRET,
    HIDDEN,
    HOOK,
    NUMBER,
    SITI,
    START,
    VERIFY_TOKEN,
    WhatsApp,
    make_channel,
    running,
)

from channels.contract import RawMessage
from channels.errors import (
    PayloadError,
    VerificationFailed,
)
from normalizer.messages import Delivery, DeliveryReceipt, Edit, Ignored, InboundMessage, Malformed
from standins.whatsapp import handshake, incoming

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def whatsapp(monkeypatch: pytest.MonkeyPatch) -> Iterator[WhatsApp]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running() as stand:
        yield stand


def only(whatsapp: WhatsApp, payload: dict[str, Any]) -> InboundMessage:
    (item,) = whatsapp.parsed(payload)
    assert isinstance(item, InboundMessage)
    return item


def test_the_handshake_gives_the_challenge_back_and_is_not_journalled() -> None:
    verdict = make_channel().verify(as_request(handshake(HOOK, VERIFY_TOKEN, "1158201444")), START)
    assert (verdict.answer.status, verdict.answer.body, verdict.journal) == (200, b"1158201444", False)
    with pytest.raises(VerificationFailed):
        make_channel().verify(as_request(handshake(HOOK, "salah")), START)


def test_what_meta_signed_is_taken_and_what_it_did_not_is_not(whatsapp: WhatsApp) -> None:
    channel, payload = whatsapp.channel(), whatsapp.cloud.text(SITI, "jalan rusak")
    request = as_request(incoming(HOOK, APP_SECRET, payload))
    assert channel.verify(request, START).journal is True
    for forged in (
        as_request(incoming(HOOK, "rahasia-yang-lain-lagi", payload)),
        as_request(incoming(HOOK, "", payload)),
    ):
        with pytest.raises(VerificationFailed):
            channel.verify(forged, START)


def test_a_fixtures_signature_is_metas() -> None:
    body = b'{"object":"whatsapp_business_account","entry":[]}'
    # Made with openssl: printf '%s' "$body" | openssl dgst -sha256 -hmac rahasia-aplikasi-meta
    known = "608c59b3ef0d8ebff88bb1ff0aee22d44e1c1bc19ebc85ad6db96d7264fbe164"
    request = as_request(incoming(HOOK, APP_SECRET))
    assert request.body == body
    assert request.headers["x-hub-signature-256"] == f"sha256={known}"
    assert make_channel().verify(request, START).journal is True


def test_the_handshakes_token_is_taken_out_of_the_query() -> None:
    assert make_channel().secret_params == {"hub.verify_token"}


def test_each_number_has_its_own_items(whatsapp: WhatsApp) -> None:
    assert whatsapp.channel().addresses == {NUMBER}
    assert only(whatsapp, whatsapp.cloud.text(SITI, "x")).to == NUMBER


def test_one_broken_item_of_a_batch_stands_alone(whatsapp: WhatsApp) -> None:
    broken = whatsapp.cloud.location(SITI, 900.0, 0.0)
    batch = [whatsapp.cloud.text(SITI, "satu"), broken, whatsapp.cloud.text(HIDDEN, "tiga")]
    items = whatsapp.parsed(*batch)
    assert [type(item) for item in items] == [InboundMessage, Malformed, InboundMessage]
    assert [item.text for item in items if isinstance(item, InboundMessage)] == ["satu", "tiga"]


def test_somebody_without_a_number_is_one_person_in_one_thread(whatsapp: WhatsApp) -> None:
    items = [only(whatsapp, whatsapp.cloud.text(HIDDEN, text)) for text in ("satu", "dua")]
    assert {item.conversation_id for item in items} == {"ID.42"}
    assert {item.sender.address for item in items} == {"bsuid:ID.42"}
    assert items[0].sender.name == "Bagus"
    assert items[0].hints["username"] == "bagus.w"


def test_the_thread_stays_when_the_number_is_hidden_later(whatsapp: WhatsApp) -> None:
    shown = only(whatsapp, whatsapp.cloud.text(SITI, "satu"))
    payload = whatsapp.cloud.text(SITI, "dua")
    value = payload["entry"][0]["changes"][0]["value"]
    del value["contacts"][0]["wa_id"], value["messages"][0]["from"]
    hidden = only(whatsapp, payload)
    assert shown.conversation_id == hidden.conversation_id
    assert (shown.sender.address, hidden.sender.address) == ("+628112626116", f"bsuid:{SITI.bsuid}")


def test_what_the_citizens_phone_can_send(whatsapp: WhatsApp) -> None:
    cloud = whatsapp.cloud
    ours = cloud.wamid()
    voice = only(whatsapp, cloud.voice(SITI, b"OggS"))
    place = only(whatsapp, cloud.location(SITI, -6.89, 109.38, "Pasar Pagi"))
    tap = only(whatsapp, cloud.button(SITI, "Sudah selesai", "SELESAI", ours))
    answer = only(whatsapp, cloud.text(SITI, "terima kasih", reply_to=ours))
    assert (voice.hints, voice.attachments[0].content_type) == ({"voice": True}, "audio/ogg")
    assert place.location is not None
    assert (place.location.lat, place.location.lon) == (-6.89, 109.38)
    assert (tap.text, tap.hints, tap.in_reply_to) == ("Sudah selesai", {"payload": "SELESAI"}, ours)
    assert answer.in_reply_to == ours
    assert answer.sent_at == START


def test_steps_in_any_order_are_items_of_their_own(whatsapp: WhatsApp) -> None:
    cloud, ours = whatsapp.cloud, whatsapp.cloud.wamid()
    steps = whatsapp.parsed(*(cloud.report(ours, step) for step in ("read", "sent", "delivered")))
    assert [(step.external_id, step.version) for step in steps if isinstance(step, DeliveryReceipt)] == [
        (ours, "read"),
        (ours, "sent"),
        (ours, "delivered"),
    ]


def test_a_failed_step_tells_the_officer_what_he_can_do(whatsapp: WhatsApp) -> None:
    (step,) = whatsapp.parsed(whatsapp.cloud.report(whatsapp.cloud.wamid(), "failed", code=131049))
    assert isinstance(step, DeliveryReceipt)
    assert step.status is Delivery.FAILED
    assert step.error is not None
    assert step.error.startswith("WhatsApp membatasi jumlah pesan templat untuk warga ini: coba lagi besok")
    (again,) = whatsapp.parsed(whatsapp.cloud.report(whatsapp.cloud.wamid(), "failed", code=131000))
    assert isinstance(again, DeliveryReceipt)
    assert "coba kirim lagi nanti (Meta 131000)" in (again.error or "")


def test_later_edits_compare_greater_as_text(whatsapp: WhatsApp) -> None:
    cloud, now = whatsapp.cloud, START.timestamp()
    edit = {"original_message_id": "wamid.A", "message": {"type": "text", "text": {"body": "x"}}}
    items = whatsapp.parsed(*(cloud.says(SITI, "edit", edit, at=now + later) for later in (0, 9, 10, 1_000_000)))
    versions = [item.version for item in items if isinstance(item, Edit)]
    assert versions == sorted(versions)
    assert len(set(versions)) == 4


@pytest.mark.parametrize("emoji", ["👍🏽", "❤️", "👨‍👩‍👧‍👦"])
def test_a_reaction_is_named_and_ignored(whatsapp: WhatsApp, emoji: str) -> None:
    reaction = {"message_id": "wamid.A", "emoji": emoji}
    (item,) = whatsapp.parsed(whatsapp.cloud.says(SITI, "reaction", reaction))
    assert isinstance(item, Ignored)
    assert item.reason == f"reaction:{emoji}"
    (words,) = whatsapp.parsed(whatsapp.cloud.says(SITI, "reaction", reaction | {"emoji": "jalan rusak"}))
    assert isinstance(words, Ignored)
    assert words.reason == "reaction"


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"object":"page","entry":[]}', b'{"object":"whatsapp_business_account","entry":{}}', b"{"]
)
def test_a_payload_that_is_no_whatsapp_webhook_is_refused_as_a_whole(body: bytes) -> None:
    with pytest.raises(PayloadError):
        make_channel().parse(RawMessage(id="1", account="wa", received_at=START, body=body))


def test_form_answers_with_half_characters_can_be_stored(whatsapp: WhatsApp) -> None:
    answer = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "response_json": '{"desa":"\\ud800 Moga"}'}}
    assert only(whatsapp, whatsapp.cloud.says(SITI, "interactive", answer)).text == "desa: \ufffd Moga"
    answer["nfm_reply"] = {"name": "flow", "response_json": "bukan JSON", "body": "Sent"}
    assert only(whatsapp, whatsapp.cloud.says(SITI, "interactive", answer)).text == "bukan JSON"
