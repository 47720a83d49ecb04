"""Canned answers."""

from __future__ import annotations

import datetime as dt
import uuid

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class Canned(Base):
    """A canned answer of a program, or of one of its units and those below; `text` names variables in braces."""

    __tablename__ = "canned"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    program: Mapped[str]
    unit: Mapped[str | None]
    title: Mapped[str]
    text: Mapped[str]
    changed_at: Mapped[dt.datetime]
    changed_by: Mapped[str]

    __table_args__ = (Index("ix_canned_program", "program", "unit", "title"),)
