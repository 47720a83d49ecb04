"""What X lets an account read: search, mentions, direct messages, the stream; pages, ages, and what comes beside."""

from __future__ import annotations

import json
import queue
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import Response, request

from standins.x_shapes import (
    EVENT_EXPANSIONS,
    POST_EXPANSIONS,
    check_parameters,
    forbidden,
    invalid,
    plain,
    query,
    shown,
    unique,
    whole,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from standins.faults import Faults
    from standins.x_cloud import Cloud

Thing = dict[str, Any]

_FIELDS = words("expansions media.fields place.fields poll.fields tweet.fields user.fields")
_SEARCH = _FIELDS | words("end_time max_results next_token query since_id sort_order start_time until_id")
_MENTIONS = _FIELDS | words("end_time max_results pagination_token since_id start_time until_id")
_EVENTS = words(
    "dm_event.fields event_types expansions max_results media.fields pagination_token tweet.fields user.fields"
)
_STREAM = _FIELDS | words("backfill_minutes end_time start_time")
_WEEK, _MONTH = 7 * 86_400, 30 * 86_400
_EPOCH_MS = 1_288_834_974_657
_LONGEST_QUERY, _MOST_MENTIONS = 512, 800
_KEEP_ALIVE = 0.2


class Reads:
    """The views that give something; `permissions` is what the access token may do."""

    permissions = "read-write-directmessages"

    def __init__(self, cloud: Cloud, faults: Faults) -> None:
        self.cloud = cloud
        self.faults = faults
        self.rules: dict[str, Thing] = {}

    def need(self, permission: str) -> None:
        """Refuse what the access token may not."""
        if permission not in self.permissions:
            raise forbidden(
                "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
            )

    def me(self) -> Thing:
        """GET /2/users/me."""
        check_parameters(request.args, frozenset({"expansions", "tweet.fields", "user.fields"}), frozenset())
        return {"data": shown(self.cloud.me.user(), "user.fields", request.args)}

    def search(self) -> Thing:
        """GET /2/tweets/search/recent."""
        given = request.args
        check_parameters(given, _SEARCH, POST_EXPANSIONS)
        text = given.get("query", "")
        if not 1 <= len(text) <= _LONGEST_QUERY:
            raise invalid("query", text, f"The `query` must be between 1 and {_LONGEST_QUERY} characters")
        matches = query(text)
        self._check_age(given)
        newest = self.cloud.clock() - self.cloud.search_delay
        found = [
            post
            for post in self.cloud.versions()
            if matches(post, self.cloud.users[post["author_id"]]["username"])
            and newest - _WEEK <= _seconds(post["id"]) <= newest
            and not self.cloud.users[post["author_id"]]["protected"]
        ]
        return self._posts(found, given, "next_token", whole(given, "max_results", 10, 100, 10))

    def mentions(self, user_id: str) -> Thing:
        """GET /2/users/:id/mentions."""
        given = request.args
        check_parameters(given, _MENTIONS, POST_EXPANSIONS)
        if user_id != self.cloud.me.id:
            raise plain(404, "Not Found Error", f"Could not find user with id: [{user_id}].")
        us = self.cloud.me.username.lower()
        found = [
            post
            for post in self.cloud.versions()
            if us in {each["username"].lower() for each in post.get("entities", {}).get("mentions", ())}
        ]
        return self._posts(found[:_MOST_MENTIONS], given, "pagination_token", whole(given, "max_results", 5, 100, 10))

    def events(self) -> Thing:
        """GET /2/dm_events."""
        given = request.args
        check_parameters(given, _EVENTS, EVENT_EXPANSIONS)
        self.need("directmessages")
        kinds = given.get("event_types", "MessageCreate,ParticipantsJoin,ParticipantsLeave").split(",")
        events = sorted(self.cloud.events.values(), key=lambda event: -int(event["id"]))
        oldest = self.cloud.clock() - _MONTH
        found = [each for each in events if each["event_type"] in kinds and _seconds(each["id"]) >= oldest]
        page, token = _cut(found, given.get("pagination_token"), whole(given, "max_results", 1, 100, 100))
        self.cloud.charge("dm", page)
        return self._answer(page, given, token, "dm_event.fields")

    def _posts(self, found: Sequence[Thing], given: Mapping[str, str], token_name: str, count: int) -> Thing:
        since = int(_id(given, "since_id"))
        start = _start(given)
        wanted = [post for post in found if int(post["id"]) > since and _seconds(post["id"]) >= start]
        page, token = _cut(wanted, given.get(token_name), count)
        self.cloud.charge("post", page)
        return self._answer(page, given, token, "tweet.fields")

    def _check_age(self, given: Mapping[str, str]) -> None:
        now = self.cloud.clock()
        since = _id(given, "since_id")
        if since != "0" and _seconds(since) < now - _WEEK:
            edge = datetime.fromtimestamp(now - _WEEK).astimezone().strftime("%Y-%m-%dT%H:%MZ")
            smallest = (int((now - _WEEK) * 1000) - _EPOCH_MS) << 22
            said = f"'since_id' must be a tweet id created after {edge}. Please use a 'since_id' that is larger than"
            raise invalid("since_id", since, f"{said} {smallest}")
        if "start_time" in given and _start(given) < now - _WEEK:
            value = given["start_time"]
            raise invalid("start_time", value, f"Invalid 'start_time':'{value}'. It must be on or after 7 days ago.")

    def _answer(self, page: Sequence[Thing], given: Mapping[str, str], token: str | None, kind: str) -> Thing:
        meta: Thing = {"result_count": len(page)}
        if token:
            meta["next_token"] = token
        if not page:
            return {"meta": meta}
        if kind == "tweet.fields":
            meta |= {"newest_id": page[0]["id"], "oldest_id": page[-1]["id"]}
        body: Thing = {"data": [shown(each, kind, given) for each in page], "meta": meta}
        if includes := self._includes(page, given):
            body["includes"] = includes
        return body

    def _includes(self, page: Sequence[Thing], given: Mapping[str, str]) -> Thing:
        cloud, wanted = self.cloud, set(given.get("expansions", "").split(","))
        ids: list[str] = []
        for each in page:
            if "referenced_tweets.id" in wanted:
                ids += [other["id"] for other in each.get("referenced_tweets", ())]
            if "edit_history_tweet_ids" in wanted:
                ids += [id_ for id_ in each.get("edit_history_tweet_ids", ()) if id_ != each["id"]]
        others = unique([cloud.posts[id_] for id_ in ids if id_ in cloud.posts], "id")
        cloud.charge("post", others)
        people = [each[name] for each in page for name in ("author_id", "in_reply_to_user_id", "sender_id")
                  if name in wanted and name in each]  # fmt: skip
        if "referenced_tweets.id.author_id" in wanted:
            people += [each["author_id"] for each in others]
        keys = [key for each in page for key in each.get("attachments", {}).get("media_keys", ())]
        keys = keys if "attachments.media_keys" in wanted else []
        places = [each["geo"]["place_id"] for each in page if "geo" in each and "geo.place_id" in wanted]
        found = {
            "users": [shown(cloud.users[id_], "user.fields", given) for id_ in dict.fromkeys(people)],
            "tweets": [shown(each, "tweet.fields", given) for each in others],
            "media": [shown(cloud.media[key], "media.fields", given) for key in dict.fromkeys(keys)],
            "places": [shown(cloud.places[id_], "place.fields", given) for id_ in dict.fromkeys(places)],
        }
        return {name: things for name, things in found.items() if things}

    def stream(self) -> Response:
        """GET /2/tweets/search/stream."""
        check_parameters(request.args, _STREAM, POST_EXPANSIONS)
        if not self.rules:
            raise plain(409, "ConnectionException", "This stream has no rules.")
        if self.cloud.listeners:
            raise plain(429, "ConnectionException", "This stream is currently at the maximum allowed connection limit.")
        return Response(self._lines(dict(request.args)), mimetype="application/json")

    def _lines(self, given: dict[str, str]) -> Iterator[bytes]:
        waiting: queue.Queue[Thing] = queue.Queue()
        self.cloud.listeners.append(waiting)
        try:
            while not self.faults.down:
                try:
                    post = waiting.get(timeout=_KEEP_ALIVE)
                except queue.Empty:
                    yield b"\r\n"
                    continue
                author = self.cloud.users[post["author_id"]]["username"]
                if any(query(rule["value"])(post, author) for rule in self.rules.values()):
                    self.cloud.charge("post", [post])
                    body = self._answer([post], given, None, "tweet.fields")
                    line = {"data": body["data"][0], "includes": body.get("includes", {}), "matching_rules": []}
                    yield json.dumps(line).encode() + b"\r\n"
        finally:
            self.cloud.listeners.remove(waiting)


def _cut(found: Sequence[Thing], token: str | None, count: int) -> tuple[list[Thing], str | None]:
    """A page and the token of the next one; the same token gives the same page whatever is new."""
    if token is not None:
        match = re.fullmatch(r"b26v89c19z(\d+)", token)
        if match is None:
            raise invalid("next_token", token, f"Invalid next_token: {token}")
        found = [each for each in found if int(each["id"]) < int(match[1])]
    page = list(found[:count])
    return page, f"b26v89c19z{page[-1]['id']}" if len(found) > count else None


def _id(given: Mapping[str, str], name: str) -> str:
    value = given.get(name, "0")
    if not value.isdecimal():
        raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not a valid Post id")
    return value


def _start(given: Mapping[str, str]) -> float:
    value = given.get("start_time")
    if value is None:
        return 0.0
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", value):
        raise invalid("start_time", value, "Invalid 'start_time': must be RFC3339")
    return datetime.fromisoformat(value).timestamp()


def _seconds(id_: str) -> float:
    return ((int(id_) >> 22) + _EPOCH_MS) / 1000
