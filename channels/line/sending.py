"""Replies: an automatic text by the reply token, which is free; all else by push, which is counted, with a retry key.

**A repeated send doubles nothing.** A push carries a retry key made from the reply's id: LINE takes it once. A reply
token works once: when a call with it has an unknown outcome, the same call is made again, and LINE's answer tells. It
is done now; or the token "is invalid" while it is younger than the minute that LINE gives it, so we used it before.
When that too stays unknown the text is not repeated at all, neither by token nor by push.

What remains: a process killed after LINE took an automatic text and before we wrote that down, whose work goes on only
when the token has expired, sends that text a second time by push.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from channels.errors import OutcomeUnknown, Refused, SendFailed
from normalizer.messages import Delivery, DeliveryReceipt
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from channels.contract import OutboundReply
    from channels.line.settings import LineSettings

#: LINE's limit for one text message, in UTF-16 code units.
MAX_TEXT: Final = 5000
#: LINE promises a minute from the webhook on; its travel, and two calls, must fit in.
TOKEN_LIFE: Final = timedelta(seconds=60)
TOKEN_USE: Final = timedelta(seconds=30)


def deliver(settings: LineSettings, reply: OutboundReply, clock: Callable[[], datetime]) -> DeliveryReceipt:
    """Send one text; the receipt carries LINE's message id. SendFailed."""
    text = reply.text.strip()
    if not text:
        raise Refused(say("Jawaban ini tidak berisi teks."))
    if reply.attachments:
        raise Refused(
            say("LINE tidak menerima berkas dari sini: kirim teksnya saja, atau kirim berkas lewat saluran lain.")
        )
    if len(text.encode("utf-16-le", "surrogatepass")) // 2 > MAX_TEXT:
        said = say(
            "Teks terlalu panjang untuk LINE (paling banyak %(most)s huruf): bagi menjadi beberapa balasan.",
            most=MAX_TEXT,
        )
        raise Refused(said)
    token = _Token.of(reply)
    if token is not None and clock() - token.issued < TOKEN_USE:
        sent = _by_token(settings, token, text, clock)
        if sent is not None:
            return _receipt(reply, sent)
    return _receipt(reply, _push(settings, reply, text))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """The reply token of the very message that an automatic text answers."""

    value: str
    issued: datetime

    def lives(self, now: datetime) -> bool:
        """Is it too young to have expired? Best by LINE's own clock, which is the one that made it."""
        return now - self.issued < TOKEN_LIFE

    @classmethod
    def of(cls, reply: OutboundReply) -> _Token | None:
        """None for an officer's answer, and for the token of another message: that one's own text needs it."""
        hints = reply.hints
        value, issued = hints.get("reply_token"), hints.get("reply_token_ms")
        if reply.purpose == "answer" or not isinstance(value, str) or not isinstance(issued, int):
            return None
        if reply.in_reply_to is None or hints.get("reply_token_of") != reply.in_reply_to:
            return None
        try:
            return cls(value=value, issued=datetime.fromtimestamp(issued / 1000, UTC))
        except (ValueError, OverflowError, OSError):
            return None


def _by_token(settings: LineSettings, token: _Token, text: str, clock: Callable[[], datetime]) -> str | None:
    """LINE's message id, empty where an earlier try was taken; None where the token has expired unused."""
    from channels.line import client  # noqa: PLC0415 - the library is for senders only

    try:
        return _reply(settings, token, text)
    except client.InvalidReplyToken as refusal:
        return "" if token.lives(refusal.at or clock()) else None
    except OutcomeUnknown as error:
        unknown = error
    if clock() - token.issued < TOKEN_USE:
        try:
            return _reply(settings, token, text)
        except client.InvalidReplyToken as refusal:
            if token.lives(refusal.at or clock()):
                return ""
        except SendFailed as error:
            unknown = OutcomeUnknown(error.sentence)
    said = say("Mungkin sudah terkirim, dan tidak diulang: %(error)s.", error=unknown.sentence)
    raise SendFailed(said) from unknown


def _reply(settings: LineSettings, token: _Token, text: str) -> str:
    from linebot.v3.messaging import ReplyMessageRequest, TextMessage  # noqa: PLC0415 - the same

    from channels.line import client  # noqa: PLC0415 - the same

    request = ReplyMessageRequest(reply_token=token.value, messages=[TextMessage(text=text)])
    answer = client.messaging(settings).reply_message_with_http_info(request, _preload_content=False)
    return _first_id(answer.raw_data)


def _push(settings: LineSettings, reply: OutboundReply, text: str) -> str:
    from linebot.v3.messaging import PushMessageRequest, TextMessage  # noqa: PLC0415 - the same

    from channels.line import client  # noqa: PLC0415 - the same

    request = PushMessageRequest(to=reply.to, messages=[TextMessage(text=text)])
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, reply.id))
    answer = client.messaging(settings).push_message_with_http_info(
        request, x_line_retry_key=key, _preload_content=False
    )
    return _first_id(answer.raw_data)


def _first_id(body: bytes) -> str:
    """The message id in the answer to a success; empty where there is none, for the message was taken all the same."""
    try:
        return str(json.loads(body)["sentMessages"][0]["id"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return ""


def _receipt(reply: OutboundReply, external_id: str) -> DeliveryReceipt:
    """LINE tells nothing later, so what it took counts as sent; our own id stands in where LINE's is not known."""
    return DeliveryReceipt(
        external_id=external_id or reply.id, status=Delivery.SENT, conversation_id=reply.conversation_id
    )
