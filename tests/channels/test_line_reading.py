"""LINE's webhook calls become items: proven by its own SDK, each event alone, whatever else the bytes hold."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_stand import BOT, BUDI, HOOK, SECRET, SITI
from linebot.v3 import WebhookParser
from linebot.v3.webhook import SignatureValidator
from linebot.v3.webhooks import MessageEvent, UnsendEvent
from loopback import as_message, as_request

from channels.contract import AccountInfo, Conversation, RawMessage
from channels.errors import PayloadError, VerificationFailed
from channels.line.adapter import LineChannel
from channels.line.reading import EVENTS
from channels.line.settings import LineSettings
from channels.rawfile import NO_TIME, read_body
from normalizer.messages import Ignored, Inbound, InboundMessage, Malformed, Unsent
from standins.line_cloud import Cloud

FIXTURES = Path(__file__).parents[2] / "channels" / "line" / "fixtures"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def channel(**changes: Any) -> LineChannel:
    wanted: dict[str, Any] = {"channel_secret": SECRET, "access_token": "t", "destination": BOT}
    return LineChannel(AccountInfo(name="line", hook_url=HOOK), LineSettings(**(wanted | changes)))


def cloud() -> Cloud:
    return Cloud(channel_secret=SECRET, destination=BOT, clock=lambda: NOW)


def parse(body: bytes) -> list[Inbound]:
    return channel().parse(RawMessage(id="1", account="line", received_at=NO_TIME, body=body))


def item(event: object) -> Inbound:
    (found,) = parse(json.dumps({"destination": BOT, "events": [event]}).encode())
    return found


def message(**content: Any) -> InboundMessage:
    raw = {"type": "text", "id": "9", "text": "x", "quoteToken": "q"} | content
    found = item(cloud().event(SITI, "message", replies=True, message=raw))
    assert isinstance(found, InboundMessage)
    return found


def test_a_genuine_call_is_proven_as_lines_own_validator_does() -> None:
    made = cloud()
    request = made.webhook(HOOK, made.text(SITI, "Jalan rusak 🙏"))
    assert SignatureValidator(SECRET).validate(request.body.decode(), request.headers["x-line-signature"])
    verdict = channel().verify(as_request(request), NOW)
    assert (verdict.journal, verdict.answer.status, verdict.answer.body) == (True, 200, b"")


@pytest.mark.parametrize("signature", [None, "", "AAAA", "é", "\udcff", "=" * 44])
def test_any_other_signature_is_forged(signature: str | None) -> None:
    made = cloud()
    genuine = as_request(made.webhook(HOOK, made.text(SITI, "x")))
    headers = {} if signature is None else {"x-line-signature": signature}
    with pytest.raises(VerificationFailed) as failed:
        channel().verify(dataclasses.replace(genuine, headers=headers), NOW)
    assert SECRET not in str(failed.value)


def test_a_changed_body_another_secret_and_no_secret_are_forged() -> None:
    made = cloud()
    genuine = as_request(made.webhook(HOOK, made.text(SITI, "lampu")))
    with pytest.raises(VerificationFailed):
        channel().verify(dataclasses.replace(genuine, body=genuine.body.replace(b"lampu", b"lampo")), NOW)
    with pytest.raises(VerificationFailed):
        channel(channel_secret="rahasia-lain").verify(genuine, NOW)
    empty = Cloud(channel_secret="", destination=BOT).webhook(HOOK)
    with pytest.raises(VerificationFailed):
        channel(channel_secret="").verify(as_request(empty), NOW)


def test_a_connection_check_without_events_is_answered_and_counted() -> None:
    request = cloud().webhook(HOOK)
    assert channel().verify(as_request(request), NOW).answer.status == 200
    assert channel().parse(as_message(request)) == [Ignored(reason="empty", to=BOT)]


def bodies() -> list[Path]:
    unlike = {"broken-among-whole", "unknown-message", "unknown-event", "no-user"}
    found = [path for path in sorted(FIXTURES.glob("*.body")) if path.stem not in unlike]
    assert len(found) >= 20
    return found


@pytest.mark.parametrize("path", bodies(), ids=lambda path: path.stem)
def test_our_reading_agrees_with_line_bot_sdks_own_models(path: Path) -> None:
    body = path.read_bytes()
    theirs = WebhookParser(SECRET, skip_signature_verification=lambda: True).parse(body.decode(), "")
    ours = [each for each in channel().parse(read_body(body, name=path.name)) if each.external_id is not None]
    assert len(theirs) == len(ours)
    for event, found in zip(theirs, ours, strict=True):
        if isinstance(found, InboundMessage):
            assert isinstance(event, MessageEvent)
            assert (found.external_id, found.sender.address) == (event.message.id, event.source.user_id)
            assert found.hints.get("reply_token") == event.reply_token
            assert (
                found.text == getattr(event.message, "text", None) or not hasattr(event.message, "text") or found.text
            )
            assert int(found.sent_at.timestamp() * 1000) == event.timestamp if found.sent_at else False
        elif isinstance(found, Unsent):
            assert isinstance(event, UnsendEvent)
            assert found.external_id == event.unsend.message_id
        else:
            assert isinstance(found, Ignored)
            assert found.external_id == event.webhook_event_id


def test_a_message_has_all_that_the_house_needs() -> None:
    made = cloud()
    event = made.text(SITI, "Jalan rusak")
    found = item(event)
    assert isinstance(found, InboundMessage)
    assert (found.external_id, found.conversation_id, found.to) == (event["message"]["id"], SITI, BOT)
    assert (found.sender.address, found.sender.name, found.sent_at) == (SITI, None, NOW)
    assert found.hints == {
        "reply_token": event["replyToken"],
        "reply_token_of": event["message"]["id"],
        "reply_token_ms": event["timestamp"],
    }


def test_a_redelivered_event_is_the_same_message_whatever_came_beside_it() -> None:
    made = cloud()
    event, other = made.text(SITI, "Jalan rusak"), made.text(BUDI, "Lampu mati")
    first = channel().parse(as_message(made.webhook(HOOK, event)))
    again = channel().parse(as_message(made.webhook(HOOK, other, event, redelivery=True)))
    assert again[1] == first[0]


def test_images_sent_together_are_one_album_in_their_order_and_stay_separate_messages() -> None:
    made = cloud()
    found = [
        message for event in made.images(SITI, [b"1", b"2", b"3"]) if isinstance(message := item(event), InboundMessage)
    ]
    assert len({each.album for each in found}) == 1
    assert found[0].album is not None
    assert found[0].album.startswith(f"{SITI}:")
    assert [each.sequence for each in found] == [1, 2, 3]
    assert len({each.external_id for each in found}) == 3
    (alone,) = made.images(SITI, [b"1"])
    single = item(alone)
    assert isinstance(single, InboundMessage)
    assert single.album is None


@pytest.mark.parametrize(
    ("kind", "content_type"), [("image", "image/jpeg"), ("video", "video/mp4"), ("audio", "audio/mp4"), ("file", None)]
)
def test_files_are_obligations_by_the_messages_id(kind: str, content_type: str | None) -> None:
    event = cloud().file(SITI, kind, b"x" * 7, "application/pdf")
    found = item(event)
    assert isinstance(found, InboundMessage)
    (file,) = found.attachments
    assert (file.ref, file.url, file.content_type) == (event["message"]["id"], None, content_type)
    assert (file.name, file.size) == (("surat.pdf", 7) if kind == "file" else (None, None))


def test_a_file_that_lies_elsewhere_is_fetched_from_there() -> None:
    provider = {"type": "external", "originalContentUrl": "https://gambar.example.org/a.jpg"}
    (file,) = message(type="image", contentProvider=provider).attachments
    assert (file.ref, file.url) == (None, "https://gambar.example.org/a.jpg")


def test_standby_is_kept_and_never_answered() -> None:
    event = cloud().text(SITI, "Halo") | {"mode": "standby"}
    found = item(event)
    assert isinstance(found, InboundMessage)
    assert found.hints == {"standby": True, "no_reply": True}
    talk = Conversation(conversation_id=SITI, address=SITI, last_inbound_at=NOW, hints=found.hints)
    options = channel().reply_options(talk, NOW)
    assert not options.allowed
    assert "standby" in (options.reason or "")
    assert channel().reply_options(dataclasses.replace(talk, hints={}), NOW).allowed


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_events_without_words_are_ignored_by_their_own_id(kind: str) -> None:
    event = cloud().event(SITI, kind)
    found = item(event)
    assert isinstance(found, Ignored)
    assert (found.external_id, found.conversation_id) == (event["webhookEventId"], SITI)
    assert found.reason.replace("-", "") == kind.lower()


@pytest.mark.parametrize(
    "place", [{"type": "group", "groupId": "C" + "a" * 32}, {"type": "room", "roomId": "R" + "a" * 32}]
)
def test_groups_and_rooms_are_no_private_conversation(place: dict[str, str]) -> None:
    made = cloud()
    for event in (made.text(SITI, "dari grup"), made.unsend(made.text(SITI, "x")), made.event(SITI, "memberJoined")):
        found = item(event | {"source": place | {"userId": SITI}})
        assert found == Ignored(reason="group", external_id=event["webhookEventId"], to=BOT)


def test_an_unsent_message_is_the_one_that_was_sent() -> None:
    made = cloud()
    event = made.text(SITI, "salah kirim")
    assert item(made.unsend(event)) == Unsent(external_id=event["message"]["id"], conversation_id=SITI, at=NOW, to=BOT)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "sticker", "text": "Terima kasih!", "keywords": ["cony"]}, "Terima kasih!"),
        ({"type": "sticker", "text": None, "keywords": ["cony", "hi", 7, "sally", "x"]}, "[Stiker: cony, hi, sally]"),
        ({"type": "sticker", "text": None, "keywords": "cony"}, "[Stiker]"),
        ({"type": "hologram"}, "[Pesan LINE ini tidak dapat ditampilkan di sini: hologram]"),
        ({"type": "<b>"}, "[Pesan LINE ini tidak dapat ditampilkan di sini: ?]"),
    ],
)
def test_what_has_no_text_of_its_own_still_reaches_the_officer(content: dict[str, Any], text: str) -> None:
    assert message(**content).text == text


def test_a_quoted_message_is_the_one_that_is_answered() -> None:
    assert message(quotedMessageId="468789577898262000").in_reply_to == "468789577898262000"


@pytest.mark.parametrize(
    "broken",
    [
        {"message": {"type": "text", "id": "9", "text": ["rahasia sekali"]}},
        {"message": {"type": "text", "id": 9, "text": "rahasia sekali"}},
        {"message": {"type": "location", "id": "9", "latitude": "rahasia sekali", "longitude": 1}},
        {"message": {"type": "location", "id": "9", "latitude": 1e999, "longitude": 1}},
        {"message": {"type": "location", "id": "9", "latitude": 10**400, "longitude": 1}},
        {"message": {"type": "image", "id": "9", "contentProvider": {"type": "external"}}},
        {"message": "rahasia sekali"},
        {"source": {"type": "user"}},
        {"source": "rahasia sekali"},
        {"type": ["rahasia sekali"]},
    ],
)
def test_one_broken_event_is_one_item_beside_its_readable_neighbours(broken: dict[str, Any]) -> None:
    made = cloud()
    event, whole = made.text(SITI, "x") | broken, made.text(BUDI, "Selokan mampet")
    first, second = parse(json.dumps({"destination": BOT, "events": [event, whole]}).encode())
    assert isinstance(first, Malformed)
    assert "rahasia sekali" not in first.error
    assert first.external_id == event["webhookEventId"]
    assert isinstance(second, InboundMessage)


@pytest.mark.parametrize("timestamp", [None, "x", True, 10**20, 2**70, -(10**17)])
def test_a_time_that_is_none_costs_no_message(timestamp: object) -> None:
    found = item(cloud().text(SITI, "x") | {"timestamp": timestamp})
    assert isinstance(found, InboundMessage)
    assert found.sent_at is None


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"{}", b'{"events": {}}', b"\xff\xfe\x00", b"[" * 100_000])
def test_what_is_no_call_at_all_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        parse(body)


@given(
    st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["type", "message", "source", "id", "userId", "text", "message", "events"]), inner
                )
            ),
            max_leaves=8,
        ),
        max_size=3,
    )
)
def test_any_events_give_as_many_items(events: list[object]) -> None:
    found = parse(json.dumps({"destination": BOT, "events": events}).encode())
    assert len(found) == max(len(events), 1)


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"destination": "@aduan"}, "destination"),
        ({"api_url": "ftp://x"}, "api_url"),
        ({"data_url": "https://x/v2"}, "data_url"),
        ({"timeout": 0}, "timeout"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ValueError, match=f"^{key}: "):
        channel(**settings)


def test_secrets_do_not_show_and_the_readme_explains_every_setting() -> None:
    shown = repr(channel(access_token="token-akses-satu").settings)
    assert SECRET not in shown
    assert "token-akses-satu" not in shown
    readme = (FIXTURES.parent / "README.md").read_text("utf-8")
    assert all(f"`{field.name}`" in readme for field in dataclasses.fields(LineSettings))


def test_the_bots_id_is_where_citizens_write_to() -> None:
    assert channel().addresses == {BOT}
    assert channel(destination=None).addresses == frozenset()
