"""Messages as the conversations API gives them, read into the same items that the webhook gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from channels.toolkit.meta_contents import STORY_LIFE, STORY_MENTION, Contents, at_meta, complete, media
from channels.toolkit.meta_fields import (
    entries,
    ident,
    ident_or_none,
    mapping,
    moment,
    text,
    web_address,
)
from channels.toolkit.meta_messaging import as_message, canonical
from normalizer.messages import Attachment, Ignored, Inbound, Sender

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_FIELDS: Final = "id,created_time,from,to,message,attachments,shares"
#: The fields of a message that are asked for, for each platform (Graph API reference, Message and its edges).
MESSAGE_FIELDS: Final = {"messenger": f"{_FIELDS},sticker", "instagram": f"{_FIELDS},story,is_unsupported"}
_PICTURES: Final = (("image_data", "image"), ("video_data", "video"))


def read_message_node(node: Mapping[str, Any], account: str) -> list[Inbound]:
    """One message of a conversation; the account's own are no item for the officers. Unreadable."""
    mid = canonical(ident(node.get("id"), "id"))
    author = mapping(node.get("from"), "from")
    sender = ident(author.get("id"), "from.id")
    if sender == account:
        return [Ignored(reason="echo", external_id=mid, to=account)]
    sent_at = moment(node.get("created_time"))
    found = Contents(text=text(node.get("message"), "message"))
    described: list[str] = []
    for attachment in _data(node.get("attachments"), "attachments"):
        described += _attachment(attachment, sent_at, found)
    for share in _data(node.get("shares"), "shares"):
        described += _share(share, sent_at, found)
    if url := web_address(node.get("sticker")):
        found.attachments.append(media(url, "sticker", sent_at))
    described += _story(mapping(node.get("story") or {}, "story"), sent_at, found)
    complete(found, described)
    name = text(author.get("name"), "from.name") or text(author.get("username"), "from.username")
    return [as_message(found, mid, Sender(address=sender, name=name or None), account=account, sent_at=sent_at)]


def _data(value: Any, part: str) -> Any:
    return entries(mapping(value or {}, part).get("data"), part)


def _attachment(attachment: Mapping[str, Any], sent_at: datetime | None, found: Contents) -> list[str]:
    claim = text(attachment.get("mime_type"), "mime_type") or None
    name = text(attachment.get("name"), "name") or None
    for field, kind in _PICTURES:
        url = web_address(mapping(attachment.get(field) or {}, field).get("url"))
        if url:
            file = media(url, kind, sent_at)
            found.attachments.append(_claimed(file, claim, name))
            return []
    if url := web_address(attachment.get("file_url")):
        found.attachments.append(_claimed(media(url, "file", sent_at), claim, name))
        return []
    found.hints["unsupported"] = True
    return [f"[Lampiran yang tidak dapat ditampilkan di sini: {name or 'tanpa nama'}]"]


def _story(story: Mapping[str, Any], sent_at: datetime | None, found: Contents) -> list[str]:
    if story.get("reply_to") is not None:
        answered = mapping(story["reply_to"], "story.reply_to")
        found.hints["story_id"] = ident_or_none(answered.get("id"), "story.reply_to.id") or True
    if story.get("mention") is None:
        return []
    found.hints["story_mention"] = True
    if url := web_address(mapping(story["mention"], "story.mention").get("link")):
        found.attachments.append(media(url, "story_mention", sent_at, STORY_LIFE))
    return [STORY_MENTION]


def _claimed(file: Attachment, claim: str | None, name: str | None) -> Attachment:
    kind, label = claim or file.content_type, name or file.name
    return Attachment(url=file.url, content_type=kind, name=label, deadline=file.deadline)


def _share(share: Mapping[str, Any], sent_at: datetime | None, found: Contents) -> list[str]:
    link = web_address(share.get("link"))
    if link and at_meta(link):
        found.attachments.append(media(link, "share", sent_at))
        link = None
    if link:
        known = found.hints.setdefault("links", [])
        if isinstance(known, list):
            known.append(link)
    return [part for part in (text(share.get("name"), "shares.name"), link) if part]
