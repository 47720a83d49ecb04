"""Mail's safe HTML beside the text, e-mail addresses of contacts, and what answering on another channel looks up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    # Mails are mostly base64: to compress them costs more than all else that is done with them here.
    op.execute("ALTER TABLE journal ALTER COLUMN body SET STORAGE EXTERNAL")
    op.add_column("message", sa.Column("html", sa.Text(), nullable=True))
    op.add_column("contact_address", sa.Column("email", sa.Text(), nullable=True))
    op.add_column(
        "contact_address", sa.Column("email_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_index(op.f("ix_contact_address_email"), "contact_address", ["email"])
    op.create_index("ix_complaint_contact", "complaint", ["contact_id"])
    op.add_column("receipt", sa.Column("reply_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_receipt_reply_id"), "receipt", ["reply_id"])
    op.create_index("ix_outbox_conversation", "outbox", ["account", "conversation", "created_at"])
    op.create_index(
        "ix_message_answer",
        "message",
        ["account", "conversation", "sent_at"],
        postgresql_where=sa.text("direction = 'out' AND role = 'answer'"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_message_answer", table_name="message")
    op.drop_index("ix_outbox_conversation", table_name="outbox")
    op.drop_index(op.f("ix_receipt_reply_id"), table_name="receipt")
    op.drop_column("receipt", "reply_id")
    op.drop_index("ix_complaint_contact", table_name="complaint")
    op.drop_index(op.f("ix_contact_address_email"), table_name="contact_address")
    op.drop_column("contact_address", "email_verified")
    op.drop_column("contact_address", "email")
    op.drop_column("message", "html")
    op.execute("ALTER TABLE journal ALTER COLUMN body SET STORAGE EXTENDED")
