"""The adapter against a strict Bot API server on loopback: receiving, fetching, answering, and each way it can fail."""

from __future__ import annotations

import logging
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from werkzeug.serving import WSGIRequestHandler, make_server

from channels.contract import AccountInfo, Conversation, Cursor, Obligation, OutboundFile, OutboundReply, RawMessage
from channels.errors import (
    ChannelError,
    Expired,
    FetchFailed,
    FetchLater,
    OutcomeUnknown,
    PollFailed,
    ProviderDown,
    Refused,
    SendFailed,
    Throttled,
    TooLarge,
)
from channels.telegram.adapter import TelegramChannel
from channels.telegram.sending import pieces, plan
from channels.telegram.settings import TelegramSettings
from standins.mailroom import Mailroom
from standins.telegram import Citizen, Cloud, Fault, Trouble, create_app, incoming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalizer.messages import Inbound

TOKEN = "123456:ABC-def_1"
SECRET = "rahasia-yang-cukup-panjang"
HOOK = "https://aduan.example.go.id/hooks/telegram-aduan"
SITI = Citizen(id=1111111, first_name="Siti", last_name="Aminah")
PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 40
NOW = datetime(2026, 11, 22, tzinfo=UTC)


class Silent(WSGIRequestHandler):
    """The stand-in's own access log is not what the log tests look at."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nothing."""


class Telegram:
    """The stand-in, served on loopback, with an adapter for it."""

    def __init__(self) -> None:
        self.mailroom = Mailroom()
        self.cloud = Cloud(self.mailroom, TOKEN)
        self.fault = Fault()
        app = create_app(self.mailroom, TOKEN, cloud=self.cloud, fault=self.fault)
        self.server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def channel(
        self, mode: str = "polling", *, token: str = TOKEN, timeout: float = 5.0, port: int = 0
    ) -> TelegramChannel:
        address = f"http://127.0.0.1:{port or self.server.server_port}"
        settings = TelegramSettings(
            token=token,
            mode=mode,  # type: ignore[arg-type] # a test passes it on
            secret_token=SECRET if mode == "webhook" else "",
            username="aduan_bot",
            base_url=f"{address}/bot",
            base_file_url=f"{address}/file/bot",
            timeout=timeout,
        )
        return TelegramChannel(AccountInfo(name="telegram", hook_url=HOOK), settings)

    def delivered(self) -> list[str]:
        return [message.text for message in self.mailroom.delivered(str(SITI.id))]

    def close(self) -> None:
        self.fault.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    running = Telegram()
    running.cloud.submit(running.cloud.update_text(SITI, "/start"))
    running.cloud.drop_pending()
    yield running
    running.close()


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def parsed(channel: TelegramChannel, body: bytes) -> list[Inbound]:
    return channel.parse(RawMessage(id="1", account="telegram", received_at=NOW, body=body))


def reply(text: str = "Terima kasih", **more: object) -> OutboundReply:
    return OutboundReply(id="r1", conversation_id=str(SITI.id), to=str(SITI.id), text=text, **more)  # type: ignore[arg-type] # fields of a record


def wanted(ref: str, max_bytes: int = 20_000_000) -> Obligation:
    return Obligation(ref=ref, url=None, deadline=None, max_bytes=max_bytes)


# Receiving


def test_the_same_cursor_gives_the_same_messages_until_a_later_one_is_used(telegram: Telegram) -> None:
    channel = telegram.channel()
    for text in ("satu", "dua"):
        telegram.cloud.submit(telegram.cloud.update_text(SITI, text))
    first = channel.poll(None)
    assert [raw.body for raw in channel.poll(None).raws] == [raw.body for raw in first.raws]
    assert len(first.raws) == 2
    channel.confirm(first.cursor)
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "tiga"))
    second = channel.poll(first.cursor)
    assert [raw.body for raw in channel.poll(first.cursor).raws] == [raw.body for raw in second.raws]
    assert [item.text for raw in second.raws for item in parsed(channel, raw.body)] == ["tiga"]  # type: ignore[union-attr] # a message
    assert channel.poll(second.cursor).cursor == second.cursor
    assert telegram.cloud.pending() == 0


def test_a_full_batch_asks_for_more(telegram: Telegram) -> None:
    for number in range(130):
        telegram.cloud.submit(telegram.cloud.update_text(SITI, str(number)))
    channel = telegram.channel()
    first = channel.poll(None)
    second = channel.poll(first.cursor)
    assert (len(first.raws), first.more) == (100, True)
    assert (len(second.raws), second.more) == (30, False)


def test_waiting_loses_nothing(telegram: Telegram) -> None:
    channel = telegram.channel()
    assert channel.wait(None, 0) is False
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "halo"))
    batch = channel.poll(None)
    assert channel.wait(batch.cursor, 0) is False
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "lagi"))
    assert channel.wait(batch.cursor, 0) is True
    assert len(channel.poll(batch.cursor).raws) == 1


def test_waiting_ends_as_soon_as_something_comes(telegram: Telegram) -> None:
    sender = threading.Timer(0.1, telegram.cloud.submit, [telegram.cloud.update_text(SITI, "halo")])
    sender.start()
    assert telegram.channel(timeout=1.0).wait(None, 30) is True
    sender.join()


def test_numbers_that_start_again_lower_are_followed(telegram: Telegram) -> None:
    channel = telegram.channel()
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "lama"))
    old = channel.poll(None)
    assert channel.poll(old.cursor).raws == []
    telegram.cloud.restart_numbers(40)
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "baru"))
    new = channel.poll(old.cursor)
    assert len(new.raws) == 1
    assert new.cursor == {"offset": 41}
    assert channel.poll(new.cursor).raws == []


def test_webhook_and_poll_give_the_same_item(telegram: Telegram) -> None:
    channel = telegram.channel()
    update = telegram.cloud.update_text(SITI, "/lapor jalan rusak \U0001f64f")
    telegram.cloud.submit(update)
    polled = channel.poll(None).raws[0].body
    assert parsed(channel, polled) == parsed(channel, incoming(HOOK, SECRET, update).body)


def test_an_update_that_nobody_can_read_holds_up_no_other(telegram: Telegram) -> None:
    broken = {"update_id": 700_000_500, "message": {"text": 7}}
    telegram.cloud.submit(broken)
    telegram.cloud.restart_numbers(700_000_501)
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "halo"))
    assert len(telegram.channel().poll(None).raws) == 2


def test_the_first_poll_removes_a_webhook_and_keeps_what_waits(telegram: Telegram) -> None:
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "halo"))
    telegram.cloud.webhook.url = "https://old.example.org/"
    with pytest.raises(PollFailed, match="only one program"):
        telegram.channel("webhook").poll(None)
    assert len(telegram.channel().poll(None).raws) == 1
    assert telegram.cloud.webhook.url == ""


def test_another_poller_is_named(telegram: Telegram) -> None:
    channel = telegram.channel()
    failures: list[str] = []

    def wait() -> None:
        try:
            channel.wait(None, 20)
        except PollFailed as failed:
            failures.append(str(failed))

    waiting = threading.Thread(target=wait)
    waiting.start()
    while waiting.is_alive():
        channel.poll(None)
    waiting.join()
    assert "only one program may receive" in failures[0]


@pytest.mark.parametrize("trouble", [Trouble.UNAVAILABLE, Trouble.BAD_GATEWAY, Trouble.GARBAGE, Trouble.LOST])
def test_a_failed_poll_is_a_poll_failure(
    telegram: Telegram, trouble: Trouble, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "rahasia warga"))
    telegram.fault.trouble = trouble
    with pytest.raises(PollFailed) as failed:
        telegram.channel().poll(None)
    assert TOKEN not in str(failed.value)
    assert "rahasia warga" not in caplog.text
    telegram.fault.trouble = None
    assert len(telegram.channel().poll(None).raws) == 1


def test_a_throttled_poll_says_how_long(telegram: Telegram) -> None:
    telegram.fault.trouble = Trouble.FLOOD
    with pytest.raises(PollFailed) as failed:
        telegram.channel().poll(None)
    assert failed.value.retry_after == 7


def test_an_unreachable_server_and_a_wrong_token_fail_a_poll(telegram: Telegram) -> None:
    with pytest.raises(PollFailed, match="cannot be reached"):
        telegram.channel(port=closed_port()).poll(None)
    with pytest.raises(PollFailed, match="BotFather"):
        telegram.channel(token="123456:wrong").wait(None, 0)


@pytest.mark.parametrize("cursor", [{}, {"offset": "x"}, {"offset": None}])
def test_a_cursor_without_an_offset_starts_at_the_oldest(telegram: Telegram, cursor: Cursor) -> None:
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "halo"))
    assert len(telegram.channel().poll(cursor).raws) == 1


# Answering


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
    with pytest.raises(OutcomeUnknown, match="1 of 2 parts"):
        telegram.channel().send(reply("kata " * 1000))
    assert len(telegram.delivered()) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"conversation_id": "42"}, "Chat not found"),
        ({"conversation_id": "siti"}, "no Telegram chat"),
        ({"text": " \n"}, "neither text nor files"),
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
    with pytest.raises(Refused, match="does not know this bot token"):
        telegram.channel(token="123456:wrong").send(reply())
    telegram.cloud.submit(telegram.cloud.update_blocked(SITI))
    with pytest.raises(Refused, match="blocked the bot"):
        telegram.channel().send(reply())


def test_an_answer_is_always_allowed(telegram: Telegram) -> None:
    old = Conversation(conversation_id="7", address="7", last_inbound_at=NOW - timedelta(days=900))
    assert telegram.channel().reply_options(old, NOW).allowed is True


# Fetching


def photo_ref(telegram: Telegram, content: bytes = PNG) -> str:
    update = telegram.cloud.update_photo(SITI, content)
    ref: str = update["message"]["photo"][-1]["file_id"]
    return ref


def test_a_photo_is_fetched(telegram: Telegram) -> None:
    media = telegram.channel().fetch(wanted(photo_ref(telegram)))
    assert media.content == PNG
    assert media.name is not None
    assert media.name.endswith("large.jpg")


def test_too_large_by_our_cap_or_telegrams(telegram: Telegram) -> None:
    ref = photo_ref(telegram)
    with pytest.raises(TooLarge):
        telegram.channel().fetch(wanted(ref, max_bytes=10))
    telegram.cloud.files[ref] = ("photos/huge.jpg", bytes(20 * 1024 * 1024 + 1))
    with pytest.raises(TooLarge):
        telegram.channel().fetch(wanted(ref, max_bytes=10**9))


def test_what_telegram_no_longer_has_is_expired(telegram: Telegram) -> None:
    ref = photo_ref(telegram)
    telegram.cloud.expired.add(ref)
    with pytest.raises(Expired):
        telegram.channel().fetch(wanted(ref))
    with pytest.raises(Expired):
        telegram.channel().fetch(wanted("unknown"))
    with pytest.raises(FetchFailed):
        telegram.channel().fetch(Obligation(ref=None, url="https://x/", deadline=None, max_bytes=1))


@pytest.mark.parametrize("spare", [0, 1])
@pytest.mark.parametrize("trouble", [Trouble.UNAVAILABLE, Trouble.BAD_GATEWAY, Trouble.FLOOD])
def test_a_passing_fault_is_tried_again(
    telegram: Telegram, trouble: Trouble, spare: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ref = photo_ref(telegram)
    telegram.fault.trouble, telegram.fault.spare = trouble, spare
    with pytest.raises(FetchLater) as failed:
        telegram.channel().fetch(wanted(ref))
    assert failed.value.retry_after == (7 if trouble is Trouble.FLOOD else None)
    assert TOKEN not in caplog.text + str(failed.value)


def test_a_wrong_token_is_mended_by_an_operator_so_the_file_waits(telegram: Telegram) -> None:
    with pytest.raises(FetchLater):
        telegram.channel(token="123456:wrong").fetch(wanted(photo_ref(telegram)))


# Health


def test_health_when_polled(telegram: Telegram) -> None:
    assert telegram.channel().health().sentence == "@aduan_bot is polled, 0 waiting."
    telegram.cloud.webhook.url = "https://old.example.org/secret-path"
    health = telegram.channel().health()
    assert (health.ok, "old.example.org" in health.sentence, "secret-path" in health.sentence) == (False, True, False)


def test_health_and_registration_of_the_webhook(telegram: Telegram) -> None:
    channel = telegram.channel("webhook")
    assert "nowhere" in channel.health().sentence
    channel.register()
    assert (telegram.cloud.webhook.url, telegram.cloud.webhook.secret) == (HOOK, SECRET)
    assert channel.health().ok is True
    telegram.cloud.webhook.last_error_message = "Wrong response from the webhook: 503 Service Unavailable"
    telegram.cloud.webhook.last_error_date = int(datetime.now(UTC).timestamp())
    assert "503" in channel.health().sentence
    telegram.cloud.webhook.last_error_date -= 3600
    assert channel.health().ok is True
    telegram.channel().register()
    assert telegram.cloud.webhook.url == ""


def test_a_webhook_that_telegram_refuses_says_why(telegram: Telegram) -> None:
    channel = telegram.channel("webhook")
    channel.account = AccountInfo(name="telegram", hook_url="http://aduan.example.go.id/hooks/telegram")
    with pytest.raises(ChannelError, match="an https url"):
        channel.register()


def test_health_names_a_wrong_bot_a_wrong_token_and_no_network(telegram: Telegram) -> None:
    telegram.cloud.username = "other_bot"
    assert "belongs to @other_bot" in telegram.channel().health().sentence
    assert "BotFather" in telegram.channel(token="123456:wrong").health().sentence
    assert "cannot be reached" in telegram.channel(port=closed_port()).health().sentence
    telegram.fault.trouble = Trouble.GARBAGE
    assert telegram.channel().health().ok is False


def test_only_the_used_way_of_receiving_is_offered(telegram: Telegram) -> None:
    polled, hooked = telegram.channel().capabilities, telegram.channel("webhook").capabilities
    assert (polled.polling, polled.webhook) == (True, False)
    assert (hooked.polling, hooked.webhook) == (False, True)


def test_other_users_of_the_http_library_keep_their_log(telegram: Telegram, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    telegram.channel().health()
    assert "HTTP Request" not in caplog.text
    logging.getLogger("httpx").info("HTTP Request: GET https://example.org/")
    assert "HTTP Request" in caplog.text
