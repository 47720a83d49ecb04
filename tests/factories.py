"""Complaints, lines and officers as the drain and the command line leave them, written straight into the tables."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import insert

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
from channels.registry import Manifest, Statuses
from dispatcher.runtime import Account, Runtime
from normalizer import ticket
from normalizer.keyword import KeywordIndex
from normalizer.messages import Delivery, DeliveryReceipt, Inbound
from normalizer.program import Program, Unit
from normalizer.text import searchable
from store import journal
from store.blobs import Blobs
from store.casework import Act
from store.journal import new_id
from store.models import Attachment, Complaint, Contact, ContactAddress, Event, Message, Officer, Outbox, Ticket

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Connection, Engine

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
PASSWORD = "kata sandi panjang"

SIAGA = Program(
    key="siaga",
    name="Siaga",
    organisation="Kabupaten Siaga",
    keywords=("siaga",),
    accounts=("sms-a", "kertas"),
    units=(
        Unit(code="dpu", name="Dinas Pekerjaan Umum"),
        Unit(code="dpu-jalan", name="Bidang Jalan", parent="dpu"),
        Unit(code="dinkes", name="Dinas Kesehatan"),
    ),
)
MATUR = Program(
    key="matur",
    name="Matur",
    organisation="Kabupaten Matur",
    keywords=("matur",),
    accounts=("sms-a",),
    units=(Unit(code="dinsos", name="Dinas Sosial"),),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class NoSettings:
    """None."""


class PaperChannel(Channel[NoSettings]):
    """A channel that tells the officer what the test told it to tell."""

    key: ClassVar[str] = "kertas"
    settings_type: ClassVar[type] = NoSettings

    def __init__(self, name: str, *, max_text: int | None = 320) -> None:
        super().__init__(AccountInfo(name=name), NoSettings())
        self.capabilities = Capabilities(replies=True, max_text=max_text)
        self.options = ReplyOptions(allowed=True)

    @classmethod
    def offline(cls, dialect: str | None = None) -> PaperChannel:
        assert dialect is None
        return cls("luring")

    def parse(self, raw: RawMessage) -> list[Inbound]:
        raise NotImplementedError(raw.id)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        assert conversation.address
        assert now.tzinfo
        return self.options

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        return DeliveryReceipt(external_id=reply.id, status=Delivery.SENT)

    def health(self) -> Health:
        return Health(ok=True, sentence="baik")


class Clock:
    """The tests' time; it passes when they say so."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, span: timedelta) -> None:
        self.at += span


def manifest(key: str, name: str) -> Manifest:
    return Manifest(
        key=key,
        name=name,
        version="1",
        read_on=NOW.date(),
        sources=(),
        max_body=1000,
        headers=(),
        statuses=Statuses(forged=403, malformed=400, unsupported=400),
    )


def house(engine: Engine, redis: Redis, folder: Path, clock: Clock, *, public_url: str = "http://localhost") -> Runtime:
    """A runtime with one account that two programs share, and one of Siaga's own."""
    accounts = {}
    for name, label, programs in (("sms-a", "SMS", (SIAGA, MATUR)), ("kertas", "Meja layanan", (SIAGA,))):
        accounts[name] = Account(
            name=name,
            channel=PaperChannel(name),
            manifest=manifest("kertas", label),
            programs=programs,
            keywords=KeywordIndex(programs),
        )
    return Runtime(
        engine=engine,
        redis=redis,
        accounts=accounts,
        programs={"siaga": SIAGA, "matur": MATUR},
        places={},
        blobs=Blobs(folder.as_uri()),
        clock=clock,
        public_url=public_url,
        zone=ZoneInfo("Asia/Jakarta"),
    )


def officer(connection: Connection, username: str, role: str = "officer", **values: Any) -> int:
    """An officer who cannot log in by password: hashing one takes its time."""
    given = {"programs": ["siaga"], "unit": None, "sees_identity": False, "name": username.title(), **values}
    row = {"username": username, "role": role, "password_hash": "", "created_at": NOW, **given}
    return connection.execute(insert(Officer).values(row).returning(Officer.id)).scalar_one()


def act(complaint_id: uuid.UUID, officer_id: int, version: int = 1, **values: Any) -> Act:
    """An officer's act on the complaint as it is in this version."""
    given = {"username": "dewi", "now": NOW, "programs": {"siaga": SIAGA, "matur": MATUR}, **values}
    return Act(complaint_id=complaint_id, version=version, officer_id=officer_id, **given)


def complaint(connection: Connection, text: str = "Jalan di depan pasar berlubang", **values: Any) -> uuid.UUID:
    """A complaint as the drain writes it, its contact and its first line with it; keywords overwrite columns.

    `name`, `address` and `external_id` are the line's.
    """
    name = values.pop("name", "Siti Aminah")
    address = values.pop("address", "+628112626116")
    external_id = values.pop("external_id", None)
    complaint_id = values.pop("id", new_id())
    contact_id = new_id()
    opened = values.get("opened_at", NOW - timedelta(hours=1))
    connection.execute(insert(Contact).values(id=contact_id, name=name, created_at=opened))
    row: dict[str, Any] = {
        "id": complaint_id,
        "ticket": ticket.new(),
        "program": "siaga",
        "account": "sms-a",
        "channel": "kertas",
        "conversation": address or "tanpa alamat",
        "contact_id": contact_id,
        "state": "baru",
        "type": "pengaduan",
        "subject": text[:80],
        "body": text,
        "words": searchable(text),
        "opened_at": opened,
        "created_at": opened,
        "response_due_at": opened + timedelta(hours=24),
        "resolution_due_at": opened + timedelta(hours=48),
        "next_due_at": opened + timedelta(hours=24),
        "last_inbound_at": opened,
        "last_activity_at": opened,
        **values,
    }
    connection.execute(insert(Complaint).values(row))
    connection.execute(insert(Ticket).values(code=row["ticket"], complaint_id=complaint_id))
    address_row = {"scheme": "kertas", "address": f"{address}#{complaint_id}", "phone": address, "name": name}
    connection.execute(insert(ContactAddress).values(**address_row, contact_id=contact_id, last_seen_at=opened))
    line(connection, complaint_id, text, name=name, address=address, external_id=external_id, sent_at=opened)
    return complaint_id


def line(connection: Connection, complaint_id: uuid.UUID, text: str, **values: Any) -> uuid.UUID:
    """A line of the citizen's, unless told otherwise."""
    sent = values.get("sent_at", NOW)
    row: dict[str, Any] = {
        "id": new_id(),
        "complaint_id": complaint_id,
        "direction": "in",
        "role": "citizen",
        "account": "sms-a",
        "conversation": values.get("address") or "+628112626116",
        "text": text,
        "clean": text,
        "sent_at": sent,
        "received_at": sent,
        **values,
    }
    connection.execute(insert(Message).values(row))
    return uuid.UUID(str(row["id"]))


def attachment(connection: Connection, message_id: uuid.UUID, **values: Any) -> uuid.UUID:
    row = {"id": new_id(), "message_id": message_id, "account": "sms-a", "state": "stored", **values}
    connection.execute(insert(Attachment).values(row))
    return uuid.UUID(str(row["id"]))


def outgoing(connection: Connection, complaint_id: uuid.UUID, state: str, text: str, **values: Any) -> uuid.UUID:
    """An answer of ours that came as far as `state`; returns the outbox row's id."""
    message_id = line(connection, complaint_id, text, direction="out", role="answer")
    row = {
        "id": new_id(),
        "account": "sms-a",
        "conversation": "+628112626116",
        "address": "+628112626116",
        "complaint_id": complaint_id,
        "message_id": message_id,
        "purpose": "answer",
        "text": text,
        "lane": 1,
        "state": state,
        "next_attempt_at": NOW,
        "created_at": NOW,
        **values,
    }
    connection.execute(insert(Outbox).values(row))
    return uuid.UUID(str(row["id"]))


def event(connection: Connection, complaint_id: uuid.UUID, kind: str, actor: str = "warga", **data: Any) -> None:
    connection.execute(insert(Event).values(complaint_id=complaint_id, at=NOW, actor=actor, kind=kind, data=data))


def quarantined(connection: Connection, account: str = "kertas", reason: str | None = "galat", **values: Any) -> int:
    """An item that could not be read, with its payload (`body`, `headers`, `query`, `received_at`); its number."""
    journal_id = new_id()
    received = values.get("received_at", NOW)
    day = received.astimezone(ZoneInfo("Asia/Jakarta")).date()
    entry = journal.Entry(
        id=journal_id, account=account, source="webhook", **{"received_at": received, "day": day, "body": b"", **values}
    )
    journal.insert(connection, [entry])
    journal.mark_parsed(connection, received, [(journal_id, "1", 1)])
    row = connection.exec_driver_sql(
        "INSERT INTO item (journal_id, ordinal, journal_seq, account, day, kind, external_id, version, conversation, "
        "partition, received_at, payload, state, outcome, reason) SELECT id, 0, seq, account, day, 'malformed', "
        "'~' || id, '', '', 0, received_at, '{}', 'done', 'quarantined', %s FROM journal WHERE id = %s RETURNING id",
        (reason, journal_id),
    )
    return int(row.scalar_one())
