"""Bounces, delivery reports (RFC 3464) and reading receipts (RFC 8098) of our own mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from channels.email.parsing import addresses, charsets, headers, ids, mime
from channels.email.parsing.automatic import is_machine
from channels.email.parsing.limits import Unreadable
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import Sentence, quoted, say

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from channels.email.mailbox import Mailbox
    from channels.email.parsing.mime import Part

#: Bytes of a report's text in which our id is looked for; it stands in the header of the returned copy.
_LOOKED_AT = 256 * 1024
_ID = re.compile(r"<([^<>\s]{5,400})>")
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY_CODE = re.compile(r"(?<![\d.])([45]\d\d)(?=[\s-])")
_DELAYED = re.compile(
    r"\b(?:delayed|will be retried|still trying|warning message|tertunda|belum terkirim)\b", re.IGNORECASE
)
_RANK = (Delivery.DELIVERED, Delivery.SENT, Delivery.FAILED)
_ACTIONS = {
    "failed": Delivery.FAILED,
    "delayed": Delivery.SENT,
    "relayed": Delivery.SENT,
    "expanded": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
}
_REASONS = {
    "1": say("alamat penerima tidak dikenal"),
    "2": say("kotak surat penerima penuh atau tidak aktif"),
    "3": say("server penerima tidak dapat menerima surel"),
    "4": say("server penerima tidak dapat dihubungi"),
    "5": say("server penerima tidak memahami kiriman"),
    "6": say("isi surel tidak dapat diterima server penerima"),
    "7": say("ditolak oleh aturan keamanan server penerima"),
}
_FULL = {"2.2": _REASONS["2"], "2.3": say("surel terlalu besar bagi penerima")}


def read(root: Part, mailbox: Mailbox, at: datetime | None, to: str | None) -> DeliveryReceipt | None:
    """Read what became of a mail of ours; None where this is no report, or is about nobody's mail of ours."""
    if root.type != "multipart/report" and not _from_server(root):
        return None
    about = _about(root, mailbox)
    found = _reported(root) or (_told(root) if _from_server(root) else None)
    if about is None or found is None:
        return None
    status, code = found
    return DeliveryReceipt(
        external_id=about,
        status=status,
        at=at,
        error=_sentence(code, final=status is Delivery.FAILED) if status is not Delivery.READ and code else None,
        to=to,
        reply_id=about.partition(".")[0],
    )


def _about(root: Part, mailbox: Mailbox) -> str | None:
    """The Message-ID of our mail that is reported on: in the copy that came back, or anywhere in the report's words."""
    for part in mime.walk(root):
        if part is not root and (own := _own(ids.listed(part.headers, "message-id"), mailbox)):
            return own
    for text in _texts(root):
        if own := _own(_ID.findall(text), mailbox):
            return own
    return None


def _own(found: list[str], mailbox: Mailbox) -> str | None:
    return next((one for one in found if mailbox.read_message_id(one)), None)


def _texts(root: Part) -> Iterator[str]:
    left = _LOOKED_AT
    for part in mime.walk(root):
        if left > 0 and not part.children and part.type.startswith(("text/", "message/")):
            content = part.content()[:left]
            left -= len(content) + 1
            yield charsets.decode(content, part.params.get("charset"))


def _reported(root: Part) -> tuple[Delivery, str] | None:
    """Status and code of a report in the standard form; of several recipients the worst."""
    if root.type != "multipart/report":
        return None
    for part in mime.walk(root):
        if part.type in {"message/delivery-status", "message/global-delivery-status"}:
            return _delivery(part)
        if part.type in {"message/disposition-notification", "message/global-disposition-notification"}:
            block = _blocks(part)[:1]
            shown = "displayed" in (block[0].plain("disposition").lower() if block else "")
            return (Delivery.READ if shown else Delivery.DELIVERED), ""
    return None


def _delivery(part: Part) -> tuple[Delivery, str]:
    worst = (Delivery.DELIVERED, "")
    for block in _blocks(part):
        action = block.plain("action").lower().partition(" ")[0]
        code = _STATUS.search(block.plain("status"))
        status = _ACTIONS.get(action) or (_by_code(code[1]) if code else None)
        if status is not None and (not worst[1] or _RANK.index(status) >= _RANK.index(worst[0])):
            worst = (status, code[1] if code else "")
    return worst


def _blocks(part: Part) -> list[headers.Headers]:
    """The groups of fields in a report, one for the mail and one for each recipient."""
    blocks = []
    rest = part.content()[:_LOOKED_AT].replace(b"\r\n", b"\n")
    for piece in re.split(rb"\n\s*\n", rest.strip()):
        try:
            block, _ = headers.split(piece.strip())
        except Unreadable:
            continue
        blocks.append(block)
    return blocks


def _from_server(root: Part) -> bool:
    """Whether a mail server speaks, and not somebody's absence note, which may quote our mail too."""
    if root.headers.raw("x-failed-recipients") is not None:
        return True
    writers = addresses.parse(root.headers.raw("from") or b"")
    sender = writers[0][1] if writers else root.headers.plain("from").strip("<> ")
    replied = root.headers.plain("auto-submitted").lower().startswith("auto-replied")
    return is_machine(sender) and (not replied or "daemon" in sender.lower())


def _told(root: Part) -> tuple[Delivery, str]:
    """Status and code of a bounce in a server's own words (qmail, Exim, old Exchange and Gmail)."""
    text = "\n".join(_texts(root))
    codes = _STATUS.findall(text) or _REPLY_CODE.findall(text)
    final = next((code for code in codes if code.startswith("5")), None)
    code = final or next((code for code in codes if code.startswith("4")), "")
    if final is None and _DELAYED.search(text):
        return Delivery.SENT, code
    return Delivery.FAILED, code


def _by_code(code: str) -> Delivery:
    return {"2": Delivery.DELIVERED, "4": Delivery.SENT}.get(code[0], Delivery.FAILED)


def _sentence(code: str, *, final: bool) -> Sentence | None:
    """The code and what it means (RFC 3463), for the officer; the server's own words could hold addresses."""
    subject, _, detail = code.partition(".")[2].partition(".")
    if code.startswith("2"):
        return None
    reason = _FULL.get(f"{subject}.{detail}") or _REASONS.get(subject)
    told = say("%(code)s: %(reason)s", code=code, reason=reason) if reason else quoted(code)
    return say("tidak sampai (%(told)s)", told=told) if final else say("tertunda (%(told)s)", told=told)
