"""Comments and posts that our own poll fetched, read into the same items that the webhook gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from channels.facebook.feed import Entry, as_message, sender
from channels.toolkit.meta_catchup import Found, rows, seconds
from channels.toolkit.meta_fields import entries, ident, mapping, moment, name_of, text, web_address
from channels.toolkit.meta_nodes import read_message_node
from normalizer.messages import Ignored, Inbound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from channels.toolkit.meta_client import GraphClient

_COMMENT: Final = "id,from,message,created_time,parent{id},attachment,permalink_url"
_POST: Final = "id,from,message,created_time,updated_time,permalink_url,attachments"
#: How many of the newest posts are looked at for new comments, and how many of each one's newest comments.
POSTS: Final = 25
COMMENTS: Final = 50


def feed(client: GraphClient, page: str, oldest: float) -> Iterator[Found]:
    """Visitors' posts, and comments of others than the page, below its newest posts that moved since `oldest`."""
    comments = f"comments.order(reverse_chronological).filter(stream).limit({COMMENTS}){{{_COMMENT}}}"
    for post in rows(client.get(f"{page}/feed", fields=f"{_POST},{comments}", limit=str(POSTS))):
        bare = {name: value for name, value in post.items() if name != "comments"}
        if _author(post) != page:
            yield "post", seconds(post.get("created_time"), oldest), bare
        for comment in rows(post.get("comments")):
            if _author(comment) != page:
                made = seconds(comment.get("created_time"), oldest)
                yield "comment", made, comment | {"post_id": post.get("id")}


def read_node(kind: str, node: Mapping[str, Any], page: str, *, quiet: bool) -> list[Inbound]:
    """The item of one fetched node. Unreadable."""
    if kind == "message":
        return read_message_node(node, page)
    read = {"comment": _comment, "post": _post}.get(kind)
    if read is None:
        return [Ignored(reason=f"unsupported:{kind}", to=page)]
    entry = read(node)
    if entry.author.address == page:
        return [Ignored(reason=f"own-{kind}", external_id=entry.external_id, to=page)]
    return [as_message(entry, page, quiet=quiet)]


def _comment(node: Mapping[str, Any]) -> Entry:
    key, post = ident(node.get("id"), "id"), ident(node.get("post_id"), "post_id")
    parent = mapping(node.get("parent") or {}, "parent").get("id")
    attachment = node.get("attachment")
    files = _files(mapping(attachment, "attachment")) if attachment else []
    return Entry(
        key=key,
        post=post,
        author=sender(node.get("from"), key),
        words=text(node.get("message"), "message"),
        made_at=moment(node.get("created_time")),
        parent=ident(parent, "parent.id") if parent else None,
        files=tuple(files),
    )


def _post(node: Mapping[str, Any]) -> Entry:
    key = ident(node.get("id"), "id")
    found = [mapping(each, "attachments") for each in entries(_data(node.get("attachments")), "attachments")]
    return Entry(
        key=key,
        post=key,
        author=sender(node.get("from"), key),
        words=text(node.get("message"), "message"),
        made_at=moment(node.get("created_time")),
        files=tuple(file for attachment in found for file in _all_files(attachment)),
        link=next((url for each in found if name_of(each.get("type")) == "share" and (url := _url(each))), None),
    )


def _all_files(attachment: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The files of an attachment, or of those in it where it is an album."""
    parts = list(entries(_data(attachment.get("subattachments")), "subattachments"))
    return [file for each in parts or [attachment] for file in _files(each)]


def _files(attachment: Mapping[str, Any]) -> list[tuple[str, str]]:
    medium = mapping(attachment.get("media") or {}, "media")
    if video := web_address(medium.get("source")):
        return [(video, "video")]
    if name_of(attachment.get("type")) == "share":
        return []
    image = web_address(mapping(medium.get("image") or {}, "image").get("src"))
    return [(image, "image")] if image else []


def _url(attachment: Mapping[str, Any]) -> str | None:
    return web_address(attachment.get("url"))


def _data(edge: Any) -> Any:
    return mapping(edge or {}, "edge").get("data")


def _author(node: Mapping[str, Any]) -> Any:
    author = node.get("from")
    return author.get("id") if isinstance(author, dict) else None
