"""What a dialect is: the part of the channel contract that differs between files and Open311."""

from __future__ import annotations

import abc
import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from channels.contract import Capabilities

if TYPE_CHECKING:
    from channels.contract import AccountInfo, Cursor, Health, Media, Obligation, PollBatch, RawMessage
    from normalizer.messages import Inbound
    from normalizer.saying import Sentence


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """`system` is what officers read: the other system's name."""

    system: str = "SP4N-LAPOR"


def timezone(value: str) -> str:
    """A name of the IANA database."""
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("expected a time zone such as Asia/Jakarta") from None
    return value


def url(value: str) -> str:
    """An http(s) address, without a slash at its end."""
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("expected an address that begins with http:// or https:// and has no query")
    return value.rstrip("/")


def checked(default: Any, check: Any) -> Any:
    """A field of a settings class with a default and a check."""
    return dataclasses.field(default=default, metadata={"check": check})


D = TypeVar("D", bound=Settings)


class Dialect(abc.ABC, Generic[D]):
    """One way to the other system; what a dialect cannot do raises NotImplementedError, as its capabilities say."""

    settings_type: ClassVar[type[Settings]]
    capabilities: Capabilities = Capabilities()

    def __init__(self, account: AccountInfo, settings: D) -> None:
        self.account = account
        self.settings = settings

    @abc.abstractmethod
    def parse(self, raw: RawMessage) -> list[Inbound]:
        """As Channel.parse."""

    @abc.abstractmethod
    def health(self) -> Health:
        """As Channel.health."""

    @abc.abstractmethod
    def why_shut(self, number: str) -> Sentence:
        """What the officer does instead of answering report `number` here; Indonesian."""

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """As Channel.poll."""
        raise NotImplementedError(cursor)

    def fetch(self, obligation: Obligation) -> Media:
        """As Channel.fetch."""
        raise NotImplementedError(obligation)
