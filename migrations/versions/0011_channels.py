"""Channels looked after in the browser: checked, paused, watched for silence; and what was done to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_TIMES = ("checked_at", "check_asked_at", "check_begun_at", "paused_at", "resumed_at", "expect_since", "silent_since")
_FLAGS = ("sending_paused", "polling_paused", "expect_working")
_TEXTS = ("health", "paused_by", "pause_reason")


def upgrade() -> None:
    """Apply."""
    for name in _TIMES:
        op.add_column("account_state", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in _TEXTS:
        op.add_column("account_state", sa.Column(name, sa.Text(), nullable=True))
    for name in _FLAGS:
        op.add_column("account_state", sa.Column(name, sa.Boolean(), server_default="false", nullable=False))
    op.add_column("account_state", sa.Column("health_ok", sa.Boolean(), nullable=True))
    op.add_column("account_state", sa.Column("expect_hours", sa.BigInteger(), nullable=True))
    op.add_column("account_state", sa.Column("week", postgresql.JSONB(), server_default="[]", nullable=False))
    op.create_table(
        "account_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["officer.id"], name=op.f("fk_account_event_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_event")),
    )
    op.create_index("ix_account_event_account", "account_event", ["account", sa.text("id DESC")])
    op.execute(
        "CREATE FUNCTION account_event_stays() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'account_event is append-only'; END$$"
    )
    op.execute(
        "CREATE TRIGGER account_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON account_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION account_event_stays()"
    )
    op.create_table(
        "beat",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_beat")),
    )
    op.alter_column("notice", "complaint_id", nullable=True)
    op.create_index("ix_outbox_test", "outbox", ["account", "created_at"], postgresql_where=sa.text("purpose = 'test'"))
    op.create_index(
        "ix_outbox_failed",
        "outbox",
        ["account", "created_at"],
        postgresql_where=sa.text("state IN ('failed', 'unknown')"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_outbox_failed", table_name="outbox")
    op.drop_index("ix_outbox_test", table_name="outbox")
    op.execute("DELETE FROM notice WHERE complaint_id IS NULL")
    op.alter_column("notice", "complaint_id", nullable=False)
    op.drop_table("beat")
    op.drop_table("account_event")
    op.execute("DROP FUNCTION account_event_stays()")
    for name in ("week", "expect_hours", "health_ok", *_FLAGS, *_TEXTS, *_TIMES):
        op.drop_column("account_state", name)
