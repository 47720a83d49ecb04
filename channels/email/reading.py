"""From the bytes of one mail to the items of the house: pure, never raising, and always at least one item."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from channels.email.parsing import bounces, contents, envelope, headers, mime, quotes
from channels.email.parsing.limits import MAX_TEXT, Unreadable
from normalizer.messages import Attachment, Ignored, InboundMessage, Sender

if TYPE_CHECKING:
    from datetime import datetime

    from channels.email.mailbox import Mailbox
    from channels.email.parsing.contents import Contents
    from channels.email.parsing.envelope import Envelope
    from normalizer.messages import JSON, Inbound

_UNREADABLE = (
    "(Surel ini tidak dapat dibaca secara otomatis. Surel aslinya terlampir sebagai surel-asli.eml;"
    " bukalah dengan aplikasi surel.)"
)
_CUT = "\n\n(Teks terlalu panjang dan dipotong di sini. Teks lengkapnya ada di lampiran teks-lengkap.txt.)"
#: What is still looked at in the header of a mail that cannot be read: bytes and lines.
_HEAD, _HEAD_LINES = 64 * 1024, 500


def read_mail(
    body: bytes, mailbox: Mailbox, *, uid_key: str = "", internal_date: datetime | None = None
) -> list[Inbound]:
    """Read one mail: a message, a receipt, or why it is neither; one that cannot be read comes as a file.

    `uid_key` names it in its folder and is only noted; `internal_date` stands in where its own date is none.
    """
    if not body.strip():
        return [Ignored(reason="empty")]
    extra: dict[str, JSON] = {"uid": uid_key} if uid_key else {}
    try:
        return [_item(body, mailbox, internal_date, extra)]
    except Exception as error:  # noqa: BLE001 - whatever a mail is made of, an officer must learn that it came
        reason = str(error) if isinstance(error, Unreadable) else type(error).__name__
        return [_placeholder(body, mailbox, internal_date, {**extra, "unreadable": reason})]


def _item(body: bytes, mailbox: Mailbox, internal_date: datetime | None, extra: dict[str, JSON]) -> Inbound:
    root = mime.parse(body)
    head = envelope.read(root.headers, root.body, mailbox, internal_date)
    if head.own:
        return Ignored(reason="own-mail", external_id=head.external_id, to=head.to)
    receipt = bounces.read(root, mailbox, head.sent_at, head.to)
    if receipt is not None:
        return receipt
    found = contents.read(root)
    words, quoted, attachments = _words(found, head, mailbox)
    return InboundMessage(
        external_id=head.external_id,
        conversation_id=head.conversation_id,
        sender=head.sender,
        to=head.to,
        sent_at=head.sent_at,
        text=words,
        subject=head.subject,
        quoted=quoted,
        html=found.html,
        attachments=tuple(attachments),
        in_reply_to=head.in_reply_to,
        hints={**head.hints, **found.hints, **extra},
    )


def _words(found: Contents, head: Envelope, mailbox: Mailbox) -> tuple[str, str | None, list[Attachment]]:
    """The new words with what was forwarded, the history, and the files; a text that is cut comes along as a file."""
    whole = found.text
    attachments = list(found.attachments)
    words, quoted = quotes.split(
        whole[: 2 * MAX_TEXT],
        forwarded=quotes.is_forward(head.subject),
        answers_us=head.answers,
    )
    ours = [mail.text for mail in found.forwarded if mailbox.owns(mail.sender)]
    theirs = [mail.text for mail in found.forwarded if not mailbox.owns(mail.sender)]
    words = "\n\n".join(piece for piece in (words, *theirs, *found.notes) if piece)
    if not words and not head.answers:
        words = head.subject or ""  # many write their whole complaint into the subject, beside a photo
    history = "\n\n".join(piece for piece in (quoted, *ours) if piece)
    if len(words) > MAX_TEXT or len(whole) > 2 * MAX_TEXT:
        full = "\n\n".join([whole, *(mail.text for mail in found.forwarded)])
        content = full.encode("utf-8", "replace")
        attachments.append(
            Attachment(name="teks-lengkap.txt", content_type="text/plain", size=len(content), content=content)
        )
        words = words[:MAX_TEXT] + _CUT
    return words, history[:MAX_TEXT] or None, attachments


def _placeholder(
    body: bytes, mailbox: Mailbox, internal_date: datetime | None, extra: dict[str, JSON]
) -> InboundMessage | Ignored:
    """What stands in the queue for a mail that cannot be read; the header is used as far as it can be."""
    fallback = f"sha256:{hashlib.sha256(body).hexdigest()}"
    try:
        fields, _ = headers.split(b"\n".join(body[:_HEAD].split(b"\n")[:_HEAD_LINES]))
        head = envelope.read(fields, b"", mailbox, internal_date)
    except Exception:  # noqa: BLE001 - the header may be what cannot be read
        head = None
    if head is not None and head.own:
        return Ignored(reason="own-mail", external_id=head.external_id, to=head.to)
    original = Attachment(name="surel-asli.eml", content_type="message/rfc822", size=len(body), content=body)
    if head is None:
        return InboundMessage(
            external_id=fallback,
            conversation_id=mailbox.token(fallback),
            sender=Sender(address="", name="Pengirim tidak terbaca"),
            sent_at=internal_date,
            text=_UNREADABLE,
            attachments=(original,),
            hints={"no_reply": True, **extra},
        )
    return InboundMessage(
        external_id=fallback if head.external_id.startswith("sha256:") else head.external_id,
        conversation_id=head.conversation_id if head.sender.address else mailbox.token(fallback),
        sender=head.sender,
        to=head.to,
        sent_at=head.sent_at,
        text=_UNREADABLE,
        subject=head.subject,
        attachments=(original,),
        in_reply_to=head.in_reply_to,
        hints={**head.hints, **extra},
    )
