"""The officers: who may log in, with which rights, from where."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Officer(Base):
    """Someone who may log in. `role`: administrator, program_admin, unit_head, officer, leader or auditor.

    `programs` lists the programs that the officer sees; an empty list means all for an administrator, none for others.
    `sees_identity` is the permission of invariant 10: the identity of anonymous and confidential reporters.
    """

    __tablename__ = "officer"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    programs: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    unit: Mapped[str | None]
    sees_identity: Mapped[bool] = mapped_column(server_default="false")
    active: Mapped[bool] = mapped_column(server_default="true")
    created_at: Mapped[dt.datetime]


class Session(Base):
    """A log-in; `token_hash` is the SHA-256 of the cookie, so that the table opens no session."""

    __tablename__ = "session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


class Throttle(Base):
    """How often something was done lately: `bucket` names who did what (hashed), `count` how often since `since`."""

    __tablename__ = "throttle"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[dt.datetime]
    count: Mapped[int]
