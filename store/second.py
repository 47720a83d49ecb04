"""The second factor: codes by time (RFC 6238: SHA-1, six digits, thirty seconds) and recovery codes.

A device's secret is kept nowhere: it is made from the installation's key and the officer's seed, so that a stolen
database makes no codes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, or_, select, update

from store.models import Officer, RecoveryCode
from store.tokens import digest

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

STEP: Final = 30
_DIGITS: Final = 6
#: Steps before and after now whose codes are taken: telephones' clocks go wrong by so much.
_DRIFT: Final = 1
_CODES: Final = 10
#: Without letters and digits that look alike; two times five of them are 50 bits.
_ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def secret(key: bytes, officer_id: int, seed: str) -> bytes:
    """The 20 bytes that the officer's device keeps."""
    return hmac.new(key, f"totp\0{officer_id}\0{seed}".encode(), hashlib.sha256).digest()[:20]


def code(shared: bytes, step: int) -> str:
    """The code of a step (RFC 4226, 5.3)."""
    mac = hmac.new(shared, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 15
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}}"


def matching(shared: bytes, given: str, now: datetime) -> int | None:
    """The step near now whose code was given; every one is compared, so that the time tells nothing."""
    current = int(now.timestamp()) // STEP
    typed = "".join(given.split()).encode("utf-8", "replace")
    found = None
    for step in range(current - _DRIFT, current + _DRIFT + 1):
        if hmac.compare_digest(code(shared, step).encode(), typed):
            found = step
    return found


def seed_of(connection: Connection, officer_id: int) -> str | None:
    """The seed of an officer who has a second factor."""
    return connection.scalar(select(Officer.totp_seed).where(Officer.id == officer_id))


def enable(connection: Connection, officer_id: int, seed: str, step: int) -> list[str]:
    """Ask for codes from now on; the recovery codes, which are shown this once."""
    connection.execute(update(Officer).where(Officer.id == officer_id).values(totp_seed=seed, totp_step=step))
    return renew(connection, officer_id)


def disable(connection: Connection, officer_id: int) -> None:
    """Ask for codes no more."""
    connection.execute(update(Officer).where(Officer.id == officer_id).values(totp_seed=None, totp_step=None))
    connection.execute(delete(RecoveryCode).where(RecoveryCode.officer_id == officer_id))


def renew(connection: Connection, officer_id: int) -> list[str]:
    """New recovery codes in place of the old ones; only hashes are kept."""
    connection.execute(delete(RecoveryCode).where(RecoveryCode.officer_id == officer_id))
    fresh = ["".join(secrets.choice(_ALPHABET) for _ in range(10)) for _ in range(_CODES)]
    connection.execute(
        insert(RecoveryCode), [{"officer_id": officer_id, "code_hash": _kept(officer_id, each)} for each in fresh]
    )
    return [f"{each[:5]}-{each[5:]}" for each in fresh]


def _kept(officer_id: int, given: str) -> str:
    plain = "".join(char for char in given.lower() if char.isalnum())
    return digest(f"{officer_id}\0{plain}")


def passes(connection: Connection, key: bytes, officer_id: int, given: str, now: datetime) -> bool:
    """Whether a code of the device is right and newer than any used before; of two at the same time, one is."""
    seed = seed_of(connection, officer_id)
    step = matching(secret(key, officer_id, seed), given, now) if seed else None
    if step is None:
        return False
    fresh = or_(Officer.totp_step.is_(None), Officer.totp_step < step)
    used = update(Officer).where(Officer.id == officer_id, fresh).values(totp_step=step)
    return connection.execute(used).rowcount == 1


def recovers(connection: Connection, officer_id: int, given: str) -> bool:
    """Whether it is one of the recovery codes, which is used up with this."""
    mine = delete(RecoveryCode).where(
        RecoveryCode.officer_id == officer_id, RecoveryCode.code_hash == _kept(officer_id, given)
    )
    return connection.execute(mine).rowcount == 1
