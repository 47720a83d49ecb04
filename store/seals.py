"""Seals over the history: a row that holds the ends of all chains that grew, and the seal before it."""

from __future__ import annotations

import dataclasses
import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from store.models import Seal, SealLine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

#: Chains of one seal. Whoever writes into one of them waits while it is made; what is left over gets the next seal.
MOST: Final = 20_000
#: Held by whoever seals, so that two processes do not make the same seal.
_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtext('muara seal'))"
#: A chain that somebody writes into right now is left for the next seal.
_SHUT: Final = """
WITH open AS (
  SELECT chain FROM history_head WHERE seal_id IS NULL ORDER BY chain LIMIT %s FOR UPDATE SKIP LOCKED
), shut AS (
  UPDATE history_head h SET seal_id = %s FROM open WHERE h.chain = open.chain RETURNING h.chain, h.seq, h.hash
)
INSERT INTO seal_line (seal_id, chain, seq, hash) SELECT %s, chain, seq, hash FROM shut
"""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A seal as people note it down; `hash` is hexadecimal."""

    id: int
    at: datetime
    chains: int
    hash: str


def hash_of(previous: bytes, number: int, at: datetime, chains: int, digest: bytes) -> bytes:
    """What a seal's hash must be."""
    micros = (at - _EPOCH) // (datetime.resolution)
    return hashlib.sha256(previous + f"{number} {micros} {chains} ".encode() + digest).digest()


def digest_of(lines: Iterable[tuple[object, int, bytes]]) -> tuple[int, bytes]:
    """How many lines (chain, seq, hash) there are, in the order of their chains, and the SHA-256 of all."""
    found, count = hashlib.sha256(), 0
    for chain, seq, link in lines:
        found.update(f"{chain} {seq} ".encode() + link)
        count += 1
    return count, found.digest()


def latest(connection: Connection) -> Sealed | None:
    """The last seal."""
    row = connection.execute(select(Seal).order_by(Seal.id.desc()).limit(1)).one_or_none()
    return None if row is None else Sealed(id=row.id, at=row.at, chains=row.chains, hash=row.hash.hex())


def seal(connection: Connection, now: datetime) -> Sealed | None:
    """One seal over what has grown since the last; None where nothing has, or somebody else is at it."""
    if not connection.exec_driver_sql(_LOCK).scalar_one():
        return None
    last = connection.execute(select(Seal.id, Seal.hash).order_by(Seal.id.desc()).limit(1)).one_or_none()
    number, previous = (last.id + 1, last.hash) if last else (1, b"")
    connection.exec_driver_sql(_SHUT, (MOST, number, number))
    query = select(SealLine.chain, SealLine.seq, SealLine.hash).where(SealLine.seal_id == number)
    chains, digest = digest_of((row[0], row[1], row[2]) for row in connection.execute(query.order_by(SealLine.chain)))
    if not chains:
        return None
    made = hash_of(previous, number, now, chains, digest)
    connection.execute(insert(Seal).values(id=number, at=now, chains=chains, digest=digest, hash=made))
    return Sealed(id=number, at=now, chains=chains, hash=made.hex())
