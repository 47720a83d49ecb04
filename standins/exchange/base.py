"""What every provider of the town is: what a citizen does becomes its requests, what it delivers shows on his phone."""

from __future__ import annotations

import abc
import dataclasses
import time
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flask import Flask

    from standins.mailroom import Delivered, Mailroom
    from standins.postman import Postman
    from standins.steps import Step
    from standins.town import Phone, Town

#: Seconds until a delivery report; a network is not quicker either.
REPORT_AFTER: Final = 1.5


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the site is that the citizens write to, and what it shares with the providers.

    `town` is where the providers themselves are reached. `hooks`, `names` (the numbers and names that citizens write
    to) and `ids` are by provider: kannel, twilio, android, telegram, email, whatsapp, whatsapp-twilio, line, x,
    facebook, instagram, open311. `ids` also has `waba` and `app` (Meta's), `secrets` are commands/demo_data.py's.
    `mail_ports` are those of IMAP and SMTP.
    """

    url: str
    town: str
    hooks: Mapping[str, str]
    names: Mapping[str, str]
    ids: Mapping[str, str]
    mail_ports: tuple[int, int]
    secrets: Mapping[str, str] = dataclasses.field(repr=False)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What all providers share."""

    site: Site
    town: Town
    postman: Postman
    room: Mailroom


class Unplayable(ValueError):  # noqa: N818 - says what it is
    """A provider that has no such thing was asked for it."""


class Provider(abc.ABC):
    """One kind of phone. `providers` are the names under which its stand-ins deliver."""

    kind: ClassVar[str]
    providers: ClassVar[tuple[str, ...]]

    def __init__(self, house: House) -> None:
        self.site, self.town, self.postman, self.room = house.site, house.town, house.postman, house.room

    def apps(self) -> Mapping[str, Flask]:
        """The servers, by the path that they belong under."""
        return {}

    @abc.abstractmethod
    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """The citizen does this, at a time where the provider tells it. Unplayable; Refused, OSError of the site."""

    def deliver(self, message: Delivered) -> None:
        """Show what arrived on the citizen's phone."""
        phone = self.town.phone(self.kind, message.to)
        name = self.site.names[message.provider]
        self.town.received(phone, message.text, at=message.at, via=name, ref=message.external_id)

    def handle(self, phone: Phone) -> str:  # noqa: ARG002 - others have one
        """What stands below the citizen's name: his number, address or user name; empty where he shows none."""
        return ""

    def start(self) -> None:  # noqa: B027 - only mail has servers that are no web servers
        """Open what is no web server."""

    def stop(self) -> None:  # noqa: B027 - the same
        """Close it."""


def fresh_number() -> int:
    """A number above all that earlier starts counted to, as long as they made fewer than a thousand a second."""
    return int(time.time() * 1000)
