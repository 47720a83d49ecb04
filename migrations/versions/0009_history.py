"""The history, chained by hash for each case and sealed over all of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_SAID = (
    "jsonb_build_array(e.{chain}, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.{actor}, e.kind, e.data, "
    "e.origin)::text"
)
#: Each book: its table, the column that parts its chains, what a chain of it is named by, what is hashed of a row `e`.
_BOOKS = (
    (
        "event",
        "complaint_id",
        "e.complaint_id",
        _SAID.format(chain="complaint_id", actor="actor"),
    ),
    (
        "person_event",
        "officer_id",
        "lpad(to_hex(e.officer_id), 32, '0')::uuid",
        _SAID.format(chain="officer_id", actor="actor_id"),
    ),
)
#: The head's row is the one lock that writers of a case wait for, and only of that case.
_GROW = """
CREATE FUNCTION {table}_grows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  e {table} := NEW;
  said text := {said};
BEGIN
  INSERT INTO history_head AS h (chain, seq, hash)
  VALUES ({chain}, 1, sha256(convert_to('1' || said, 'UTF8')))
  ON CONFLICT (chain) DO UPDATE SET
    seq = h.seq + 1, hash = sha256(h.hash || convert_to((h.seq + 1)::text || said, 'UTF8')), seal_id = NULL
  RETURNING h.seq, h.hash INTO NEW.seq, NEW.hash;
  RETURN NEW;
END$$
"""
#: What is there already, in the order in which it was written.
_CHAIN = """
DO $$
DECLARE
  e {table};
  last uuid;
  count bigint;
  link bytea;
BEGIN
  FOR e IN SELECT * FROM {table} t ORDER BY t.{column}, t.id LOOP
    IF {chain} IS DISTINCT FROM last THEN
      last := {chain};
      count := 0;
      link := '';
    END IF;
    count := count + 1;
    link := sha256(link || convert_to(count::text || {said}, 'UTF8'));
    UPDATE {table} SET seq = count, hash = link WHERE id = e.id;
  END LOOP;
END$$
"""
_HEADS = """
INSERT INTO history_head (chain, seq, hash)
SELECT DISTINCT ON (1) {chain}, e.seq, e.hash FROM {table} e ORDER BY 1, e.seq DESC
"""
_STAY = (
    "CREATE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS "
    "$$BEGIN RAISE EXCEPTION '{table} is append-only'; END$$"
)
_KEEP = "CREATE TRIGGER {table}_stays BEFORE {acts} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_stays()"
_ALL = "UPDATE OR DELETE OR TRUNCATE"
#: Tables that nobody may take from; the heads move on.
_KEPT = (
    ("event", _ALL),
    ("seal", _ALL),
    ("seal_line", _ALL),
    ("audit_check", _ALL),
    ("history_head", "DELETE OR TRUNCATE"),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "history_head",
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("seal_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_history_head")),
    )
    # Heads are rewritten in place, on the page where they stand.
    op.execute("ALTER TABLE history_head SET (fillfactor = 70)")
    op.create_table(
        "seal",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chains", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seal")),
    )
    op.create_table(
        "seal_line",
        sa.Column("seal_id", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seal_id", "chain", name=op.f("pk_seal_line")),
    )
    op.create_table(
        "audit_check",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("seals", sa.BigInteger(), nullable=False),
        sa.Column("faults", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_check")),
    )
    op.create_table(
        "reveal",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["complaint_id"], ["complaint.id"], name=op.f("fk_reveal_complaint_id_complaint"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["token_hash"], ["session.token_hash"], name=op.f("fk_reveal_token_hash_session"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", "complaint_id", name=op.f("pk_reveal")),
    )
    op.execute("DROP TRIGGER person_event_stays ON person_event")
    for table, column, chain, said in _BOOKS:
        op.add_column(table, sa.Column("seq", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("hash", sa.LargeBinary(), nullable=True))
        op.add_column(table, sa.Column("origin", sa.Text(), server_default="system", nullable=False))
        op.execute(_CHAIN.format(table=table, column=column, chain=chain, said=said))
        op.alter_column(table, "seq", nullable=False)
        op.alter_column(table, "hash", nullable=False)
        op.execute(_HEADS.format(table=table, chain=chain))
        op.execute(_GROW.format(table=table, chain=chain, said=said))
        op.execute(
            f"CREATE TRIGGER {table}_grows BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_grows()"
        )
        op.create_index(f"ix_{table}_at", table, ["at", "id"])
    op.execute(_KEEP.format(table="person_event", acts=_ALL))
    op.create_unique_constraint(op.f("uq_event_complaint_id_seq"), "event", ["complaint_id", "seq"])
    op.drop_index(op.f("ix_event_complaint_id"), table_name="event")
    op.create_unique_constraint(op.f("uq_person_event_officer_id_seq"), "person_event", ["officer_id", "seq"])
    officers = sa.text("actor NOT IN ('warga', 'sistem')")
    op.create_index("ix_event_officers", "event", ["at", "id"], postgresql_where=officers)
    for column in ("actor", "kind"):
        op.create_index(f"ix_event_{column}", "event", [column, "at", "id"], postgresql_where=officers)
    op.create_index("ix_history_head_open", "history_head", ["chain"], postgresql_where=sa.text("seal_id IS NULL"))
    for table, acts in _KEPT:
        op.execute(_STAY.format(table=table))
        op.execute(_KEEP.format(table=table, acts=acts))


def downgrade() -> None:
    """Take back."""
    op.create_index(op.f("ix_event_complaint_id"), "event", ["complaint_id"])
    op.execute("DROP TRIGGER event_stays ON event")
    for table, *_ in _BOOKS:
        op.execute(f"DROP TRIGGER {table}_grows ON {table}")
        op.execute(f"DROP FUNCTION {table}_grows()")
        op.drop_index(f"ix_{table}_at", table_name=table)
        for name in ("seq", "hash", "origin"):
            op.drop_column(table, name)
    for name in ("kind", "actor", "officers"):
        op.drop_index(f"ix_event_{name}", table_name="event")
    for table in ("audit_check", "seal_line", "seal", "history_head", "reveal"):
        op.drop_table(table)
    for table, _ in _KEPT:
        op.execute(f"DROP FUNCTION {table}_stays()")
