"""Stamps: the one-time id of each form that we gave out, and the proof of work that the browser did for it."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from gateway.signing import Signer
from store import journal

if TYPE_CHECKING:
    from datetime import datetime

#: How long a citizen may leave the form open.
LIFETIME: Final = timedelta(hours=24)
_ANSWER: Final = re.compile(r"[0-9]{1,15}")
_HASH_BITS: Final = 256


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One form's id (32 hex digits), our signature under it, and the leading zero bits that its proof needs."""

    id: str
    mark: str
    bits: int
    issued_at: datetime

    @property
    def challenge(self) -> str:
        """What the browser hashes with a number behind it: SHA-256 of `<challenge>:<number>`."""
        return f"{self.id}:{self.mark}"

    def proven_by(self, answer: str) -> bool:
        """Whether this number is the proof. A stamp that needs no bits is proven by any number."""
        if not _ANSWER.fullmatch(answer):
            return False
        digest = hashlib.sha256(f"{self.challenge}:{answer}".encode()).digest()
        return int.from_bytes(digest) >> (_HASH_BITS - self.bits) == 0


class Stamps:
    """Gives out stamps and reads them back; keeps nothing, so any gateway reads another's."""

    def __init__(self, secret_key: bytes, bits: int) -> None:
        self._signer = Signer(secret_key, "form")
        self._bits = bits

    def issue(self, now: datetime) -> Stamp:
        """A new stamp for a new form."""
        form_id = journal.new_id().hex
        mark = self._signer.sign(f"{form_id}:{self._bits}", now).partition(":")[2]
        return Stamp(id=form_id, mark=mark, bits=self._bits, issued_at=now)

    def read(self, form_id: str, mark: str, now: datetime) -> Stamp:
        """The stamp that a form brought back. SignatureError, StaleError."""
        text, issued_at = self._signer.read(f"{form_id}:{mark}", now, LIFETIME)
        return Stamp(id=form_id, mark=mark, bits=int(text.rpartition(":")[2]), issued_at=issued_at)
