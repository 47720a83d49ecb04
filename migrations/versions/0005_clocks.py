"""Clocks: four deadlines, the times that stood still, and the warnings that are due."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    for name in ("clock_started_at", "verification_due_at", "silence_due_at", "warn_at"):
        op.add_column("complaint", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in ("stays", "warned"):
        op.add_column("complaint", sa.Column(name, postgresql.JSONB(), server_default="[]", nullable=False))
    op.create_index("ix_complaint_warn", "complaint", ["warn_at"], postgresql_where=sa.text("warn_at IS NOT NULL"))
    op.create_index(
        "ix_complaint_silence",
        "complaint",
        ["silence_due_at"],
        postgresql_where=sa.text("state = 'menunggu_warga'"),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_notice_officer_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["complaint_id"], ["complaint.id"], name=op.f("fk_notice_complaint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index(op.f("ix_notice_complaint_id"), "notice", ["complaint_id"])
    op.create_index("ix_notice_officer", "notice", ["officer_id", "id"])
    op.create_index("ix_notice_unseen", "notice", ["officer_id"], postgresql_where=sa.text("seen_at IS NULL"))


def downgrade() -> None:
    """Take back."""
    op.drop_table("notice")
    op.drop_index("ix_complaint_silence", table_name="complaint")
    op.drop_index("ix_complaint_warn", table_name="complaint")
    for name in ("warned", "stays", "warn_at", "silence_due_at", "verification_due_at", "clock_started_at"):
        op.drop_column("complaint", name)
