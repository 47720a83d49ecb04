"""The complaint and all that hangs on it: contact, thread, files, history."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from sqlalchemy import Computed, ForeignKey, Identity, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from normalizer.complaint import OPEN, State
from store import origin
from store.models.base import Base

#: What figures read of a complaint beside `opened_at`: from the index alone, since the table's rows are wide.
COUNTED = [
    "program", "account", "unit", "officer_id", "channel", "type", "state", "area", "clock_started_at",
    "response_due_at", "responded_at", "resolution_due_at", "closed_at",
]  # fmt: skip

#: Acts of people of the house: few beside what citizens and the program do, and what the audit log asks for.
OF_OFFICERS = "actor NOT IN ('warga', 'sistem')"


class Contact(Base):
    """A citizen, as far as we know: one or more addresses that an officer has joined."""

    __tablename__ = "contact"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    created_at: Mapped[dt.datetime]


class ContactAddress(Base):
    """An address of a citizen; `scheme` is the channel's key, or whose address it really is.

    `phone` (E.164) and `email` suggest who is the same person; `email_verified` is true where the mail's own server
    vouched for it.
    """

    __tablename__ = "contact_address"

    scheme: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(
        ForeignKey("contact.id", deferrable=True, initially="DEFERRED"), index=True
    )
    name: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(index=True)
    email: Mapped[str | None] = mapped_column(index=True)
    email_verified: Mapped[bool] = mapped_column(server_default=sql("false"))
    last_seen_at: Mapped[dt.datetime]


class Ticket(Base):
    """Every ticket code ever given out; `complaint_id` is null while the code is only reserved."""

    __tablename__ = "ticket"

    code: Mapped[str] = mapped_column(primary_key=True)
    complaint_id: Mapped[uuid.UUID | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=sql("now()"))


#: Who has not got a closed state; as it stands in the indexes of what is open, and in the queries that use them.
ONLY_OPEN = f"state IN ({', '.join(repr(state.value) for state in State if state in OPEN)})"
#: As it stands in the indexes of what waits for its citizen.
ASKED = f"state = '{State.MENUNGGU_WARGA.value}'"
RARE = ("anonim", "rahasia", "format_unclear", "likely_double", "send_failed")
#: The indexes of what is open hold all that decides about a queue: thousands of them are gone through without a row.
QUEUED: dict[str, Any] = {
    "postgresql_where": sql(ONLY_OPEN),
    "postgresql_include": [
        "program", "unit", "account", "state", "officer_id", "opened_at", "clock_started_at", "waiting_since",
    ],
}  # fmt: skip


class Complaint(Base):
    """One complaint (aduan). `program` is null in the triage tray; `version` guards against two officers at once.

    `opened_at` is when the citizen sent its first message; `next_due_at` is what the queue sorts by, null once closed.
    The clocks count from `clock_started_at`, or from `opened_at` where that is null; `stays` are the times spent
    waiting for the citizen or on hold: [state, since, until]. `warned` names the steps of escalation that are done,
    `warn_at` is when the next one is due.
    `body` is the first message cleaned; `words` is what search reads, everyday spelling expanded.
    `touched` says that an officer has acted: from then on the program does not re-thread it.
    `held_until` is when what is held comes back, into the state `held_from`.
    `area` is the first of the configured places that the words may mean: figures count by it.
    `desk` is program and unit in one, which indexes hold in order: `siaga/dpu`, `siaga/` where no unit has it, `/`.
    `waiting_since` is the citizen's last line where nobody has answered it; a trigger keeps `last_answered_at`.
    """

    __tablename__ = "complaint"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    ticket: Mapped[str] = mapped_column(unique=True)
    program: Mapped[str | None]
    account: Mapped[str]
    channel: Mapped[str]
    conversation: Mapped[str]
    contact_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("contact.id"), index=True)
    state: Mapped[str]
    type: Mapped[str]
    anonim: Mapped[bool] = mapped_column(server_default=sql("false"))
    rahasia: Mapped[bool] = mapped_column(server_default=sql("false"))
    format_unclear: Mapped[bool] = mapped_column(server_default=sql("false"))
    likely_double: Mapped[bool] = mapped_column(server_default=sql("false"))
    subject: Mapped[str]
    body: Mapped[str]
    words: Mapped[str]
    place: Mapped[dict[str, Any] | None]
    unit: Mapped[str | None]
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    touched: Mapped[bool] = mapped_column(server_default=sql("false"))
    unread: Mapped[bool] = mapped_column(server_default=sql("true"))
    send_failed: Mapped[bool] = mapped_column(server_default=sql("false"))
    opened_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime]
    response_due_at: Mapped[dt.datetime | None]
    resolution_due_at: Mapped[dt.datetime | None]
    next_due_at: Mapped[dt.datetime | None]
    clock_started_at: Mapped[dt.datetime | None]
    verification_due_at: Mapped[dt.datetime | None]
    silence_due_at: Mapped[dt.datetime | None]
    stays: Mapped[list[Any]] = mapped_column(server_default="[]")
    warned: Mapped[list[Any]] = mapped_column(server_default="[]")
    warn_at: Mapped[dt.datetime | None]
    responded_at: Mapped[dt.datetime | None]
    closed_at: Mapped[dt.datetime | None]
    last_inbound_at: Mapped[dt.datetime]
    last_activity_at: Mapped[dt.datetime]
    last_answered_at: Mapped[dt.datetime | None]
    waiting_since: Mapped[dt.datetime | None] = mapped_column(
        Computed(
            "CASE WHEN closed_at IS NULL AND (last_answered_at IS NULL OR last_answered_at < last_inbound_at)"
            " THEN last_inbound_at END",
            persisted=True,
        )
    )
    merged_into: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("complaint.id"))
    held_until: Mapped[dt.datetime | None]
    held_from: Mapped[str | None]
    version: Mapped[int] = mapped_column(server_default="1")
    desk: Mapped[str] = mapped_column(
        Computed("coalesce(program, '') || '/' || coalesce(unit, '')", persisted=True), nullable=True
    )
    area: Mapped[str | None] = mapped_column(Computed("(place -> 'candidates') ->> 0", persisted=True))
    search: Mapped[Any] = mapped_column(
        TSVECTOR,
        Computed("to_tsvector('indonesian'::regconfig, words)", persisted=True),
    )

    __table_args__ = (
        Index("ix_complaint_queue", "next_due_at", "id", **QUEUED),
        Index("ix_complaint_program_queue", "program", "next_due_at", "id", **QUEUED),
        Index("ix_complaint_desk_queue", "desk", "next_due_at", "id", **QUEUED),
        Index(
            "ix_complaint_officer",
            "officer_id",
            "next_due_at",
            "id",
            postgresql_where=sql(f"officer_id IS NOT NULL AND {ONLY_OPEN}"),
        ),
        Index("ix_complaint_newest", "opened_at", "id", postgresql_include=["state"]),
        Index("ix_complaint_program_newest", "program", "opened_at", "id", postgresql_include=["state"]),
        Index("ix_complaint_desk_newest", "desk", "opened_at", "id", postgresql_include=["state"]),
        Index("ix_complaint_created", "created_at"),
        # What is rare is nowhere near, however far one goes back. What is unread is not: and an index of it would make
        # of each first look at a complaint a write into all the others.
        *(Index(f"ix_complaint_{flag}", "opened_at", "id", postgresql_where=sql(flag)) for flag in RARE),
        Index("ix_complaint_conversation", "account", "conversation", "opened_at"),
        Index("ix_complaint_search", "search", postgresql_using="gin"),
        Index("ix_complaint_warn", "warn_at", postgresql_where=sql("warn_at IS NOT NULL")),
        # Who waits for his citizen has a queue of its own, and is few among what is open.
        Index(
            "ix_complaint_asked",
            "desk",
            postgresql_where=sql(ASKED),
            postgresql_include=["program"],
        ),
        Index("ix_complaint_silence", "silence_due_at", postgresql_where=sql(ASKED)),
        Index("ix_complaint_held", "held_until", postgresql_where=sql("held_until IS NOT NULL")),
        Index("ix_complaint_merged", "merged_into", postgresql_where=sql("merged_into IS NOT NULL")),
        Index("ix_complaint_figures", "opened_at", postgresql_include=COUNTED),
        Index("ix_complaint_waiting", "waiting_since", "id", postgresql_where=sql("waiting_since IS NOT NULL")),
        Index("ix_complaint_place", "place", postgresql_using="gin", postgresql_ops={"place": "jsonb_path_ops"}),
    )


class Message(Base):
    """One line of a thread: from the citizen (`in`), to the citizen (`out`), or between officers (`note`).

    `text` is as written and never changes; an edit stands in `revised`. A keyword alone has no `complaint_id`.
    `opener` says that it opens a complaint by itself (keyword, /lapor, form, desk); `keyword` tells which program and
    whether the format was exact. `parts` holds a split text's pieces by number, `missing` the numbers that never came.
    """

    __tablename__ = "message"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    complaint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("complaint.id"))
    direction: Mapped[str]
    role: Mapped[str]
    account: Mapped[str]
    conversation: Mapped[str]
    external_id: Mapped[str | None]
    item_id: Mapped[int | None] = mapped_column(unique=True)
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("officer.id"))
    address: Mapped[str | None]
    name: Mapped[str | None]
    text: Mapped[str]
    clean: Mapped[str] = mapped_column(server_default="")
    subject: Mapped[str | None]
    quoted: Mapped[str | None]
    html: Mapped[str | None]
    revised: Mapped[str | None]
    revision: Mapped[str | None]
    revised_at: Mapped[dt.datetime | None]
    withdrawn_at: Mapped[dt.datetime | None]
    location: Mapped[dict[str, Any] | None]
    in_reply_to: Mapped[str | None]
    opener: Mapped[bool] = mapped_column(server_default=sql("false"))
    keyword: Mapped[dict[str, Any] | None]
    group_key: Mapped[str | None]
    parts: Mapped[dict[str, Any] | None]
    missing: Mapped[list[Any] | None] = mapped_column(JSONB)
    original_missing: Mapped[bool] = mapped_column(server_default=sql("false"))
    hints: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    sequence: Mapped[int] = mapped_column(server_default="0")
    sent_at: Mapped[dt.datetime]
    received_at: Mapped[dt.datetime]

    __table_args__ = (
        Index("uq_message_external", "account", "external_id", unique=True, postgresql_where=sql("direction = 'in'")),
        Index("ix_message_out", "account", "external_id", postgresql_where=sql("direction = 'out'")),
        Index("ix_message_thread", "complaint_id", "sent_at", "sequence"),
        Index("ix_message_conversation", "account", "conversation", "sent_at"),
        Index(
            "ix_message_answer",
            "account",
            "conversation",
            "sent_at",
            postgresql_where=sql("direction = 'out' AND role = 'answer'"),
        ),
    )


class Attachment(Base):
    """A file of a message. `state`: owed (until `deadline`), stored, expired, too_large, refused or failed.

    `sha256` names the blob. `ref` and `url` are what the adapter fetches it by; `content_type` is sniffed once stored.
    """

    __tablename__ = "attachment"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    message_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("message.id"), index=True)
    account: Mapped[str]
    position: Mapped[int] = mapped_column(server_default="0")
    name: Mapped[str | None]
    content_type: Mapped[str | None]
    size: Mapped[int | None]
    sha256: Mapped[str | None]
    state: Mapped[str]
    ref: Mapped[str | None]
    url: Mapped[str | None]
    deadline: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[dt.datetime | None]
    error: Mapped[str | None]

    __table_args__ = (Index("ix_attachment_owed", "next_attempt_at", postgresql_where=sql("state = 'owed'")),)


class Event(Base):
    """The history, append-only: who did what, when, from where. `actor` is `warga`, `sistem` or an officer's username.

    `origin` is one of the words of store/origin.py. `seq` counts a complaint's rows, `hash` is the SHA-256 of the one
    before and this row's content: a trigger sets both (docs/adr/0022), so an insert that is given up halfway, as
    ON CONFLICT DO NOTHING does it, would leave a gap.
    """

    __tablename__ = "event"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    complaint_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("complaint.id"))
    at: Mapped[dt.datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    data: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    origin: Mapped[str] = mapped_column(default=origin.current, server_default="system")
    seq: Mapped[int]
    hash: Mapped[bytes]

    __table_args__ = (
        UniqueConstraint("complaint_id", "seq"),
        Index("ix_event_at", "at", "id"),
        Index("ix_event_officers", "at", "id", postgresql_where=sql(OF_OFFICERS)),
        Index("ix_event_actor", "actor", "at", "id", postgresql_where=sql(OF_OFFICERS)),
        Index("ix_event_kind", "kind", "at", "id", postgresql_where=sql(OF_OFFICERS)),
    )


class Outbox(Base):
    """A message on its way to a citizen.

    `state`: queued, sending, sent, delivered, read, failed (with `error`), unknown (an officer decides), dropped (an
    automatic text of unknown outcome, not repeated), skipped (an automatic text that the channel does not take).
    `purpose`: ack, format, prompt, welcome, status, silence, merged, answer, officer (his chat is linked), test.
    `dedupe` makes the same automatic text impossible twice. `message_id` is the thread's line, where it has one.
    """

    __tablename__ = "outbox"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    account: Mapped[str]
    conversation: Mapped[str]
    address: Mapped[str]
    complaint_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("complaint.id"), index=True)
    message_id: Mapped[uuid.UUID | None]
    purpose: Mapped[str]
    dedupe: Mapped[str | None] = mapped_column(unique=True)
    text: Mapped[str]
    subject: Mapped[str | None]
    in_reply_to: Mapped[str | None]
    hints: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    lane: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="queued")
    attempts: Mapped[int] = mapped_column(server_default="0")
    next_attempt_at: Mapped[dt.datetime]
    claimed_at: Mapped[dt.datetime | None]
    external_id: Mapped[str | None]
    sent_at: Mapped[dt.datetime | None]
    error: Mapped[str | None]
    created_at: Mapped[dt.datetime]
    seq: Mapped[int] = mapped_column(Identity(always=True), unique=True)

    __table_args__ = (
        UniqueConstraint("message_id", name="uq_outbox_message"),
        Index("ix_outbox_queued", "account", "lane", "seq", postgresql_where=sql("state IN ('queued', 'sending')")),
        Index("ix_outbox_external", "account", "external_id"),
        Index("ix_outbox_conversation", "account", "conversation", "created_at"),
        Index("ix_outbox_test", "account", "created_at", postgresql_where=sql("purpose = 'test'")),
        Index("ix_outbox_failed", "account", "created_at", postgresql_where=sql("state IN ('failed', 'unknown')")),
    )
