"""X polled: pages, places, crashes, limits, the day's reads and the stream, against a strict stand-in on loopback."""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

import pytest
from loopback import dead_address
from x_stand import BUDI, DAY, HASHTAG, SITI, X, parsed, running, texts, walk

from channels.errors import ChannelError, PollFailed
from normalizer.messages import Ignored, InboundMessage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import Cursor
    from normalizer.messages import Inbound


@pytest.fixture
def x() -> Iterator[X]:
    with running() as stand:
        yield stand


def many(x: X, count: int, text: str = HASHTAG) -> None:
    for number in range(count):
        x.cloud.post(SITI, f"{text} keluhan {number}")


def keys(items: list[Inbound]) -> list[object]:
    return [item.external_id for item in items]


def test_hashtags_mentions_and_messages_come_in(x: X) -> None:
    x.cloud.post(SITI, f"Jalan rusak di depan pasar {HASHTAG}")
    x.cloud.post(BUDI, "@aduan_kab lampu mati")
    x.cloud.message(SITI, "ini nomor saya")
    x.cloud.post(BUDI, "sarapan dulu")
    items, cursor = walk(x.channel())
    assert texts(items) == ["@aduan_kab lampu mati", f"Jalan rusak di depan pasar {HASHTAG}", "ini nomor saya"]
    assert walk(x.channel(), cursor)[0] == []


def test_a_post_with_both_is_read_and_paid_once_as_a_mention(x: X) -> None:
    x.cloud.post(SITI, f"@aduan_kab {HASHTAG} banjir")
    items, cursor = walk(x.channel())
    assert len(items) == 1
    assert cursor["spent"] == {"day": time.strftime("%Y-%m-%d", time.gmtime(x.clock.now)), "mentions": 1}


def test_our_own_posts_and_retweets_are_ignored_with_a_reason(x: X) -> None:
    post = x.cloud.post(SITI, "@aduan_kab air mati")
    x.cloud.post(BUDI, "RT @siti_am: @aduan_kab air mati", retweet=post["id"])
    x.cloud.post(x.cloud.me, "@aduan_kab kami di sini")
    x.cloud.write(x.cloud.conversation(SITI.id), "halo")
    items, _ = walk(x.channel())
    assert [item.reason for item in items if isinstance(item, Ignored)] == ["retweet", "own-post", "own-message"]


def test_pages_are_walked_to_the_end_and_the_place_is_that_of_the_first(x: X) -> None:
    many(x, 250)
    channel = x.channel(direct_messages=False)
    items, cursor = walk(channel)
    newest = max(x.cloud.posts, key=int)
    assert len(set(keys(items))) == 250
    place: Any = cursor["feeds"]
    assert place["hashtags"]["since_id"] == newest
    assert "token" not in place["hashtags"]


def test_what_comes_between_two_pages_comes_next_time(x: X) -> None:
    many(x, 120)
    channel = x.channel(direct_messages=False)
    first = channel.poll(channel.poll(None).cursor)
    x.cloud.post(BUDI, f"baru {HASHTAG}")
    second = channel.poll(first.cursor)
    assert (len(first.raws), len(second.raws), second.more) == (100, 20, False)
    assert texts(walk(channel, second.cursor)[0]) == [f"baru {HASHTAG}"]


def test_a_crash_at_any_step_loses_nothing_and_doubles_nothing(x: X) -> None:
    many(x, 230)
    many(x, 30, "@aduan_kab")
    for number in range(25):
        x.cloud.message(SITI, f"pesan {number}")
    cursor: Cursor | None = None
    journal: dict[object, Inbound] = {}
    for _ in range(30):
        lost = x.channel().poll(cursor)  # polled, and killed before the commit
        batch = x.channel().poll(json.loads(json.dumps(cursor)))
        assert [raw.body for raw in lost.raws] == [raw.body for raw in batch.raws]
        journal |= {item.external_id: item for item in parsed(x.channel(), batch)}
        cursor = batch.cursor
        if not batch.more:
            break
    assert len(journal) == 285
    x.clock.now += 60
    assert walk(x.channel(), cursor)[0] == []


def test_the_same_cursor_gives_the_same_though_more_was_posted(x: X) -> None:
    many(x, 150)
    channel = x.channel(direct_messages=False)
    cursor = channel.poll(channel.poll(None).cursor).cursor
    before = channel.poll(cursor)
    many(x, 5)
    assert [raw.body for raw in channel.poll(cursor).raws] == [raw.body for raw in before.raws]


def test_the_first_poll_looks_back_one_day_and_an_empty_week_loses_nothing(x: X) -> None:
    x.clock.now -= 2 * DAY
    x.cloud.post(SITI, f"lama {HASHTAG}")
    x.clock.now += 2 * DAY
    items, cursor = walk(x.channel())
    assert items == []
    x.cloud.post(SITI, f"sesudah {HASHTAG}")
    x.clock.now += 3 * DAY
    items, cursor = walk(x.channel(), cursor)
    assert texts(items) == [f"sesudah {HASHTAG}"]


def test_a_place_older_than_a_week_becomes_a_time_without_alarm_while_polls_went_on(x: X) -> None:
    x.cloud.post(SITI, f"awal {HASHTAG}")
    items, cursor = walk(x.channel())
    for _ in range(5):
        x.clock.now += 2 * DAY
        more, cursor = walk(x.channel(), cursor)
        items += more
    x.cloud.post(SITI, f"akhir {HASHTAG}")
    x.clock.now += 1
    items += walk(x.channel(), cursor)[0]
    assert texts(items) == [f"awal {HASHTAG}", f"akhir {HASHTAG}"]


def test_an_outage_of_more_than_a_week_is_said(x: X) -> None:
    x.cloud.post(SITI, f"awal {HASHTAG}")
    _, cursor = walk(x.channel())
    x.clock.now += 9 * DAY
    x.cloud.post(SITI, f"baru {HASHTAG}")
    channel = x.channel(direct_messages=False)
    batch = channel.poll(channel.poll(cursor).cursor)
    assert texts(parsed(channel, batch)) == [f"baru {HASHTAG}"]
    with pytest.raises(PollFailed, match=r"tidak ada yang dibaca dari .* lihat di x.com"):
        channel.confirm(batch.cursor)
    x.clock.now += 1.1 * DAY
    walk(channel, batch.cursor)


def test_a_place_that_x_calls_too_old_is_given_up_for_a_time(x: X) -> None:
    x.cloud.post(SITI, f"awal {HASHTAG}")
    channel = x.channel(direct_messages=False)
    _, cursor = walk(channel)
    feeds: Any = cursor["feeds"]
    feeds["hashtags"]["since_id"] = str(int(feeds["hashtags"]["since_id"]) - 100)
    x.cloud.clock = lambda: x.clock.now + 8 * DAY  # X's clock and ours do not agree
    refused = channel.poll(channel.poll(cursor).cursor)
    with pytest.raises(PollFailed, match="HTTP 400"):
        channel.confirm(refused.cursor)
    feeds = refused.cursor["feeds"]
    assert "since_id" not in feeds["hashtags"]


def test_a_page_that_x_no_longer_knows_begins_the_run_anew(x: X) -> None:
    many(x, 130)
    channel = x.channel(direct_messages=False)
    batch = channel.poll(channel.poll(None).cursor)
    feeds: Any = batch.cursor["feeds"]
    feeds["hashtags"]["token"] = "kedaluwarsa"
    refused = channel.poll(batch.cursor)
    x.clock.now += 61
    items, _ = walk(channel, refused.cursor)
    assert len(items) == 130


def test_direct_messages_are_walked_back_to_the_last_known_one(x: X) -> None:
    for number in range(25):
        x.cloud.message(SITI, f"pesan {number}")
    channel = x.channel(hashtags=())
    items, cursor = walk(channel)
    assert sorted(texts(items)) == sorted(f"pesan {number}" for number in range(25))
    x.cloud.message(BUDI, "baru")
    assert walk(channel, cursor)[0] == []  # fifteen calls in fifteen minutes: not in every round
    x.clock.now += 60
    assert texts(walk(channel, cursor)[0]) == ["baru"]


def test_limits_are_obeyed_from_the_headers_and_hold_up_no_other_feed(x: X) -> None:
    x.server.limits.calls["search"] = 1
    x.cloud.post(SITI, f"satu {HASHTAG}")
    channel = x.channel(direct_messages=False)
    _, cursor = walk(channel)
    x.cloud.post(SITI, f"dua {HASHTAG}")
    x.cloud.post(SITI, "@aduan_kab tiga")
    items, cursor = walk(channel, cursor)
    assert texts(items) == ["@aduan_kab tiga"]
    x.clock.now += 901
    assert texts(walk(channel, cursor)[0]) == [f"dua {HASHTAG}"]


def test_a_429_rests_until_its_reset_and_says_so(x: X) -> None:
    x.server.limits.calls["search"] = 0
    channel = x.channel(direct_messages=False)
    batch = channel.poll(channel.poll(None).cursor)
    with pytest.raises(PollFailed, match="tagar: X menjawab HTTP 429"):
        channel.confirm(batch.cursor)
    feeds: Any = batch.cursor["feeds"]
    assert 0 < feeds["hashtags"]["rest"] - x.clock.now <= 901


def test_all_feeds_in_trouble_fail_the_poll_with_the_time_to_wait(x: X) -> None:
    x.server.permissions = ""
    x.server.limits.calls |= {"mentions": 0, "search": 0}
    channel = x.channel()
    batch = channel.poll(channel.poll(channel.poll(None).cursor).cursor)
    with pytest.raises(PollFailed, match="Direct message") as failed:
        channel.poll(batch.cursor)
    assert failed.value.retry_after is not None
    assert 0 < failed.value.retry_after <= 901


def test_missing_permission_for_messages_stops_only_them(x: X) -> None:
    x.server.permissions = "read-write"
    x.cloud.post(SITI, f"tetap masuk {HASHTAG}")
    channel = x.channel()
    items: list[Inbound] = []
    cursor: Cursor | None = None
    for _ in range(3):
        batch = channel.poll(cursor)
        cursor, items = batch.cursor, items + parsed(channel, batch)
    assert texts(items) == [f"tetap masuk {HASHTAG}"]
    assert cursor is not None
    with pytest.raises(PollFailed, match=r"pesan langsung: X menjawab HTTP 403.*Read and write and Direct message"):
        channel.confirm(cursor)


def test_trouble_with_the_keys_the_credit_and_the_network_stops_all(x: X) -> None:
    with pytest.raises(PollFailed, match=r"HTTP 401.*konsol pengembang"):
        x.channel(access_token_secret="salah").poll(None)
    x.server.credit = False
    with pytest.raises(PollFailed, match=r"402.*beli kredit"):
        x.channel().poll(None)
    with pytest.raises(PollFailed, match="tidak dapat dihubungi"):
        x.channel(api_url=dead_address()).poll(None)


@pytest.mark.parametrize("fault", ["down", "server_error", "lose_answer", "slow"])
def test_a_fault_of_x_is_said_and_the_place_stays(x: X, fault: str) -> None:
    x.cloud.post(SITI, "@aduan_kab rahasia warga")
    setattr(x.faults, fault, True)
    channel = x.channel(timeout=0.3, direct_messages=False, hashtags=())
    batch = channel.poll(None)
    with pytest.raises(PollFailed, match="sebutan: X") as failed:
        channel.confirm(batch.cursor)
    assert "rahasia warga" not in str(failed.value)
    setattr(x.faults, fault, False)
    x.faults.released.set()
    x.clock.now += 61
    assert texts(walk(x.channel(), batch.cursor)[0]) == ["@aduan_kab rahasia warga"]


def test_the_days_reads_are_an_alarm_at_four_fifths_and_an_end_at_all(x: X) -> None:
    many(x, 40)
    channel = x.channel(direct_messages=False, reads_per_day=50)
    batch = channel.poll(channel.poll(None).cursor)
    with pytest.raises(PollFailed, match=r"40 dari 50 bacaan hari ini \(UTC\) terpakai, kira-kira USD 0.20"):
        channel.confirm(batch.cursor)
    many(x, 30)
    asked = channel.poll(channel.poll(batch.cursor).cursor)
    assert len(asked.raws) == 10
    with pytest.raises(PollFailed, match="50 dari 50") as failed:
        channel.poll(asked.cursor)
    assert failed.value.retry_after is not None
    assert 0 < failed.value.retry_after <= DAY
    x.clock.now += failed.value.retry_after + 1
    items, _ = walk(channel, asked.cursor)
    assert len(items) == 20


def test_no_read_is_paid_twice_on_a_day_and_empty_polls_cost_nothing(x: X) -> None:
    many(x, 30)
    for number in range(5):
        x.cloud.message(SITI, f"pesan {number}")
    channel = x.channel()
    _, cursor = walk(channel)
    for _ in range(5):
        x.clock.now += 60
        _, cursor = walk(channel, cursor)
    spent: Any = cursor["spent"]
    assert (spent["posts"], spent["direct_messages"]) == (30, 5)
    assert len({each for each in x.cloud.reads if each[1] == "post"}) == 30


def test_without_hashtags_only_our_own_mentions_are_asked_for(x: X) -> None:
    x.cloud.post(SITI, HASHTAG)
    assert walk(x.channel(hashtags=(), direct_messages=False))[0] == []
    assert [kind for kind, _ in x.server.limits.used] == ["mentions"]


def test_neither_keys_nor_texts_stand_in_the_logs(x: X, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    x.cloud.post(SITI, "@aduan_kab rahasia warga")
    walk(x.channel())
    for secret in ("rahasia warga", "rahasiaakun", "tokenakun", "oauth_signature"):
        assert secret not in caplog.text


def streamed(x: X, seconds: float = 10.0) -> tuple[list[Inbound], Any]:
    """Polls until the stream has brought something; search is too far behind to have."""
    channel = x.channel(stream=True, direct_messages=False)
    channel.register()
    x.cloud.search_delay = 3600.0
    end = time.monotonic() + seconds
    channel.poll(None)
    while not x.cloud.listeners and time.monotonic() < end:
        time.sleep(0.01)
    x.cloud.post(SITI, f"cepat {HASHTAG}")
    while time.monotonic() < end:
        if items := parsed(channel, batch := channel.poll(None)):
            return items, (channel, batch)
        time.sleep(0.01)
    raise AssertionError("nothing came by the stream")


def test_the_stream_brings_a_post_that_search_finds_later_and_it_is_one_message(x: X) -> None:
    items, (channel, batch) = streamed(x)
    assert texts(items) == [f"cepat {HASHTAG}"]
    x.cloud.search_delay = 0.0
    later, _ = walk(channel, batch.cursor)
    assert later == items
    assert len({each for each in x.cloud.reads if each[1] == "post"}) == 1
    channel._poller._stream.close()


def test_the_rule_of_the_stream_is_set_changed_and_left_alone(x: X) -> None:
    channel = x.channel(stream=True)
    channel.register()
    channel.register()
    assert [rule["value"] for rule in x.server.rules.values()] == [
        "(#masbupsiaga OR @aduan_kab) -from:aduan_kab -is:retweet"
    ]
    x.server.rules["other"] = {"id": "other", "value": "#lain", "tag": "orang lain"}
    x.channel(stream=True, hashtags=("lapor",)).register()
    assert {rule["tag"] for rule in x.server.rules.values()} == {"muara:x", "orang lain"}
    x.faults.down = True
    with pytest.raises(ChannelError, match="tidak dapat dipasang"):
        channel.register()


def test_a_stream_without_a_rule_says_what_to_do(x: X) -> None:
    channel = x.channel(stream=True, direct_messages=False)
    cursor = channel.poll(None).cursor
    end = time.monotonic() + 10
    while not channel._poller._stream.trouble and time.monotonic() < end:  # type: ignore[union-attr] # it has one
        time.sleep(0.01)
    with pytest.raises(PollFailed, match=r"stream: X menjawab HTTP 409.*doctor --fix"):
        channel.confirm(cursor)
    channel._poller._stream.close()  # type: ignore[union-attr] # it has one


def test_a_message_is_the_same_whichever_feed_brought_it(x: X) -> None:
    x.cloud.post(SITI, f"{HASHTAG} sekali")
    (item,) = walk(x.channel())[0]
    assert isinstance(item, InboundMessage)
    assert item.conversation_id == f"post:{SITI.id}"
    assert item.sender.address == SITI.id
