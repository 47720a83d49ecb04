"""How a reply goes out: into Messenger, below a comment or a post, or once into a commenter's inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.errors import Refused
from channels.facebook.feed import comment_id
from channels.toolkit.meta_sending import Route, identified, send_direct, send_private_reply, upload_in_send
from channels.toolkit.meta_windows import is_private_reply, is_public
from channels.toolkit.payload import storable
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from channels.contract import OutboundReply
    from channels.facebook.settings import FacebookSettings
    from channels.toolkit.meta_client import GraphClient

#: Characters of one message; counted in UTF-16 units, the strictest way of counting.
MAX_TEXT: Final = 2000
_MAX_COMMENT: Final = 8000


def deliver(client: GraphClient, settings: FacebookSettings, reply: OutboundReply) -> DeliveryReceipt:
    """One reply. SendFailed."""
    route = Route(
        client=client, node=settings.page_id, limit=MAX_TEXT, encoding="utf-16-le", unit=2, upload=upload_in_send
    )
    if not is_public(reply.conversation_id):
        return send_direct(route, reply)
    if not is_private_reply(settings.comment_reply, reply.hints, reply.purpose):
        return _below(client, reply)
    if settings.comment_reply == "private" and reply.purpose != "answer":
        raise Refused(say("Satu-satunya balasan pribadi disimpan untuk jawaban petugas; pesan otomatis tidak dikirim."))
    return send_private_reply(route, reply, _recipient(reply))


def _below(client: GraphClient, reply: OutboundReply) -> DeliveryReceipt:
    text = storable(reply.text).strip()
    if reply.attachments:
        raise Refused(say("Balasan komentar hanya dapat berisi teks; kirim tanpa lampiran."))
    if not text or len(text) > _MAX_COMMENT:
        raise Refused(say("Balasan komentar harus berisi 1 sampai %(most)s huruf.", most=_MAX_COMMENT))
    target = _hint(reply, "reply_to") or _hint(reply, "post_id")
    if not target:
        raise Refused(say("Komentar yang dibalas tidak diketahui lagi; balas langsung di halaman Facebook."))
    answer = client.post(f"{target}/comments", data={"message": text})
    return DeliveryReceipt(
        external_id=comment_id(identified(answer, "id")), status=Delivery.SENT, conversation_id=reply.conversation_id
    )


def _recipient(reply: OutboundReply) -> dict[str, str]:
    """The comment, or the visitor's post, whose author gets the private reply."""
    if comment := _hint(reply, "comment_id"):
        return {"comment_id": comment}
    if post := _hint(reply, "post_id"):
        return {"post_id": post}
    raise Refused(say("Komentar yang dibalas tidak diketahui lagi; balas langsung di halaman Facebook."))


def _hint(reply: OutboundReply, name: str) -> str | None:
    value = reply.hints.get(name)
    return value if isinstance(value, str) and value else None
