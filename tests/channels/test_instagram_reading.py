"""What an Instagram account's webhook and poll bring: direct messages, stories, comments and mentions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_request
from meta_stand import APP, HOOK, INSTAGRAM, PAGE, SECRET, SITI, START, VERIFY, Meta, parsed, polled, running

from channels.contract import Obligation
from channels.errors import FetchFailed, FetchLater, PollFailed, VerificationFailed
from channels.instagram.adapter import InstagramChannel
from channels.instagram.settings import InstagramSettings
from normalizer.messages import Delivery, DeliveryReceipt, Ignored, InboundMessage, Unsent
from standins.meta import greeting, incoming
from standins.meta_cloud import entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalizer.messages import Inbound


@pytest.fixture
def meta() -> Iterator[Meta]:
    with running() as stand:
        yield stand


def read(*events: dict[str, Any], key: str = "messaging") -> list[Inbound]:
    body = {"object": "instagram", "entry": [{"id": INSTAGRAM, "time": 1_795_312_692, key: [*events]}]}
    return parsed(InstagramChannel.offline(), json.dumps(body).encode())


def direct(message: dict[str, Any]) -> Any:
    frame = {"sender": {"id": SITI}, "recipient": {"id": INSTAGRAM}, "timestamp": 1_795_312_692_478}
    (item,) = read(frame | {"message": {"mid": "aWdfZAG1f1="} | message})
    return item


def change(field: str, **value: Any) -> Any:
    (item,) = read({"field": field, "value": value}, key="changes")
    return item


def test_the_hook_greets_and_proves(meta: Meta) -> None:
    channel = meta.instagram()
    assert channel.verify(as_request(greeting(HOOK, VERIFY)), START).answer.body == b"1158201444"
    event = meta.cloud.message(meta.linked, SITI, "halo")
    good = incoming(HOOK, SECRET, "instagram", entry(meta.linked, event, at=1.0))
    assert channel.verify(as_request(good), START).journal
    forged = incoming(HOOK, "another-secret-entirely", "instagram", entry(meta.linked, event, at=1.0))
    with pytest.raises(VerificationFailed):
        channel.verify(as_request(forged), START)


def test_a_message_is_read_with_its_account(meta: Meta) -> None:
    (item,) = meta.hooked(meta.instagram(), meta.linked, meta.cloud.message(meta.linked, SITI, "Banjir"))
    assert isinstance(item, InboundMessage)
    assert (item.text, item.to, item.conversation_id) == ("Banjir", INSTAGRAM, f"{INSTAGRAM}:{SITI}")
    assert meta.instagram().addresses == {INSTAGRAM}


def test_stories_shares_and_what_cannot_be_shown() -> None:
    story = {"url": "https://lookaside.fbsbx.com/x?asset_id=1", "id": "18000000000000001"}
    replied = direct({"text": "Kapan?", "reply_to": {"story": story}})
    assert (replied.text, replied.hints["story_id"], replied.in_reply_to) == ("Kapan?", story["id"], None)
    named = direct({"attachments": [{"type": "story_mention", "payload": {"url": story["url"]}}]})
    assert named.hints["story_mention"] is True
    assert named.attachments[0].deadline == named.sent_at + timedelta(days=1)
    shared = direct({"attachments": [{"type": "ig_post", "payload": {"title": "Longsor", "url": story["url"]}}]})
    assert (shared.text, shared.attachments[0].url, shared.hints["shared"]) == ("Longsor", story["url"], ["ig_post"])
    link = direct({"attachments": [{"type": "share", "payload": {"url": "https://berita.example.org/1"}}]})
    assert (link.text, link.attachments, link.hints["links"]) == ("https://berita.example.org/1", (), [link.text])
    hidden = direct({"is_unsupported": True})
    assert hidden.hints["unsupported"] is True
    assert hidden.text


def test_an_unsent_message_and_a_seen_answer() -> None:
    gone = direct({"is_deleted": True})
    assert (type(gone), gone.external_id) == (Unsent, "aWdfZAG1f1=")
    frame = {"sender": {"id": SITI}, "recipient": {"id": INSTAGRAM}, "timestamp": 1_795_312_692_478}
    (seen,) = read(frame | {"read": {"mid": "aWdfZAG1f2="}})
    assert isinstance(seen, DeliveryReceipt)
    assert (seen.external_id, seen.status) == ("aWdfZAG1f2=", Delivery.READ)


@pytest.mark.parametrize(("writer", "reason"), [(APP, "echo"), (None, "echo"), ("1", "echo:answered-elsewhere")])
def test_an_echo_is_no_complaint(meta: Meta, writer: str | None, reason: str) -> None:
    (item,) = meta.hooked(meta.instagram(), meta.linked, meta.cloud.echo(meta.linked, SITI, "Kami cek", writer))
    assert isinstance(item, Ignored)
    assert item.reason == reason


SITI_THERE = {"id": SITI, "username": "siti.contoh"}


def test_comments_are_conversations_of_one_citizen_below_one_post() -> None:
    media = {"id": "18000000000000003", "media_product_type": "FEED"}
    first = change("comments", id="17900000000000001", text="Lampu mati", media=media, **{"from": SITI_THERE})
    second = change(
        "comments",
        id="17900000000000002",
        text="Masih",
        media=media,
        parent_id=first.external_id,
        **{"from": SITI_THERE},
    )
    assert first.conversation_id == second.conversation_id == f"comment:18000000000000003:{SITI}"
    assert (second.in_reply_to, second.sender.name) == (first.external_id, "siti.contoh")
    advertised = media | {"id": "18000000000000009", "original_media_id": media["id"]}
    told = change("comments", id="17900000000000003", text="Iklan", media=advertised, **{"from": SITI_THERE})
    assert told.conversation_id == first.conversation_id


def test_our_own_comments_and_statistics_are_none() -> None:
    own = change("comments", id="179", text="Ya", media={"id": "180"}, **{"from": {"id": INSTAGRAM, "username": "kab"}})
    assert (type(own), own.reason) == (Ignored, "own-comment")
    assert change("story_insights", media_id="1").reason == "field:story_insights"


def test_a_comment_on_a_live_video_can_be_read_and_not_answered() -> None:
    live = change("live_comments", id="179", text="Pak", media={"id": "180"}, **{"from": SITI_THERE})
    assert live.hints["live"] is True
    assert live.hints["no_reply"] is True


def test_pages_are_not_read_here() -> None:
    (item,) = parsed(InstagramChannel.offline(), b'{"object":"page","entry":[{"id":"104"}]}')
    assert isinstance(item, Ignored)
    assert item.reason == "object:page"


def mention(meta: Meta, channel: InstagramChannel, text: str = "@kab.contoh jalan rusak") -> Any:
    (item,) = meta.hooked(channel, meta.linked, meta.cloud.mention(meta.linked, SITI, "siti.contoh", text))
    return item


def owed(item: Any, most: int = 1 << 20) -> Obligation:
    return Obligation(ref=item.attachments[0].ref, url=None, deadline=None, max_bytes=most)


def test_the_words_of_a_mention_are_fetched_as_a_file(meta: Meta) -> None:
    channel = meta.instagram()
    item = mention(meta, channel)
    assert item.hints["no_reply"] is True
    media = channel.fetch(owed(item))
    assert media.content.decode().split("\n")[0] == "@siti.contoh"
    assert "@kab.contoh jalan rusak" in media.content.decode()
    assert media.content_type == "text/plain"
    assert len(channel.fetch(owed(item, 5)).content) == 5


def test_a_mention_that_is_gone_and_one_that_must_wait(meta: Meta) -> None:
    channel = meta.instagram()
    item = mention(meta, channel)
    with pytest.raises(FetchFailed, match="Facebook Login"):
        meta.instagram(login="instagram").fetch(owed(item))
    meta.faults.retry_after = "7"
    with pytest.raises(FetchLater) as later:
        channel.fetch(owed(item))
    assert later.value.retry_after == 7
    meta.faults.retry_after, meta.faults.down = None, True
    with pytest.raises(FetchLater):
        channel.fetch(owed(item))
    meta.faults.down = False
    meta.cloud.things.clear()
    with pytest.raises(FetchFailed, match="sudah tidak ada"):
        channel.fetch(owed(item))
    for ref in ("mentioned_media:x", "something"):
        with pytest.raises(FetchFailed):
            channel.fetch(Obligation(ref=ref, url=None, deadline=None, max_bytes=1))


@pytest.mark.parametrize("login", ["facebook", "instagram"])
def test_what_was_missed_is_what_the_webhook_would_have_brought(meta: Meta, login: str) -> None:
    meta.cloud.clock = lambda: datetime.now(UTC).timestamp() + 60
    channel = meta.instagram(login=login)
    account = meta.linked if login == "facebook" else meta.alone
    cursor = channel.poll(None).cursor
    post = meta.cloud.own_post(account, "Pengumuman")
    happened = [
        meta.cloud.message(account, SITI, "Banjir"),
        meta.cloud.instagram_comment(account, SITI, "siti.contoh", post, "Lampu mati"),
    ]
    meta.cloud.echo(account, SITI, "Kami cek", None)
    hooked = [item for event in happened for item in meta.hooked(channel, account, event)]
    batch = channel.poll(cursor)
    caught = polled(channel, batch)
    same = [(item.external_id, item.conversation_id, item.to) for item in hooked]
    assert sorted(same) == sorted((item.external_id, item.conversation_id, item.to) for item in caught)
    assert channel.poll(batch.cursor).raws == []


def test_a_failed_poll_is_a_poll_failure(meta: Meta) -> None:
    meta.faults.unauthorized = True
    with pytest.raises(PollFailed, match="token baru"):
        meta.instagram().poll(None)


@pytest.mark.parametrize(
    ("changes", "name"),
    [({"account_id": "kab"}, "account_id"), ({"page_id": ""}, "page_id"), ({"login": "x"}, "login")],
)
def test_settings_that_cannot_work_are_named(changes: dict[str, Any], name: str) -> None:
    good: dict[str, Any] = {
        "account_id": INSTAGRAM,
        "page_id": PAGE,
        "app_id": APP,
        "app_secret": SECRET,
        "verify_token": VERIFY,
        "token": "t" * 20,
    }
    with pytest.raises(ValueError, match=name):
        InstagramSettings(**(good | changes))
    assert InstagramSettings(**good).base.startswith("https://graph.facebook.com/")
    alone = InstagramSettings(**(good | {"page_id": "", "login": "instagram"}))
    assert (alone.node, alone.base.startswith("https://graph.instagram.com/")) == (INSTAGRAM, True)
