"""Message ids, and the external ids made of them."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from channels.email.mailbox import canonical
from channels.email.parsing.limits import MAX_ID, MAX_REFERENCES

if TYPE_CHECKING:
    from channels.email.parsing.headers import Headers

_BRACKETED = re.compile(r"<([^<>]{1,2000})>")
#: A Message-ID shorter than this before its @, or without digits, is a constant of some web form.
_WEAK = 12
_BINDING = 8
_BOUND = re.compile(rf"#[0-9a-f]{{{_BINDING}}}\Z")
#: What makes one mail itself wherever it arrives; the fields that relays and folders add do not belong here.
_OWN_FIELDS = ("from", "sender", "reply-to", "to", "cc", "date", "subject", "content-type")


def listed(headers: Headers, field: str) -> list[str]:
    """Every id in a field, without brackets, from the oldest; only the newest where there are hundreds."""
    text = headers.plain(field)
    found = ["".join(one.split()) for one in _BRACKETED.findall(text)]
    if not found and "@" in text:
        found = text.replace(",", " ").split()
    return [one for one in found[-MAX_REFERENCES:] if one]


def external(headers: Headers, sender: str, content: bytes) -> str:
    """Make the external id of a citizen's mail: its Message-ID, bound to its sender, or else a hash of the mail.

    Bound, because a Message-ID is the sender's word only: a stranger who repeats one must not make the real mail look
    like a double of his. A mail that arrives twice, in whatever folder and by whatever relay, has one id.
    """
    found = listed(headers, "message-id")
    message_id = found[0] if found else ""
    if not message_id:
        return f"sha256:{_digest(headers, content)}"
    extra = _moment(headers) if _is_weak(message_id) else ""
    return bound(message_id, sender, extra)


def bound(message_id: str, sender: str, extra: str = "") -> str:
    """The external id of the mail with this Message-ID, if it came from this sender."""
    digest = hashlib.sha256(f"{canonical(sender)}\n{extra}".encode("utf-8", "replace")).hexdigest()
    if not is_plain(message_id):
        message_id = "odd-" + hashlib.sha256(message_id.encode("utf-8", "replace")).hexdigest()
    return f"{message_id}#{digest[:_BINDING]}"


def is_plain(message_id: str) -> bool:
    """Whether an id can stand in a header of ours and in an index of the database."""
    return len(message_id) <= MAX_ID and message_id.isascii() and message_id.isprintable()


def header_id(external_id: str) -> str | None:
    """The Message-ID, with brackets, of the mail with this external id, ours too; None where it has none."""
    plain = _BOUND.sub("", external_id)
    return None if plain.startswith(("sha256:", "odd-")) else f"<{plain}>"


def _is_weak(message_id: str) -> bool:
    left = message_id.partition("@")[0]
    return len(left) < _WEAK or not any(sign.isdigit() for sign in left)


def _moment(headers: Headers) -> str:
    """What tells apart the mails of a form that gives all the same id."""
    return f"{headers.plain('date')}\n{headers.text('subject')}"


def _digest(headers: Headers, content: bytes) -> str:
    digest = hashlib.sha256()
    for field in _OWN_FIELDS:
        digest.update(b" ".join((headers.raw(field) or b"").split()) + b"\n")
    digest.update(content)
    return digest.hexdigest()
