"""Handing a complaint on to another jurisdiction's system: what an adapter offers that can do so."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from channels.contract import Channel


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What leaves the house. `name` is None for an anonymous reporter; a confidential complaint never gets this far."""

    ticket: str
    text: str
    name: str | None
    lat: float | None
    lon: float | None
    address: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """What the other side gave: its id of the complaint, or a token that it will give the id for; or neither."""

    external_id: str | None = None
    token: str | None = None
    notice: str | None = None


class Forwarder(Protocol):
    """Posts complaints. SendFailed and its kinds, as `Channel.send`."""

    def forward(self, complaint: Complaint, service: str) -> Forwarded:
        """Post it once, under one of the other side's service codes."""

    def redeem(self, token: str) -> str | None:
        """The id that a token stands for; None while there is none."""

    def services(self) -> list[tuple[str, str]]:
        """Code and name of each service that the other side offers."""


def forwarder(channel: Channel[Any]) -> Forwarder | None:
    """What hands complaints on over this account; None where the channel cannot."""
    found: Forwarder | None = getattr(channel, "forwarder", None)
    return found
