"""What search reads, which complaints it has still to read anew, and the views that officers have saved."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from store.models.base import Base


class ComplaintSearch(Base):
    """The words of one complaint's whole history; with `veiled` those that are left once the reporter is hidden.

    `words` also has lexemes with a blank in them, which no text can give: see `store.search_index`. No key points at
    the complaint: checking it would wait for whoever works on that.
    """

    __tablename__ = "complaint_search"

    complaint_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    veiled: Mapped[bool]
    opened_at: Mapped[dt.datetime]
    words: Mapped[Any] = mapped_column(TSVECTOR)

    __table_args__ = (Index("ix_complaint_search_words", "words", postgresql_using="gin"),)


class SearchDue(Base):
    """A complaint that has changed since search read it; written by triggers, so that no writer can forget it.

    Without a key of its own on the complaint, so that nobody waits for anybody: twice is harmless.
    """

    __tablename__ = "search_due"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    complaint_id: Mapped[uuid.UUID]


class SavedView(Base):
    """A queue as an officer has narrowed it, under his name for it; `query` is the address's query string."""

    __tablename__ = "saved_view"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officer.id", ondelete="CASCADE"))
    name: Mapped[str]
    query: Mapped[str]
    created_at: Mapped[dt.datetime]

    __table_args__ = (UniqueConstraint("officer_id", "name"),)
