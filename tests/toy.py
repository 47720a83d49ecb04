"""A toy channel for tests of the dispatcher: payloads are JSON lists of items, spelt out."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self
from zoneinfo import ZoneInfo

from channels.contract import (
    AccountInfo,
    Capabilities,
    Channel,
    Conversation,
    Health,
    OutboundReply,
    RawMessage,
    ReplyOptions,
)
from channels.errors import PayloadError
from channels.registry import Manifest, Statuses
from dispatcher.runtime import Account, Pace, Runtime
from normalizer.keyword import KeywordIndex
from normalizer.messages import (
    Attachment,
    Delivery,
    DeliveryReceipt,
    Edit,
    Ignored,
    Inbound,
    InboundMessage,
    Malformed,
    Part,
    Sender,
    Unsent,
)
from normalizer.place import PlaceFinder
from normalizer.program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Media, Obligation

START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)

MANIFEST = Manifest(
    key="toy",
    name="Toy",
    version="1",
    read_on=START.date(),
    sources=(),
    max_body=100_000,
    headers=(),
    statuses=Statuses(forged=403, malformed=400, unsupported=400),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ToySettings:
    """None."""


class ToyChannel(Channel[ToySettings]):
    """Says what the test tells it to say; remembers what it was asked to send."""

    key = "toy"
    settings_type = ToySettings

    def __init__(self, name: str, *, replies: bool = True, idempotent: bool = False) -> None:
        super().__init__(AccountInfo(name=name), ToySettings())
        self.capabilities = Capabilities(webhook=True, replies=replies, idempotent_send=idempotent)
        self.sent: list[OutboundReply] = []
        self.failures: list[Exception] = []
        self.media: dict[str, Media | Exception] = {}

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """Just one."""
        return cls("toy")

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """A JSON list of items, see `item`."""
        try:
            return [item(**entry) for entry in json.loads(raw.body)]
        except ValueError as error:
            raise PayloadError("not JSON") from error

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """Always."""
        return ReplyOptions(allowed=True)

    def fetch(self, obligation: Obligation) -> Media:
        """What the test put there."""
        found = self.media[str(obligation.ref)]
        if isinstance(found, Exception):
            raise found
        return found

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """Note it, or fail as the test says."""
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(reply)
        return DeliveryReceipt(external_id=f"out-{len(self.sent)}", status=Delivery.SENT)

    def health(self) -> Health:
        """Fine."""
        return Health(ok=True, sentence="fine")


def item(kind: str = "message", **values: Any) -> Inbound:
    """One item: `at` is in seconds after START, `who` the sender and conversation."""
    who = values.pop("who", "+62811000001")
    at = datetime.fromtimestamp(START.timestamp() + values.pop("at", 0), UTC)
    if kind == "message":
        if "part" in values:
            reference, number, total = values.pop("part")
            values["part"] = Part(reference=reference, number=number, total=total)
        files = tuple(Attachment(**file) for file in values.pop("files", ()))
        values.setdefault("external_id", None)
        return InboundMessage(
            conversation_id=values.pop("conversation", who),
            sender=Sender(address=who, name=values.pop("name", None)),
            sent_at=at,
            attachments=files,
            **values,
        )
    if kind == "edit":
        return Edit(conversation_id=who, sender=Sender(address=who), sent_at=at, edited_at=at, **values)
    if kind == "unsent":
        return Unsent(conversation_id=who, at=at, **values)
    if kind == "receipt":
        values["status"] = Delivery(values["status"])
        return DeliveryReceipt(at=at, **values)
    if kind == "ignored":
        return Ignored(conversation_id=who, **values)
    if kind == "malformed":
        return Malformed(conversation_id=who, **values)
    raise ValueError(kind)


MASBUP = Program(
    key="masbup", name="Mas Bup Siaga", organisation="Kabupaten Pemalang", keywords=("masbupsiaga",), accounts=("toy",)
)
MATUR = Program(
    key="matur", name="Matur Bupati", organisation="Kabupaten Purbalingga", keywords=("maturbupati",), accounts=("toy",)
)


class Clock:
    """Time that stands still until the test moves it."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time."""
        return self.now


def runtime(
    engine: Engine,
    redis: Redis,
    folder: Path,
    *,
    programs: Sequence[Program] = (MASBUP, MATUR),
    channels: Sequence[ToyChannel] = (),
    pace: Pace | None = None,
    clock: Clock | None = None,
) -> Runtime:
    """A runtime with toy accounts (one named `toy` unless told otherwise)."""
    from store.blobs import Blobs  # noqa: PLC0415 - the file store opens its folder

    accounts = {}
    for channel in channels or (ToyChannel("toy"),):
        name = channel.account.name
        reached = tuple(program for program in programs if name in program.accounts)
        accounts[name] = Account(
            name=name, channel=channel, manifest=MANIFEST, programs=reached, keywords=KeywordIndex(reached)
        )
    return Runtime(
        engine=engine,
        redis=redis,
        accounts=accounts,
        programs={program.key: program for program in programs},
        places={program.key: PlaceFinder(program.places) for program in programs},
        blobs=Blobs(folder.as_uri()),
        clock=clock or Clock(),
        public_url="https://aduan.example",
        zone=ZoneInfo("Asia/Jakarta"),
        pace=pace or Pace(),
    )
