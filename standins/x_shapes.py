"""X API v2's shapes: which parameters and fields it takes, what an answer then holds, and its error bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from flask import Response, jsonify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Thing = dict[str, Any]


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


_FIELDS: dict[str, frozenset[str]] = {
    "tweet.fields": words(
        "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
        "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang "
        "media_metadata note_tweet possibly_sensitive public_metrics referenced_tweets reply_settings scopes source "
        "text withheld"
    ),
    "user.fields": words(
        "affiliation connection_status created_at description entities id location most_recent_tweet_id name "
        "pinned_tweet_id profile_image_url protected public_metrics receives_your_dm subscription_type url username "
        "verified verified_type withheld"
    ),
    "media.fields": words(
        "alt_text duration_ms height media_key preview_image_url public_metrics type url variants width"
    ),
    "place.fields": words("contained_within country country_code full_name geo id name place_type"),
    "dm_event.fields": words(
        "attachments created_at dm_conversation_id entities event_type id participant_ids referenced_tweets sender_id "
        "text"
    ),
    "event_types": frozenset({"MessageCreate", "ParticipantsJoin", "ParticipantsLeave"}),
}
POST_EXPANSIONS = words(
    "article.cover_media attachments.media_keys attachments.poll_ids author_id edit_history_tweet_ids "
    "entities.mentions.username geo.place_id in_reply_to_user_id referenced_tweets.id "
    "referenced_tweets.id.author_id"
)
EVENT_EXPANSIONS = words("attachments.media_keys participant_ids referenced_tweets.id sender_id")
_DEFAULTS: dict[str, frozenset[str]] = {
    "tweet.fields": frozenset({"id", "text", "edit_history_tweet_ids"}),
    "user.fields": frozenset({"id", "name", "username"}),
    "media.fields": frozenset({"media_key", "type"}),
    "place.fields": frozenset({"id", "full_name"}),
    "dm_event.fields": frozenset({"id", "text", "event_type"}),
}
_PROBLEMS = "https://api.x.com/2/problems"
_TERM = re.compile(r"[#@]\w+")


class Refusal(Exception):  # noqa: N818 - what X does
    """An answer that is not 2xx, with X's problem body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = dict(body)

    def response(self) -> Response:
        """As HTTP."""
        answer = jsonify(self.body)
        answer.status_code = self.status
        return answer


def invalid(name: str, value: str, message: str) -> Refusal:
    """X's 400 for one parameter."""
    return Refusal(
        400,
        {
            "errors": [{"parameters": {name: [value]}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{_PROBLEMS}/invalid-request",
        },
    )


def plain(status: int, title: str, detail: str) -> Refusal:
    """A problem without a type of its own."""
    return Refusal(status, {"title": title, "type": "about:blank", "status": status, "detail": detail})


def forbidden(detail: str) -> Refusal:
    """X's 403."""
    return plain(403, "Forbidden", detail)


def no_credit() -> Refusal:
    """X's 402."""
    body = {
        "title": "CreditsDepleted",
        "detail": "Your enrolled account [1] does not have any credits to fulfill this request.",
        "type": f"{_PROBLEMS}/credits",
    }
    return Refusal(402, body)


def check_parameters(given: Mapping[str, str], known: frozenset[str], expansions: frozenset[str]) -> None:
    """Refuse unknown parameters, fields and expansions."""
    for name, value in given.items():
        if name not in known:
            listed = ",".join(sorted(known))
            raise invalid(name, value, f"The query parameter [{name}] is not one of [{listed}]")
        allowed = expansions if name == "expansions" else _FIELDS.get(name)
        for each in value.split(",") if allowed is not None else ():
            if each not in (allowed or ()):
                listed = ",".join(sorted(allowed or ()))
                raise invalid(name, value, f"The `{name}` query parameter value [{each}] is not one of [{listed}]")


def whole(given: Mapping[str, str], name: str, low: int, high: int, default: int) -> int:
    """A whole number between two others."""
    value = given.get(name, str(default))
    if not value.isdecimal() or not low <= int(value) <= high:
        raise invalid(name, value, f"The `{name}` query parameter value [{value}] is not between {low} and {high}")
    return int(value)


def shown(thing: Thing, kind: str, given: Mapping[str, str]) -> Thing:
    """Only the fields that were asked for."""
    wanted = _DEFAULTS[kind] | set(given.get(kind, "").split(","))
    return {name: value for name, value in thing.items() if name in wanted}


def query(text: str) -> Callable[[Thing, str], bool]:
    """Whether a post (by its author's name) matches: `(#a OR @b) -@c -from:d -is:retweet` and no more."""
    match = re.fullmatch(r"(\([^()]+\)|[#@]\w+)((?: -\S+)*)", text)
    terms = match[1].strip("()").split(" OR ") if match else []
    without = match[2].split() if match else []
    known = all(re.fullmatch(r"-(from:\w+|@\w+|#\w+|is:retweet)", each) for each in without)
    if not terms or not all(map(_TERM.fullmatch, terms)) or not known:
        raise invalid("query", text, "There were errors processing your request: no viable alternative at input")

    def matches(post: Thing, author: str) -> bool:
        found = {word.lower() for word in _TERM.findall(post["text"])}
        if not found & {term.lower() for term in terms}:
            return False
        unwanted = {each[1:].lower() for each in without}
        return not unwanted & (found | {f"from:{author.lower()}"}) and not _retweets(post)

    return matches


def _retweets(post: Thing) -> bool:
    return any(each["type"] == "retweeted" for each in post.get("referenced_tweets", ()))


def unique(things: Sequence[Thing], key: str) -> list[Thing]:
    """Each once, as `includes` has them."""
    return list({each[key]: each for each in things}.values())
