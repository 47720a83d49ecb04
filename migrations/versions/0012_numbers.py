"""What dashboards and reports count by: one narrow index, and what complaints were before."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEEP = """
CREATE FUNCTION complaint_past_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO complaint_past (complaint_id, until, program, unit, type, state, clock_started_at, response_due_at,
      responded_at, resolution_due_at, closed_at, stays)
    VALUES (OLD.id, now(), OLD.program, OLD.unit, OLD.type, OLD.state, OLD.clock_started_at, OLD.response_due_at,
      OLD.responded_at, OLD.resolution_due_at, OLD.closed_at, OLD.stays);
  RETURN NULL;
END $$
"""
# Every writer of complaints changes these columns in a way of its own; the drain in bulk, past any Python.
_TRIGGER = """
CREATE TRIGGER complaint_past_keep AFTER UPDATE OF program, unit, type, state, clock_started_at, response_due_at,
  responded_at, resolution_due_at, closed_at ON complaint FOR EACH ROW WHEN (
    (OLD.program, OLD.unit, OLD.type, OLD.response_due_at, OLD.resolution_due_at)
      IS DISTINCT FROM (NEW.program, NEW.unit, NEW.type, NEW.response_due_at, NEW.resolution_due_at)
    OR (OLD.responded_at IS NOT NULL AND OLD.responded_at IS DISTINCT FROM NEW.responded_at)
    OR (OLD.closed_at IS NOT NULL AND (OLD.closed_at, OLD.state) IS DISTINCT FROM (NEW.closed_at, NEW.state))
  ) EXECUTE FUNCTION complaint_past_keep()
"""
_COUNTED = (
    "program, account, unit, officer_id, channel, type, state, area, clock_started_at, response_due_at, responded_at,"
    " resolution_due_at, closed_at"
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "complaint_past",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("program", sa.Text(), nullable=True),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.DateTime(timezone=True), nullable=True)
            for name in ("clock_started_at", "response_due_at", "responded_at", "resolution_due_at", "closed_at")
        ),
        sa.Column("stays", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"],
            ["complaint.id"],
            name=op.f("fk_complaint_past_complaint_id_complaint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaint_past")),
    )
    op.create_index("ix_complaint_past_until", "complaint_past", ["complaint_id", "until", "id"])
    op.execute(_KEEP)
    op.execute(_TRIGGER)
    op.add_column(
        "complaint",
        sa.Column("area", sa.Text(), sa.Computed("(place -> 'candidates') ->> 0", persisted=True), nullable=True),
    )
    op.create_index("ix_complaint_figures", "complaint", ["opened_at"], postgresql_include=_COUNTED.split(", "))


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_complaint_figures", table_name="complaint")
    op.drop_column("complaint", "area")
    op.execute("DROP TRIGGER complaint_past_keep ON complaint")
    op.execute("DROP FUNCTION complaint_past_keep()")
    op.drop_table("complaint_past")
