"""Casework: what is held comes back, who was merged into what, and canned answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("complaint", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("complaint", sa.Column("held_from", sa.Text(), nullable=True))
    op.create_index(
        "ix_complaint_held", "complaint", ["held_until"], postgresql_where=sa.text("held_until IS NOT NULL")
    )
    op.create_index(
        "ix_complaint_merged", "complaint", ["merged_into"], postgresql_where=sa.text("merged_into IS NOT NULL")
    )
    op.create_table(
        "canned",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("program", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned")),
    )
    op.create_index("ix_canned_program", "canned", ["program", "unit", "title"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("canned")
    op.drop_index("ix_complaint_merged", table_name="complaint")
    op.drop_index("ix_complaint_held", table_name="complaint")
    op.drop_column("complaint", "held_from")
    op.drop_column("complaint", "held_until")
