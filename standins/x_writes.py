"""What X lets an account write: replies, direct messages, pictures, and the rules of its stream."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING, Any

from flask import request

from standins.x_reads import Reads
from standins.x_shapes import forbidden, invalid, query, words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from standins.faults import Faults
    from standins.x_cloud import Cloud

Thing = dict[str, Any]

_POST_KEYS = words(
    "card_uri community_id direct_message_deep_link for_super_followers_only geo media nullcast poll quote_tweet_id "
    "reply reply_settings text"
)
_UPLOAD_KEYS = words("additional_owners media media_category media_type shared")
_LONGEST_MESSAGE, _MAX_WEIGHT = 10_000, 280
_LIGHT = (range(4352), range(8192, 8206), range(8208, 8224), range(8242, 8248))
_NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the author "
    "of the post you are replying to."
)


class Writes(Reads):
    """The views that take something, beside those that give."""

    def __init__(self, cloud: Cloud, faults: Faults) -> None:
        super().__init__(cloud, faults)
        self._numbers = itertools.count(1)

    def create_post(self) -> Thing:
        """POST /2/tweets, which for us means a reply."""
        self.need("write")
        body = _body(_POST_KEYS)
        media = self._media(body.get("media", {}).get("media_ids", ()), "tweet_image", 4)
        text = body.get("text", "")
        _check_text(text, media, _MAX_WEIGHT, _weight)
        parent = None
        if "reply" in body:
            id_ = body["reply"].get("in_reply_to_tweet_id")
            parent = self.cloud.posts.get(id_) if isinstance(id_, str) else None
            if parent is None:
                raise forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
            if not self._summoned(parent):
                raise forbidden(_NOT_SUMMONED)
        mine = (post for post in self.cloud.posts.values() if post["author_id"] == self.cloud.me.id)
        if text and any(post["text"] == text for post in mine):
            raise forbidden("You are not allowed to create a Tweet with duplicate content.")
        post = self.cloud.answer(text, to=parent, files=len(media))
        return {"data": {"id": post["id"], "text": post["text"], "edit_history_tweet_ids": [post["id"]]}}

    def _summoned(self, post: Thing) -> bool:
        """Did the author mention the account or quote a post of it?"""
        us = self.cloud.me
        names = {each["username"].lower() for each in post.get("entities", {}).get("mentions", ())}
        quoted = [each["id"] for each in post.get("referenced_tweets", ()) if each["type"] == "quoted"]
        by_us = any(self.cloud.posts.get(id_, {}).get("author_id") == us.id for id_ in quoted)
        return us.username.lower() in names or by_us or post["author_id"] == us.id

    def create_message(self, conversation: str) -> Thing:
        """POST /2/dm_conversations/:id/messages."""
        self.need("directmessages")
        body = _body(frozenset({"text", "attachments"}))
        ids = [each.get("media_id") for each in body.get("attachments", ())]
        media = self._media(ids, "dm_image", 1)
        text = body.get("text", "")
        _check_text(text, media, _LONGEST_MESSAGE, len)
        members = conversation.split("-")
        if self.cloud.me.id not in members:
            raise forbidden("You are not a participant of this conversation.")
        if set(members) & self.cloud.closed:
            raise forbidden("You cannot send messages to this user.")
        event = self.cloud.write(conversation, text, files=len(media))
        return {"data": {"dm_conversation_id": conversation, "dm_event_id": event["id"]}}

    def upload(self) -> Thing:
        """POST /2/media/upload in one piece."""
        self.need("write")
        body = _body(_UPLOAD_KEYS)
        try:
            content = base64.b64decode(str(body.get("media", "")), validate=True)
        except binascii.Error:
            content = b""
        if body.get("media_category") not in {"tweet_image", "dm_image"} or not content:
            raise invalid("media", "", "media type unrecognized.")
        id_ = self.cloud.next_id()
        self.cloud.uploads[id_] = {"category": body["media_category"], "content": content}
        return {"data": {"id": id_, "media_key": f"3_{id_}", "expires_after_secs": 86400, "size": len(content)}}

    def _media(self, ids: Any, category: str, most: int) -> list[Thing]:
        known = [self.cloud.uploads.get(id_) for id_ in ids]
        if len(known) > most or any(each is None or each["category"] != category for each in known):
            raise invalid("media.media_ids", str(list(ids)), "Your media IDs are invalid.")
        return [each for each in known if each is not None]

    def list_rules(self) -> Thing:
        """GET /2/tweets/search/stream/rules."""
        body: Thing = {"meta": {"sent": self._at(), "result_count": len(self.rules)}}
        return body | ({"data": list(self.rules.values())} if self.rules else {})

    def change_rules(self) -> Thing:
        """POST /2/tweets/search/stream/rules."""
        body = _body(frozenset({"add", "delete"}))
        for rule in body.get("add", ()):
            query(rule["value"])
            id_ = str(next(self._numbers))
            self.rules[id_] = {"id": id_, "value": rule["value"], "tag": rule.get("tag", "")}
        for id_ in body.get("delete", {}).get("ids", ()):
            self.rules.pop(id_, None)
        return {"meta": {"sent": self._at(), "summary": {}}, "data": list(self.rules.values())}

    def _at(self) -> str:
        return datetime.fromtimestamp(self.cloud.clock()).astimezone().isoformat()


def _body(known: frozenset[str]) -> Thing:
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise invalid("", "", "Requires valid JSON body")
    for name in sorted(set(body) - known):
        raise invalid(name, str(body[name]), f"$.{name}: is not defined in the schema and the schema does not allow it")
    return body


def _check_text(text: Any, media: Sequence[Thing], most: int, measure: Callable[[str], int]) -> None:
    if not isinstance(text, str) or (not text and not media):
        raise invalid("text", "", "Either text or media must be given.")
    if measure(text) > most:
        raise invalid("text", "", "Your Tweet text is too long. For more information, see how to count characters.")


def _weight(text: str) -> int:
    """X's count, with joined pictures taken apart."""
    text = unicodedata.normalize("NFC", text)
    rest, addresses = re.subn(r"https?://\S+", "", text)
    return addresses * 23 + sum(1 if any(ord(each) in light for light in _LIGHT) else 2 for each in rest)
