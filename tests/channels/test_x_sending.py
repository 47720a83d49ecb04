"""Answers at X, where they are allowed and how each can fail, and health, against a strict stand-in on loopback."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from x_stand import BUDI, HASHTAG, ME, SITI, X, parsed, reply, running, walk

from channels.contract import Conversation, Obligation, OutboundFile
from channels.errors import (
    Expired,
    FetchFailed,
    FetchLater,
    OutcomeUnknown,
    ProviderDown,
    Refused,
    SendFailed,
    Throttled,
    TooLarge,
)
from channels.rawfile import NO_TIME
from channels.x.weight import weigh
from normalizer.messages import InboundMessage
from standins.x import File

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import OutboundReply

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40


@pytest.fixture
def x() -> Iterator[X]:
    with running() as stand:
        yield stand


def received(x: X, **changes: Any) -> InboundMessage:
    """The one message that a round brings."""
    items, _ = walk(x.channel(**changes))
    (message,) = (item for item in items if isinstance(item, InboundMessage))
    return message


def answer(message: InboundMessage, text: str = "Terima kasih, sudah kami teruskan.", **changes: Any) -> OutboundReply:
    fields = {
        "conversation_id": message.conversation_id,
        "to": message.sender.address,
        "in_reply_to": message.external_id,
        "hints": message.hints,
    }
    return reply(text, **(fields | changes))


def test_a_post_is_as_long_as_x_weighs_it_and_a_message_as_its_characters(x: X) -> None:
    channel, text = x.channel(), "🙏🙏 https://kab.example/" + "a" * 60
    assert channel.length(text, "post:1") == weigh(text) == 28
    assert channel.length(text, "dm:1") == len(text)


def options(x: X, message: InboundMessage) -> Any:
    conversation = Conversation(
        conversation_id=message.conversation_id,
        address=message.sender.address,
        last_inbound_at=message.sent_at,
        hints=message.hints,
    )
    return x.channel().reply_options(conversation, NO_TIME)


def picture(name: str = "foto.png", kind: str = "image/png", content: bytes = PNG) -> OutboundFile:
    return OutboundFile(name=name, content_type=kind, content=content)


def test_who_mentioned_us_is_answered_below_his_post_and_his_answer_threads(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    message = received(x)
    assert options(x, message).allowed
    receipt = x.channel().send(answer(message))
    assert (receipt.external_id, receipt.status) == (x.cloud.mailroom.delivered(SITI.id)[0].external_id, "sent")
    x.cloud.post(SITI, "@aduan_kab di RT 02", reply_to=receipt.external_id)
    items, _ = walk(x.channel())
    later = next(item for item in items if getattr(item, "text", "").endswith("RT 02"))
    assert (later.in_reply_to, later.conversation_id) == (receipt.external_id, message.conversation_id)  # type: ignore[union-attr] # a message


def test_who_quoted_us_is_answered(x: X) -> None:
    ours = x.cloud.post(x.cloud.me, "Perbaikan mulai Senin")
    x.cloud.post(SITI, f"desa kami kapan? {HASHTAG}", quote=ours["id"])
    message = received(x)
    assert options(x, message).allowed
    x.channel().send(answer(message))
    assert len(x.texts()) == 1


def test_a_bare_hashtag_cannot_be_answered_and_the_officer_reads_what_to_do(x: X) -> None:
    post = x.cloud.post(SITI, f"jalan rusak {HASHTAG}")
    message = received(x)
    told = options(x, message)
    assert told.allowed is False
    assert f"https://x.com/siti_am/status/{post['id']}" in told.reason
    assert "menyebut @aduan_kab" in told.reason
    with pytest.raises(Refused, match="melarang jawaban lewat program"):
        x.channel().send(answer(message))
    assert x.texts() == []


def test_the_message_that_is_answered_counts_not_the_one_whose_hints_came_along(x: X) -> None:
    first = x.cloud.post(SITI, "@aduan_kab satu")
    second = x.cloud.post(SITI, "@aduan_kab dua")
    hints = {"post_id": second["id"]}
    x.channel().send(reply("Jawaban satu", in_reply_to=first["id"], hints=hints))
    x.channel().send(reply("Jawaban dua", hints=hints))
    ours = [post for post in x.cloud.posts.values() if post["author_id"] == ME]
    assert [post["referenced_tweets"][0]["id"] for post in ours] == [first["id"], second["id"]]


def test_a_direct_message_is_answered_in_its_conversation(x: X) -> None:
    x.cloud.message(SITI, "mohon dirahasiakan")
    message = received(x)
    assert options(x, message).allowed
    receipt = x.channel().send(answer(message, "a" * 10_000))
    assert x.texts() == ["a" * 10_000]
    assert receipt.external_id == f"dm:{x.cloud.mailroom.delivered()[0].external_id}"
    with pytest.raises(Refused, match="10001 dari 10000"):
        x.channel().send(answer(message, "a" * 10_001))


def test_pictures_go_with_both(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    post = received(x)
    x.channel().send(answer(post, "Sudah", attachments=[picture(), picture("2.jpg", "image/jpeg")]))
    x.cloud.message(BUDI, "halo")
    message = received(x, hashtags=(), ignore=("siti_am",))
    x.channel().send(answer(message, "", attachments=[picture()]))
    assert x.texts() == ["[2 gambar] Sudah", "[1 gambar]"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": " "}, "tidak berisi"),
        ({"text": "a" * 281}, "281 dari 280"),
        ({"conversation_id": "mail"}, "bukan percakapan X"),
        ({"in_reply_to": None}, "Tidak ada unggahan"),
        ({"in_reply_to": "2123586045856448513"}, "sudah dihapus"),
        ({"attachments": [picture("surat.pdf", "application/pdf")]}, "JPEG, PNG atau WebP"),
        ({"attachments": [picture()] * 5}, "Paling banyak 4"),
        ({"attachments": [picture(content=bytes(5 * 1024 * 1024 + 1))]}, "sampai 5 MB"),
        ({"conversation_id": f"dm:{ME}-{SITI.id}", "attachments": [picture()] * 2}, "Paling banyak 1"),
    ],
)
def test_what_x_will_never_send_is_refused(x: X, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        x.channel().send(reply(**({"text": "x", "in_reply_to": "5"} | changes)))
    assert x.texts() == []


def test_refusals_are_told_so_that_the_officer_can_act(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    message = received(x)
    x.channel().send(answer(message))
    with pytest.raises(Refused, match="mungkin jawaban ini sudah terkirim"):
        x.channel().send(answer(message))
    x.server.permissions = "read"
    with pytest.raises(Refused, match="Read and write"):
        x.channel().send(answer(message, "lain"))
    with pytest.raises(Refused, match="HTTP 401"):
        x.channel(consumer_secret="salah").send(answer(message, "lain"))


def test_closed_direct_messages_are_refused(x: X) -> None:
    x.cloud.message(SITI, "halo")
    message = received(x)
    x.cloud.closed.add(SITI.id)
    with pytest.raises(Refused, match="tidak menerima pesan langsung"):
        x.channel().send(answer(message))


@pytest.mark.parametrize(
    ("fault", "value", "error"),
    [
        ("down", True, OutcomeUnknown),
        ("server_error", True, OutcomeUnknown),
        ("lose_answer", True, OutcomeUnknown),
        ("slow", True, OutcomeUnknown),
        ("retry_after", "7", Throttled),
        ("unauthorized", True, Refused),
    ],
)
def test_each_fault_becomes_the_error_that_says_what_to_do(
    x: X, fault: str, value: object, error: type[SendFailed], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    message = received(x)
    setattr(x.faults, fault, value)
    with pytest.raises(SendFailed) as failed:
        x.channel(timeout=0.3 if fault == "slow" else 5.0).send(answer(message, "jawaban rahasia"))
    assert type(failed.value) is error
    x.faults.released.set()
    for text in (str(failed.value), caplog.text):
        assert "jawaban rahasia" not in text
        assert "rahasiaakun" not in text


def test_the_limit_of_replies_says_when_to_come_back(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    message = received(x)
    x.server.limits.calls["create_post"] = 0
    with pytest.raises(Throttled) as failed:
        x.channel().send(answer(message))
    assert 1 <= failed.value.retry_after <= 902


def test_nothing_was_sent_without_a_connection_or_without_credit(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    message = received(x)
    with pytest.raises(ProviderDown, match="tidak dapat dihubungi"):
        x.channel(api_url=dead_address()).send(answer(message))
    x.server.credit = False
    with pytest.raises(ProviderDown, match="beli kredit"):
        x.channel().send(answer(message))


def test_a_picture_that_could_not_be_uploaded_is_tried_again(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab jalan rusak")
    message = received(x)
    x.faults.server_error = True
    with pytest.raises(ProviderDown, match="tidak dapat diunggah"):
        x.channel().send(answer(message, attachments=[picture()]))
    assert x.texts() == []


def test_pictures_of_posts_and_of_messages_are_fetched(x: X) -> None:
    x.cloud.post(SITI, "@aduan_kab foto", files=[File(name="lubang.png", content=PNG, content_type="image/png")])
    x.cloud.message(BUDI, "bukti", files=[File(name="bukti.jpg", content=b"\xff\xd8" + PNG)])
    channel = x.channel()
    files = [file for item in walk(channel)[0] for file in getattr(item, "attachments", ())]
    wanted = [Obligation(ref=file.ref, url=file.url, deadline=None, max_bytes=1000) for file in files]
    media = [channel.fetch(each) for each in wanted]
    assert [(each.content, each.content_type) for each in media] == [
        (PNG, "image/png"),
        (b"\xff\xd8" + PNG, "image/jpeg"),
    ]
    assert media[1].name == "bukti.jpg"


def test_a_file_that_cannot_be_had_says_whether_to_try_again(x: X) -> None:
    x.cloud.message(BUDI, "bukti", files=[File(name="bukti.jpg", content=PNG)])
    channel = x.channel()
    ref = parsed(channel, channel.poll(channel.poll(channel.poll(None).cursor).cursor))[0].attachments[0].ref  # type: ignore[union-attr] # a message

    def wanted(ref: str | None, max_bytes: int = 1000) -> Obligation:
        return Obligation(ref=ref, url=None, deadline=None, max_bytes=max_bytes)

    with pytest.raises(TooLarge):
        channel.fetch(wanted(ref, 10))
    with pytest.raises(Expired):
        channel.fetch(wanted("1/2/hilang.jpg"))
    with pytest.raises(FetchLater):
        x.channel(access_token_secret="salah").fetch(wanted(ref))
    for wrong in ("../../1", "satu", None):
        with pytest.raises(FetchFailed):
            channel.fetch(wanted(wrong))
    x.faults.down = True
    with pytest.raises(FetchLater):
        channel.fetch(wanted(ref))


def test_a_file_inside_the_network_is_not_fetched(x: X) -> None:
    with pytest.raises(FetchFailed, match="private network"):
        x.channel().fetch(Obligation(ref=None, url="http://127.0.0.2:1/a.jpg", deadline=None, max_bytes=10))


def test_health_names_the_account_and_what_is_wrong(x: X) -> None:
    health = x.channel().health()
    assert (health.ok, health.sentence) == (
        True,
        "@aduan_kab membaca sebutan, #masbupsiaga, pesan langsung; paling banyak 1000 bacaan sehari (UTC).",
    )
    assert x.cloud.reads == set()
    assert "milik @aduan_kab, bukan @orang_lain" in x.channel(username="orang_lain").health().sentence
    x.server.permissions = "read-write"
    assert "hanya boleh read-write" in x.channel().health().sentence
    assert x.channel(direct_messages=False).health().ok
    assert "konsol pengembang" in x.channel(consumer_key="salah").health().sentence
    assert "tidak dapat dihubungi" in x.channel(api_url=dead_address()).health().sentence
    x.faults.server_error = True
    assert x.channel().health().ok is False


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("a" * 280, 280),
        ("é", 1),
        ("e\u0301", 1),
        ("日本", 4),
        ("🙏", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("🇮🇩", 2),
        ("❤️", 2),
        ("1️⃣", 2),
        ("…", 2),
        ("“kutip”", 7),
        ("https://aduan.example.go.id/lacak/ABCD-2345?panjang=sekali", 23),
        ("lihat aduan.go.id.", 30),
        ("lihat https://x.id/a, lalu http://y.id.", 6 + 23 + 7 + 23 + 1),
        ("surel a@b.id", 12),
        ("ꦲꦏ꧀", 6),
    ],
)
def test_weight_is_counted_as_x_counts(text: str, weight: int) -> None:
    assert weigh(text) == weight
