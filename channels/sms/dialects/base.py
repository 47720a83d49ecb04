"""What a dialect is: the part of the channel contract that differs from one SMS provider to the next."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from channels.sms import checks
from channels.sms.checks import checked
from channels.sms.numbers import address

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import (
        AccountInfo,
        Capabilities,
        Conversation,
        Cursor,
        Health,
        Media,
        Obligation,
        OutboundReply,
        PollBatch,
        RawMessage,
        RawRequest,
        ReplyOptions,
        Verdict,
    )
    from normalizer.messages import DeliveryReceipt, Inbound


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """What every dialect has: the numbers this account receives on, and the country of numbers without a prefix."""

    numbers: tuple[str, ...] = ()
    region: str = checked("ID", checks.region)


D = TypeVar("D", bound=Settings)


class Dialect(abc.ABC, Generic[D]):
    """One way to the network; a method that a dialect lacks raises NotImplementedError, as its capabilities say."""

    settings_type: ClassVar[type[Settings]]
    secret_params: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, account: AccountInfo, settings: D) -> None:
        self.account = account
        self.settings = settings

    @property
    @abc.abstractmethod
    def capabilities(self) -> Capabilities:
        """What this dialect can do with these settings."""

    @property
    def addresses(self) -> frozenset[str]:
        """As Channel.addresses: the configured numbers, in one spelling."""
        return frozenset(address(number, self.settings.region) for number in self.settings.numbers)

    def keeps(self, conversation_id: str) -> bool:  # noqa: ARG002 - none but SMS, unless a dialect says otherwise
        """Is this a conversation of another network than SMS, whose rules the dialect keeps itself?"""
        return False

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """As Channel.reply_options, for the conversations that the dialect keeps."""
        raise NotImplementedError(conversation, now)

    @abc.abstractmethod
    def verify(self, request: RawRequest, now: datetime) -> Verdict:
        """As Channel.verify."""

    @abc.abstractmethod
    def parse(self, raw: RawMessage) -> list[Inbound]:
        """As Channel.parse."""

    @abc.abstractmethod
    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """As Channel.send."""

    @abc.abstractmethod
    def health(self) -> Health:
        """As Channel.health."""

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """As Channel.poll."""
        raise NotImplementedError(cursor)

    def confirm(self, cursor: Cursor) -> None:
        """As Channel.confirm."""

    def fetch(self, obligation: Obligation) -> Media:
        """As Channel.fetch."""
        raise NotImplementedError(obligation)
