"""What is open to a session for a while may also be a payload that stands in quarantine."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KEY = "fk_reveal_complaint_id_complaint"


def upgrade() -> None:
    """Apply."""
    op.drop_constraint(op.f(_KEY), "reveal", type_="foreignkey")
    op.alter_column("reveal", "complaint_id", new_column_name="subject")


def downgrade() -> None:
    """Take back."""
    op.execute("DELETE FROM reveal WHERE subject NOT IN (SELECT id FROM complaint)")
    op.alter_column("reveal", "subject", new_column_name="complaint_id")
    op.create_foreign_key(op.f(_KEY), "reveal", "complaint", ["complaint_id"], ["id"], ondelete="CASCADE")
