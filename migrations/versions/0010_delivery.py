"""Notices that reach officers outside the inbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _officer(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["officer_id"], ["officer.id"], name=op.f(f"fk_{table}_officer_id"), ondelete="CASCADE"
    )


def upgrade() -> None:
    """Apply."""
    # What was told before anybody could choose stays in the house.
    op.add_column("notice", sa.Column("planned", sa.Boolean(), server_default=sa.text("true"), nullable=False))
    op.alter_column("notice", "planned", server_default=sa.text("false"))
    op.create_index("ix_notice_unplanned", "notice", ["id"], postgresql_where=sa.text("NOT planned"))
    op.create_index("ix_notice_old", "notice", ["made_at"], postgresql_where=sa.text("seen_at IS NOT NULL"))
    op.create_table(
        "officer_choice",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("kinds", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("digest_hour", sa.BigInteger(), nullable=False),
        sa.Column("digest_days", sa.Text(), nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=True),
        sa.Column("quiet_to", sa.Time(), nullable=True),
        sa.Column("late_passes", sa.Boolean(), nullable=False),
        _officer("officer_choice"),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer_choice")),
    )
    op.create_table(
        "officer_reach",
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        _officer("officer_reach"),
        sa.PrimaryKeyConstraint("officer_id", "way", name=op.f("pk_officer_reach")),
    )
    op.create_index(
        "uq_officer_reach_chat",
        "officer_reach",
        ["account", "address"],
        unique=True,
        postgresql_where=sa.text("way = 'telegram'"),
    )
    op.create_table(
        "delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("digest", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("batch", sa.Uuid(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_delivery_notice_id"), ondelete="CASCADE"),
        _officer("delivery"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("notice_id", "way", name="uq_delivery_notice_id"),
    )
    waiting, sending = sa.text("state = 'waiting'"), sa.text("state = 'sending'")
    either = sa.text("state IN ('waiting', 'sending')")
    batched = sa.text("batch IS NOT NULL")
    op.create_index("ix_delivery_batch", "delivery", ["batch"], postgresql_where=batched)
    op.create_index("ix_delivery_waiting", "delivery", ["way", "due_at"], postgresql_where=waiting)
    op.create_index("ix_delivery_officer", "delivery", ["officer_id", "way"], postgresql_where=either)
    op.create_index("ix_delivery_sending", "delivery", ["way", "claimed_at"], postgresql_where=sending)


def downgrade() -> None:
    """Take back."""
    for table in ("delivery", "officer_reach", "officer_choice"):
        op.drop_table(table)
    for index in ("ix_notice_old", "ix_notice_unplanned"):
        op.drop_index(index, table_name="notice")
    op.drop_column("notice", "planned")
