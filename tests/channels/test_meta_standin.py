"""The Graph API stand-in is strict: it refuses what Meta refuses, so that a test which passes means something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from meta_stand import APP, INSTAGRAM, OWN_TOKEN, PAGE, PAGE_TOKEN, SECRET, SITI, Meta, running

from channels.toolkit.meta import graph, graph_error

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def meta() -> Iterator[Meta]:
    with running() as stand:
        stand.cloud.message(stand.page, SITI, "halo")
        yield stand


def refused(
    meta: Meta, method: str, path: str, *, token: str = PAGE_TOKEN, secret: str = SECRET, **content: Any
) -> int:
    """The code of the error that the call brings."""
    base = f"{meta.base}/v26.0"
    error = graph_error(graph(method, path, token=token, app_secret=secret, timeout=5.0, base=base, **content))
    assert error is not None, f"{method} {path} was taken"
    return error.code


def sending(**changes: Any) -> dict[str, Any]:
    body = {"recipient": {"id": SITI}, "messaging_type": "RESPONSE", "message": {"text": "ya"}}
    return {name: value for name, value in (body | changes).items() if value is not None}


@pytest.mark.parametrize(
    "changes",
    [
        {"recipient": None},
        {"recipient": {}},
        {"recipient": {"id": SITI, "comment_id": "1"}},
        {"recipient": {"comment_id": "1"}},
        {"recipient": {"id": "999"}},
        {"message": None},
        {"message": {}},
        {"message": {"text": ""}},
        {"message": {"text": "x" * 2001}},
        {"message": {"text": "x", "attachment": {}}},
        {"message": {"attachment": {"type": "hologram", "payload": {}}}},
        {"message": {"attachment": {"type": "image", "payload": {}}}},
        {"messaging_type": None},
        {"messaging_type": "UPDATE"},
        {"messaging_type": "MESSAGE_TAG"},
        {"messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"},
        {"tag": "HUMAN_AGENT"},
        {"notification": "none"},
    ],
)
def test_a_message_of_another_shape_is_refused(meta: Meta, changes: dict[str, Any]) -> None:
    assert refused(meta, "POST", f"{PAGE}/messages", body=sending(**changes)) == 100
    assert meta.delivered() == []


def test_an_instagram_attachment_must_have_been_uploaded(meta: Meta) -> None:
    meta.cloud.message(meta.linked, SITI + "1", "halo")
    picture = {"attachment": {"type": "image", "payload": {"attachment_id": "1"}}}
    body = sending(recipient={"id": SITI + "1"}, message=picture)
    assert refused(meta, "POST", f"{PAGE}/messages", body=body) == 100
    assert refused(meta, "POST", f"{PAGE}/message_attachments", data={"message": "{}", "platform": "instagram"}) == 100


def test_who_may_not_is_refused(meta: Meta) -> None:
    body = sending()
    assert refused(meta, "POST", f"{PAGE}/messages", body=body, token="another") == 190
    assert refused(meta, "POST", f"{PAGE}/messages", body=body, secret="another") == 100
    assert refused(meta, "POST", f"{PAGE}/messages", body=body, secret="") == 100
    assert refused(meta, "POST", f"{PAGE}/messages", body=body, token=OWN_TOKEN, secret="") == 200
    assert refused(meta, "GET", f"{INSTAGRAM}/media", token=OWN_TOKEN) == 100
    assert refused(meta, "GET", f"{APP}/subscriptions") == 190
    assert refused(meta, "GET", "debug_token", params={"input_token": PAGE_TOKEN}) == 190


@pytest.mark.parametrize(
    ("method", "path", "content"),
    [
        ("GET", f"{PAGE}/conversations", {}),
        ("GET", f"{PAGE}/conversations", {"params": {"platform": "sms"}}),
        ("GET", f"{PAGE}/conversations", {"params": {"platform": "messenger", "fields": "id,hologram"}}),
        ("GET", f"{PAGE}/conversations", {"params": {"platform": "messenger", "since": "1"}}),
        ("GET", f"{PAGE}/holograms", {}),
        ("GET", "4711", {}),
        ("POST", f"{PAGE}/subscribed_apps", {"data": {}}),
        ("POST", "4711/comments", {"data": {"message": "ya"}}),
        ("POST", f"{PAGE}/holograms", {"data": {"message": "ya"}}),
    ],
)
def test_what_does_not_exist_or_lacks_something_is_refused(
    meta: Meta, method: str, path: str, content: dict[str, Any]
) -> None:
    assert refused(meta, method, path, **content) == 100
