"""Previews of pictures and playable voice notes; files that are stored already are looked at again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "rendition",
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=True),
        sa.Column("thumb", sa.Text(), nullable=True),
        sa.Column("content_type", sa.Text(), nullable=True),
        sa.Column("location", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_rendition")),
    )
    # Their bytes are here: the media job only looks at them, and makes what they now need to be shown.
    op.execute(
        "UPDATE attachment SET state = 'owed', deadline = NULL, next_attempt_at = now() "
        "WHERE state = 'stored' AND sha256 IS NOT NULL"
    )


def downgrade() -> None:
    """Take back; what is still to be looked at was stored before."""
    op.execute(
        "UPDATE attachment SET state = 'stored', next_attempt_at = NULL WHERE state = 'owed' AND sha256 IS NOT NULL"
    )
    op.drop_table("rendition")
