"""From one webhook call of LINE to the items of the house, each event alone.

The events are read by hand, not by line-bot-sdk's models: importing those costs half a second and 45 MB in the gateway
and the drain, one broken event would take its whole batch along, and they refuse values that LINE may add any day. The
tests hold both readings against each other.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from channels.errors import PayloadError
from channels.line.contents import Unreadable, contents, integer, text_of
from channels.toolkit.payload import load_json
from normalizer.messages import Ignored, InboundMessage, Malformed, Sender, Unsent

if TYPE_CHECKING:
    from normalizer.messages import JSON, Inbound

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z_-]{0,39}")
_UPPER: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: Events that bring no citizen's words; each is ignored with its name as the reason.
EVENTS: Final = frozenset(
    "follow unfollow join leave memberJoined memberLeft postback videoPlayComplete beacon accountLink membership module"  # noqa: SIM905 - one list, as LINE's reference has it
    " activated deactivated botSuspended botResumed delivery".split()
)


def read_webhook(body: bytes) -> list[Inbound]:
    """The items of one call, one for each event; one ignored item where there is none. PayloadError."""
    if not body.strip():
        return [Ignored(reason="empty")]
    payload = load_json(body)
    if not isinstance(payload, dict) or not isinstance(payload.get("events"), list):
        raise PayloadError("the body is not an object with a list of events")
    to = payload.get("destination")
    to = to if isinstance(to, str) and to else None
    if not payload["events"]:
        return [Ignored(reason="empty", to=to)]
    return [_safely(event, to) for event in payload["events"]]


def _safely(event: Any, to: str | None) -> Inbound:
    """One item, whatever the event holds; an error names the part and nothing of its content."""
    if not isinstance(event, dict):
        return Malformed(error="event: not an object", to=to)
    try:
        return _item(event, to)
    except Unreadable as error:
        return Malformed(error=f"event: {error}", external_id=_event_id(event), to=to)


def _event_id(event: dict[str, Any]) -> str | None:
    found = event.get("webhookEventId")
    return found if isinstance(found, str) and found else None


def _item(event: dict[str, Any], to: str | None) -> Inbound:
    kind = text_of(event.get("type"), "type")
    source = event.get("source")
    if isinstance(source, dict) and source.get("type") in ("group", "room"):
        return _ignored(event, "group", to)
    if kind == "message":
        return _message(event, to)
    if kind == "unsend":
        return _unsent(event, to)
    if kind in EVENTS:
        return _ignored(event, _UPPER.sub("-", kind).lower(), to)
    return _ignored(event, f"unsupported:{_plain(kind)}", to)


def _ignored(event: dict[str, Any], reason: str, to: str | None) -> Ignored:
    source = event.get("source")
    user = source.get("userId") if isinstance(source, dict) else None
    private = reason != "group" and isinstance(user, str)
    return Ignored(reason=reason, external_id=_event_id(event), conversation_id=str(user) if private else "", to=to)


def _message(event: dict[str, Any], to: str | None) -> InboundMessage:
    raw = event.get("message")
    if not isinstance(raw, dict):
        raise Unreadable("message: not an object")
    message_id = text_of(raw.get("id"), "message.id")
    user = _user(event)
    found = contents(raw, message_id)
    return InboundMessage(
        external_id=message_id,
        conversation_id=user,
        sender=Sender(address=user),
        to=to,
        sent_at=_moment(event),
        sequence=found.sequence,
        text=found.text,
        attachments=found.attachments,
        location=found.location,
        in_reply_to=found.in_reply_to,
        album=f"{user}:{found.image_set}" if found.image_set else None,
        hints=found.hints | _hints(event, message_id),
    )


def _hints(event: dict[str, Any], message_id: str) -> dict[str, JSON]:
    """The reply token with the message it belongs to; in standby another program answers, and we must not."""
    if event.get("mode") == "standby":
        return {"standby": True, "no_reply": True}
    token = event.get("replyToken")
    if not isinstance(token, str) or not token:
        return {}
    return {"reply_token": token, "reply_token_of": message_id, "reply_token_ms": integer(event.get("timestamp"))}


def _unsent(event: dict[str, Any], to: str | None) -> Unsent:
    detail = event.get("unsend")
    message_id = text_of(detail.get("messageId") if isinstance(detail, dict) else None, "unsend.messageId")
    return Unsent(external_id=message_id, conversation_id=_user(event), at=_moment(event), to=to)


def _user(event: dict[str, Any]) -> str:
    source = event.get("source")
    return text_of(source.get("userId") if isinstance(source, dict) else None, "source.userId")


def _moment(event: dict[str, Any]) -> datetime | None:
    """When it happened, also where it was delivered again; None for a time that is none."""
    milliseconds = integer(event.get("timestamp"))
    if milliseconds is None:
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _plain(kind: str) -> str:
    return kind if _NAME.fullmatch(kind) else "?"
