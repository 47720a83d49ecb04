"""Search over all history, saved views, and the indexes of a large queue."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_WAITS = (
    "CASE WHEN closed_at IS NULL AND (last_answered_at IS NULL OR last_answered_at < last_inbound_at)"
    " THEN last_inbound_at END"
)

# Every way in which the words of a complaint can change ends in one of these tables: whoever writes there need not know
# that there is a search.
_MARKS = (
    """
CREATE FUNCTION search_mark_lines() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_due (complaint_id)
    SELECT DISTINCT complaint_id FROM fresh WHERE complaint_id IS NOT NULL AND role <> 'auto';
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_mark_lines AFTER INSERT ON message REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION search_mark_lines()
""",
    """
CREATE FUNCTION search_mark_line() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_due (complaint_id)
    SELECT DISTINCT id FROM unnest(ARRAY[OLD.complaint_id, NEW.complaint_id]) AS id WHERE id IS NOT NULL;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_mark_line AFTER UPDATE OF complaint_id, text, revised, subject, quoted, name, address, location,
  hints ON message FOR EACH ROW WHEN (
    (OLD.complaint_id, OLD.text, OLD.revised, OLD.subject, OLD.quoted, OLD.name, OLD.address, OLD.location, OLD.hints)
    IS DISTINCT FROM
    (NEW.complaint_id, NEW.text, NEW.revised, NEW.subject, NEW.quoted, NEW.name, NEW.address, NEW.location, NEW.hints)
  ) EXECUTE FUNCTION search_mark_line()
""",
    """
CREATE FUNCTION search_mark_complaint() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_due (complaint_id) VALUES (NEW.id);
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_mark_complaint AFTER UPDATE OF program, unit, account, type, contact_id, ticket, subject, place,
  anonim, rahasia, format_unclear, likely_double, opened_at ON complaint FOR EACH ROW WHEN (
    (OLD.program, OLD.unit, OLD.account, OLD.type, OLD.contact_id, OLD.ticket, OLD.subject, OLD.place, OLD.anonim,
     OLD.rahasia, OLD.format_unclear, OLD.likely_double, OLD.opened_at)
    IS DISTINCT FROM
    (NEW.program, NEW.unit, NEW.account, NEW.type, NEW.contact_id, NEW.ticket, NEW.subject, NEW.place, NEW.anonim,
     NEW.rahasia, NEW.format_unclear, NEW.likely_double, NEW.opened_at)
  ) EXECUTE FUNCTION search_mark_complaint()
""",
    """
CREATE FUNCTION search_mark_files() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_due (complaint_id)
    SELECT DISTINCT m.complaint_id FROM fresh f JOIN message m ON m.id = f.message_id
    WHERE m.complaint_id IS NOT NULL AND f.name IS NOT NULL;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_mark_files AFTER INSERT ON attachment REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION search_mark_files()
""",
    """
CREATE FUNCTION search_mark_file() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_due (complaint_id)
    SELECT complaint_id FROM message WHERE id = NEW.message_id AND complaint_id IS NOT NULL;
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_mark_file AFTER UPDATE OF name ON attachment FOR EACH ROW
WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION search_mark_file()
""",
    """
CREATE FUNCTION search_mark_contact() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO search_due (complaint_id)
    SELECT id FROM complaint WHERE contact_id = ANY(ARRAY[OLD.contact_id, NEW.contact_id]);
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER search_mark_contact AFTER UPDATE OF contact_id, name, phone, email ON contact_address FOR EACH ROW
WHEN ((OLD.contact_id, OLD.name, OLD.phone, OLD.email) IS DISTINCT FROM
      (NEW.contact_id, NEW.name, NEW.phone, NEW.email)) EXECUTE FUNCTION search_mark_contact()
""",
)
_MARKED = {
    "message": ("search_mark_lines", "search_mark_line"),
    "complaint": ("search_mark_complaint",),
    "attachment": ("search_mark_files", "search_mark_file"),
    "contact_address": ("search_mark_contact",),
}

# An answer is a line, whoever writes it: that the citizen has one is known by the line alone.
_ANSWERS = (
    """
CREATE FUNCTION complaint_answered() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE complaint c SET last_answered_at = (
    SELECT max(m.sent_at) FROM message m
    WHERE m.complaint_id = c.id AND m.direction = 'out' AND m.role = 'answer')
  WHERE c.id = NEW.complaint_id OR (TG_OP = 'UPDATE' AND c.id = OLD.complaint_id);
  RETURN NULL;
END $$
""",
    """
CREATE TRIGGER complaint_answered AFTER INSERT ON message FOR EACH ROW
WHEN (NEW.direction = 'out' AND NEW.role = 'answer') EXECUTE FUNCTION complaint_answered()
""",
    """
CREATE TRIGGER complaint_answer_moved AFTER UPDATE OF complaint_id ON message FOR EACH ROW
WHEN (NEW.direction = 'out' AND NEW.role = 'answer' AND OLD.complaint_id IS DISTINCT FROM NEW.complaint_id)
EXECUTE FUNCTION complaint_answered()
""",
    """
UPDATE complaint c SET last_answered_at = a.at
FROM (SELECT complaint_id, max(sent_at) AS at FROM message WHERE direction = 'out' AND role = 'answer' GROUP BY 1) a
WHERE c.id = a.complaint_id
""",
)

_DESK = "coalesce(program, '') || '/' || coalesce(unit, '')"
_OPEN = "state IN ('baru', 'diverifikasi', 'disposisi', 'tindak_lanjut', 'menunggu_warga', 'ditunda')"
_REPLACED: dict[str, tuple[list[str], dict[str, Any]]] = {
    "ix_complaint_contact": (["contact_id"], {}),
    "ix_complaint_newest": (["opened_at", "id"], {}),
    "ix_complaint_officer": (["officer_id", "next_due_at", "id"], {}),
    "ix_complaint_program_queue": (["program", "next_due_at", "id"], {}),
    "ix_complaint_queue": (["next_due_at", "id"], {"postgresql_where": sa.text("next_due_at IS NOT NULL")}),
    "ix_complaint_state": (["state", "next_due_at", "id"], {}),
    "ix_complaint_unit": (["unit", "next_due_at", "id"], {}),
}
_QUEUED: dict[str, Any] = {
    "postgresql_where": sa.text(_OPEN),
    "postgresql_include": [
        "program", "unit", "account", "state", "officer_id", "opened_at", "clock_started_at", "waiting_since",
    ],
}  # fmt: skip
_WITH_STATE: dict[str, Any] = {"postgresql_include": ["state"]}
_MINE: dict[str, Any] = {"postgresql_where": sa.text(f"officer_id IS NOT NULL AND {_OPEN}")}
_QUEUES: tuple[tuple[str, list[str], dict[str, Any]], ...] = (
    ("ix_complaint_queue", ["next_due_at", "id"], _QUEUED),
    ("ix_complaint_program_queue", ["program", "next_due_at", "id"], _QUEUED),
    ("ix_complaint_desk_queue", ["desk", "next_due_at", "id"], _QUEUED),
    ("ix_complaint_officer", ["officer_id", "next_due_at", "id"], _MINE),
    ("ix_complaint_newest", ["opened_at", "id"], _WITH_STATE),
    ("ix_complaint_program_newest", ["program", "opened_at", "id"], _WITH_STATE),
    ("ix_complaint_desk_newest", ["desk", "opened_at", "id"], _WITH_STATE),
    ("ix_complaint_created", ["created_at"], {}),
    *(
        (f"ix_complaint_{flag}", ["opened_at", "id"], {"postgresql_where": sa.text(flag)})
        for flag in ("anonim", "rahasia", "format_unclear", "likely_double", "send_failed")
    ),
)


def upgrade() -> None:
    """Apply. The words of what is there already are read in the background afterwards, the newest first."""
    op.create_table(
        "complaint_search",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("veiled", sa.Boolean(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("pk_complaint_search")),
    )
    op.create_index("ix_complaint_search_words", "complaint_search", ["words"], postgresql_using="gin")
    op.create_table(
        "search_due",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_due")),
    )
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_saved_view_officer_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("officer_id", "name", name=op.f("uq_saved_view_officer_id_name")),
    )
    op.add_column("complaint", sa.Column("last_answered_at", sa.DateTime(timezone=True), nullable=True))
    for statement in (*_ANSWERS, *_MARKS):
        op.execute(statement)
    op.add_column(
        "complaint",
        sa.Column("waiting_since", sa.DateTime(timezone=True), sa.Computed(_WAITS, persisted=True), nullable=True),
    )
    op.create_index(
        "ix_complaint_waiting",
        "complaint",
        ["waiting_since", "id"],
        postgresql_where=sa.text("waiting_since IS NOT NULL"),
    )
    op.add_column("complaint", sa.Column("desk", sa.Text(), sa.Computed(_DESK, persisted=True), nullable=True))
    for name in _REPLACED:
        op.drop_index(name, table_name="complaint")
    for name, columns, options in _QUEUES:
        op.create_index(name, "complaint", columns, **options)
    op.create_index(
        "ix_complaint_place",
        "complaint",
        ["place"],
        postgresql_using="gin",
        postgresql_ops={"place": "jsonb_path_ops"},
    )
    op.execute("INSERT INTO search_due (complaint_id) SELECT id FROM complaint ORDER BY opened_at")


def downgrade() -> None:
    """Take back."""
    for table, names in _MARKED.items():
        for name in names:
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP TRIGGER complaint_answer_moved ON message")
    op.execute("DROP TRIGGER complaint_answered ON message")
    op.execute("DROP FUNCTION complaint_answered()")
    op.drop_index("ix_complaint_place", table_name="complaint")
    for name, _, _ in _QUEUES:
        op.drop_index(name, table_name="complaint")
    for name, (columns, options) in _REPLACED.items():
        op.create_index(name, "complaint", columns, **options)
    op.drop_column("complaint", "desk")
    op.drop_index("ix_complaint_waiting", table_name="complaint")
    op.drop_column("complaint", "waiting_since")
    op.drop_column("complaint", "last_answered_at")
    op.drop_table("saved_view")
    op.drop_table("search_due")
    op.drop_table("complaint_search")
