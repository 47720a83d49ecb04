"""The channel contract: what an adapter is, and every shape that passes between it and the rest of the house."""

from __future__ import annotations

import abc
import dataclasses
import enum
from typing import TYPE_CHECKING, ClassVar, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from normalizer.messages import JSON, DeliveryReceipt, Inbound
    from normalizer.saying import Sentence

Cursor = dict[str, "JSON"]
S = TypeVar("S")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Which files go along with one reply: how many, and how many bytes each has at most.

    `types` are media types, or a whole sort such as `image/*`; empty for any.
    """

    most: int = 0
    largest: int = 0
    types: frozenset[str] = frozenset()

    def takes(self, content_type: str) -> bool:
        """Whether a file of this type goes along."""
        return not self.types or content_type in self.types or f"{content_type.partition('/')[0]}/*" in self.types


NO_FILES = Files()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """How a text is cut into messages that are paid for one by one, and by what a page can count them.

    In a text of only these characters a `single` one takes one unit and a `double` one two, and a message has `narrow`
    units; in any other a message has `wide` units of UTF-16. Each pair is a message alone, and each of several.
    """

    single: str
    double: str
    narrow: tuple[int, int]
    wide: tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a channel can do. `max_text` counts characters of one reply; None where the provider sets no limit.

    `attachments` says that citizens' files come in, `files` which go out with a reply.
    """

    webhook: bool = False
    polling: bool = False
    replies: bool = False
    attachments: bool = False
    receipts: bool = False
    idempotent_send: bool = False
    max_text: int | None = None
    files: Files = NO_FILES


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """An HTTP request as it came. Header names are lower case; `url` is built from `public_url`, never from headers.

    `remote` is the peer's address, for source allow-lists; behind a trusted proxy the gateway has resolved it.
    """

    method: str
    url: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    remote: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """One journal row, as `parse` reads it: bytes as they came, `meta` what we ourselves noted (trusted)."""

    id: str
    account: str
    received_at: datetime
    body: bytes = b""
    query: str = ""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    meta: Mapping[str, JSON] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer to a provider."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The request is the provider's: give `answer` once it is durable. A handshake has nothing to journal.

    A bell (`journal=False, ring=True`) only wakes this account's listener.
    """

    answer: Answer = dataclasses.field(default_factory=Answer)
    journal: bool = True
    ring: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """One payload that a poll brought, to be journalled as it is. `headers` and `meta` come back in RawMessage."""

    body: bytes
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    meta: Mapping[str, JSON] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PollBatch:
    """What is new after a cursor; `more` asks for the next poll at once. The same cursor gives the same messages."""

    raws: Sequence[Polled]
    cursor: Cursor
    more: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """A file that a message only names: the provider's `ref`, or a `url` that came in the message."""

    ref: str | None
    url: str | None
    deadline: datetime | None
    max_bytes: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """A fetched file; type and name are the provider's claims."""

    content: bytes
    content_type: str | None = None
    name: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OutboundFile:
    """A file that goes with a reply."""

    name: str
    content_type: str
    content: bytes


class How(enum.StrEnum):
    """In which form a reply may go out now."""

    FREE = "free"
    TAG = "tag"
    TEMPLATE = "template"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class OutboundReply:
    """A reply to send. `id` stays the same over all tries and is the idempotency key where the provider has one.

    `how` is the form that `reply_options` allowed just before. `purpose` is `answer` for what an officer wrote, else
    which automatic text it is. `values` has `ticket`, `program` (its display name) and `state` of the complaint, where
    there is one: for templates. `hints` are those of the citizen's message that is answered, or of his last one.
    """

    id: str
    conversation_id: str
    to: str
    text: str
    subject: str | None = None
    in_reply_to: str | None = None
    attachments: Sequence[OutboundFile] = ()
    hints: Mapping[str, JSON] = dataclasses.field(default_factory=dict)
    purpose: str = "answer"
    how: How = How.FREE
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """What `reply_options` needs to know: the address, when the citizen last wrote, and that message's hints.

    `sent` counts our messages that went out, or may have, since the citizen's last one.
    """

    conversation_id: str
    address: str
    last_inbound_at: datetime | None
    hints: Mapping[str, JSON] = dataclasses.field(default_factory=dict)
    sent: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ReplyOptions:
    """May we answer, until when (aware; None for no end), in which form; `reason` is for the officer.

    `max_text` is this conversation's own limit in characters, and `files` are its own, where they are others than the
    channel's. `parts` says how a text is cut, where it goes out in parts that cost money each.
    """

    allowed: bool
    until: datetime | None = None
    how: How = How.FREE
    reason: Sentence | None = None
    max_text: int | None = None
    files: Files | None = None
    parts: Parts | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """One sentence that an operator can act on; it is translated where it is shown (docs/adr/0026)."""

    ok: bool
    sentence: Sentence


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AccountInfo:
    """Which account an adapter instance serves, and where the world reaches it (`hook_url` is absolute)."""

    name: str
    hook_url: str = ""


class Channel(abc.ABC, Generic[S]):
    """An adapter; an instance is one account (a number, a bot, a mailbox, a page).

    `verify`, `parse` and `reply_options` do no I/O and depend on nothing but their arguments and the settings.
    Only `channels.errors.ChannelError` may leave any method.
    """

    key: ClassVar[str]
    settings_type: ClassVar[type]
    capabilities: Capabilities

    def __init__(self, account: AccountInfo, settings: S) -> None:
        self.account = account
        self.settings = settings

    @classmethod
    def settings_for(cls, dialect: str | None) -> type:
        """The settings dataclass of a dialect; channels without dialects have one. KeyError for an unknown dialect."""
        if dialect is not None:
            raise KeyError(dialect)
        return cls.settings_type

    @classmethod
    @abc.abstractmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """An instance without secrets that can only `parse`, for `muara parse` and tests."""

    @property
    def addresses(self) -> frozenset[str]:
        """The numbers or pages this account receives on, as `to` names them; empty where it has but one."""
        return frozenset()

    @property
    def secret_params(self) -> frozenset[str]:
        """Query parameters that carry a secret: the gateway removes them before it journals or logs the query."""
        return frozenset()

    def verify(self, request: RawRequest, now: datetime) -> Verdict:
        """Prove that the request is the provider's. VerificationFailed if it is not; no I/O."""
        raise NotImplementedError(self.key)

    @abc.abstractmethod
    def parse(self, raw: RawMessage) -> list[Inbound]:
        """All items of one payload. Pure. PayloadError where the payload as a whole cannot be read."""

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """What is new since `cursor` (None: the first time). PollFailed."""
        raise NotImplementedError(self.key)

    def wait(self, cursor: Cursor | None, timeout: float) -> bool:
        """Block for up to `timeout` seconds until something may be new; False at the time-out. PollFailed."""
        raise NotImplementedError(self.key)

    def confirm(self, cursor: Cursor) -> None:
        """Tell the provider, after our commit, that all up to `cursor` is ours. PollFailed; harmless to repeat."""

    def fetch(self, obligation: Obligation) -> Media:
        """Fetch a file that a message named. FetchFailed and its kinds."""
        raise NotImplementedError(self.key)

    @abc.abstractmethod
    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """May we answer in this conversation, until when, how. Pure."""

    def length(self, text: str, conversation_id: str) -> int:  # noqa: ARG002 - channels that count otherwise need it
        """How much of `max_text` this text takes there: its characters, unless the provider counts otherwise. Pure."""
        return len(text)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """Send one reply; the receipt carries the provider's id. SendFailed says whether to try again."""
        raise NotImplementedError(self.key)

    def register(self) -> None:
        """Tell the provider where to deliver, where it can be told. ChannelError; harmless to repeat."""

    @abc.abstractmethod
    def health(self) -> Health:
        """One sentence an operator can act on. Never raises, never sends."""
