"""Replies by Telegram, and each way they can fail, against a strict Bot API server on loopback."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from telegram_stand import NOW, PNG, SITI, TOKEN, Telegram, closed_port, reply, serving

from channels.contract import Conversation, OutboundFile, OutboundReply
from channels.errors import (
    OutcomeUnknown,
    ProviderDown,
    Refused,
    SendFailed,
    Throttled,
)
from channels.telegram.sending import pieces, plan
from standins.telegram import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


def test_a_reply_arrives_as_written_below_the_message_it_answers(telegram: Telegram) -> None:
    receipt = telegram.channel().send(reply("*Sudah* <b>diperbaiki</b> 🙏", in_reply_to=f"{SITI.id}:1"))
    (message,) = telegram.mailroom.delivered()
    assert message.text == "*Sudah* <b>diperbaiki</b> 🙏"
    assert (receipt.external_id, receipt.status, receipt.conversation_id) == (message.external_id, "sent", str(SITI.id))
    assert receipt.at is not None
    assert receipt.at.tzinfo is not None


@pytest.mark.parametrize("in_reply_to", ["1111111:999", "222:1", "x", ":", "1111111:-3"])
def test_a_reply_is_sent_even_when_the_message_it_answers_is_gone(telegram: Telegram, in_reply_to: str) -> None:
    telegram.channel().send(reply(in_reply_to=in_reply_to))
    assert telegram.delivered() == ["Terima kasih"]


def test_a_long_reply_goes_out_in_order_and_whole(telegram: Telegram) -> None:
    words = [f"kata{number}" for number in range(1200)]
    telegram.channel().send(reply(" ".join(words)))
    assert len(telegram.delivered()) == 3
    assert " ".join(telegram.delivered()).split() == words


def test_pieces_fit_and_break_no_pair() -> None:
    text = "\U0001f64f" * 5000
    cut = list(pieces(text, 4096))
    assert "".join(cut) == text
    assert all(len(piece.encode("utf-16-le")) // 2 <= 4096 for piece in cut)
    lines = [f"baris {number} " + "x" * 50 for number in range(150)]
    assert all(piece.startswith("baris") for piece in pieces("\n".join(lines), 4096))
    assert list(pieces("a" * 4096, 4096)) == ["a" * 4096]


def file(name: str = "foto.png", kind: str = "image/png", content: bytes = PNG) -> OutboundFile:
    return OutboundFile(name=name, content_type=kind, content=content)


def test_files_go_as_photos_documents_and_albums(telegram: Telegram) -> None:
    pdf = file("surat.pdf", "application/pdf", b"%PDF-1.7")
    channel = telegram.channel()
    channel.send(reply("Ini fotonya", attachments=[file()]))
    channel.send(reply("Ini suratnya", attachments=[pdf]))
    channel.send(reply("Semua", attachments=[file("1.png"), file("2.png")]))
    assert telegram.delivered() == ["[foto.png] Ini fotonya", "[surat.pdf] Ini suratnya", "[1.png] Semua", "[2.png]"]


def test_mixed_files_follow_the_text(telegram: Telegram) -> None:
    pdf = file("surat.pdf", "application/pdf", b"%PDF-1.7")
    telegram.channel().send(reply("Lihat", attachments=[file("1.png"), file("2.png"), pdf]))
    assert telegram.delivered() == ["Lihat", "[1.png]", "[2.png]", "[surat.pdf]"]


def test_a_plan_keeps_to_telegrams_limits() -> None:
    many = plan(reply("x" * 1025, attachments=[file(str(number)) for number in range(12)]))
    assert [(len(step.text), len(step.files)) for step in many] == [(1025, 0), (0, 10), (0, 2)]
    (big,) = plan(reply("", attachments=[file(content=PNG + b"x" * 10 * 1024 * 1024)]))
    assert big.photos is False


@pytest.mark.parametrize(
    ("trouble", "error"),
    [
        (Trouble.UNAVAILABLE, ProviderDown),
        (Trouble.FLOOD, Throttled),
        (Trouble.BAD_GATEWAY, OutcomeUnknown),
        (Trouble.LOST, OutcomeUnknown),
        (Trouble.GARBAGE, OutcomeUnknown),
        (Trouble.SLOW, OutcomeUnknown),
    ],
)
def test_each_fault_becomes_the_error_that_says_what_to_do(
    telegram: Telegram, trouble: Trouble, error: type[SendFailed], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.fault.trouble = trouble
    with pytest.raises(SendFailed) as failed:
        telegram.channel(timeout=0.3 if trouble is Trouble.SLOW else 5.0).send(reply("jawaban rahasia"))
    assert type(failed.value) is error
    taken = trouble in {Trouble.LOST, Trouble.GARBAGE, Trouble.SLOW}
    assert telegram.delivered() == (["jawaban rahasia"] if taken else [])
    if isinstance(failed.value, Throttled):
        assert failed.value.retry_after == 7
    for text in (str(failed.value), caplog.text):
        assert TOKEN not in text
        assert "jawaban rahasia" not in text


def test_a_refused_connection_sent_nothing(telegram: Telegram) -> None:
    with pytest.raises(ProviderDown):
        telegram.channel(port=closed_port()).send(reply())


def test_after_the_first_part_no_failure_may_repeat_the_reply(telegram: Telegram) -> None:
    telegram.fault.trouble, telegram.fault.spare = Trouble.FLOOD, 1
    with pytest.raises(OutcomeUnknown, match="1 dari 2 bagian"):
        telegram.channel().send(reply("kata " * 1000))
    assert len(telegram.delivered()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"conversation_id": "42"}, "Chat not found"),
        ({"conversation_id": "siti"}, "bukan chat Telegram"),
        ({"text": " \n"}, "tidak berisi teks maupun lampiran"),
        ({"attachments": [file(content=b"")]}, "non-empty"),
        ({"attachments": [file(content=b"GIF89a")]}, "Image_process_failed"),
    ],
)
def test_what_telegram_will_never_send_is_refused(telegram: Telegram, changes: dict[str, object], said: str) -> None:
    fields: dict[str, object] = {"id": "r", "conversation_id": str(SITI.id), "to": "", "text": "x"}
    with pytest.raises(Refused, match=said):
        telegram.channel().send(OutboundReply(**(fields | changes)))  # type: ignore[arg-type] # fields of a record
    assert telegram.delivered() == []


def test_a_citizen_who_blocked_the_bot_and_a_wrong_token_are_refused(telegram: Telegram) -> None:
    with pytest.raises(Refused, match="tidak mengenal token bot ini"):
        telegram.channel(token="123456:wrong").send(reply())
    telegram.cloud.submit(telegram.cloud.update_blocked(SITI))
    with pytest.raises(Refused, match="memblokir bot"):
        telegram.channel().send(reply())


def test_an_answer_is_always_allowed(telegram: Telegram) -> None:
    old = Conversation(conversation_id="7", address="7", last_inbound_at=NOW - timedelta(days=900))
    assert telegram.channel().reply_options(old, NOW).allowed is True
