"""The SMS adapter: one account is one dialect with its settings; what all dialects share is done here."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar, Final

from channels.contract import ReplyOptions
from channels.errors import Refused
from channels.sms import segments
from channels.sms.dialects.android import Android
from channels.sms.dialects.base import Dialect, Settings
from channels.sms.dialects.gammu import Gammu
from channels.sms.dialects.kannel import Kannel
from channels.sms.dialects.twilio import Twilio
from channels.sms.numbers import can_be_answered
from channels.toolkit.dialects import DialectChannel
from normalizer.saying import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from channels.contract import (
        Conversation,
        Cursor,
        Health,
        Media,
        Obligation,
        OutboundReply,
        PollBatch,
        RawMessage,
        RawRequest,
        Verdict,
    )
    from normalizer.messages import DeliveryReceipt, Inbound

DIALECTS: Final[Mapping[str, type[Dialect[Any]]]] = {
    "android": Android,
    "gammu": Gammu,
    "kannel": Kannel,
    "twilio": Twilio,
}


class SmsChannel(DialectChannel[Settings, "Dialect[Any]"]):
    """One number or modem. The settings' type says which dialect it speaks."""

    key = "sms"
    settings_type: ClassVar[type] = Settings
    dialects = DIALECTS

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """The configured numbers as `to` names them."""
        return self._dialect.addresses

    @property
    def secret_params(self) -> frozenset[str]:
        """The dialect's."""
        return self._dialect.secret_params

    def verify(self, request: RawRequest, now: datetime) -> Verdict:
        """By the dialect's signature or secret."""
        return self._dialect.verify(request, now)

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """By the dialect; numbers are canonical, and a piece of a long SMS is marked as part."""
        return self._dialect.parse(raw)

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """Where the dialect polls."""
        return self._dialect.poll(cursor)

    def confirm(self, cursor: Cursor) -> None:
        """Where the dialect polls."""
        self._dialect.confirm(cursor)

    def fetch(self, obligation: Obligation) -> Media:
        """Where the dialect's files have to be fetched."""
        return self._dialect.fetch(obligation)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """At any time, to a number; a sender's name cannot be answered. By another network, as the dialect says."""
        if self._dialect.keeps(conversation.conversation_id):
            return self._dialect.reply_options(conversation, now)
        if not can_be_answered(conversation.address):
            reason = say("Pengirim memakai nama, bukan nomor, sehingga tidak dapat dibalas lewat SMS.")
            return ReplyOptions(allowed=False, reason=reason)
        return ReplyOptions(allowed=True, parts=segments.RULE)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """Text only; what no dialect can send is refused before anything leaves."""
        if self._dialect.keeps(reply.conversation_id):
            return self._dialect.send(reply)
        if not can_be_answered(reply.to):
            raise Refused(say("Alamat ini bukan nomor yang dapat dikirimi SMS: hubungi lewat saluran lain."))
        if not reply.text.strip():
            raise Refused(say("Jawaban ini tidak berisi teks."))
        if reply.attachments:
            raise Refused(say("SMS tidak membawa berkas: kirim teksnya saja."))
        limit = self.capabilities.max_text or len(reply.text)
        if len(reply.text) > limit:
            parts = segments.count(reply.text).parts
            said = say(
                "Teks terlalu panjang: %(length)s huruf (%(parts)s SMS), paling banyak %(most)s.",
                length=len(reply.text),
                parts=parts,
                most=limit,
            )
            raise Refused(said)
        return self._dialect.send(reply)

    def health(self) -> Health:
        """The dialect's."""
        return self._dialect.health()
