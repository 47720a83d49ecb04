"""The officers: who may log in, with which rights, from where; and the trace of what was done to them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from store import origin
from store.models.base import Base


class Officer(Base):
    """Someone who may log in. `role`: administrator, program_admin, unit_head, officer, leader or auditor.

    `programs` lists the programs that the officer sees; an empty list means all for an administrator, none for others.
    `sees_identity` is the permission of invariant 10: the identity of anonymous and confidential reporters.
    `password_hash` is empty for whoever was invited and has not chosen a password yet. `email` is lower case.
    `totp_seed` makes the second factor's secret, with the installation's key; `totp_step` is the last step
    whose code was used. `language` is a code of inbox/i18n.py, None where he has chosen none.
    """

    __tablename__ = "officer"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    username: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str]
    role: Mapped[str]
    programs: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    unit: Mapped[str | None]
    sees_identity: Mapped[bool] = mapped_column(server_default="false")
    totp_seed: Mapped[str | None]
    totp_step: Mapped[int | None]
    active: Mapped[bool] = mapped_column(server_default="true")
    language: Mapped[str | None]
    created_at: Mapped[dt.datetime]


class Session(Base):
    """A log-in; `token_hash` is the SHA-256 of the cookie, so that the table opens no session.

    `device` is what an officer knows his browser by ("Firefox/Android").
    """

    __tablename__ = "session"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"), index=True)
    device: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]


class OfficerToken(Base):
    """A link or step that is good once and not for long: `purpose` says for what; `token_hash` is its SHA-256."""

    __tablename__ = "officer_token"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"), index=True)
    purpose: Mapped[str]
    expires_at: Mapped[dt.datetime]


class RecoveryCode(Base):
    """A way past the second factor that is good once; `code_hash` is the SHA-256 of officer and code."""

    __tablename__ = "recovery_code"

    code_hash: Mapped[str] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"), index=True)


class PersonEvent(Base):
    """Who did what to whom, and when; a trigger refuses to change or remove a row.

    `actor_id` is null where the command line or a mailed link did it; `data` holds what changed, as [before, after].
    `origin`, `seq` and `hash` as in `event`; a chain is an officer's.
    """

    __tablename__ = "person_event"
    __table_args__ = (
        Index("ix_person_event_officer_id_id", "officer_id", text("id DESC")),
        UniqueConstraint("officer_id", "seq"),
        Index("ix_person_event_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[dt.datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id"))
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default="{}")
    origin: Mapped[str] = mapped_column(default=origin.current, server_default="system")
    seq: Mapped[int]
    hash: Mapped[bytes]


class Throttle(Base):
    """How often something was done lately: `bucket` names who did what (hashed), `count` how often since `since`."""

    __tablename__ = "throttle"

    bucket: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[dt.datetime]
    count: Mapped[int]
