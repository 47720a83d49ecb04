"""What was missed is fetched once, and the token and the subscription are watched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from meta_stand import HOOK, PAGE, PAGE_TOKEN, SECRET, SITI, VERIFY, WAHYU, Meta, parsed, polled, running

from channels.errors import ChannelError, PollFailed, Refused
from channels.toolkit.meta_catchup import Mark
from normalizer.messages import InboundMessage
from normalizer.saying import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import Cursor
    from channels.facebook.adapter import FacebookChannel
    from normalizer.messages import Inbound


@pytest.fixture
def meta() -> Iterator[Meta]:
    with running() as stand:
        stand.cloud.clock = lambda: datetime.now(UTC).timestamp() + 60
        yield stand


def started(channel: FacebookChannel) -> Cursor:
    first = channel.poll(None)
    assert first.raws == []
    return first.cursor


def keys(items: list[Inbound]) -> list[tuple[str | None, str]]:
    return [(item.external_id, item.conversation_id) for item in items]


def test_what_was_missed_is_what_the_webhook_would_have_brought(meta: Meta) -> None:
    channel = meta.facebook()
    cursor = started(channel)
    post = meta.cloud.own_post(meta.page, "Pengumuman")
    happened = [
        meta.cloud.message(meta.page, SITI, "Jalan rusak"),
        meta.cloud.picture(meta.page, WAHYU, f"{meta.base}/cdn/1.jpg", "Ini fotonya"),
        meta.cloud.comment(meta.page, SITI, "Siti Contoh", post, "Kapan?"),
        meta.cloud.visitor_post(meta.page, WAHYU, "Wahyu Contoh", "Banjir", photos=("https://x.fbcdn.net/1.jpg",)),
    ]
    meta.cloud.echo(meta.page, SITI, "Kami cek", None)
    hooked = [item for event in happened for item in meta.hooked(channel, meta.page, event)]
    batch = channel.poll(cursor)
    caught = polled(channel, batch)
    assert sorted(keys(caught)) == sorted(keys(hooked))
    by_key = {item.external_id: item for item in caught}
    for item in hooked:
        same: Any = by_key[item.external_id]
        assert isinstance(item, InboundMessage)
        assert (same.text, same.to, same.sender.address) == (item.text, PAGE, item.sender.address)
        assert [file.url for file in same.attachments] == [file.url for file in item.attachments]
        assert same.sent_at == item.sent_at.replace(microsecond=0)  # type: ignore[union-attr] # a message has one


def test_a_comment_on_a_photo_is_one_comment_whatever_stands_before_its_number(meta: Meta) -> None:
    channel = meta.facebook()
    cursor = started(channel)
    event = meta.cloud.comment(meta.page, SITI, "Siti", meta.cloud.own_post(meta.page, "Foto"), "Bagus")
    number = event["value"]["comment_id"].partition("_")[2]
    event["value"]["comment_id"] = f"122100000000000_{number}"
    hooked = meta.hooked(channel, meta.page, event)
    assert keys(polled(channel, channel.poll(cursor))) == keys(hooked)


def test_nothing_comes_twice_and_the_same_cursor_gives_the_same(meta: Meta) -> None:
    channel = meta.facebook()
    cursor = started(channel)
    meta.cloud.message(meta.page, SITI, "satu")
    meta.cloud.visitor_post(meta.page, SITI, "Siti", "dua")
    first = channel.poll(cursor)
    assert [raw.body for raw in channel.poll(cursor).raws] == [raw.body for raw in first.raws]
    assert len(first.raws) == 2
    second = channel.poll(first.cursor)
    assert (second.raws, second.cursor) == ([], first.cursor)
    meta.pass_time(30)
    meta.cloud.message(meta.page, SITI, "tiga")
    third = channel.poll(second.cursor)
    assert [item.text for item in polled(channel, third) if isinstance(item, InboundMessage)] == ["tiga"]
    assert channel.poll(third.cursor).raws == []


def test_a_message_that_shows_late_is_still_taken(meta: Meta) -> None:
    channel = meta.facebook()
    cursor = started(channel)
    meta.pass_time(300)
    meta.cloud.message(meta.page, SITI, "baru")
    after = channel.poll(cursor).cursor
    meta.pass_time(-200)
    meta.cloud.message(meta.page, WAHYU, "lama, tetapi baru terlihat")
    assert len(channel.poll(after).raws) == 1


def test_more_conversations_than_a_page_holds_are_all_read(meta: Meta) -> None:
    channel = meta.facebook(comments=False)
    cursor = started(channel)
    for number in range(60):
        meta.cloud.message(meta.page, f"70120000001{number:05d}", f"pesan {number}")
    batch = channel.poll(cursor)
    assert len({raw.body for raw in batch.raws}) == 60
    assert channel.poll(batch.cursor).raws == []


def test_a_source_that_fails_does_not_hold_up_the_other(meta: Meta, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = meta.facebook()
    cursor = started(channel)
    meta.cloud.message(meta.page, SITI, "pesan")
    meta.cloud.visitor_post(meta.page, SITI, "Siti", "kiriman")

    def refused(*_: Any) -> Any:
        raise Refused(quoted("izin"))

    with monkeypatch.context() as patched:
        patched.setattr("channels.facebook.adapter.feed", refused)
        batch = channel.poll(cursor)
        assert len(batch.raws) == 1
        assert batch.cursor["feed"] == cursor["feed"]
        with pytest.raises(PollFailed, match="izin"):
            channel.poll(batch.cursor)
    (late,) = polled(channel, channel.poll(batch.cursor))
    assert isinstance(late, InboundMessage)
    assert late.text == "kiriman"


@pytest.mark.parametrize(
    ("fault", "value", "retry_after"),
    [
        ("down", True, None),
        ("server_error", True, None),
        ("unauthorized", True, None),
        ("retry_after", "7", 7.0),
    ],
)
def test_a_failed_poll_is_a_poll_failure_and_loses_nothing(
    meta: Meta, fault: str, value: Any, retry_after: float | None
) -> None:
    channel = meta.facebook()
    cursor = started(channel)
    meta.cloud.message(meta.page, SITI, "rahasia warga")
    before = getattr(meta.faults, fault)
    setattr(meta.faults, fault, value)
    with pytest.raises(PollFailed) as failed:
        channel.poll(cursor)
    assert failed.value.retry_after == retry_after
    assert "rahasia warga" not in str(failed.value)
    setattr(meta.faults, fault, before)
    assert len(channel.poll(cursor).raws) == 1


@pytest.mark.parametrize("value", [None, 7, {}, {"since": "x", "seen": 7}, {"since": True}])
def test_a_cursor_of_no_shape_starts_now(value: Any) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert Mark.of(value, now) == Mark(now.timestamp())


def test_without_catching_up_nothing_is_polled(meta: Meta) -> None:
    assert meta.facebook().capabilities.polling
    assert not meta.facebook(catch_up=False).capabilities.polling


def test_registration_makes_a_page_healthy(meta: Meta) -> None:
    channel = meta.facebook()
    assert "tidak mengantar" in channel.health().sentence
    channel.register()
    channel.register()
    assert "feed" in meta.page.fields
    assert meta.cloud.hooks["page"][0] == HOOK
    health = channel.health()
    assert (health.ok, "mengantar ke webhook kita" in health.sentence) == (True, True)


def test_a_sibling_of_the_same_house_may_take_the_hook(meta: Meta) -> None:
    channel = meta.facebook()
    channel.register()
    fields = meta.cloud.hooks["page"][1]
    meta.cloud.hooks["page"] = (HOOK.replace("hooks/facebook", "hooks/kecamatan"), fields)
    assert channel.health().ok
    channel.register()
    assert meta.cloud.hooks["page"][0].endswith("/kecamatan")
    meta.cloud.hooks["page"] = ("https://another.example.org/hooks/facebook", fields)
    assert "ke tempat lain" in channel.health().sentence
    meta.cloud.hooks["page"] = (HOOK, {"messages"})
    assert "tidak meminta" in channel.health().sentence
    meta.cloud.hooks.clear()
    assert "ke mana pun" in channel.health().sentence


def test_a_page_that_was_unsubscribed_is_named(meta: Meta) -> None:
    channel = meta.facebook()
    channel.register()
    meta.page.fields.discard("messages")
    assert "tidak mengantar messages" in channel.health().sentence
    meta.page.fields.clear()
    assert "doctor --fix" in channel.health().sentence


def test_a_token_is_watched(meta: Meta) -> None:
    channel, now = meta.facebook(), int(datetime.now(UTC).timestamp())
    channel.register()
    for field, said in (
        ("expires_at", "Token berakhir"),
        ("data_access_expires_at", "Akses aplikasi ke data halaman"),
    ):
        setattr(meta.page, field, now + 6 * 86_400)
        assert said in channel.health().sentence
        setattr(meta.page, field, now + 8 * 86_400)
        assert channel.health().ok
    meta.page.scopes = ("pages_messaging",)
    assert "tanpa izin pages_manage_engagement" in channel.health().sentence
    meta.page.expired = True
    assert "kedaluwarsa atau dicabut" in channel.health().sentence


def test_a_token_of_another_page_or_app_is_named(meta: Meta) -> None:
    meta.page.fields.add("messages")
    other = meta.facebook(page_id="104000000000009")
    assert "bukan 104000000000009" in other.health().sentence
    assert "token" in meta.facebook(app_secret="another-secret-entirely").health().sentence


def test_health_never_raises_and_shows_no_secret(meta: Meta) -> None:
    health = meta.facebook(base_url=dead_address()).health()
    assert not health.ok
    for fault in ("down", "server_error", "unauthorized"):
        setattr(meta.faults, fault, True)
        sentence = meta.facebook().health().sentence
        setattr(meta.faults, fault, False)
        for secret in (PAGE_TOKEN, SECRET, VERIFY):
            assert secret not in sentence
    meta.faults.down = True
    with pytest.raises(ChannelError):
        meta.facebook().register()


def test_a_polled_node_of_no_known_kind_is_ignored(meta: Meta) -> None:
    body = b'{"object":"graph","kind":"hologram","account":"104000000000001","node":{}}'
    (item,) = parsed(meta.facebook(), body)
    assert getattr(item, "reason", "") == "unsupported:hologram"
