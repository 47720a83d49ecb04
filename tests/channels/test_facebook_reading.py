"""What a page's webhook brings, event by event, each standing or falling alone."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_request
from meta_stand import APP, HOOK, PAGE, SECRET, SITI, START, VERIFY, WAHYU, Meta, parsed, running

from channels.contract import Obligation
from channels.errors import Expired, FetchFailed, PayloadError, TooLarge, VerificationFailed
from channels.facebook.adapter import FacebookChannel
from channels.facebook.settings import FacebookSettings
from normalizer.messages import Edit, Ignored, InboundMessage, Malformed, Unsent
from standins.meta import greeting, incoming
from standins.meta_cloud import Account, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalizer.messages import Inbound


@pytest.fixture
def meta() -> Iterator[Meta]:
    with running() as stand:
        yield stand


def read(*events: dict[str, Any], page: str = PAGE, key: str = "messaging") -> list[Inbound]:
    body = {"object": "page", "entry": [{"id": page, "time": 1_795_312_692, key: [*events]}]}
    return parsed(FacebookChannel.offline(), json.dumps(body).encode())


def event(message: Any, **more: Any) -> dict[str, Any]:
    return {
        "sender": {"id": SITI},
        "recipient": {"id": PAGE},
        "timestamp": 1_795_312_692_478,
        "message": message,
    } | more


def only(items: list[Inbound]) -> Any:
    (item,) = items
    return item


def test_the_hook_greets_proves_and_refuses(meta: Meta) -> None:
    channel = meta.facebook()
    assert channel.verify(as_request(greeting(HOOK, VERIFY)), START).answer.body == b"1158201444"
    with pytest.raises(VerificationFailed):
        channel.verify(as_request(greeting(HOOK, "a-wrong-verify-token")), START)
    call = incoming(HOOK, SECRET, "page", entry(meta.page, meta.cloud.message(meta.page, SITI, "halo"), at=1.0))
    assert channel.verify(as_request(call), START).journal
    for request in (
        dataclasses.replace(call, body=call.body + b" "),
        dataclasses.replace(call, headers={}),
        dataclasses.replace(call, headers={"X-Hub-Signature": "sha1=" + "0" * 40}),
        dataclasses.replace(call, method="PUT", body=b""),
    ):
        with pytest.raises(VerificationFailed):
            channel.verify(as_request(request), START)
    assert channel.secret_params == {"hub.verify_token"}


def test_a_batch_for_three_pages_of_which_one_is_broken(meta: Meta) -> None:
    others = [meta.cloud.add(Account(id=f"10400000000000{n}", name="x", token=f"token-{n}")) for n in (2, 3)]
    entries = [
        entry(page, meta.cloud.message(page, SITI, f"untuk {page.id}"), at=meta.cloud.clock())
        for page in (meta.page, *others)
    ]
    entries[1]["messaging"][0]["message"] = ["?"]
    call = incoming(HOOK, SECRET, "page", *entries)
    first, broken, last = parsed(meta.facebook(), call.body)
    assert isinstance(first, InboundMessage)
    assert isinstance(last, InboundMessage)
    assert isinstance(broken, Malformed)
    assert [item.to for item in (first, broken, last)] == [PAGE, others[0].id, others[1].id]
    assert (first.text, last.text) == (f"untuk {PAGE}", f"untuk {others[1].id}")
    assert "untuk" not in broken.error


@pytest.mark.parametrize(
    ("writer", "reason"),
    [(APP, "echo"), (None, "echo"), ("263902037430900", "echo:answered-elsewhere")],
)
def test_what_the_page_wrote_is_no_complaint(meta: Meta, writer: str | None, reason: str) -> None:
    item = only(meta.hooked(meta.facebook(), meta.page, meta.cloud.echo(meta.page, SITI, "Kami cek", writer)))
    assert isinstance(item, Ignored)
    assert (item.reason, item.conversation_id) == (reason, f"{PAGE}:{SITI}")


def test_an_echo_without_its_mark_is_known_by_its_sender() -> None:
    item = only(read(event({"mid": "m_1", "text": "kami"}, sender={"id": PAGE}, recipient={"id": SITI})))
    assert (type(item), item.reason) == (Ignored, "echo")


def test_a_sticker_is_one_thing_however_often_it_is_told() -> None:
    sticker = {"url": "https://scontent.xx.fbcdn.net/s.png", "sticker_id": 767226160478561}
    both = [{"type": "image", "payload": sticker}, {"type": "sticker", "payload": sticker}]
    item = only(read(event({"mid": "m_1", "sticker_id": 767226160478561, "attachments": both})))
    assert len(item.attachments) == 1
    thumb = {"type": "sticker", "payload": sticker | {"sticker_id": 369239343222814}}
    assert only(read(event({"mid": "m_2", "attachments": [thumb]}))).text == "\U0001f44d"
    assert only(read(event({"mid": "m_3", "sticker_id": 369239263222822}))).text == "\U0001f44d"


def test_edits_are_ordered_and_name_their_original() -> None:
    edits = [
        only(read({**event(None), "message_edit": {"mid": "abc", "text": f"versi {n}", "num_edit": n}}))
        for n in (1, 2, 10)
    ]
    assert all(isinstance(edit, Edit) and edit.external_id == "m_abc" for edit in edits)
    assert [edit.version for edit in edits] == sorted(edit.version for edit in edits)


def test_a_button_that_is_a_command_has_no_text_and_another_has_its_title() -> None:
    start = only(read({**event(None), "postback": {"mid": "m_1", "title": "Mulai", "payload": "GET_STARTED"}}))
    assert (start.command, start.text) == ("start", "")
    own = only(read({**event(None), "postback": {"title": "Ya", "payload": "RATE"}}))
    assert (own.command, own.text, own.hints["payload"]) == (None, "Ya", "RATE")
    quick = only(read(event({"mid": "m_2", "text": "Status", "quick_reply": {"payload": "status"}})))
    assert (quick.command, quick.text) == ("status", "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("optin", "optin"), ("pass_thread_control", "pass-thread-control"), ("hologram", "unsupported:hologram")],
)
def test_other_events_are_named(name: str, reason: str) -> None:
    happened = event(None)
    del happened["message"]
    assert only(read(happened | {name: {}})).reason == reason


def feed(**value: Any) -> Any:
    start = {"item": "comment", "post_id": f"{PAGE}_1", "comment_id": "1_2", "parent_id": f"{PAGE}_1"}
    author = {"from": {"id": SITI, "name": "Siti Contoh"}, "created_time": 1_795_312_692, "message": "Halo"}
    return only(read({"field": "feed", "value": start | author | value}, key="changes"))


def test_comments_come_change_and_go_as_one_message() -> None:
    added, edited, gone = feed(verb="add"), feed(verb="edited", message="Halo lagi"), feed(verb="remove")
    assert [type(item) for item in (added, edited, gone)] == [InboundMessage, Edit, Unsent]
    assert {item.external_id for item in (added, edited, gone)} == {"comment:2"}
    assert {item.conversation_id for item in (added, edited, gone)} == {f"comment:{PAGE}_1:{SITI}"}
    assert added.hints["comment_id"] == added.hints["reply_to"] == "1_2"
    assert "no_reply" not in added.hints
    hidden = feed(verb="hide")
    assert (type(hidden), hidden.reason, hidden.external_id) == (Ignored, "comment:hide", "comment:2")


def test_an_edit_that_does_not_tell_the_new_words_takes_none_away() -> None:
    told = feed(verb="edited", message=None)
    assert (type(told), told.reason) == (Ignored, "comment:edited")


def test_two_citizens_below_one_post_are_two_conversations() -> None:
    other = feed(verb="add", comment_id="1_3", **{"from": {"id": WAHYU, "name": "Wahyu"}})
    assert other.conversation_id != feed(verb="add").conversation_id


def test_a_visitors_post_and_the_comments_of_its_author_are_one_conversation(meta: Meta) -> None:
    post = only(
        meta.hooked(
            meta.facebook(),
            meta.page,
            meta.cloud.visitor_post(meta.page, SITI, "Siti", "Banjir", photos=("https://x.fbcdn.net/1.jpg",)),
        )
    )
    later = meta.cloud.comment(meta.page, SITI, "Siti", post.external_id, "Masih banjir")
    assert only(meta.hooked(meta.facebook(), meta.page, later)).conversation_id == post.conversation_id
    assert [file.url for file in post.attachments] == ["https://x.fbcdn.net/1.jpg"]
    assert "comment_id" not in post.hints


@pytest.mark.parametrize("item", ["status", "photo", "comment"])
def test_the_pages_own_posts_and_comments_are_none(item: str) -> None:
    own = feed(item=item, verb="add", **{"from": {"id": PAGE, "name": "Kabupaten"}})
    assert (type(own), own.reason) == (Ignored, f"own-{item}")


@pytest.mark.parametrize("item", ["reaction", "like", "event", "?", 7])
def test_likes_and_the_rest_are_ignored(item: Any) -> None:
    assert feed(item=item, verb="add").reason.startswith("feed:")


def test_instagrams_entries_are_not_read_here() -> None:
    body = {"object": "instagram", "entry": [{"id": "17841", "messaging": [event({"mid": "m_1", "text": "x"})]}]}
    item = only(parsed(FacebookChannel.offline(), json.dumps(body).encode()))
    assert (type(item), item.reason, item.to) == (Ignored, "object:instagram", "17841")


@pytest.mark.parametrize("body", [b"{", b"7", b"[]", b"[7]", b'{"object":"page"}', b'{"object":"page","entry":7}'])
def test_a_body_of_no_shape_is_a_payload_error(body: bytes) -> None:
    with pytest.raises(PayloadError):
        parsed(FacebookChannel.offline(), body)


def owed(url: str, most: int = 1 << 20) -> Obligation:
    return Obligation(ref=None, url=url, deadline=START + timedelta(days=1), max_bytes=most)


def test_files_are_fetched_until_their_address_expires(meta: Meta) -> None:
    meta.cloud.files["1.jpg"] = ("image/jpeg", b"\xff\xd8\xff" + b"x" * 40)
    channel, url = meta.facebook(), f"{meta.base}/cdn/1.jpg"
    assert channel.fetch(owed(url)).content_type == "image/jpeg"
    with pytest.raises(TooLarge):
        channel.fetch(owed(url, 10))
    meta.cloud.expired_files.add("1.jpg")
    with pytest.raises(Expired):
        channel.fetch(owed(url))
    with pytest.raises(Expired):
        channel.fetch(owed(f"{meta.base}/cdn/2.jpg"))
    with pytest.raises(FetchFailed):
        channel.fetch(Obligation(ref="x", url=None, deadline=None, max_bytes=1))


def test_a_private_network_is_not_fetched_from(meta: Meta) -> None:
    with pytest.raises(FetchFailed, match="private network"):
        meta.facebook(base_url="https://graph.facebook.com/v26.0").fetch(owed(f"{meta.base}/cdn/1.jpg"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page_id", "kabupaten"),
        ("app_id", ""),
        ("app_secret", "short"),
        ("verify_token", ""),
        ("token", ""),
        ("comment_reply", "both"),
        ("poll_interval", 5.0),
        ("timeout", 0.0),
    ],
)
def test_settings_that_cannot_work_are_named(name: str, value: Any) -> None:
    good: dict[str, Any] = {
        "page_id": PAGE,
        "app_id": APP,
        "app_secret": SECRET,
        "verify_token": VERIFY,
        "token": "t" * 20,
    }
    with pytest.raises(ValueError, match=name):
        FacebookSettings(**(good | {name: value}))
    shown = repr(FacebookSettings(**good))
    assert SECRET not in shown
    assert VERIFY not in shown
