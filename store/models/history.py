"""What makes tampering with the history show: heads, seals, checks; and which identities are open to whom."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class HistoryHead(Base):
    """The end of a chain, kept by the triggers of the three books: its last row's number and hash.

    `chain` is a complaint's id, an officer's number as a UUID, or 00000001 and the beginning of the SHA-256 of an
    account's name. `seal_id` is the seal that holds this very end; null
    while rows have come since the last one.
    """

    __tablename__ = "history_head"

    chain: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]
    seal_id: Mapped[int | None]

    __table_args__ = (Index("ix_history_head_open", "chain", postgresql_where=sql("seal_id IS NULL")),)


class Seal(Base):
    """A seal over the ends of all chains that grew since the one before; append-only.

    `digest` is the SHA-256 of its lines; `hash` that of the seal before, this seal's number, time, number of lines and
    digest.
    """

    __tablename__ = "seal"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime]
    chains: Mapped[int]
    digest: Mapped[bytes]
    hash: Mapped[bytes]


class SealLine(Base):
    """The end of one chain as a seal found it; append-only."""

    __tablename__ = "seal_line"

    seal_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chain: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]


class AuditCheck(Base):
    """One look at the whole history: how much was looked at, how many faults there were and the first in words."""

    __tablename__ = "audit_check"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[dt.datetime]
    rows: Mapped[int]
    seals: Mapped[int]
    faults: Mapped[int]
    first: Mapped[str | None]


class Reveal(Base):
    """What a session may see, and until when: a complaint's reporter by its id, a payload by its item's number."""

    __tablename__ = "reveal"

    token_hash: Mapped[str] = mapped_column(ForeignKey("session.token_hash", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    until: Mapped[dt.datetime]
