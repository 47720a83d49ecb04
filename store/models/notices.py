"""What officers are told: a row for each person and event, seen or not; and how it leaves the house, as they chose."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Notice(Base):
    """Something that one officer should look at. `kind` is a normalizer.telling.Kind; `data` names no citizen.

    Of a deadline: clock, at (the step), due. Of a prod or mention: by (the officer's name). Of a silence, which has no
    complaint: account, hours, working, since. Of a disposition: unit. Of a citizen who wrote again: reopened. Of a new
    complaint: more (how many others came with it). Of a test, which is made as seen: nothing.
    `planned` says that its deliveries are made, or that there are none.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"))
    complaint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    made_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime | None]
    planned: Mapped[bool] = mapped_column(server_default=sql("false"))

    __table_args__ = (
        Index("ix_notice_officer", "officer_id", "id"),
        Index("ix_notice_unseen", "officer_id", postgresql_where=sql("seen_at IS NULL")),
        Index("ix_notice_unplanned", "id", postgresql_where=sql("NOT planned")),
        Index("ix_notice_old", "made_at", postgresql_where=sql("seen_at IS NOT NULL")),
    )


class Choice(Base):
    """What an officer chose to be told outside the inbox (normalizer.telling.Wishes); without a row, nothing.

    `kinds` is {kind: {way: now or digest}}. Times of day are of the installation's zone.
    """

    __tablename__ = "officer_choice"

    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"), primary_key=True)
    kinds: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    digest_hour: Mapped[int]
    digest_days: Mapped[str]
    quiet_from: Mapped[dt.time | None]
    quiet_to: Mapped[dt.time | None]
    late_passes: Mapped[bool]


class Reach(Base):
    """A way that reaches an officer: `way` mail, or telegram with the account and the chat that he linked.

    `failures` counts refusals in a row; from `paused_at` on nothing goes there. For mail, `address` is the one that
    refused: another one starts anew.
    """

    __tablename__ = "officer_reach"

    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"), primary_key=True)
    way: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(server_default="")
    address: Mapped[str] = mapped_column(server_default="")
    since: Mapped[dt.datetime]
    failures: Mapped[int] = mapped_column(server_default="0")
    error: Mapped[str | None]
    paused_at: Mapped[dt.datetime | None]

    __table_args__ = (
        Index("uq_officer_reach_chat", "account", "address", unique=True, postgresql_where=sql("way = 'telegram'")),
    )


class Delivery(Base):
    """A notice on one way out. `state`: waiting, sending, sent, failed, unknown (nobody knows) or dropped.

    Dropped is what the officer no longer reaches or wants, or has seen. Rows that go in one message have one `batch`,
    which is the message's id: a mail whose outcome nobody knows goes again under it.
    """

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notice.id", ondelete="CASCADE"))
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"))
    way: Mapped[str]
    digest: Mapped[bool]
    due_at: Mapped[dt.datetime]
    state: Mapped[str] = mapped_column(server_default="waiting")
    batch: Mapped[uuid.UUID | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    claimed_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]

    __table_args__ = (
        UniqueConstraint("notice_id", "way", name="uq_delivery_notice_id"),
        Index("ix_delivery_batch", "batch", postgresql_where=sql("batch IS NOT NULL")),
        Index("ix_delivery_waiting", "way", "due_at", postgresql_where=sql("state = 'waiting'")),
        Index("ix_delivery_officer", "officer_id", "way", postgresql_where=sql("state IN ('waiting', 'sending')")),
        Index("ix_delivery_sending", "way", "claimed_at", postgresql_where=sql("state = 'sending'")),
    )
