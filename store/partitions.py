"""Partitions: a conversation always hashes to the same one, on every machine and every Python."""

from __future__ import annotations

import zlib

#: Enough that two workers seldom meet, few enough that a handful of locks covers a batch.
PARTITIONS = 64


def partition(account: str, conversation: str) -> int:
    """0 … 63, the same for ever: rows in the database carry it."""
    return zlib.crc32(f"{account}\0{conversation}".encode("utf-8", "replace")) % PARTITIONS
