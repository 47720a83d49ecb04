"""Who wrote, to whom, when, and in which conversation: what the header of a mail tells."""

from __future__ import annotations

import dataclasses
import email.utils
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from channels.email.mailbox import canonical
from channels.email.parsing import addresses, ids
from channels.email.parsing.automatic import is_automatic
from normalizer.messages import JSON, Sender

if TYPE_CHECKING:
    from channels.email.mailbox import Mailbox
    from channels.email.parsing.headers import Headers

#: Fields that name the recipient, those of the delivering server first: they tell which of our addresses it was.
_RECIPIENTS = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to", "to", "cc")
_VERDICT = re.compile(r"\b(spf|dkim|dmarc)\s*=\s*([a-z]{2,12})\b", re.IGNORECASE)
_NAMELESS = "Pengirim tanpa alamat"
_EARLIEST, _LATEST = 1995, 2100
#: A clock that is further ahead of the mail server's is not believed.
_AHEAD = timedelta(days=1)
_LONGEST_DATE = 200
#: Ids that an answer repeats in its own References.
_CHAIN = 20
#: Characters of the subject that an answer repeats.
_SUBJECT = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Envelope:
    """What the header of a mail tells. `answers` says that it answers a mail of ours; `own`, that we wrote it."""

    external_id: str
    conversation_id: str
    sender: Sender
    to: str | None
    sent_at: datetime | None
    subject: str | None
    in_reply_to: str | None
    answers: bool
    own: bool
    hints: dict[str, JSON]


def read(headers: Headers, content: bytes, mailbox: Mailbox, internal_date: datetime | None) -> Envelope:
    """Read the header of a mail; `content` is what stands below it, for the id of a mail that has none."""
    sender, own = _sender(headers, mailbox)
    external_id = ids.external(headers, sender.address, content)
    token, ours = _known(headers, mailbox)
    return Envelope(
        external_id=external_id,
        conversation_id=token or mailbox.token(sender.address or external_id),
        sender=sender,
        to=_to(headers, mailbox),
        sent_at=_sent_at(headers.plain("date"), internal_date),
        subject=headers.text("subject") or None,
        in_reply_to=ours or _theirs(headers, sender.address),
        answers=token is not None,
        own=own,
        hints=_hints(headers, sender, mailbox),
    )


def _sender(headers: Headers, mailbox: Mailbox) -> tuple[Sender, bool]:
    """The writer, and whether that is ourselves.

    A contact form on the town's own site sends in our name, with the citizen's address to answer to: then he wrote.
    """
    found = addresses.parse(headers.raw("from") or b"")
    if not found:
        spoken = addresses.name(headers.text("from"))
        return Sender(address="", name=spoken or _NAMELESS), False
    name, address = found[0]
    if not mailbox.owns(address):
        return Sender(address=canonical(address), name=name or None), False
    citizen = _answer_to(headers, mailbox)
    if citizen is None or any(mailbox.read_message_id(one) for one in ids.listed(headers, "message-id")):
        return Sender(address=canonical(address), name=name or None), True
    return Sender(address=citizen[1], name=citizen[0] or name or None), False


def _answer_to(headers: Headers, mailbox: Mailbox) -> tuple[str, str] | None:
    """Name and address to answer to, if the mail gives one that is not our own."""
    for name, address in addresses.parse(headers.raw("reply-to") or b""):
        if not mailbox.owns(address):
            return name, canonical(address)
    return None


def _recipients(headers: Headers) -> list[str]:
    return [address for field in _RECIPIENTS for raw in headers.all(field) for _, address in addresses.parse(raw)]


def _to(headers: Headers, mailbox: Mailbox) -> str | None:
    return next((own for address in _recipients(headers) if (own := mailbox.own(address))), None)


def _known(headers: Headers, mailbox: Mailbox) -> tuple[str | None, str | None]:
    """The token that proves that the writer had our mail, and the id of the newest mail of ours that he answers."""
    tagged = next((token for address in _recipients(headers) if (token := mailbox.find_token(address))), None)
    named = [*ids.listed(headers, "in-reply-to"), *reversed(ids.listed(headers, "references"))]
    marked = [(one, token) for one in named if (token := mailbox.read_message_id(one))]
    token = tagged or (marked[0][1] if marked else None)
    return token, next((one for one, its in marked if its == token), None)


def _theirs(headers: Headers, sender: str) -> str | None:
    """The mail that this one answers, if it is one that the same citizen wrote."""
    answered = ids.listed(headers, "in-reply-to")[:1] or ids.listed(headers, "references")[-1:]
    return ids.bound(answered[0], sender) if answered else None


def _sent_at(written: str, internal_date: datetime | None) -> datetime | None:
    received = internal_date
    if received is not None and received.tzinfo is None:
        received = received.replace(tzinfo=UTC)
    try:
        moment = email.utils.parsedate_to_datetime(written[:_LONGEST_DATE])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        moment = moment.astimezone(UTC)
    except Exception:  # noqa: BLE001 - the library raises half a dozen kinds, by version, for dates that are none
        return received
    if not _EARLIEST <= moment.year < _LATEST or (received is not None and moment > received + _AHEAD):
        return received
    return moment


def _vouched(results: str, authserv: str) -> bool:
    """Whether the topmost results are our own server's: anybody may write such a header into a mail (RFC 8601, 5)."""
    name = results.partition(";")[0].split()
    return bool(authserv and name) and name[0].lower() == authserv.lower()


def _hints(headers: Headers, sender: Sender, mailbox: Mailbox) -> dict[str, JSON]:
    hints: dict[str, JSON] = {}
    if is_automatic(headers, sender.address):
        hints["automatic"] = True
    if hints or not sender.address:
        hints["no_reply"] = True
    answer_to = _answer_to(headers, mailbox)
    if answer_to is not None and answer_to[1] != sender.address:
        hints["reply_to"] = answer_to[1]
    if copies := sum(len(addresses.parse(raw)) for raw in headers.all("cc")):
        hints["cc"] = copies
    verdicts: dict[str, JSON] = {}
    for method, verdict in _VERDICT.findall(headers.plain("authentication-results")):
        verdicts.setdefault(method.lower(), verdict.lower())
    if verdicts:
        hints["auth"] = verdicts
    if verdicts.get("dmarc") == "pass" and _vouched(headers.plain("authentication-results"), mailbox.authserv):
        hints["email_verified"] = True
    before = ids.listed(headers, "references") or ids.listed(headers, "in-reply-to")
    chain = [one for one in (*before, *ids.listed(headers, "message-id")) if ids.is_plain(one)]
    if chain:
        hints["references"] = [f"<{one}>" for one in chain[-_CHAIN:]]
    if subject := headers.text("subject"):
        hints["subject"] = subject[:_SUBJECT]
    return hints
