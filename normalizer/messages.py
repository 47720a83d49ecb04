"""What adapters emit: one provider payload becomes a list of these items, each standing or falling alone."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Mapping  # noqa: TC003 - the codec reads these annotations at run time
from datetime import datetime  # noqa: TC003 - the same

from normalizer.saying import Sentence  # noqa: TC001 - the same

JSON = str | int | float | bool | None | list["JSON"] | dict[str, "JSON"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who wrote. `address` is canonical: +62… for phones, the bare address for mail, else the provider's own id."""

    address: str
    name: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point in WGS 84 degrees, with the label that the citizen's app gave it."""

    lat: float
    lon: float
    label: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file: its bytes (`content`), or what fetches them (`ref`, `url`), until `deadline` where the provider sets one.

    `ref` is the provider's own handle, read by the adapter's `fetch`; `url` an address that came in the message.
    `size` is in bytes, as the provider announced it. `content_type` is a claim; the store sniffs.
    """

    name: str | None = None
    content_type: str | None = None
    size: int | None = None
    content: bytes | None = None
    ref: str | None = None
    url: str | None = None
    deadline: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a text that the network split: `number` of `total`, from 1, under the sender's `reference`."""

    reference: str
    number: int
    total: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class InboundMessage:
    """A citizen's message.

    `external_id` is the provider's id, unique within the account; None where the provider gives none.
    `conversation_id` names the thread that keeps its order: a chat, a phone number, a mail address.
    `to` is the number, page or account that it was sent to. `sent_at` is aware; None where the provider does not tell.
    `sequence` is the provider's own order within one conversation, where sent_at is too coarse.
    `text` is what the citizen newly wrote, unchanged; `quoted` the history and signature that came along; `html` the
    same mail as HTML that has been made safe to show.
    `part` marks a piece of a split text, `album` the key of messages that belong together (never both).
    `command` is set for `start`, `lapor` and `status`, where the channel has commands of its own.
    `hints` is what else the provider told, as JSON values. Understood are `anonim`, `rahasia`, `type`, `ticket`,
    `program`, `place`, `no_reply` (never answer by ourselves), `phone` and `email` (as the citizen gave them),
    `email_verified`, and `scheme`: whose address the sender's is, where it is not the channel's own.
    """

    external_id: str | None
    conversation_id: str
    sender: Sender
    version: str = ""
    to: str | None = None
    sent_at: datetime | None = None
    sequence: int = 0
    text: str = ""
    subject: str | None = None
    quoted: str | None = None
    html: str | None = None
    attachments: tuple[Attachment, ...] = ()
    location: Location | None = None
    in_reply_to: str | None = None
    part: Part | None = None
    album: str | None = None
    command: str | None = None
    hints: Mapping[str, JSON] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A later version of a message: `external_id` is the original's, `version` orders the edits (compared as text)."""

    external_id: str
    version: str
    conversation_id: str
    sender: Sender
    to: str | None = None
    sent_at: datetime | None = None
    edited_at: datetime | None = None
    sequence: int = 0
    text: str = ""
    location: Location | None = None
    attachments: tuple[Attachment, ...] = ()
    hints: Mapping[str, JSON] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """The citizen took the message `external_id` back."""

    external_id: str
    conversation_id: str
    version: str = ""
    at: datetime | None = None
    to: str | None = None


class Delivery(enum.StrEnum):
    """How far our own message came; later members win over earlier ones, whatever the order of arrival."""

    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReceipt:
    """What became of a message that we sent: `external_id` is the one that `send` got or gave.

    As an inbound item its version is the status: one receipt for each step. `reply_id` is our own id of the reply,
    where the provider repeats it: so a message whose outcome nobody knew is found again. `error` is for the officer.
    """

    external_id: str
    status: Delivery
    at: datetime | None = None
    error: Sentence | None = None
    conversation_id: str = ""
    to: str | None = None
    reply_id: str | None = None

    @property
    def version(self) -> str:
        """The status, so that each step is an item of its own."""
        return self.status.value


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing for the officers, and why: one stable word with dashes, a detail behind a colon where it helps."""

    reason: str
    external_id: str | None = None
    version: str = ""
    conversation_id: str = ""
    to: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """An item that could not be read. `error` says where and what, without any of the citizen's words."""

    error: str
    external_id: str | None = None
    version: str = ""
    conversation_id: str = ""
    to: str | None = None


Inbound = InboundMessage | Edit | Unsent | DeliveryReceipt | Ignored | Malformed

#: Each class's name in the database, in `parse` output and in the ledger.
KINDS: dict[type[Inbound], str] = {
    InboundMessage: "message",
    Edit: "edit",
    Unsent: "unsent",
    DeliveryReceipt: "receipt",
    Ignored: "ignored",
    Malformed: "malformed",
}
