"""What was done to accounts of channels, chained by hash for each account and sealed with the rest of the history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

#: An account's chain: between those of officers, which are small numbers, and those of complaints.
_CHAIN = "('00000001' || left(encode(sha256(convert_to(e.account, 'UTF8')), 'hex'), 24))::uuid"
_OURS = "chain >= '00000001-0000-0000-0000-000000000000' AND chain < '00000002-0000-0000-0000-000000000000'"
_SAID = (
    "jsonb_build_array(e.account, e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.actor_id, e.kind, e.data, "
    "e.origin)::text"
)
_GROW = f"""
CREATE FUNCTION account_event_grows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  e account_event := NEW;
  said text := {_SAID};
BEGIN
  INSERT INTO history_head AS h (chain, seq, hash)
  VALUES ({_CHAIN}, 1, sha256(convert_to('1' || said, 'UTF8')))
  ON CONFLICT (chain) DO UPDATE SET
    seq = h.seq + 1, hash = sha256(h.hash || convert_to((h.seq + 1)::text || said, 'UTF8')), seal_id = NULL
  RETURNING h.seq, h.hash INTO NEW.seq, NEW.hash;
  RETURN NEW;
END$$
"""  # noqa: S608 - words of ours
#: What is there already, in the order in which it was written.
_CHAINED = f"""
DO $$
DECLARE
  e account_event;
  last text;
  count bigint;
  link bytea;
BEGIN
  FOR e IN SELECT * FROM account_event t ORDER BY t.account, t.id LOOP
    IF e.account IS DISTINCT FROM last THEN
      last := e.account;
      count := 0;
      link := '';
    END IF;
    count := count + 1;
    link := sha256(link || convert_to(count::text || {_SAID}, 'UTF8'));
    UPDATE account_event SET seq = count, hash = link WHERE id = e.id;
  END LOOP;
END$$
"""  # noqa: S608 - words of ours
_HEADS = f"""
INSERT INTO history_head (chain, seq, hash)
SELECT DISTINCT ON (1) {_CHAIN}, e.seq, e.hash FROM account_event e ORDER BY 1, e.seq DESC
"""  # noqa: S608 - words of ours
#: Whose rows are older than the seals that did not hold them yet must say so: the seal that holds them first does.
_SEALED = """
DO $$
DECLARE
  before seal;
  found record;
  number bigint;
  moment timestamptz := now();
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('muara seal'));
  SELECT * INTO before FROM seal ORDER BY id DESC LIMIT 1;
  IF before IS NULL OR NOT EXISTS (SELECT FROM account_event) THEN
    RETURN;
  END IF;
  number := before.id + 1;
  WITH open AS (
    SELECT chain FROM history_head WHERE seal_id IS NULL ORDER BY chain FOR UPDATE SKIP LOCKED
  ), shut AS (
    UPDATE history_head h SET seal_id = number FROM open WHERE h.chain = open.chain RETURNING h.chain, h.seq, h.hash
  )
  INSERT INTO seal_line (seal_id, chain, seq, hash) SELECT number, chain, seq, hash FROM shut;
  SELECT count(*) AS chains,
         sha256(string_agg(convert_to(chain::text || ' ' || seq::text || ' ', 'UTF8') || hash, ''::bytea
                           ORDER BY chain)) AS digest
  INTO found FROM seal_line WHERE seal_id = number;
  INSERT INTO seal (id, at, chains, digest, hash) VALUES (
    number, moment, found.chains, found.digest,
    sha256(before.hash || convert_to(number::text || ' ' || ((extract(epoch FROM moment) * 1000000)::bigint)::text
      || ' ' || found.chains::text || ' ', 'UTF8') || found.digest)
  );
END$$
"""


def upgrade() -> None:
    """Apply."""
    op.add_column("account_event", sa.Column("seq", sa.BigInteger(), nullable=True))
    op.add_column("account_event", sa.Column("hash", sa.LargeBinary(), nullable=True))
    op.add_column("account_event", sa.Column("origin", sa.Text(), server_default="system", nullable=False))
    op.execute("ALTER TABLE account_event DISABLE TRIGGER account_event_stays")
    op.execute(_CHAINED)
    op.execute("ALTER TABLE account_event ENABLE TRIGGER account_event_stays")
    op.alter_column("account_event", "seq", nullable=False)
    op.alter_column("account_event", "hash", nullable=False)
    op.execute(_HEADS)
    op.execute(_GROW)
    op.execute(
        "CREATE TRIGGER account_event_grows BEFORE INSERT ON account_event "
        "FOR EACH ROW EXECUTE FUNCTION account_event_grows()"
    )
    op.create_unique_constraint(op.f("uq_account_event_account_seq"), "account_event", ["account", "seq"])
    op.create_index("ix_account_event_at", "account_event", ["at", "id"])
    op.execute(_SEALED)


def downgrade() -> None:
    """Take back: seals that hold an account's chain go with it, and what they held is sealed anew within the hour."""
    op.drop_index("ix_account_event_at", table_name="account_event")
    op.drop_constraint(op.f("uq_account_event_account_seq"), "account_event", type_="unique")
    op.execute("DROP TRIGGER account_event_grows ON account_event")
    op.execute("DROP FUNCTION account_event_grows()")
    for name in ("seq", "hash", "origin"):
        op.drop_column("account_event", name)
    first = f"(SELECT min(seal_id) FROM seal_line WHERE {_OURS})"  # noqa: S608 - words of ours
    op.execute("SELECT pg_advisory_xact_lock(hashtext('muara seal'))")
    for table in ("seal", "seal_line", "history_head"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_stays")
    op.execute(f"UPDATE history_head SET seal_id = NULL WHERE seal_id >= {first}")  # noqa: S608 - words of ours
    op.execute(f"DELETE FROM seal WHERE id >= {first}")  # noqa: S608 - words of ours
    op.execute(f"DELETE FROM seal_line WHERE seal_id >= {first}")  # noqa: S608 - words of ours
    op.execute(f"DELETE FROM history_head WHERE {_OURS}")  # noqa: S608 - words of ours
    for table in ("seal", "seal_line", "history_head"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_stays")
