"""What waits for its citizen is found and counted without going through all that is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_NAME = "ix_complaint_asked"


def upgrade() -> None:
    """Apply."""
    asked = sa.text("state = 'menunggu_warga'")
    op.create_index(_NAME, "complaint", ["desk"], postgresql_where=asked, postgresql_include=["program"])


def downgrade() -> None:
    """Take back."""
    op.drop_index(_NAME, table_name="complaint")
