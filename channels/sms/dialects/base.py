"""What a dialect is: the part of the channel contract that differs from one SMS provider to the next."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from channels.sms import checks
from channels.sms.checks import checked

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import (
        AccountInfo,
        Capabilities,
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
