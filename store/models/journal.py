"""The journal and what comes of it: raw payloads, their items, later versions, receipts, cursors."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, LargeBinary, SmallInteger, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Journal(Base):
    """One payload, byte for byte. `body` is null where `blob` names it; `day` is the local date of receipt.

    `seq` is the order of arrival. `item_count` is null until the payload is parsed. `not_before` puts off a payload
    whose files the blob store cannot take or give now, so that it holds up no other.
    """

    __tablename__ = "journal"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(Identity(always=True), unique=True)
    account: Mapped[str]
    source: Mapped[str]
    received_at: Mapped[dt.datetime]
    day: Mapped[dt.date]
    query: Mapped[str] = mapped_column(server_default="")
    headers: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    blob: Mapped[str | None]
    meta: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    not_before: Mapped[dt.datetime | None]
    parsed_at: Mapped[dt.datetime | None]
    adapter_version: Mapped[str | None]
    item_count: Mapped[int | None]

    __table_args__ = (
        Index("ix_journal_pending", "seq", postgresql_where=sql("parsed_at IS NULL")),
        Index("ix_journal_account_day", "account", "day"),
    )


class Item(Base):
    """One item of a payload; what became of it is `outcome`, null while `state` is new or waiting.

    `partition` is a hash of account and conversation: a partition is handled by one worker at a time.
    `due_at` releases what waits for a part, an album's end or an edit's original.
    """

    __tablename__ = "item"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    journal_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("journal.id"))
    ordinal: Mapped[int]
    journal_seq: Mapped[int]
    account: Mapped[str]
    day: Mapped[dt.date]
    kind: Mapped[str]
    external_id: Mapped[str]
    version: Mapped[str]
    conversation: Mapped[str]
    partition: Mapped[int] = mapped_column(SmallInteger)
    received_at: Mapped[dt.datetime]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str]
    outcome: Mapped[str | None]
    reason: Mapped[str | None]
    due_at: Mapped[dt.datetime | None]
    handled_at: Mapped[dt.datetime | None]
    message_id: Mapped[uuid.UUID | None]
    duplicate_of: Mapped[int | None]

    __table_args__ = (
        UniqueConstraint("journal_id", "ordinal"),
        Index(
            "uq_item_event",
            "account",
            "kind",
            "external_id",
            "version",
            unique=True,
            postgresql_where=sql("duplicate_of IS NULL"),
        ),
        Index("ix_item_new", "partition", "journal_seq", "ordinal", postgresql_where=sql("state = 'new'")),
        Index("ix_item_waiting", "account", "conversation", postgresql_where=sql("state = 'waiting'")),
        Index("ix_item_due", "due_at", postgresql_where=sql("state = 'waiting'")),
        Index("ix_item_account_day", "account", "day"),
        Index("ix_item_quarantined", "id", postgresql_where=sql("outcome = 'quarantined'")),
    )


class Revision(Base):
    """A later version of a citizen's message or its withdrawal (`kind` edit, unsent); it may precede the original."""

    __tablename__ = "revision"

    account: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
    text: Mapped[str]


class Receipt(Base):
    """The furthest that a provider reported of a message of ours, whether or not the send is recorded yet.

    `reply_id` is the outbox row's id, where the provider repeats it.
    """

    __tablename__ = "receipt"

    account: Mapped[str] = mapped_column(primary_key=True)
    external_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str] = mapped_column(primary_key=True)
    reply_id: Mapped[uuid.UUID | None] = mapped_column(index=True)
    at: Mapped[dt.datetime]
    error: Mapped[str | None]


class Cursor(Base):
    """How far a polled account has been read; committed together with the journal rows that the poll brought."""

    __tablename__ = "cursor"

    account: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[dict[str, Any]]
    updated_at: Mapped[dt.datetime]
