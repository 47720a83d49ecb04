"""How a reply goes out: into the direct messages, below a comment or a mention, or once into a commenter's inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from channels.errors import Refused
from channels.toolkit.meta_sending import Route, identified, send_direct, send_private_reply, upload_before_send
from channels.toolkit.meta_windows import MENTION, is_private_reply, is_public
from channels.toolkit.payload import storable
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from channels.contract import OutboundReply
    from channels.instagram.settings import InstagramSettings
    from channels.toolkit.meta_client import GraphClient

#: Bytes of one direct message; what is longer goes out in several.
MAX_TEXT: Final = 1000
_MAX_COMMENT: Final = 2200


def deliver(client: GraphClient, settings: InstagramSettings, reply: OutboundReply) -> DeliveryReceipt:
    """One reply. SendFailed."""
    route = Route(
        client=client,
        node=settings.node,
        limit=MAX_TEXT,
        encoding="utf-8",
        unit=1,
        upload=upload_before_send if settings.login == "facebook" else None,
    )
    where = reply.conversation_id
    if not is_public(where):
        return send_direct(route, reply)
    if where.startswith(MENTION):
        return _below(client, settings, reply)
    if not is_private_reply(settings.comment_reply, reply.hints, reply.purpose):
        return _below(client, settings, reply)
    if settings.comment_reply == "private" and reply.purpose != "answer":
        raise Refused(say("Satu-satunya balasan pribadi disimpan untuk jawaban petugas; pesan otomatis tidak dikirim."))
    return send_private_reply(route, reply, {"comment_id": _comment(reply)})


def _below(client: GraphClient, settings: InstagramSettings, reply: OutboundReply) -> DeliveryReceipt:
    text = storable(reply.text).strip()
    if reply.attachments:
        raise Refused(say("Balasan komentar hanya dapat berisi teks; kirim tanpa lampiran."))
    if not text or len(text) > _MAX_COMMENT:
        raise Refused(say("Balasan komentar harus berisi 1 sampai %(most)s huruf.", most=_MAX_COMMENT))
    if reply.conversation_id.startswith(MENTION):
        named = {name: value for name in ("media_id", "comment_id") if (value := _hint(reply, name))}
        if "media_id" not in named:
            raise Refused(say("Sebutan yang dibalas tidak diketahui lagi; balas langsung di Instagram."))
        answer = client.post(f"{settings.account_id}/mentions", data={"message": text} | named)
    else:
        answer = client.post(f"{_comment(reply)}/replies", data={"message": text})
    return DeliveryReceipt(
        external_id=identified(answer, "id"), status=Delivery.SENT, conversation_id=reply.conversation_id
    )


def _comment(reply: OutboundReply) -> str:
    comment = _hint(reply, "comment_id") or reply.in_reply_to
    if not comment:
        raise Refused(say("Komentar yang dibalas tidak diketahui lagi; balas langsung di Instagram."))
    return comment


def _hint(reply: OutboundReply, name: str) -> str | None:
    value = reply.hints.get(name)
    return value if isinstance(value, str) and value else None
