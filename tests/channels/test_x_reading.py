"""Posts and messages read, settings checked, and what a gateway carries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from x_stand import KEYS, ME, SITI

from channels.contract import AccountInfo, RawMessage
from channels.errors import PayloadError
from channels.rawfile import NO_TIME
from channels.x.adapter import XChannel
from channels.x.feeds import raw
from channels.x.ids import moment, smallest
from channels.x.settings import XSettings
from channels.x.state import Feed, State
from normalizer.messages import Edit, Ignored, Inbound, InboundMessage

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "channels" / "x" / "fixtures"


def fixture(name: str) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((FIXTURES / f"{name}.body").read_text("utf-8"))
    return body


def settings(**changes: Any) -> XSettings:
    given = {
        "username": "aduan_kab",
        "consumer_key": KEYS.consumer_key,
        "consumer_secret": KEYS.consumer_secret,
        "access_token": KEYS.access_token,
        "access_token_secret": KEYS.access_token_secret,
    }
    return XSettings(**(given | changes))


def read(body: object, **changes: Any) -> list[Inbound]:
    channel = XChannel(AccountInfo(name="x"), settings(**changes))
    return channel.parse(RawMessage(id="1", account="x", received_at=NO_TIME, body=json.dumps(body).encode()))


def only(name: str, **changes: Any) -> Any:
    (item,) = read(fixture(name), **changes)
    return item


def test_hints_tell_the_officer_and_the_sender_what_they_need() -> None:
    hashtag, mention = only("hashtag").hints, only("mention-photos").hints
    assert hashtag["permalink"].startswith("https://x.com/siti_am/status/")
    assert "summoned" not in hashtag
    assert hashtag["links"] == ["https://contoh.example.id/berita/7?lengkap=1"]
    assert (mention["summoned"], mention["username"]) == ("mention", "siti_am")
    assert mention["alt_texts"] == ["Tiang lampu di tikungan"]
    assert "links" not in mention
    assert only("quote-of-ours").hints["summoned"] == "quote"
    assert "summoned" not in only("quote-of-another").hints
    assert only("protected").hints["protected"] is True
    assert only("withheld").hints["withheld"] is True
    assert only("place-too-large").hints["place"] == "Indonesia"


def test_a_long_post_is_read_whole() -> None:
    message = only("long-post")
    assert len(message.text) > 280
    assert message.text.endswith("#masbupsiaga")
    assert message.hints["summoned"] == "mention"


def test_all_posts_of_one_author_are_one_conversation_and_messages_another() -> None:
    assert only("thread").conversation_id == only("reply-to-stranger").conversation_id == f"post:{SITI.id}"
    assert only("direct-message").conversation_id == f"dm:{ME}-{SITI.id}"
    assert only("reply-to-stranger").in_reply_to is None


def test_a_question_about_a_ticket_is_found_behind_the_names() -> None:
    assert only("status").command == "status"
    assert only("status").text.startswith("@aduan_kab")
    assert only("mention-photos").command is None


def test_versions_of_an_edit_sort_as_they_were_made() -> None:
    original, edit = read(fixture("edited"))
    assert isinstance(original, InboundMessage)
    assert isinstance(edit, Edit)
    assert (original.external_id, original.version) == (edit.external_id, "")
    body = fixture("edited")
    third = str(int(body["data"]["id"]) + 5)
    body["data"] |= {"edit_history_tweet_ids": [*body["data"]["edit_history_tweet_ids"], third], "id": third}
    later = read(body)[-1]
    assert isinstance(later, Edit)
    assert later.version > edit.version
    assert later.external_id == edit.external_id


def test_ignored_accounts_are_left_alone_whatever_they_write() -> None:
    for name in ("hashtag", "direct-message"):
        item = only(name, ignore=("@Siti_Am",))
        assert isinstance(item, Ignored)
        assert item.reason == "bot"


def test_the_account_of_the_payload_counts_after_a_change_of_name() -> None:
    assert only("mention-photos", username="nama_baru").hints["summoned"] == "mention"


@pytest.mark.parametrize(
    "geo",
    [
        {"coordinates": {"coordinates": [200.0, 1.0]}},
        {"coordinates": {"coordinates": [True, 1]}},
        {"coordinates": {"coordinates": [1]}},
        {"coordinates": {"coordinates": "109"}},
        {"place_id": []},
        [],
    ],
)
def test_a_place_that_is_none_costs_the_place_only(geo: object) -> None:
    body = fixture("hashtag")
    body["data"]["geo"] = geo
    (message,) = read(body)
    assert isinstance(message, InboundMessage)
    assert message.location is None


def test_files_of_unknown_shape_are_left_out() -> None:
    body = fixture("mention-photos")
    first, second = body["includes"]["media"]
    first["url"] = "ftp://pbs.twimg.com/a.jpg"
    second["url"] = "https://ton.twitter.com/1.1/ton/data/dm/../../x"
    (message,) = read(body)
    assert isinstance(message, InboundMessage)
    assert message.attachments == ()


def test_a_payload_without_data_cannot_be_read() -> None:
    bodies: list[object] = [[], {}, {"data": []}, "x"]
    for body in bodies:
        with pytest.raises(PayloadError):
            read(body)


def test_each_post_carries_its_own_part_of_what_came_beside_it() -> None:
    body = fixture("quote-of-another")
    includes = body["includes"]
    includes["users"].append({"id": "9", "username": "lain", "name": "Lain"})
    includes["media"] = [{"media_key": "3_9", "type": "photo"}]
    kept = json.loads(raw(body["data"], includes, "aduan_kab").body)
    assert {user["username"] for user in kept["includes"]["users"]} == {"siti_am", "budi99"}
    assert set(kept["includes"]) == {"users", "tweets"}
    assert kept["to"] == "aduan_kab"


def test_ids_hold_their_time() -> None:
    at = moment("2123586045856448513")
    assert at.isoformat() == "2026-11-20T01:15:42.310000+00:00"
    assert moment(str(smallest(at))) == at


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"username": "nama yang salah"}, "username"),
        ({"ignore": ("a" * 16,)}, "username, ignore"),
        ({"hashtags": ("12345",)}, "hashtags"),
        ({"hashtags": ("mas bup",)}, "hashtags"),
        ({"hashtags": tuple(f"tagaryangpanjang{number}" for number in range(40))}, "too many"),
        ({"consumer_secret": ""}, "consumer_key, consumer_secret"),
        ({"access_token": "tanpanomor"}, "access_token"),
        ({"access_token_secret": ""}, "access_token_secret"),
        ({"stream": True}, "bearer_token"),
        ({"reads_per_day": 9}, "reads_per_day"),
        ({"poll_interval": 0}, "poll_interval"),
        ({"timeout": 0}, "timeout"),
        ({"api_url": "api.x.com"}, "api_url"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_name(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        settings(**changes)


def test_the_search_pays_for_no_post_twice_and_for_none_of_ours() -> None:
    assert settings().query == ""
    assert settings(hashtags=("#lapor",)).query == "#lapor -@aduan_kab -from:aduan_kab -is:retweet"
    assert settings(hashtags=("a1", "b2")).query.startswith("(#a1 OR #b2) -@aduan_kab ")
    assert "rahasia" not in repr(settings())


def test_a_cursor_says_only_what_is_not_as_at_the_start() -> None:
    state = State(feeds={"mentions": Feed(since_id="5")}, todo=[], spent=State.read(None, [], NO_TIME).spent)
    kept = state.cursor()
    assert kept == {"feeds": {"mentions": {"since_id": "5"}}, "todo": [], "spent": {"day": "1970-01-01"}}
    assert State.read(kept, ["mentions"], NO_TIME) == state
    assert State.read({"feeds": {"old": {}}, "todo": ["old"]}, ["mentions"], NO_TIME).todo == []


def test_the_gateway_reads_posts_without_carrying_a_client() -> None:
    code = (
        "import sys; from channels.x.adapter import XChannel; from channels.rawfile import read_body;"
        f"XChannel.offline().parse(read_body(open({str(FIXTURES / 'hashtag.body')!r}, 'rb').read()));"
        "print([name for name in ('tweepy', 'requests', 'httpx', 'httpcore') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
