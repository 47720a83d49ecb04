"""The language of an officer's pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("officer", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_column("officer", "language")
