"""What stands at X: people, posts and messages, and what a citizen's phone does with them."""

from __future__ import annotations

import dataclasses
import re
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from standins.mailroom import Delivered

if TYPE_CHECKING:
    import queue
    from collections.abc import Callable, Sequence

    from standins.mailroom import Mailroom

Thing = dict[str, Any]

_EPOCH_MS = 1_288_834_974_657
_SHIFT = 22
_LONG = 280


@dataclasses.dataclass(frozen=True, kw_only=True)
class Citizen:
    """Somebody with an account at X."""

    id: str
    username: str
    name: str
    protected: bool = False

    def user(self) -> Thing:
        """X's User."""
        return {"id": self.id, "username": self.username, "name": self.name, "protected": self.protected}


@dataclasses.dataclass(frozen=True, kw_only=True)
class File:
    """A picture that goes with a post or a message."""

    name: str
    content: bytes
    content_type: str = "image/jpeg"
    alt_text: str | None = None


class Cloud:
    """All of X that one account sees. `base_url` is where the stand-in itself is reached, for addresses of files.

    `search_delay` is how many seconds old a post is before search finds it (X: 30). `reads` counts what X would charge:
    (UTC day, kind, id), each once. `closed` are the ids of those who take no direct messages from the account.
    """

    def __init__(
        self,
        mailroom: Mailroom,
        *,
        username: str = "aduan_kab",
        user_id: str = "1500000000000000001",
        account: str = "x",
        base_url: str = "https://api.x.com",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.mailroom = mailroom
        self.me = Citizen(id=user_id, username=username, name="Aduan Kabupaten")
        self.account = account
        self.base_url = base_url
        self.clock = clock
        self.search_delay = 0.0
        self.users: dict[str, Thing] = {user_id: self.me.user()}
        self.posts: dict[str, Thing] = {}
        self.events: dict[str, Thing] = {}
        self.media: dict[str, Thing] = {}
        self.places: dict[str, Thing] = {}
        self.files: dict[str, File] = {}
        self.private: dict[str, File] = {}
        self.uploads: dict[str, Thing] = {}
        self.closed: set[str] = set()
        self.reads: set[tuple[str, str, str]] = set()
        self.listeners: list[queue.Queue[Thing]] = []
        self._lock = threading.RLock()
        self._last = 0

    def next_id(self) -> str:
        """An id that holds the time, larger than all before it."""
        with self._lock:
            now = (int(self.clock() * 1000) - _EPOCH_MS) << _SHIFT
            self._last = max(now, self._last + 1)
            return str(self._last)

    def join(self, citizen: Citizen) -> None:
        """An account at X, if it is new."""
        self.users.setdefault(citizen.id, citizen.user())

    def post(
        self,
        citizen: Citizen,
        text: str,
        *,
        files: Sequence[File] = (),
        place: Thing | None = None,
        reply_to: str | None = None,
        quote: str | None = None,
        retweet: str | None = None,
    ) -> Thing:
        """A post, as X keeps it; `place` is X's Place, the others are ids of posts."""
        self.join(citizen)
        id_ = self.next_id()
        post: Thing = {
            "id": id_,
            "author_id": citizen.id,
            "created_at": self._now(),
            "conversation_id": id_,
            "edit_history_tweet_ids": [id_],
            "lang": "in",
        }
        post |= self._said(text)
        referred = (("replied_to", reply_to), ("quoted", quote), ("retweeted", retweet))
        references = [{"type": kind, "id": other} for kind, other in referred if other is not None]
        if references:
            post["referenced_tweets"] = references
        if reply_to is not None and reply_to in self.posts:
            post["in_reply_to_user_id"] = self.posts[reply_to]["author_id"]
            post["conversation_id"] = self.posts[reply_to]["conversation_id"]
        if place is not None:
            self.places[place["id"]] = place
            post["geo"] = {"place_id": place["id"]}
        if files:
            post["attachments"] = {"media_keys": [self._file(file) for file in files]}
        return self._publish(post)

    def edit(self, post: Thing, text: str) -> Thing:
        """A new version under a new id; search gives the newest one only."""
        newest = dict(post) | self._said(text) | {"id": self.next_id(), "created_at": self._now()}
        chain = [*post["edit_history_tweet_ids"], newest["id"]]
        newest["edit_history_tweet_ids"] = chain
        for id_ in chain[:-1]:
            self.posts[id_] = self.posts[id_] | {"edit_history_tweet_ids": chain}
        return self._publish(newest)

    def remove(self, post: Thing) -> None:
        """The citizen deletes a post, and with it all its versions."""
        for id_ in post["edit_history_tweet_ids"]:
            self.posts.pop(id_, None)

    def message(self, citizen: Citizen, text: str, *, files: Sequence[File] = ()) -> Thing:
        """A direct message to the account."""
        self.join(citizen)
        event = self._event(citizen.id, self.conversation(citizen.id), text)
        if files:
            event["attachments"] = {"media_keys": [self._private_file(event["id"], file) for file in files]}
        return event

    def conversation(self, user_id: str) -> str:
        """The id of the one-to-one conversation with somebody."""
        return "-".join(sorted((user_id, self.me.id), key=int))

    def versions(self) -> list[Thing]:
        """The newest version of every post, newest first."""
        newest = [post for post in list(self.posts.values()) if post["edit_history_tweet_ids"][-1] == post["id"]]
        return sorted(newest, key=lambda post: -int(post["id"]))

    def answer(self, text: str, *, to: Thing | None, files: int = 0) -> Thing:
        """A post of the account itself, below another one; it reaches that one's author."""
        post = self.post(self.me, text, reply_to=None if to is None else to["id"])
        if to is not None:
            self._deliver(to["author_id"], text, post["id"], files)
        return post

    def write(self, conversation: str, text: str, *, files: int = 0) -> Thing:
        """A direct message of the account itself."""
        event = self._event(self.me.id, conversation, text)
        citizen = next(id_ for id_ in conversation.split("-") if id_ != self.me.id)
        self._deliver(citizen, text, event["id"], files)
        return event

    def charge(self, kind: str, things: Sequence[Thing]) -> None:
        """Note what a request returned."""
        day = datetime.fromtimestamp(self.clock(), UTC).date().isoformat()
        self.reads |= {(day, kind, each["id"]) for each in things}

    def _deliver(self, to: str, text: str, id_: str, files: int) -> None:
        shown = text if not files else f"[{files} gambar] {text}".strip()
        self.mailroom.deliver(Delivered(provider="x", account=self.account, to=to, text=shown, external_id=id_))

    def _event(self, sender: str, conversation: str, text: str) -> Thing:
        event = {
            "id": self.next_id(),
            "event_type": "MessageCreate",
            "text": _escaped(text),
            "sender_id": sender,
            "dm_conversation_id": conversation,
            "created_at": self._now(),
        }
        self.events[event["id"]] = event
        return event

    def _publish(self, post: Thing) -> Thing:
        with self._lock:
            self.posts[post["id"]] = post
            for listener in self.listeners:
                listener.put(post)
        return post

    def _said(self, text: str) -> Thing:
        """The words with their entities; a long text stands whole in note_tweet only."""
        mentions = [
            {"start": found.start(), "end": found.end(), "username": found[1], "id": self._id_of(found[1])}
            for found in re.finditer(r"@(\w{1,15})", text)
        ]
        tags = [{"start": found.start(), "end": found.end(), "tag": found[1]} for found in re.finditer(r"#(\w+)", text)]
        entities = {name: found for name, found in (("mentions", mentions), ("hashtags", tags)) if found}
        said: Thing = {"text": _escaped(text)}
        if len(text) > _LONG:
            said = {"text": _escaped(text[: _LONG - 1]) + "…", "note_tweet": {"text": _escaped(text)}}
            if entities:
                said["note_tweet"]["entities"] = entities
        if entities:
            said["entities"] = entities
        return said

    def _id_of(self, username: str) -> str:
        return next((id_ for id_, user in self.users.items() if user["username"].lower() == username.lower()), "1")

    def _file(self, file: File) -> str:
        number = len(self.media) + 1
        self.files[f"{number}/{file.name}"] = file
        return self._media(number, file, f"{self.base_url}/media/{number}/{file.name}")

    def _private_file(self, event_id: str, file: File) -> str:
        number = len(self.media) + 1
        path = f"{event_id}/{number}/{file.name}"
        self.private[path] = file
        return self._media(number, file, f"https://ton.twitter.com/1.1/ton/data/dm/{path}")

    def _media(self, number: int, file: File, url: str) -> str:
        key = f"3_{number}"
        self.media[key] = {"media_key": key, "type": "photo", "url": url}
        if file.alt_text:
            self.media[key]["alt_text"] = file.alt_text
        return key

    def _now(self) -> str:
        return datetime.fromtimestamp(int(self.clock()), UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
