"""What is asked of the Graph API for Instagram: comments that were missed, and the words of a mention."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from channels.contract import Media
from channels.errors import FetchFailed, FetchLater, Refused, SendFailed, Throttled
from channels.instagram.changes import MENTIONED_COMMENT, MENTIONED_MEDIA
from channels.toolkit.meta_catchup import Found, rows, seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.instagram.settings import InstagramSettings
    from channels.toolkit.meta_client import GraphClient

_COMMENT: Final = "id,text,timestamp,from,username,parent_id"
#: How many of the newest posts are looked at, how many of each one's comments, and of the answers to each comment.
MEDIA: Final = 25
COMMENTS: Final = 50


def comments(client: GraphClient, settings: InstagramSettings, oldest: float) -> Iterator[Found]:
    """Comments of others below our newest posts, and the answers to them; whoever asks leaves out the old ones."""
    replies = f"replies.limit({COMMENTS}){{{_COMMENT}}}"
    fields = f"id,timestamp,comments.limit({COMMENTS}){{{_COMMENT},{replies}}}"
    for media in rows(client.get(f"{settings.account_id}/media", fields=fields, limit=str(MEDIA))):
        for comment in rows(media.get("comments")):
            for each in (comment, *rows(comment.get("replies"))):
                if not _ours(each, settings):
                    bare = {name: value for name, value in each.items() if name != "replies"}
                    yield "comment", seconds(each.get("timestamp"), oldest), bare | {"media_id": media.get("id")}


def mentioned(client: GraphClient, settings: InstagramSettings, ref: str, max_bytes: int) -> Media:
    """The words in which we were mentioned, with their author and address, as a text file. FetchFailed."""
    if settings.login == "instagram":
        raise FetchFailed("Instagram gives mentions to apps with Facebook Login only")
    if ref.startswith(MENTIONED_COMMENT):
        field, key, inner = "mentioned_comment", "comment_id", "id,text,timestamp,username,media{permalink}"
    elif ref.startswith(MENTIONED_MEDIA):
        field, key, inner = "mentioned_media", "media_id", "id,caption,timestamp,username,permalink"
    else:
        raise FetchFailed("the message names no mention")
    wanted = ref.partition(":")[2]
    try:
        answer = client.get(settings.account_id, fields=f"{field}.{key}({wanted}){{{inner}}}")
    except Throttled as error:
        raise FetchLater(str(error), retry_after=error.retry_after) from error
    except Refused as error:
        raise FetchFailed(str(error)) from error
    except SendFailed as error:
        raise FetchLater(str(error)) from error
    found = answer.get(field)
    if not isinstance(found, dict):
        raise FetchFailed("Meta's answer holds no mention")
    return Media(
        content=_told(found).encode("utf-8", "replace")[:max_bytes], content_type="text/plain", name="sebutan.txt"
    )


def _told(found: dict[str, Any]) -> str:
    medium = found.get("media")
    link = found.get("permalink") or (medium.get("permalink") if isinstance(medium, dict) else None)
    words = found.get("text") or found.get("caption") or ""
    author = found.get("username")
    parts = (f"@{author}" if author else "", str(found.get("timestamp") or ""), str(words), str(link or ""))
    return "\n".join(part for part in parts if part) + "\n"


def _ours(comment: dict[str, Any], settings: InstagramSettings) -> bool:
    author = comment.get("from")
    by_id = isinstance(author, dict) and author.get("id") == settings.account_id
    return by_id or bool(settings.username and comment.get("username") == settings.username)
