"""Who wrote: a phone number, or the id that Meta gives to somebody who hides it.

Since 2026 a citizen may show a username instead of the number. Meta then names only a business-scoped user id (BSUID),
such as ID.1349…, which is the same in all messages of that citizen to us and can be answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from channels.whatsapp.contents import seen
from normalizer.identity import canonical_phone
from normalizer.messages import Sender

if TYPE_CHECKING:
    from normalizer.messages import JSON

    Message = dict[str, Any]

#: How the address of somebody without a phone number begins.
BSUID: Final = "bsuid:"
_BSUID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_PHONE: Final = re.compile(r"\d{5,15}")


class Book:
    """The contacts that came beside the messages of one change."""

    def __init__(self, value: Message) -> None:
        listed = value.get("contacts")
        self._contacts = (
            [contact for contact in listed if isinstance(contact, dict)] if isinstance(listed, list) else []
        )

    def of(self, message: Message) -> Message:
        """The contact who wrote a message; an empty one where Meta sent none."""
        for contact in self._contacts:
            same = (("wa_id", "from"), ("user_id", "from_user_id"))
            if any(contact.get(key) and contact.get(key) == message.get(name) for key, name in same):
                return contact
        return self._contacts[0] if len(self._contacts) == 1 else {}


def conversation(message: Message, contact: Message) -> str:
    """The key of the thread: the BSUID, which stays when the number is hidden, else the number. Empty for neither."""
    return _bsuid(message, contact) or _phone(message, contact)


def sender(message: Message, contact: Message) -> Sender | None:
    """The citizen, by number where it is shown; None where Meta names nobody."""
    phone, bsuid = _phone(message, contact), _bsuid(message, contact)
    name = seen(contact, "profile", "name").strip() or None
    if phone:
        return Sender(address=canonical_phone(f"+{phone}") or f"+{phone}", name=name)
    return Sender(address=f"{BSUID}{bsuid}", name=name) if bsuid else None


def hints(contact: Message) -> dict[str, JSON]:
    """The name by which the citizen lets himself be found."""
    username = seen(contact, "profile", "username")
    return {"username": username} if username else {}


def recipient(address: str) -> dict[str, str] | None:
    """How the API is told whom to write to; None for an address that is no WhatsApp user's."""
    if address.startswith(BSUID):
        bsuid = address.removeprefix(BSUID)
        return {"recipient": bsuid} if _BSUID.fullmatch(bsuid) else None
    digits = address.removeprefix("+")
    return {"to": digits} if _PHONE.fullmatch(digits) and digits.isascii() else None


def _phone(message: Message, contact: Message) -> str:
    return _first(_PHONE, message.get("from"), contact.get("wa_id"))


def _bsuid(message: Message, contact: Message) -> str:
    return _first(_BSUID, message.get("from_user_id"), contact.get("user_id"))


def _first(shape: re.Pattern[str], *values: object) -> str:
    return next(
        (value for value in values if isinstance(value, str) and shape.fullmatch(value) and value.isascii()), ""
    )
