"""From one post or one direct message, as X sends it, to the items of the house."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final

from channels.errors import PayloadError
from channels.toolkit.payload import load_json
from channels.x import contents
from channels.x.around import Around, Unreadable, sent_at, text, the_id, thing, things, words
from channels.x.ids import is_id, moment
from normalizer.messages import JSON, Edit, Ignored, Inbound, InboundMessage, Malformed, Sender
from normalizer.ticket import status_request

if TYPE_CHECKING:
    from collections.abc import Collection

    from channels.x.around import Thing

#: What a conversation's id and a direct message's id begin with. All posts of one author are one conversation: that
#: keeps his thread, and what he answers to us, in one complaint.
POST: Final = "post:"
DIRECT: Final = "dm:"
_NAMES: Final = re.compile(r"\A(?:@\w{1,15}\s+)+", re.ASCII)


def read(body: bytes, us: str, ignored: Collection[str]) -> list[Inbound]:
    """The items of one payload as `poll` made it: `data` (a post or a message), its `includes`, and `to`.

    An edited post gives its first version and an edit for each later one, as far as X sent them. PayloadError.
    """
    if not body.strip():
        return [Ignored(reason="empty")]
    payload = load_json(body)
    data = payload.get("data") if isinstance(payload, dict) else None
    if not isinstance(data, dict):
        raise PayloadError("the body is not an object with data")
    reader = _Reader(
        Around.read(payload.get("includes"), text(payload, "to") or us), frozenset(map(str.lower, ignored))
    )
    direct = "event_type" in data
    try:
        return [reader.message(data)] if direct else reader.post(data)
    except Unreadable as error:
        id_ = data["id"] if is_id(data.get("id")) else None
        key = f"{DIRECT}{id_}" if direct and id_ else id_
        return [Malformed(error=str(error), external_id=key, to=reader.around.us)]


@dataclasses.dataclass(frozen=True, slots=True)
class _Reader:
    around: Around
    ignored: frozenset[str]

    def post(self, newest: Thing) -> list[Inbound]:
        """All that is known of one post, its first version first."""
        history = _history(newest)
        author = the_id(newest, "author_id")
        if reason := self._reason(author, newest):
            conversation = f"{POST}{author}"
            version = "" if len(history) == 1 else _version(history[-1])
            to = self.around.us
            return [
                Ignored(reason=reason, external_id=history[0], version=version, conversation_id=conversation, to=to)
            ]
        versions = [self.around.tweets[id_] for id_ in history[:-1] if id_ in self.around.tweets]
        return [self._version(each, history[0], author) for each in (*versions, newest)]

    def message(self, event: Thing) -> InboundMessage | Ignored:
        """A direct message."""
        id_ = the_id(event, "id")
        conversation = text(event, "dm_conversation_id") or ""
        common: dict[str, Any] = {
            "external_id": f"{DIRECT}{id_}",
            "conversation_id": f"{DIRECT}{conversation}",
            "to": self.around.us,
        }
        if event["event_type"] != "MessageCreate":
            return Ignored(reason="membership", **common)
        sender = the_id(event, "sender_id")
        if not conversation:
            raise Unreadable("dm_conversation_id: missing")
        if reason := self._reason(sender, {}):
            return Ignored(reason=reason.replace("post", "message"), **common)
        if "-" not in conversation:
            return Ignored(reason="group", **common)
        return InboundMessage(
            **common,
            sender=self._sender(sender),
            sent_at=sent_at(event, id_),
            sequence=int(id_),
            text=words(text(event, "text") or ""),
            quoted=contents.quoted(event, self.around),
            attachments=contents.attachments(event, self.around),
            hints=self._person(sender),
        )

    def _reason(self, author: str, post: Thing) -> str | None:
        """Why this is left alone, where it is."""
        if any(reference.get("type") == "retweeted" for reference in things(post.get("referenced_tweets"))):
            return "retweet"
        if self.around.is_us(author):
            return "own-post"
        return "bot" if (self.around.username(author) or "").lower() in self.ignored else None

    def _version(self, post: Thing, first: str, author: str) -> InboundMessage | Edit:
        id_ = the_id(post, "id")
        place, label = contents.location(post, self.around)
        common: dict[str, Any] = {
            "external_id": first,
            "conversation_id": f"{POST}{author}",
            "sender": self._sender(author),
            "to": self.around.us,
            "sequence": int(first),
            "text": contents.full_text(post),
            "location": place,
            "attachments": contents.attachments(post, self.around),
            "hints": self._hints(post, id_, author, label),
        }
        if id_ != first:
            at = sent_at(post, id_)
            return Edit(**common, version=_version(id_), sent_at=moment(first), edited_at=at)
        return InboundMessage(
            **common,
            sent_at=sent_at(post, id_),
            quoted=contents.quoted(post, self.around),
            in_reply_to=self._answered(post, author),
            command=_command(common["text"]),
        )

    def _answered(self, post: Thing, author: str) -> str | None:
        """The post that is replied to, where it stands in the same conversation: his own or ours."""
        to = post.get("in_reply_to_user_id")
        if to != author and not self.around.is_us(to):
            return None
        parents = [each.get("id") for each in things(post.get("referenced_tweets")) if each.get("type") == "replied_to"]
        if not parents or not is_id(parents[0]):
            return None
        parent = str(parents[0])
        versions = _ids(self.around.tweets.get(parent, {}).get("edit_history_tweet_ids"))
        return versions[0] if versions else parent

    def _sender(self, user_id: str) -> Sender:
        name = text(self.around.users.get(user_id, {}), "name") or self.around.username(user_id)
        return Sender(address=user_id, name=name)

    def _person(self, user_id: str) -> dict[str, JSON]:
        username = self.around.username(user_id)
        return {"username": username} if username else {}

    def _hints(self, post: Thing, id_: str, author: str, place: str | None) -> dict[str, JSON]:
        username = self.around.username(author)
        found: dict[str, JSON] = self._person(author) | {
            "post_id": id_,
            "permalink": f"https://x.com/{username or 'i'}/status/{id_}",
            "summoned": self._summoned(post),
            "hashtags": contents.hashtags(post),
            "links": contents.links(post),
            "alt_texts": contents.alt_texts(post, self.around),
            "place": place,
            "protected": self.around.protected(author),
            "withheld": bool(thing(post, "withheld")),
        }
        return {name: value for name, value in found.items() if value}

    def _summoned(self, post: Thing) -> str | None:
        """How the author called us, without which X lets no program reply."""
        names = (text(mention, "username") or "" for mention in contents.entities(post, "mentions"))
        if any(name.lower() == self.around.us for name in names):
            return "mention"
        for reference in things(post.get("referenced_tweets")):
            other = self.around.tweets.get(str(reference.get("id")), {})
            if reference.get("type") == "quoted" and self.around.is_us(other.get("author_id")):
                return "quote"
        return None


def _command(said: str) -> str | None:
    """A question about a ticket stands behind the names of those whom the post is a reply to."""
    asked = status_request(_NAMES.sub("", said))
    return "status" if asked is not None and asked.ticket is not None else None


def _history(post: Thing) -> list[str]:
    """The ids of all versions up to this one, the first first. Unreadable."""
    id_ = the_id(post, "id")
    earlier = [each for each in _ids(post.get("edit_history_tweet_ids")) if int(each) < int(id_)]
    return [*sorted(set(earlier), key=int), id_]


def _ids(value: Any) -> list[str]:
    return [each for each in value if is_id(each)] if isinstance(value, list) else []


def _version(id_: str) -> str:
    """Ids as texts that sort as numbers."""
    return id_.zfill(19)
