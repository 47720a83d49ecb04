"""What the stand-ins received for citizens: the other end of every reply, shown on the page of phones."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One message that reached a citizen: over which provider and account, to which address."""

    provider: str
    account: str
    to: str
    text: str
    external_id: str
    at: datetime = dataclasses.field(default_factory=lambda: datetime.now(UTC))


class Mailroom:
    """All that was delivered, in order; safe for the threads of one server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delivered: list[Delivered] = []

    def deliver(self, message: Delivered) -> None:
        """Put one message into the citizen's hands."""
        with self._lock:
            self._delivered.append(message)

    def delivered(self, to: str | None = None) -> list[Delivered]:
        """What reached one address, or everybody, oldest first."""
        with self._lock:
            return [message for message in self._delivered if to is None or message.to == to]
