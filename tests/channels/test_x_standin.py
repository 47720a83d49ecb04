"""The X stand-in refuses what X refuses, so that the adapter's tests mean something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
import tweepy
from x_stand import BUDI, HASHTAG, KEYS, ME, SITI, X, running

if TYPE_CHECKING:
    from collections.abc import Iterator

SEARCH = "/2/tweets/search/recent"


@pytest.fixture
def x() -> Iterator[X]:
    with running() as stand:
        yield stand


def signed(secret: str = KEYS.access_token_secret) -> Any:
    keys = (KEYS.consumer_key, KEYS.consumer_secret, KEYS.access_token, secret)
    return tweepy.OAuth1UserHandler(*keys).apply_auth()


def ask(x: X, method: str, path: str, *, auth: Any = signed, **more: Any) -> requests.Response:
    return requests.request(method, x.url + path, auth=None if auth is None else auth(), timeout=5, **more)


def test_signatures_are_checked_and_good_once(x: X) -> None:
    assert ask(x, "GET", "/2/users/me").status_code == 200
    assert ask(x, "GET", "/2/users/me", auth=lambda: signed("salah")).status_code == 401
    assert ask(x, "GET", "/2/users/me", auth=None).status_code == 401
    prepared = requests.Request("GET", f"{x.url}/2/users/me", auth=signed()).prepare()
    with requests.Session() as session:
        assert [session.send(prepared, timeout=5).status_code for _ in range(2)] == [200, 401]
        prepared = requests.Request("GET", f"{x.url}/2/users/me", auth=signed()).prepare()
        prepared.url = f"{x.url}/2/users/me?user.fields=name"
        assert session.send(prepared, timeout=5).status_code == 401


@pytest.mark.parametrize(
    ("path", "params"),
    [
        (SEARCH, {"query": HASHTAG, "tidak_ada": "1"}),
        (SEARCH, {"query": HASHTAG, "tweet.fields": "id,warna"}),
        (SEARCH, {"query": HASHTAG, "expansions": "author"}),
        (SEARCH, {"query": HASHTAG, "max_results": "9"}),
        (SEARCH, {"query": HASHTAG, "max_results": "101"}),
        (SEARCH, {"query": "has:media"}),
        (SEARCH, {"query": "#a" * 300}),
        (SEARCH, {}),
        (SEARCH, {"query": HASHTAG, "since_id": "1000"}),
        (SEARCH, {"query": HASHTAG, "start_time": "2020-01-01T00:00:00Z"}),
        (SEARCH, {"query": HASHTAG, "start_time": "kemarin"}),
        (SEARCH, {"query": HASHTAG, "next_token": "xyz"}),
        (f"/2/users/{ME}/mentions", {"max_results": "4"}),
        (f"/2/users/{ME}/mentions", {"query": HASHTAG}),
        ("/2/dm_events", {"since_id": "5"}),
        ("/2/dm_events", {"event_types": "Typing"}),
    ],
)
def test_requests_that_x_does_not_document_are_bad(x: X, path: str, params: dict[str, str]) -> None:
    answer = ask(x, "GET", path, params=params)
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid Request"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "x", "warna": "merah"}, 400),
        ({"text": ""}, 400),
        ({"text": "日" * 141}, 400),
        ({"text": "x", "media": {"media_ids": ["1"]}}, 400),
        ({"text": "x", "reply": {"in_reply_to_tweet_id": "1"}}, 403),
        ("tidak", 400),
    ],
)
def test_posts_that_x_does_not_take(x: X, body: object, status: int) -> None:
    assert ask(x, "POST", "/2/tweets", json=body).status_code == status
    assert x.texts() == []


def test_a_reply_needs_a_mention_or_a_quote_by_the_author_himself(x: X) -> None:
    bare = x.cloud.post(SITI, HASHTAG)
    other = x.cloud.post(SITI, "tanya @aduan_kab")
    below = x.cloud.post(BUDI, "sama", reply_to=other["id"])
    asked = [
        ask(x, "POST", "/2/tweets", json={"text": f"{number}", "reply": {"in_reply_to_tweet_id": post["id"]}})
        for number, post in enumerate((bare, below, other))
    ]
    assert [answer.status_code for answer in asked] == [403, 403, 201]
    assert "mentioned or otherwise engaged" in asked[0].json()["detail"]


def test_fields_that_were_not_asked_for_do_not_come(x: X) -> None:
    x.cloud.post(SITI, HASHTAG)
    answer = ask(x, "GET", SEARCH, params={"query": HASHTAG}).json()
    assert set(answer["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    assert "includes" not in answer


def test_protected_deleted_and_too_recent_posts_are_not_found(x: X) -> None:
    x.cloud.users[BUDI.id] = BUDI.user() | {"protected": True}
    x.cloud.post(BUDI, f"{HASHTAG} terkunci")
    x.cloud.remove(x.cloud.post(SITI, f"{HASHTAG} dihapus"))
    x.cloud.post(SITI, f"{HASHTAG} baru")
    assert ask(x, "GET", SEARCH, params={"query": HASHTAG}).json()["meta"]["result_count"] == 1
    x.cloud.search_delay = 30.0
    assert ask(x, "GET", SEARCH, params={"query": HASHTAG}).json()["meta"] == {"result_count": 0}


def test_the_stream_is_for_the_app_and_for_one_connection(x: X) -> None:
    path = "/2/tweets/search/stream"
    bearer = {"auth": None, "headers": {"Authorization": f"Bearer {KEYS.bearer_token}"}}
    assert ask(x, "GET", path).status_code == 401
    assert ask(x, "GET", path, **bearer).status_code == 409
    rules = {"add": [{"value": HASHTAG}]}
    assert ask(x, "POST", f"{path}/rules", json=rules, **bearer).status_code == 201
    with ask(x, "GET", path, stream=True, **bearer) as first:
        assert next(first.iter_content(2)) == b"\r\n"
        assert ask(x, "GET", path, **bearer).status_code == 429


def test_limits_count_down_in_the_headers(x: X) -> None:
    x.server.limits.calls["me"] = 2
    answers = [ask(x, "GET", "/2/users/me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert int(answers[0].headers["x-rate-limit-reset"]) > x.clock.now
