"""Users: mail addresses, devices, second factors, links that are good once, and the trace of what was done to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("officer", sa.Column("email", sa.Text(), nullable=True))
    op.create_unique_constraint(op.f("uq_officer_email"), "officer", ["email"])
    op.add_column("officer", sa.Column("totp_seed", sa.Text(), nullable=True))
    op.add_column("officer", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column("session", sa.Column("device", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "officer_token",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_officer_token_officer_id_officer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_officer_token")),
    )
    op.create_index(op.f("ix_officer_token_officer_id"), "officer_token", ["officer_id"])
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["officer.id"], name=op.f("fk_recovery_code_officer_id_officer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_officer_id"), "recovery_code", ["officer_id"])
    op.create_table(
        "person_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["officer.id"], name=op.f("fk_person_event_actor_id_officer")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_person_event_officer_id_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_event")),
    )
    op.create_index("ix_person_event_officer_id_id", "person_event", ["officer_id", sa.text("id DESC")])
    op.execute(
        "CREATE FUNCTION person_event_stays() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE EXCEPTION 'person_event is append-only'; END$$"
    )
    op.execute(
        "CREATE TRIGGER person_event_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON person_event "
        "FOR EACH STATEMENT EXECUTE FUNCTION person_event_stays()"
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("person_event")
    op.execute("DROP FUNCTION person_event_stays()")
    op.drop_table("recovery_code")
    op.drop_table("officer_token")
    op.drop_column("session", "device")
    op.drop_column("officer", "totp_step")
    op.drop_column("officer", "totp_seed")
    op.drop_constraint(op.f("uq_officer_email"), "officer")
    op.drop_column("officer", "email")
