"""From one update, as Telegram sends it, to the items of the house."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from telegram import Chat, Message, Update

from channels.errors import PayloadError
from channels.telegram.contents import Unreadable, contents, integer, part_name, readable
from channels.telegram.names import MESSAGES, NOT_OURS, READ, SERVICE
from channels.toolkit.payload import load_json
from normalizer.messages import Edit, Ignored, Inbound, InboundMessage, Malformed, Sender

if TYPE_CHECKING:
    from datetime import datetime

#: What we ask Telegram for; the rest of the updates it need not send at all.
ALLOWED_UPDATES = ("message", "edited_message", "my_chat_member")


def read_update(body: bytes, to: str | None) -> list[Inbound]:
    """The items of one update: one, or one for each kind if Telegram ever sends several. PayloadError."""
    update = _decoded(body)
    if update is None:
        return [Ignored(reason="empty")]
    update_id = integer(update.get("update_id"))
    if update_id is None:
        return [Malformed(error="update_id: missing, or no whole number")]
    kinds = [kind for kind, value in update.items() if kind != "update_id" and value is not None]
    if not kinds:
        return [Ignored(reason="empty", external_id=f"update:{update_id}")]
    return [_safely(update_id, kind, update[kind], to) for kind in kinds]


def _decoded(body: bytes) -> dict[str, Any] | None:
    if not body.strip():
        return None
    update = load_json(body)
    if not isinstance(update, dict):
        raise PayloadError("the body is not a JSON object")
    return update


def _safely(update_id: int, kind: str, value: Any, to: str | None) -> Inbound:
    """One item, whatever the value holds; an error never repeats what a citizen wrote."""
    key = f"update:{update_id}"
    try:
        return _item(update_id, kind, value, to)
    except Unreadable as error:
        return Malformed(error=f"{part_name(kind)}: {error}", external_id=key, version=part_name(kind), to=to)
    except Exception as error:  # noqa: BLE001 - the library's models raise whatever their constructors meet
        reason = f"{part_name(kind)}: not of the documented shape ({type(error).__name__})"
        return Malformed(error=reason, external_id=key, version=part_name(kind), to=to)


def _item(update_id: int, kind: str, value: Any, to: str | None) -> Inbound:
    key = f"update:{update_id}"
    if kind in MESSAGES:
        if not isinstance(value, dict):
            raise Unreadable("not an object")
        return _message(update_id, kind, value, to)
    if kind == "my_chat_member":
        return _membership(update_id, value, to)
    reason = kind.replace("_", "-") if kind in NOT_OURS else f"unsupported:{part_name(kind)}"
    return Ignored(reason=reason, external_id=key, version=part_name(kind), to=to)


def _message(update_id: int, kind: str, raw: dict[str, Any], to: str | None) -> InboundMessage | Edit | Ignored:
    reduced = {part: raw[part] for part in READ if part in raw}
    message = Message.de_json(reduced, None)
    chat_id, message_id = _ids(message)
    external_id = f"{chat_id}:{message_id}"
    edited = kind == "edited_message"
    version = f"{integer(raw.get('edit_date')) or 0:012d}.{update_id:019d}" if edited else ""
    if reason := _not_for_officers(message, raw):
        return Ignored(reason=reason, external_id=external_id, version=version, conversation_id=str(chat_id), to=to)
    found = contents(message, raw)
    common: dict[str, Any] = {
        "external_id": external_id,
        "version": version,
        "conversation_id": str(chat_id),
        "sender": _sender(message),
        "to": to,
        "sent_at": _sent_at(message),
        "sequence": message_id,
        "text": found.text,
        "location": found.location,
        "attachments": found.attachments,
    }
    if edited:
        hints = found.hints | ({"command": found.command} if found.command else {})
        return Edit(**common, edited_at=message.edit_date, hints=hints)
    return InboundMessage(
        **common,
        quoted=found.quoted,
        in_reply_to=_replied(raw.get("reply_to_message"), chat_id),
        album=f"{chat_id}:{readable(message.media_group_id, 'media_group_id')}" if message.media_group_id else None,
        command=found.command,
        hints=found.hints,
    )


def _ids(message: Message) -> tuple[int, int]:
    chat_id, message_id = integer(message.chat.id), integer(message.message_id)
    if chat_id is None or message_id is None:
        raise Unreadable("chat.id or message_id is no whole number")
    return chat_id, message_id


def _not_for_officers(message: Message, raw: dict[str, Any]) -> str | None:
    """Why a message is left alone, where it is."""
    if message.chat.type != Chat.PRIVATE:
        return "channel-post" if message.chat.type == Chat.CHANNEL else "group"
    if message.from_user and message.from_user.is_bot:
        return "bot"
    service = sorted(SERVICE & set(raw))
    return f"service:{service[0]}" if service else None


def _sender(message: Message) -> Sender:
    """The user; in a private chat the chat has the same id, and stands in where `from` is missing."""
    person = message.from_user or message.chat
    address = integer(person.id)
    if address is None:
        raise Unreadable("from.id is no whole number")
    name = " ".join(readable(part, "from") for part in (person.first_name, person.last_name) if part)
    return Sender(address=str(address), name=name or None)


def _sent_at(message: Message) -> datetime | None:
    # A message that Telegram no longer has carries the date 0.
    return message.date if message.is_accessible else None


def _replied(raw: Any, chat_id: int) -> str | None:
    message_id = integer(raw.get("message_id")) if isinstance(raw, dict) else None
    return None if message_id is None else f"{chat_id}:{message_id}"


def _membership(update_id: int, value: Any, to: str | None) -> Ignored:
    """A citizen blocked the bot or let it in again; in a group, somebody added or removed it."""
    change = Update.de_json({"update_id": update_id, "my_chat_member": value}, None).my_chat_member
    chat_id = integer(change.chat.id) if change else None
    if change is None or chat_id is None:
        raise Unreadable("chat.id is no whole number")
    gone = change.new_chat_member.status in {"kicked", "left"}
    reason = ("bot-blocked" if gone else "bot-unblocked") if change.chat.type == Chat.PRIVATE else "group-membership"
    return Ignored(reason=reason, external_id=f"update:{update_id}", conversation_id=str(chat_id), to=to)
