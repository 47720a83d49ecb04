"""Messaging events of Messenger and Instagram as items: messages, edits, unsends, receipts, and the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from channels.toolkit.meta_contents import Contents, complete, press, read_contents, refer
from channels.toolkit.meta_fields import Unreadable, ident, ident_or_none, mapping, moment, name_of, text, whole
from normalizer.messages import (
    Delivery,
    DeliveryReceipt,
    Edit,
    Ignored,
    Inbound,
    InboundMessage,
    Sender,
    Unsent,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

#: What an event has beside its content.
_FRAME: Final = frozenset({"sender", "recipient", "timestamp", "sender_id", "recipient_id"})
#: Events that say something of a conversation and are no message.
_ASIDE: Final = frozenset({
    "optin", "account_linking", "policy_enforcement", "messaging_feedback", "pass_thread_control",
    "take_thread_control", "request_thread_control", "app_roles", "game_play", "checkout_update", "pre_checkout",
    "payment", "order", "typing", "messaging_in_thread_lead_form_submit", "response_feedback",
})  # fmt: skip


def canonical(mid: str) -> str:
    """One spelling of a message's id.

    Messenger's ids appear with and without the prefix `m_`, by webhook, Send API and conversations API; Instagram's
    (which begin with aW) and the old `mid.` ones have one spelling only.
    """
    return mid if mid.startswith(("m_", "mid.", "aW")) else f"m_{mid}"


def read_messaging(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    """The items of one event that came to `account`; `app_id` is ours, so that our own echoes are known. Unreadable."""
    names = [name for name, value in event.items() if name not in _FRAME and value is not None]
    name = next((each for each in _READERS if each in names), names[0] if names else "")
    if name in _READERS:
        return _READERS[name](event, account, app_id)
    known = name.replace("_", "-") if name in _ASIDE else f"unsupported:{name_of(name)}"
    return [Ignored(reason=known if name else "empty", conversation_id=_conversation(event, account), to=account)]


def conversation(account: str, citizen: str) -> str:
    """The key of one citizen's direct messages to one page or account."""
    return f"{account}:{citizen}"


def _message(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    message = mapping(event["message"], "message")
    mid = canonical(ident(message.get("mid"), "message.mid"))
    sender = _person(event, "sender")
    if message.get("is_echo") is True or sender == account:
        where = conversation(account, ident_or_none(_ids(event, "recipient"), "recipient.id") or "")
        return [Ignored(reason=_echo(message, app_id), external_id=mid, conversation_id=where, to=account)]
    sent_at, where = moment(event.get("timestamp")), conversation(account, sender)
    if message.get("is_deleted") is True:
        return [Unsent(external_id=mid, conversation_id=where, at=sent_at, to=account)]
    found = read_contents(message, sent_at)
    return [as_message(found, mid, Sender(address=sender), account=account, sent_at=sent_at)]


def as_message(found: Contents, mid: str, sender: Sender, *, account: str, sent_at: datetime | None) -> InboundMessage:
    """A direct message with what was found in it; `mid` is canonical."""
    return InboundMessage(
        external_id=mid,
        conversation_id=conversation(account, sender.address),
        sender=sender,
        to=account,
        sent_at=sent_at,
        text=found.text,
        attachments=tuple(found.attachments),
        location=found.location,
        in_reply_to=canonical(found.in_reply_to) if found.in_reply_to else None,
        command=found.command,
        hints=found.hints,
    )


def _echo(message: Mapping[str, Any], app_id: str) -> str:
    """Our own send, or somebody's who answered in Meta's inbox or with another app; Instagram does not tell which."""
    writer = ident_or_none(message.get("app_id"), "message.app_id")
    return "echo" if writer in {None, app_id} else "echo:answered-elsewhere"


def _edit(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    del app_id
    edit = mapping(event["message_edit"], "message_edit")
    sender = _person(event, "sender")
    mid = canonical(ident(edit.get("mid"), "message_edit.mid"))
    if sender == account:
        return [Ignored(reason="echo", external_id=mid, version="edit", to=account)]
    number, at = whole(edit.get("num_edit")), whole(event.get("timestamp"))
    if number is None and at is None:
        raise Unreadable("message_edit: neither num_edit nor timestamp")
    return [
        Edit(
            external_id=mid,
            version=f"{number or 0:06d}.{at or 0:015d}",
            conversation_id=conversation(account, sender),
            sender=Sender(address=sender),
            to=account,
            edited_at=moment(at),
            text=text(edit.get("text"), "message_edit.text"),
        )
    ]


def _delivery(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    del app_id
    delivery = mapping(event["delivery"], "delivery")
    mids = delivery.get("mids")
    if mids is None or mids == []:
        return [_unnamed(event, account, "delivery-watermark", delivery.get("watermark"))]
    if not isinstance(mids, list):
        raise Unreadable("delivery.mids: not a list")
    at = moment(delivery.get("watermark"))
    return [_receipt(ident(mid, "delivery.mids"), Delivery.DELIVERED, at, event, account) for mid in mids]


def _read(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    """Instagram names the message that was seen; Messenger gives a time only, and a receipt must name a message."""
    del app_id
    read = mapping(event["read"], "read")
    mid = ident_or_none(read.get("mid"), "read.mid")
    if mid is None:
        return [_unnamed(event, account, "read-watermark", read.get("watermark"))]
    return [_receipt(mid, Delivery.READ, moment(event.get("timestamp")), event, account)]


def _receipt(
    mid: str, status: Delivery, at: datetime | None, event: Mapping[str, Any], account: str
) -> DeliveryReceipt:
    where = _conversation(event, account)
    return DeliveryReceipt(external_id=canonical(mid), status=status, at=at, conversation_id=where, to=account)


def _unnamed(event: Mapping[str, Any], account: str, reason: str, watermark: Any) -> Ignored:
    where = _conversation(event, account)
    key = f"{reason}:{where}:{whole(watermark) or 0}"
    return Ignored(reason=reason, external_id=key, conversation_id=where, to=account)


def _reaction(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    del app_id
    reaction = mapping(event["reaction"], "reaction")
    mid = canonical(ident(reaction.get("mid"), "reaction.mid"))
    where = _conversation(event, account)
    key = f"reaction:{mid}:{_person(event, 'sender')}:{whole(event.get('timestamp')) or 0}"
    return [Ignored(reason="reaction", external_id=key, conversation_id=where, to=account)]


def _postback(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    """A pressed button of ours: its title is what the citizen said by it."""
    del app_id
    postback = mapping(event["postback"], "postback")
    sender, stamp = _person(event, "sender"), whole(event.get("timestamp")) or 0
    found = Contents(text=text(postback.get("title"), "postback.title"))
    press(found, postback.get("payload"))
    if postback.get("referral") is not None:
        refer(found, postback["referral"])
    complete(found, [])
    mid = ident_or_none(postback.get("mid"), "postback.mid")
    key = canonical(mid) if mid else f"postback:{sender}:{stamp}"
    return [as_message(found, key, Sender(address=sender), account=account, sent_at=moment(stamp))]


def _referral(event: Mapping[str, Any], account: str, app_id: str) -> list[Inbound]:
    """A citizen opened the conversation by a link; nothing is written yet."""
    del app_id
    where = _conversation(event, account)
    key = f"referral:{where}:{whole(event.get('timestamp')) or 0}"
    return [Ignored(reason="referral", external_id=key, conversation_id=where, to=account)]


def _ids(event: Mapping[str, Any], role: str) -> Any:
    return mapping(event.get(role) or {}, role).get("id")


def _person(event: Mapping[str, Any], role: str) -> str:
    return ident(_ids(event, role), f"{role}.id")


def _conversation(event: Mapping[str, Any], account: str) -> str:
    """The citizen's conversation, whichever side the event came from; empty where the event names nobody."""
    people = (ident_or_none(_ids(event, role), f"{role}.id") for role in ("sender", "recipient"))
    citizen = next((person for person in people if person and person != account), None)
    return conversation(account, citizen) if citizen else ""


_READERS: Final = {
    "message": _message,
    "message_edit": _edit,
    "delivery": _delivery,
    "read": _read,
    "reaction": _reaction,
    "postback": _postback,
    "referral": _referral,
}
