"""The webhook fields `comments`, `live_comments` and `mentions`, and comments that our poll fetched, as items."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from channels.toolkit.meta_fields import ident, ident_or_none, mapping, moment, text
from normalizer.messages import JSON, Attachment, Ignored, Inbound, InboundMessage, Sender

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: What `fetch` is asked for where the webhook names a mention by ids only.
MENTIONED_COMMENT: Final = "mentioned_comment:"
MENTIONED_MEDIA: Final = "mentioned_media:"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment on one of our posts; `parent` is the comment that it answers."""

    key: str
    media: str
    author: Sender
    words: str
    made_at: datetime | None
    parent: str | None = None
    live: bool = False


def read_change(field: str, value: Mapping[str, Any], account: str, time: Any, *, quiet: bool) -> list[Inbound]:
    """The item of one changed field; `quiet` marks comments that no automatic text may answer. Unreadable."""
    if field == "mentions":
        return [_mention(value, account, time)]
    if field not in {"comments", "live_comments"}:
        return [Ignored(reason=f"field:{field}", to=account)]
    medium = mapping(value.get("media"), "media")
    # A comment below an advertisement is also one below the post that it advertises, and told twice.
    original = ident_or_none(medium.get("original_media_id"), "media.original_media_id")
    key = ident(value.get("id"), "id")
    comment = Comment(
        key=key,
        media=original or ident(medium.get("id"), "media.id"),
        author=_author(value.get("from"), None, key),
        words=text(value.get("text"), "text"),
        made_at=moment(time),
        parent=ident_or_none(value.get("parent_id"), "parent_id"),
        live=field == "live_comments",
    )
    return [_item(comment, account, quiet=quiet)]


def read_comment_node(node: Mapping[str, Any], account: str, *, quiet: bool) -> list[Inbound]:
    """A comment as the Graph API gives it, with the media's id beside it. Unreadable."""
    key = ident(node.get("id"), "id")
    comment = Comment(
        key=key,
        media=ident(node.get("media_id"), "media_id"),
        author=_author(node.get("from"), node.get("username"), key),
        words=text(node.get("text"), "text"),
        made_at=moment(node.get("timestamp")),
        parent=ident_or_none(node.get("parent_id"), "parent_id"),
    )
    return [_item(comment, account, quiet=quiet)]


def _item(comment: Comment, account: str, *, quiet: bool) -> Inbound:
    if comment.author.address == account:
        return Ignored(reason="own-comment", external_id=comment.key, to=account)
    hints: dict[str, JSON] = {"public": True, "media_id": comment.media, "comment_id": comment.key}
    if comment.author.name:
        hints["username"] = comment.author.name
    if comment.live:
        hints["live"] = True
    if quiet or comment.live:
        hints["no_reply"] = True
    return InboundMessage(
        external_id=comment.key,
        conversation_id=f"comment:{comment.media}:{comment.author.address}",
        sender=comment.author,
        to=account,
        sent_at=comment.made_at,
        text=comment.words or "[Komentar tanpa teks]",
        in_reply_to=comment.parent,
        hints=hints,
    )


def _author(author: Any, username: Any, key: str) -> Sender:
    """Who wrote: by Instagram-scoped id, as in direct messages; by name where Meta gives no id."""
    person = mapping(author or {}, "from")
    name = text(person.get("username"), "from.username") or text(username, "username")
    address = ident_or_none(person.get("id"), "from.id")
    return Sender(address=address or (f"@{name}" if name else f"unknown:{key}"), name=name or None)


def _mention(value: Mapping[str, Any], account: str, time: Any) -> InboundMessage:
    """Somebody named us elsewhere. The webhook gives ids only: the words are a file that the media job fetches."""
    media = ident(value.get("media_id"), "media_id")
    comment = ident_or_none(value.get("comment_id"), "comment_id")
    key = comment or media
    where = "komentar" if comment else "keterangan foto atau video"
    hints: dict[str, JSON] = {"public": True, "media_id": media, "mention": True, "no_reply": True}
    if comment:
        hints["comment_id"] = comment
    ref = f"{MENTIONED_COMMENT}{comment}" if comment else f"{MENTIONED_MEDIA}{media}"
    return InboundMessage(
        external_id=f"mention:{key}",
        conversation_id=f"mention:{key}",
        sender=Sender(address=f"mention:{key}"),
        to=account,
        sent_at=moment(time),
        text=f"[Akun kita disebut dalam {where} Instagram. Isinya dan nama penulisnya ada di lampiran.]",
        attachments=(Attachment(name="sebutan.txt", content_type="text/plain", ref=ref),),
        hints=hints,
    )
