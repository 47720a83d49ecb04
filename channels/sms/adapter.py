"""The SMS adapter: one account is one dialect with its settings; what all dialects share is done here."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import AccountInfo, Capabilities, Channel, ReplyOptions
from channels.errors import Refused
from channels.sms import segments
from channels.sms.dialects.android import Android
from channels.sms.dialects.base import Dialect, Settings
from channels.sms.dialects.gammu import Gammu
from channels.sms.dialects.kannel import Kannel
from channels.sms.dialects.twilio import Twilio
from channels.sms.numbers import can_be_answered

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
_BY_SETTINGS: Final = {dialect.settings_type: dialect for dialect in DIALECTS.values()}


class SmsChannel(Channel[Settings]):
    """One number or modem. The settings' type says which dialect it speaks."""

    key = "sms"
    settings_type: ClassVar[type] = Settings

    def __init__(self, account: AccountInfo, settings: Settings) -> None:
        super().__init__(account, settings)
        self._dialect: Dialect[Any] = _BY_SETTINGS[type(settings)](account, settings)
        self.capabilities: Capabilities = self._dialect.capabilities

    @classmethod
    def settings_for(cls, dialect: str | None) -> type:
        """The settings dataclass of a dialect. KeyError without one, or for one that is not there."""
        found = DIALECTS.get(dialect or "")
        if found is None:
            raise KeyError(f"sms has the dialects {', '.join(DIALECTS)}")
        return found.settings_type

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """Every setting that has no default is empty: such an account reads, but proves and sends nothing."""
        settings_type = cls.settings_for(dialect)
        required = {
            field.name: ""
            for field in dataclasses.fields(settings_type)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        return cls(AccountInfo(name=f"sms-{dialect}"), settings_type(**required))

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
            reason = "Pengirim memakai nama, bukan nomor, sehingga tidak dapat dibalas lewat SMS."
            return ReplyOptions(allowed=False, reason=reason)
        return ReplyOptions(allowed=True)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """Text only; what no dialect can send is refused before anything leaves."""
        if self._dialect.keeps(reply.conversation_id):
            return self._dialect.send(reply)
        if not can_be_answered(reply.to):
            raise Refused("the address is no number that SMS can be sent to")
        if not reply.text.strip():
            raise Refused("an SMS needs a text")
        if reply.attachments:
            raise Refused("SMS carries no files")
        limit = self.capabilities.max_text or len(reply.text)
        if len(reply.text) > limit:
            parts = segments.count(reply.text).parts
            raise Refused(f"the text has {len(reply.text)} characters ({parts} SMS), {limit} are allowed")
        return self._dialect.send(reply)

    def health(self) -> Health:
        """The dialect's."""
        return self._dialect.health()
