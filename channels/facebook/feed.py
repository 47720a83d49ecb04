"""The webhook field `feed` of a page: comments and visitors' posts as items, the page's own words and likes aside."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from channels.toolkit.meta_contents import Contents, at_meta, complete, media
from channels.toolkit.meta_fields import (
    Unreadable,
    ident,
    ident_or_none,
    mapping,
    moment,
    name_of,
    text,
    web_address,
    whole,
)
from normalizer.messages import JSON, Edit, Ignored, Inbound, InboundMessage, Sender, Unsent

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: What a visitor's post is called, by what it holds.
_POSTS: Final = frozenset({"post", "status", "photo", "video", "share", "link", "album", "note"})
_EDITED: Final = frozenset({"edited", "edit", "update"})
_REMOVED: Final = frozenset({"remove", "delete"})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A comment or a post: `key` is its id, `post` the post that it stands below or is; `files` are (address, kind).

    `parent` is the comment that a comment answers. The ids are as Meta wrote them.
    """

    key: str
    post: str
    author: Sender
    words: str
    made_at: datetime | None
    parent: str | None = None
    files: tuple[tuple[str, str], ...] = ()
    link: str | None = None

    @property
    def external_id(self) -> str:
        """A post's id, or a comment's in one spelling."""
        return self.key if self.key == self.post else comment_id(self.key)


def comment_id(given: str) -> str:
    """A comment's own number: Meta writes that of what it stands below in front, the post's or one of its photos'."""
    return f"comment:{given.rpartition('_')[2]}"


def read_change(field: str, value: Mapping[str, Any], page: str, time: Any, *, quiet: bool) -> list[Inbound]:
    """The item of one changed field; `quiet` marks comments that no automatic text may answer. Unreadable."""
    if field != "feed":
        return [Ignored(reason=f"field:{field}", to=page)]
    item, verb = name_of(value.get("item")), name_of(value.get("verb"))
    if item != "comment" and item not in _POSTS:
        return [Ignored(reason=f"feed:{item}", external_id=_aside(value, item, verb), to=page)]
    return [_change(_entry(value, item), item, verb, page, time, quiet=quiet)]


def _change(entry: Entry, item: str, verb: str, page: str, time: Any, *, quiet: bool) -> Inbound:
    if entry.author.address == page:
        return Ignored(reason=f"own-{item}", external_id=entry.external_id, version=_version(verb, time), to=page)
    if verb in _REMOVED:
        return Unsent(external_id=entry.external_id, conversation_id=thread(entry), at=moment(time), to=page)
    if verb in _EDITED and (entry.words or entry.files):
        return as_edit(entry, page, time, quiet=quiet)
    if verb != "add":
        # An edit that does not tell the new words must not take the old ones away.
        reason = f"{'comment' if item == 'comment' else 'post'}:{verb}"
        return Ignored(reason=reason, external_id=entry.external_id, version=_version(verb, time), to=page)
    return as_message(entry, page, quiet=quiet)


def thread(entry: Entry) -> str:
    """The key of what one citizen writes below one post, or of his own post and what he adds to it."""
    return f"comment:{entry.post}:{entry.author.address}"


def as_message(entry: Entry, page: str, *, quiet: bool) -> InboundMessage:
    """A new comment or post."""
    found = _contents(entry, quiet=quiet)
    return InboundMessage(
        external_id=entry.external_id,
        conversation_id=thread(entry),
        sender=entry.author,
        to=page,
        sent_at=entry.made_at,
        text=found.text,
        attachments=tuple(found.attachments),
        in_reply_to=comment_id(entry.parent) if entry.parent else None,
        hints=found.hints,
    )


def as_edit(entry: Entry, page: str, time: Any, *, quiet: bool) -> Edit:
    """A comment or post with other words; Meta numbers no versions, so they are ordered by when it told us."""
    found = _contents(entry, quiet=quiet)
    return Edit(
        external_id=entry.external_id,
        version=f"{whole(time) or 0:015d}",
        conversation_id=thread(entry),
        sender=entry.author,
        to=page,
        sent_at=entry.made_at,
        edited_at=moment(time),
        text=found.text,
        attachments=tuple(found.attachments),
        hints=found.hints,
    )


def sender(author: Any, key: str) -> Sender:
    """Who wrote; Meta names nobody where it may not, and then the comment or post stands in."""
    person = mapping(author or {}, "from")
    address = ident_or_none(person.get("id"), "from.id")
    return Sender(address=address or f"unknown:{key}", name=text(person.get("name"), "from.name") or None)


def _entry(value: Mapping[str, Any], item: str) -> Entry:
    post = ident(value.get("post_id"), "post_id")
    key = ident(value.get("comment_id"), "comment_id") if item == "comment" else post
    parent = ident_or_none(value.get("parent_id"), "parent_id") if item == "comment" else None
    return Entry(
        key=key,
        post=post,
        author=sender(value.get("from"), key),
        words=text(value.get("message"), "message"),
        made_at=moment(value.get("created_time")),
        parent=None if parent == post else parent,
        files=tuple(_files(value, item)),
        link=_link(value),
    )


def _files(value: Mapping[str, Any], item: str) -> list[tuple[str, str]]:
    photos = value.get("photos") or []
    if not isinstance(photos, list):
        raise Unreadable("photos: not a list")
    found = [(url, "image") for url in map(web_address, photos) if url]
    found += [(url, kind) for kind in ("photo", "video") if (url := web_address(value.get(kind)))]
    if not found and item in {"photo", "video"} and (url := web_address(value.get("link"))) and at_meta(url):
        found.append((url, item))
    return [(url, "video" if kind == "video" else "image") for url, kind in found]


def _link(value: Mapping[str, Any]) -> str | None:
    """An address that the citizen shared, which is not one of the files."""
    url = web_address(value.get("link"))
    return url if url and not at_meta(url) else None


def _contents(entry: Entry, *, quiet: bool) -> Contents:
    hints: dict[str, JSON] = {"public": True, "post_id": entry.post}
    if entry.key != entry.post:
        hints["comment_id"] = entry.key
        # Facebook threads one level deep: an answer to an answer goes below the comment above both.
        hints["reply_to"] = entry.parent or entry.key
    if entry.link:
        hints["links"] = [entry.link]
    if quiet:
        hints["no_reply"] = True
    found = Contents(text=entry.words, hints=hints)
    found.attachments = [media(url, kind, entry.made_at) for url, kind in entry.files]
    complete(found, [entry.link] if entry.link else [])
    return found


def _version(verb: str, time: Any) -> str:
    return "" if verb == "add" else f"{verb}.{whole(time) or 0:015d}"


def _aside(value: Mapping[str, Any], item: str, verb: str) -> str | None:
    """A name for what is no complaint, so that a second delivery of it is seen as one."""
    parts = (ident_or_none(value.get(name), name) for name in ("post_id", "comment_id"))
    made = whole(value.get("created_time"))
    known = [part for part in parts if part]
    return ":".join([item, verb, *known, str(made)]) if known and made else None
