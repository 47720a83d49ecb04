"""What a complaint was before a change that figures count by."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class ComplaintPast(Base):
    """A complaint as it was until a moment; the columns are those of Complaint.

    A trigger writes one whenever a change takes away what a report of a past month needs: program, unit, type or a
    deadline become others, or the complaint is opened again. What a change only adds needs none: an answer or a closing
    that came after a moment is told by its own time.
    """

    __tablename__ = "complaint_past"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaint.id", ondelete="CASCADE"))
    until: Mapped[dt.datetime]
    program: Mapped[str | None]
    unit: Mapped[str | None]
    type: Mapped[str]
    state: Mapped[str]
    clock_started_at: Mapped[dt.datetime | None]
    response_due_at: Mapped[dt.datetime | None]
    responded_at: Mapped[dt.datetime | None]
    resolution_due_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    stays: Mapped[list[Any]] = mapped_column(JSONB, server_default=text("'[]'"))

    __table_args__ = (Index("ix_complaint_past_until", "complaint_id", "until", "id"),)
