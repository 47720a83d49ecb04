"""Telegram polled, fetched from and looked after: the adapter against a strict Bot API server on loopback."""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from telegram_stand import HOOK, PNG, SECRET, SITI, TOKEN, Telegram, closed_port, parsed, serving, wanted

from channels.contract import AccountInfo, Cursor, Obligation
from channels.errors import (
    ChannelError,
    Expired,
    FetchFailed,
    FetchLater,
    PollFailed,
    TooLarge,
)
from standins.telegram import Trouble, incoming

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def telegram(monkeypatch: pytest.MonkeyPatch) -> Iterator[Telegram]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving() as running:
        yield running


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
    with pytest.raises(PollFailed, match="hanya satu program"):
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
    assert "hanya satu program boleh menerima" in failures[0]


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
    with pytest.raises(PollFailed, match="tidak dapat dihubungi"):
        telegram.channel(port=closed_port()).poll(None)
    with pytest.raises(PollFailed, match="BotFather"):
        telegram.channel(token="123456:wrong").wait(None, 0)


@pytest.mark.parametrize("cursor", [{}, {"offset": "x"}, {"offset": None}])
def test_a_cursor_without_an_offset_starts_at_the_oldest(telegram: Telegram, cursor: Cursor) -> None:
    telegram.cloud.submit(telegram.cloud.update_text(SITI, "halo"))
    assert len(telegram.channel().poll(cursor).raws) == 1


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


def test_health_when_polled(telegram: Telegram) -> None:
    assert telegram.channel().health().sentence == "Pesan @aduan_bot dijemput; 0 pesan menunggu."
    telegram.cloud.webhook.url = "https://old.example.org/secret-path"
    health = telegram.channel().health()
    assert (health.ok, "old.example.org" in health.sentence, "secret-path" in health.sentence) == (False, True, False)


def test_health_and_registration_of_the_webhook(telegram: Telegram) -> None:
    channel = telegram.channel("webhook")
    assert "ke mana pun" in channel.health().sentence
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
    assert "milik @other_bot" in telegram.channel().health().sentence
    assert "BotFather" in telegram.channel(token="123456:wrong").health().sentence
    assert "tidak dapat dihubungi" in telegram.channel(port=closed_port()).health().sentence
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
