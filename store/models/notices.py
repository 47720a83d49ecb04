"""What officers are told: a row for each person and event, seen or not."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Notice(Base):
    """Something that one officer should look at. `kind` is deadline, prod, mention or silence; `data` names no citizen.

    Of a deadline: clock, at (the step), due. Of a prod or mention: by (the officer's name). Of a silence, which has no
    complaint: account, hours, working, since.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"))
    complaint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    made_at: Mapped[dt.datetime]
    seen_at: Mapped[dt.datetime | None]

    __table_args__ = (
        Index("ix_notice_officer", "officer_id", "id"),
        Index("ix_notice_unseen", "officer_id", postgresql_where=sql("seen_at IS NULL")),
    )
