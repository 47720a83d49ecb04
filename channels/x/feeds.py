"""The three feeds of an account: what each asks of X, and how a page of it moves its place on."""

from __future__ import annotations

import abc
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Final

from channels.contract import Polled
from channels.x.around import text, thing, things
from channels.x.ids import is_id, moment, smallest
from channels.x.state import FEEDS
from normalizer.saying import kept, say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from channels.x.settings import XSettings
    from channels.x.state import Feed, Spent

#: Recent search goes back so far; a little less, so that the edge does not move away under us.
REACH: Final = timedelta(days=7) - timedelta(minutes=10)

TWEET_FIELDS: Final = [
    "attachments", "author_id", "conversation_id", "created_at", "edit_history_tweet_ids", "entities", "geo",
    "in_reply_to_user_id", "lang", "note_tweet", "referenced_tweets", "withheld",
]  # fmt: skip
POST_FIELDS: Final[dict[str, Any]] = {
    "tweet_fields": TWEET_FIELDS,
    "expansions": [
        "author_id", "attachments.media_keys", "edit_history_tweet_ids", "geo.place_id", "in_reply_to_user_id",
        "referenced_tweets.id", "referenced_tweets.id.author_id",
    ],
    "user_fields": ["name", "protected", "username"],
    "media_fields": ["alt_text", "media_key", "preview_image_url", "type", "url", "variants"],
    "place_fields": ["full_name", "geo", "id", "name", "place_type"],
}  # fmt: skip
_EVENT_FIELDS: Final[dict[str, Any]] = {
    "dm_event_fields": ["attachments", "created_at", "dm_conversation_id", "event_type", "id", "referenced_tweets",
                        "sender_id", "text"],
    "event_types": "MessageCreate",
    "expansions": ["attachments.media_keys", "referenced_tweets.id", "sender_id"],
    "user_fields": ["name", "protected", "username"],
    "media_fields": ["media_key", "preview_image_url", "type", "url", "variants"],
    "tweet_fields": ["author_id", "note_tweet"],
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One answer, its objects oldest first."""

    data: Sequence[dict[str, Any]]
    includes: dict[str, Any]
    newest_id: str
    token: str

    @classmethod
    def read(cls, body: dict[str, Any]) -> Page:
        """Objects without an id are kept: the parser says what is wrong with them."""
        data = things(body.get("data"))[::-1]
        meta = thing(body, "meta")
        ids = [each["id"] for each in data if is_id(each.get("id"))]
        newest = text(meta, "newest_id") or ""
        return cls(
            data=data,
            includes=thing(body, "includes"),
            newest_id=newest if is_id(newest) else max(ids, key=int, default=""),
            token=text(meta, "next_token") or "",
        )


class Source(abc.ABC):
    """One feed. `fewest` and `most` are what one request may ask for, `pace` the seconds between two runs."""

    name: ClassVar[str]
    fewest: ClassVar[int]
    most: ClassVar[int] = 100
    pace: ClassVar[float] = 0.0

    def __init__(self, settings: XSettings) -> None:
        self.settings = settings

    @abc.abstractmethod
    def ask(self, feed: Feed, count: int) -> Callable[[Any], Any]:
        """The call on tweepy's client."""

    @abc.abstractmethod
    def charge(self, page: Page, fresh: int, spent: Spent, *, again: bool) -> None:
        """Count what was read, of which `fresh` is new; `again`: a run came to its end earlier on this UTC day."""

    def begin(self, feed: Feed, now: datetime) -> None:  # noqa: ARG002 - see the search
        """Before the first page of a run: it begins where the last one ended, the first one at its time."""
        feed.start = 0.0 if feed.since_id else feed.since

    def take(self, page: Page, feed: Feed, now: datetime) -> list[dict[str, Any]]:
        """What of the page is new; the place moves on, to the end of the run if this was its last page."""
        feed.newest_id = feed.newest_id or page.newest_id
        feed.token = page.token
        if not feed.token:
            self.finish(feed, now)
        return list(page.data)

    def finish(self, feed: Feed, now: datetime) -> None:
        """The run is over: the newest of its first page is where the next one begins."""
        feed.since_id = feed.newest_id or feed.since_id
        feed.newest_id, feed.token, feed.start, feed.done = "", "", 0.0, now.timestamp()


class _Posts(Source):
    def place(self, feed: Feed) -> dict[str, Any]:
        """Where the request begins: the same for all pages of a run."""
        if feed.start:
            return {"start_time": datetime.fromtimestamp(feed.start, UTC)}
        return {"since_id": feed.since_id}


class Mentions(_Posts):
    """Posts that mention the account: its own mentions, which are cheaper than a search."""

    name = "mentions"
    fewest = 5

    def ask(self, feed: Feed, count: int) -> Callable[[Any], Any]:
        """GET /2/users/:id/mentions."""
        more = {"pagination_token": feed.token} if feed.token else {}
        given = self.place(feed) | more | {"max_results": count} | POST_FIELDS
        return lambda client: client.get_users_mentions(self.settings.user_id, user_auth=True, **given)

    def charge(self, page: Page, fresh: int, spent: Spent, *, again: bool) -> None:  # noqa: ARG002 - see direct messages
        """Our own mentions are counted apart; the posts that they refer to cost like others."""
        spent.mentions += fresh
        spent.posts += _others(page)


class Search(_Posts):
    """Posts with one of the hashtags that do not mention the account."""

    name = "hashtags"
    fewest = 10

    def begin(self, feed: Feed, now: datetime) -> None:
        """A place that search no longer reaches becomes a time, and what was missed is said."""
        earliest = now - REACH
        if feed.since_id and moment(feed.since_id) > earliest:
            feed.start = 0.0
            return
        if feed.done and feed.done < earliest.timestamp():
            missed = say(
                "%(feed)s: tidak ada yang dibaca dari %(first)s sampai %(last)s, dan X hanya menunjukkan "
                "7 hari terakhir: lihat di x.com apa yang datang waktu itu",
                feed=FEEDS[self.name],
                first=_day(feed.done),
                last=_day(earliest.timestamp()),
            )
            feed.gap = kept(missed)
            feed.gap_until = (now + timedelta(days=1)).timestamp()
        feed.start = max(feed.since if not feed.since_id else 0.0, earliest.timestamp())

    def ask(self, feed: Feed, count: int) -> Callable[[Any], Any]:
        """GET /2/tweets/search/recent."""
        more = {"next_token": feed.token} if feed.token else {}
        given = self.place(feed) | more | {"max_results": count} | POST_FIELDS
        return lambda client: client.search_recent_tweets(self.settings.query, user_auth=True, **given)

    def charge(self, page: Page, fresh: int, spent: Spent, *, again: bool) -> None:  # noqa: ARG002 - see direct messages
        """Posts, and the posts that they refer to."""
        spent.posts += fresh + _others(page)


class DirectMessages(Source):
    """Messages to and from the account, newest first; X takes no place to begin at, so known ones end the run."""

    name = "direct messages"
    fewest = 1
    #: Those on the first page are paid once a day, new or not.
    most = 10
    #: X takes 15 requests in 15 minutes.
    pace = 55.0

    def ask(self, feed: Feed, count: int) -> Callable[[Any], Any]:
        """GET /2/dm_events."""
        more = {"pagination_token": feed.token} if feed.token else {}
        given = more | {"max_results": count} | _EVENT_FIELDS
        return lambda client: client.get_direct_message_events(user_auth=True, **given)

    def take(self, page: Page, feed: Feed, now: datetime) -> list[dict[str, Any]]:
        """Those that are newer than the place; one that is not ends the run."""
        after = int(feed.since_id) if feed.since_id else smallest(datetime.fromtimestamp(feed.start, UTC))
        fresh = [each for each in page.data if not is_id(each.get("id")) or int(each["id"]) > after]
        super().take(page, feed, now)
        if feed.token and len(fresh) < len(page.data):
            self.finish(feed, now)
        return fresh

    def charge(self, page: Page, fresh: int, spent: Spent, *, again: bool) -> None:
        """X charges an event once a day: known ones count with the day's first run only."""
        spent.direct_messages += fresh if again else len(page.data)
        spent.posts += _others(page)


def sources(settings: XSettings) -> dict[str, Source]:
    """The feeds that the settings ask for, in the order of a round."""
    found: list[Source] = [Mentions(settings)]
    if settings.query:
        found.append(Search(settings))
    if settings.direct_messages:
        found.append(DirectMessages(settings))
    return {source.name: source for source in found}


def raw(data: dict[str, Any], includes: dict[str, Any], to: str) -> Polled:
    """One post or message with its own part of what came beside it, so that it can be read by itself."""
    keys = _texts(data.get("attachments"), "media_keys")
    geo = data.get("geo")
    places = {geo.get("place_id")} if isinstance(geo, dict) else set()
    posts = {each.get("id") for each in things(data.get("referenced_tweets"))}
    posts |= set(_texts(data, "edit_history_tweet_ids"))
    tweets = [each for each in things(includes.get("tweets")) if each.get("id") in posts - {data.get("id")}]
    people = {data.get("author_id"), data.get("in_reply_to_user_id"), data.get("sender_id")}
    people |= {each.get("author_id") for each in tweets}
    for each in tweets:
        keys |= _texts(each.get("attachments"), "media_keys")
    own = {
        "users": [each for each in things(includes.get("users")) if each.get("id") in people],
        "tweets": tweets,
        "media": [each for each in things(includes.get("media")) if each.get("media_key") in keys],
        "places": [each for each in things(includes.get("places")) if each.get("id") in places],
    }
    body = {"to": to, "data": data, "includes": {name: found for name, found in own.items() if found}}
    return Polled(body=json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))


def _texts(parent: Any, name: str) -> set[str]:
    value = parent.get(name) if isinstance(parent, dict) else None
    return {each for each in value if isinstance(each, str)} if isinstance(value, list) else set()


def _others(page: Page) -> int:
    known = {each.get("id") for each in page.data}
    return sum(each.get("id") not in known for each in things(page.includes.get("tweets")))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
