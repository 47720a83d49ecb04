"""What is known of an account, what was done to it, and that a process lives."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from store import origin
from store.models.base import Base


class AccountState(Base):
    """What we know of an account's provider: when it last worked, and until when sending to it rests by itself.

    `health` is the adapter's sentence as of `checked_at`, `week` the ledger of the last seven days as of then, oldest
    day first. A check is due when it is old, or asked for since; `check_begun_at` is somebody's claim to it.
    `sending_paused` and `polling_paused` are an officer's pause, which only an officer ends; `resumed_at` is when one
    last did.
    `expect_hours` is how long the account may receive nothing, counted as of `expect_since` and in working hours where
    `expect_working`; `silent_since` is when that time was over, null while all is well.
    """

    __tablename__ = "account_state"

    account: Mapped[str] = mapped_column(primary_key=True)
    last_in_at: Mapped[dt.datetime | None]
    last_out_at: Mapped[dt.datetime | None]
    last_error_at: Mapped[dt.datetime | None]
    last_error: Mapped[str | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    paused_until: Mapped[dt.datetime | None]
    health_ok: Mapped[bool | None]
    health: Mapped[str | None]
    week: Mapped[list[Any]] = mapped_column(server_default="[]")
    checked_at: Mapped[dt.datetime | None]
    check_asked_at: Mapped[dt.datetime | None]
    check_begun_at: Mapped[dt.datetime | None]
    sending_paused: Mapped[bool] = mapped_column(server_default=sql("false"))
    polling_paused: Mapped[bool] = mapped_column(server_default=sql("false"))
    paused_at: Mapped[dt.datetime | None]
    resumed_at: Mapped[dt.datetime | None]
    paused_by: Mapped[str | None]
    pause_reason: Mapped[str | None]
    expect_hours: Mapped[int | None]
    expect_working: Mapped[bool] = mapped_column(server_default=sql("false"))
    expect_since: Mapped[dt.datetime | None]
    silent_since: Mapped[dt.datetime | None]


class AccountEvent(Base):
    """Who did what to an account or to what came in on it, append-only; chained as `Event` is, for each account.

    `actor_id` is null where the program itself noticed something.
    """

    __tablename__ = "account_event"
    __table_args__ = (
        Index("ix_account_event_account", "account", sql("id DESC")),
        UniqueConstraint("account", "seq"),
        Index("ix_account_event_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[dt.datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    account: Mapped[str]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    origin: Mapped[str] = mapped_column(default=origin.current, server_default="system")
    seq: Mapped[int]
    hash: Mapped[bytes]


class Beat(Base):
    """When a process of that name last came by: one that stands still shows by it."""

    __tablename__ = "beat"

    name: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[dt.datetime]
