"""What Meta refuses: unknown and missing fields, closed windows, second private replies, texts that are too long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from standins.meta_cloud import DAY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from standins.meta_cloud import Account, Cloud, Thing

_MEGABYTE = 1 << 20
#: The longest text: 2,000 characters for Messenger, 1,000 bytes for Instagram.
_LONGEST = {"page": ("utf-16-le", 4000), "instagram": ("utf-8", 1000)}
#: What may stand in the parameter `fields`, names of edges and modifiers included.
_READABLE = {
    "id", "updated_time", "messages", "limit", "created_time", "from", "to", "message", "sticker", "attachments",
    "shares", "story", "is_unsupported", "parent", "attachment", "permalink_url", "comments", "order", "filter",
    "reverse_chronological", "stream", "text", "timestamp", "username", "parent_id", "replies",
}  # fmt: skip
#: For each edge (with ! where it is written to) the fields that it needs and those that it may have.
_FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "debug_token": ({"input_token"}, set()),
    "subscriptions": (set(), set()),
    "subscriptions!": ({"object", "callback_url", "fields", "verify_token"}, {"include_values"}),
    "subscribed_apps": (set(), set()),
    "subscribed_apps!": ({"subscribed_fields"}, set()),
    "conversations": ({"platform"}, {"fields", "limit", "after"}),
    "feed": (set(), {"fields", "limit"}),
    "media": (set(), {"fields", "limit"}),
    "messages!": ({"recipient", "message"}, {"messaging_type", "tag"}),
    "message_attachments!": ({"message"}, {"platform"}),
    "comments!": ({"message"}, set()),
    "replies!": ({"message"}, set()),
    "mentions!": ({"media_id", "message"}, {"comment_id"}),
}


class Refusal(Exception):  # noqa: N818 - what Meta does
    """An answer with an error object."""

    def __init__(self, code: int, message: str, subcode: int = 0, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.subcode, self.status = code, subcode, status

    def body(self) -> dict[str, Any]:
        """The answer's body."""
        error: dict[str, Any] = {
            "message": f"(#{self.code}) {self}",
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AbCdEf12345",
        }
        return {"error": error | ({"error_subcode": self.subcode} if self.subcode else {})}


def check_call(edge: str, given: set[str]) -> None:
    """Refuse an unknown edge, a field that is missing and one that the edge does not have."""
    if edge not in _FIELDS:
        raise Refusal(100, f"Tried accessing nonexisting field ({edge.rstrip('!')})")
    needed, optional = _FIELDS[edge]
    for name in sorted(needed - given):
        raise Refusal(100, f"The parameter {name} is required")
    for name in sorted(given - needed - optional - {"appsecret_proof"}):
        raise Refusal(100, f"Unexpected parameter {name}")


def check_fields(fields: str) -> None:
    """Refuse a list of fields that names one which does not exist."""
    for name in re.findall(r"[a-z_]+", fields):
        if name not in _READABLE:
            raise Refusal(100, f"Tried accessing nonexisting field ({name})")


def check_message(cloud: Cloud, account: Account, given: Mapping[str, Any], files: Mapping[str, Any]) -> str:
    """Refuse what the Send API refuses; the words that reach the citizen."""
    recipient = given["recipient"]
    if set(recipient) - {"id", "comment_id", "post_id"} or len(recipient) != 1:
        raise Refusal(100, "Param recipient must be non-empty.")
    text = _content(cloud, account, given["message"], files)
    if "id" in recipient:
        _check_window(cloud, account, str(recipient["id"]), given)
    else:
        _check_private_reply(cloud, account, recipient)
    return text


def check_upload(given: Mapping[str, Any], files: Mapping[str, Any]) -> None:
    """Refuse an upload for Instagram that is none."""
    if given.get("platform") != "instagram" or "filedata" not in files:
        raise Refusal(100, "Upload attachment failure.", 2018047)
    kind = given["message"]["attachment"]["type"]
    if len(files["filedata"].read()) > (8 if kind == "image" else 25) * _MEGABYTE:
        raise Refusal(100, "Attachment size exceeds allowable limit", 2018007)


def check_comment(cloud: Cloud, edge: str, target: str, given: Mapping[str, Any]) -> Thing:
    """Refuse a comment on what is not there, one without words, or one that is too long."""
    thing = cloud.things.get(target)
    if thing is None:
        raise Refusal(100, f"Unsupported post request. Object with ID '{target}' does not exist", 33)
    limit = 8000 if edge == "comments" else 2200
    if not given["message"] or len(given["message"]) > limit:
        raise Refusal(100, "Comment is empty or too long")
    if edge == "comments" and isinstance(thing.node.get("parent"), dict):
        raise Refusal(100, "A reply cannot be replied to")
    return thing


def _content(cloud: Cloud, account: Account, message: Mapping[str, Any], files: Mapping[str, Any]) -> str:
    if set(message) - {"text", "attachment"} or len(message) != 1:
        raise Refusal(100, "Message cannot be empty, must provide valid attachment or text", 2018034)
    if "text" in message:
        text = message["text"]
        encoding, most = _LONGEST[account.object_name]
        if not isinstance(text, str) or not text or len(text.encode(encoding)) > most:
            raise Refusal(100, "Length of param message[text] must be less than or equal to the limit")
        return text
    attachment = message["attachment"]
    if attachment["type"] not in {"image", "video", "audio", "file"}:
        raise Refusal(100, "Invalid attachment type")
    payload = attachment["payload"]
    if account.object_name == "instagram":
        if payload.get("attachment_id") not in cloud.uploads:
            raise Refusal(100, "Invalid attachment_id")
        return f"[{attachment['type']}]"
    if "filedata" not in files:
        raise Refusal(100, "Upload attachment failure.", 2018047)
    return f"[{files['filedata'].filename}]"


def _check_window(cloud: Cloud, account: Account, citizen: str, given: Mapping[str, Any]) -> None:
    talk = cloud.talks.get((account.id, citizen))
    if talk is None:
        raise Refusal(100, "No matching user found", 2018001)
    if citizen in cloud.blocked:
        raise Refusal(551, "This person isn't available right now.", 1545041)
    age = cloud.clock() - talk.open_since
    outside = 2018278 if account.object_name == "page" else 2534022
    if given.get("messaging_type") == "MESSAGE_TAG":
        if given.get("tag") != "HUMAN_AGENT":
            raise Refusal(100, "Invalid tag")
        if not cloud.human_agent or age >= 7 * DAY:
            raise Refusal(10, "This message is sent outside of allowed window.", outside)
    elif given.get("messaging_type") != "RESPONSE" or "tag" in given:
        raise Refusal(100, "Invalid messaging_type")
    elif age >= DAY:
        raise Refusal(10, "This message is sent outside of allowed window.", outside)


def _check_private_reply(cloud: Cloud, account: Account, recipient: Mapping[str, str]) -> None:
    thing = cloud.things.get(recipient.get("comment_id") or recipient["post_id"])
    if thing is None or thing.account != account.id or thing.author == account.id:
        raise Refusal(100, "Object does not exist", 33)
    if "post_id" in recipient and thing.below:
        raise Refusal(100, "post_id names no post")
    if cloud.clock() - thing.at >= 7 * DAY:
        raise Refusal(10903, "This user can't reply to this activity")
    if thing.privately_answered:
        raise Refusal(10900, "Activity already replied to")
