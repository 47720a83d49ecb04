"""From one webhook of Meta's to the items of the house: entries, their changes, and what stands in each change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from channels.errors import PayloadError
from channels.toolkit.payload import load_json
from channels.whatsapp import people, problems
from channels.whatsapp.contents import Unreadable, child, contents, moment, part_name, seen, text_of
from normalizer.messages import (
    JSON,
    Delivery,
    DeliveryReceipt,
    Edit,
    Ignored,
    Inbound,
    InboundMessage,
    Malformed,
    Unsent,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Message = dict[str, Any]

_STATUSES: Final = {
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "played": Delivery.READ,
    "failed": Delivery.FAILED,
}


#: An emoji has a few code points, joiners and skin tones included.
_LONGEST_EMOJI: Final = 16
#: The fields by which Meta repeats what was sent from the number's own phone.
_ECHOES: Final = frozenset({"message_echoes", "smb_message_echoes"})


def read_webhook(body: bytes) -> list[Inbound]:
    """The items of one webhook, each standing or falling alone. PayloadError."""
    if not body.strip():
        return [Ignored(reason="empty")]
    payload = load_json(body)
    if not isinstance(payload, dict):
        raise PayloadError("the body is not a JSON object")
    if payload.get("object") != "whatsapp_business_account":
        raise PayloadError("the webhook is not of a WhatsApp Business account")
    entries = payload.get("entry")
    if not isinstance(entries, list):
        raise PayloadError("the webhook has no list of entries")
    items = [item for at, entry in enumerate(entries) for item in _entry(f"entry[{at}]", entry)]
    return items or [Ignored(reason="empty")]


def _entry(where: str, entry: Any) -> list[Inbound]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list):
        return [Malformed(error=f"{where}: has no list of changes")]
    return [item for at, change in enumerate(changes) for item in _change(f"{where}.changes[{at}]", change)]


def _change(where: str, change: Any) -> list[Inbound]:
    value = change.get("value") if isinstance(change, dict) else None
    if not isinstance(value, dict):
        return [Malformed(error=f"{where}: has no value")]
    to = _number(value)
    field = part_name(change.get("field"))
    if field in _ECHOES:
        return _each(f"{where}.message_echoes", value.get("message_echoes"), _echo, to)
    if field != "messages":
        return [Ignored(reason=_aside(field, value), to=to)]
    book = people.Book(value)
    items = [
        *_each(f"{where}.messages", value.get("messages"), lambda raw, to: _message(raw, book.of(raw), to), to),
        *_each(f"{where}.statuses", value.get("statuses"), _status, to),
        *_each(f"{where}.errors", value.get("errors"), _error, to),
    ]
    return items or [Ignored(reason="empty", to=to)]


def _each(where: str, raws: Any, read: Callable[[Message, str | None], Inbound], to: str | None) -> list[Inbound]:
    if not isinstance(raws, list | None):
        return [Malformed(error=f"{where}: not a list", to=to)]
    return [_safely(f"{where}[{at}]", read, raw, to) for at, raw in enumerate(raws or ())]


def _number(value: Message) -> str | None:
    """Meta's id of our number that this is about."""
    metadata = value.get("metadata")
    number = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    return number if isinstance(number, str) and number else None


def _aside(field: str, value: Message) -> str:
    """Why a change that holds no citizen's message is left alone, with the news that it brings about our account."""
    news = next((value[name] for name in ("event", "current_limit", "decision") if name in value), None)
    detail = part_name(news.lower()) if isinstance(news, str) else "?"
    name = field.replace("_", "-")
    return f"{name}:{detail}" if detail != "?" else name


def _safely(where: str, read: Callable[[Message, str | None], Inbound], raw: Any, to: str | None) -> Inbound:
    """One item, whatever it holds; an error never repeats what a citizen wrote."""
    if not isinstance(raw, dict):
        return Malformed(error=f"{where}: not an object", to=to)
    try:
        return read(raw, to)
    except Unreadable as error:
        known = raw.get("id")
        key = known if isinstance(known, str) and known else None
        return Malformed(error=f"{where}: {error}", external_id=key, version=part_name(raw.get("type")), to=to)


def _message(message: Message, contact: Message, to: str | None) -> Inbound:
    key = text_of(message.get("id"), "id")
    if not key:
        raise Unreadable("id: missing")
    thread = people.conversation(message, contact)
    if reason := _not_for_officers(message):
        return Ignored(reason=reason, external_id=key, conversation_id=thread, to=to)
    if message.get("type") == "revoke":
        at = moment(message.get("timestamp"))
        return Unsent(external_id=_original(message, "revoke"), conversation_id=thread, at=at, to=to)
    sender = people.sender(message, contact)
    if sender is None:
        raise Unreadable("from: neither a phone number nor a user id")
    sent_at = moment(message.get("timestamp"))
    if message.get("type") == "edit":
        found = contents(child(child(message, "edit"), "message"), sent_at)
        return Edit(
            external_id=_original(message, "edit"),
            version=f"{int(sent_at.timestamp()) if sent_at else 0:012d}.{key}",
            conversation_id=thread,
            sender=sender,
            to=to,
            edited_at=sent_at,
            text=found.text,
            attachments=found.attachments,
            hints=found.hints,
        )
    found = contents(message, sent_at)
    return InboundMessage(
        external_id=key,
        conversation_id=thread,
        sender=sender,
        to=to,
        sent_at=sent_at,
        text=found.text,
        attachments=found.attachments,
        location=found.location,
        in_reply_to=seen(message, "context", "id") or None,
        command=found.command,
        hints=people.hints(contact) | _circumstances(message) | found.hints,
    )


def _not_for_officers(message: Message) -> str | None:
    """Why a message is left alone, where it is."""
    kind = message.get("type")
    if message.get("group_id"):
        return "group"
    if kind == "reaction":
        return _reaction(message)
    if kind == "system":
        what = part_name(child(message, "system").get("type"))
        return {"user_changed_number": "number-changed", "user_changed_user_id": "user-id-changed"}.get(
            what, f"system:{what}"
        )
    if kind == "interactive" and child(message, "interactive").get("type") == "call_permission_reply":
        return "call-permission"
    return None


def _reaction(message: Message) -> str:
    emoji = text_of(child(message, "reaction").get("emoji"), "reaction.emoji")
    if not emoji:
        return "reaction-removed"
    # Anything else might be words.
    return f"reaction:{emoji}" if len(emoji) <= _LONGEST_EMOJI and not any(map(str.isalpha, emoji)) else "reaction"


def _original(message: Message, kind: str) -> str:
    original = text_of(child(message, kind).get("original_message_id"), f"{kind}.original_message_id")
    if not original:
        raise Unreadable(f"{kind}.original_message_id: missing")
    return original


def _circumstances(message: Message) -> dict[str, JSON]:
    """Forwarded, about a product of our catalogue, or after a tap on an advertisement."""
    found: dict[str, JSON] = {}
    context = message.get("context")
    if isinstance(context, dict) and context.get("frequently_forwarded") is True:
        found["forwarded"] = "frequently"
    elif isinstance(context, dict) and context.get("forwarded") is True:
        found["forwarded"] = "once"
    if product := seen(context, "referred_product", "product_retailer_id"):
        found["product"] = product
    shown = {part: seen(message, "referral", part) for part in ("headline", "body", "source_url")}
    if any(shown.values()):
        found["referral"] = {part: text for part, text in shown.items() if text}
    return found


def _echo(message: Message, to: str | None) -> Inbound:
    """What somebody of ours wrote by the WhatsApp Business app on the number's own phone."""
    key = text_of(message.get("id"), "id") or None
    return Ignored(reason="echo", external_id=key, version=part_name(message.get("type")), to=to)


def _status(status: Message, to: str | None) -> Inbound:
    key = text_of(status.get("id"), "id")
    if not key:
        raise Unreadable("id: missing")
    named = part_name(status.get("status"))
    if named not in _STATUSES:
        return Ignored(reason=f"unknown-status:{named}", external_id=key, version=named, to=to)
    step = _STATUSES[named]
    return DeliveryReceipt(
        external_id=key,
        status=step,
        at=moment(status.get("timestamp")),
        error=problems.failed(status.get("errors")) if step is Delivery.FAILED else None,
        to=to,
        reply_id=text_of(status.get("biz_opaque_callback_data"), "biz_opaque_callback_data") or None,
    )


def _error(error: Message, to: str | None) -> Inbound:
    """Trouble of our account or app that belongs to no message."""
    code = error.get("code")
    known = isinstance(code, int) and not isinstance(code, bool) and 0 <= code < 1 << 31
    return Ignored(reason=f"provider-error:{code}" if known else "provider-error", to=to)
