"""Our reply as a mail: threaded by its headers, marked where it is automatic, and nothing of it can forge a header."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Final

from channels.email.parsing.ids import header_id
from channels.errors import Refused
from channels.toolkit.payload import storable
from normalizer.saying import say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import OutboundFile, OutboundReply
    from channels.email.mailbox import Mailbox
    from channels.email.settings import EmailSettings

BAD_ADDRESS: Final = say("Alamat surel warga tidak dapat dipakai. Hubungi warga lewat kanal lain.")
#: What could end a header line, or turn the reading direction of a name.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_ID: Final = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,400}")
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}")
_RE: Final = re.compile(r"\s*(re|bls|balas|aw)\s*:", re.IGNORECASE)
_ATOM: Final = re.compile(r"[^\s<>,;:\"()\[\]\\@\x00-\x1f\x7f]{1,64}")
_LONGEST_SUBJECT: Final = 200
_LONGEST_NAME: Final = 120
_MOST_REFERENCES: Final = 12
_DEFAULT_SUBJECT: Final = "Aduan Anda"


class _Policy(EmailPolicy):
    """As the library's for SMTP, where that does well: it encodes long message ids, and loses blanks of long words."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """Message ids one a line and as they are; other letters by the library's older and better encoder."""
        if name.lower() in {"message-id", "in-reply-to", "references"}:
            return self._line(name, f"{self.linesep} ".join(str(value).split()))
        if name.lower() == "subject":
            return self._line(name, self._encoded(name, str(value)))
        if name.lower() in {"from", "reply-to"} and not str(value).isascii():
            [address] = value.addresses
            return self._line(name, f"{self._encoded(name, address.display_name)}{self.linesep} <{address.addr_spec}>")
        return super().fold_binary(name, value)

    def _line(self, name: str, text: str) -> bytes:
        return f"{name}: {text}{self.linesep}".encode("ascii")

    def _encoded(self, name: str, text: str) -> str:
        return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=name, maxlinelen=75).encode(
            linesep=self.linesep
        )


#: Not every server takes lines with the eighth bit.
_SEVEN_BIT: Final = SMTP.clone(cte_type="7bit")
_PLAIN: Final = _Policy(linesep="\r\n")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail ready for SMTP; `utf8` says that only a server with SMTPUTF8 can take its addressee."""

    sender: str
    recipient: str
    message_id: str
    content: bytes
    utf8: bool


def compose(reply: OutboundReply, settings: EmailSettings, mailbox: Mailbox, now: datetime) -> Letter:
    """Make the mail; all tries of one reply have the same Message-ID. Refused for an unusable address."""
    local, domain = _split(reply.to)
    recipient = f"{local}@{domain}"
    own_domain = settings.address.rpartition("@")[2]
    message_id = mailbox.message_id(reply.id, reply.conversation_id, own_domain)
    name = _one_line(settings.name or reply.values.get("program", ""))[:_LONGEST_NAME]
    message = EmailMessage(policy=_SEVEN_BIT)
    message["Date"] = format_datetime(now)
    message["From"] = Address(name, addr_spec=settings.address)
    message["To"] = Address(username=local, domain=domain)
    message["Reply-To"] = Address(name, addr_spec=mailbox.tagged(settings.address, reply.conversation_id))
    message["Subject"] = subject(reply)
    message["Message-ID"] = message_id
    _thread(message, reply)
    if reply.purpose != "answer":
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    message.set_content(_text(reply.text))
    for file in reply.attachments:
        _attach(message, file)
    utf8 = not local.isascii()
    return Letter(
        sender=settings.address,
        recipient=recipient,
        message_id=message_id,
        content=message.as_bytes(policy=_PLAIN.clone(utf8=utf8)),
        utf8=utf8,
    )


def subject(reply: OutboundReply) -> str:
    """Give the citizen's subject back with "Re:" before and the ticket behind it."""
    ticket = _one_line(reply.values.get("ticket", ""))
    told = reply.subject or reply.hints.get("subject")
    words = _one_line(told if isinstance(told, str) else "")[:_LONGEST_SUBJECT].strip()
    words = words or _one_line(reply.values.get("program", "")) or _DEFAULT_SUBJECT
    if reply.in_reply_to and not _RE.match(words):
        words = f"Re: {words}"
    return f"{words} [{ticket}]" if ticket and ticket not in words else words


def _thread(message: EmailMessage, reply: OutboundReply) -> None:
    """In-Reply-To and References (RFC 5322, 3.6.4), of ids that can stand in a header; others are left out."""
    parent = _id(header_id(reply.in_reply_to) if reply.in_reply_to else None)
    if parent is None:
        return
    told = reply.hints.get("references")
    known = [found for each in (told if isinstance(told, list) else ()) if (found := _id(each)) and found != parent]
    message["In-Reply-To"] = parent
    # The first is the thread's root, which readers look for; then the latest.
    kept = known if len(known) < _MOST_REFERENCES else [known[0], *known[2 - _MOST_REFERENCES :]]
    message["References"] = " ".join([*kept, parent])


def _id(value: object) -> str | None:
    bare = value.strip().removeprefix("<").removesuffix(">") if isinstance(value, str) else ""
    return f"<{bare}>" if _ID.fullmatch(bare) else None


def _split(address: str) -> tuple[str, str]:
    """Give an address as local part and domain, the domain in ASCII."""
    local, at, domain = unicodedata.normalize("NFC", address.strip()).rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise Refused(BAD_ADDRESS) from None
    if not at or not _ATOM.fullmatch(local) or not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", ascii_domain):
        raise Refused(BAD_ADDRESS)
    return local, ascii_domain


def _text(text: str) -> str:
    lines = storable(text).replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc") + "\n"


def _attach(message: EmailMessage, file: OutboundFile) -> None:
    claim = file.content_type.partition(";")[0].strip().lower()
    if not _TYPE.fullmatch(claim) or claim.startswith(("multipart/", "message/")):
        claim = "application/octet-stream"
    maintype, _, subtype = claim.partition("/")
    name = _one_line(file.name)[:_LONGEST_NAME] or "berkas"
    message.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=name)


def _one_line(text: str) -> str:
    return " ".join(_CONTROL.sub(" ", storable(text)).split())
