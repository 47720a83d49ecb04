"""Between the phones and the site: what a citizen does leaves in his provider's dress, signed as it signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from standins.exchange.base import House, Provider, Site, Unplayable
from standins.exchange.email import Email
from standins.exchange.line import Line
from standins.exchange.meta import Facebook, Graph, Instagram
from standins.exchange.open311 import Open311
from standins.exchange.sms import Sms
from standins.exchange.telegram import Telegram
from standins.exchange.web import Web
from standins.exchange.whatsapp import WhatsApp
from standins.exchange.x import X
from standins.mailroom import Delivered, Mailroom

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flask import Flask

    from standins.postman import Postman
    from standins.steps import Step
    from standins.town import Phone, Town

__all__ = ["Exchange", "Provider", "Site", "Unplayable"]

_SIMPLE: Final = (Sms, Telegram, Web, Email, Line, X, Open311)


class Exchange:
    """All providers of one site, by the kind of phone that they serve."""

    def __init__(self, site: Site, town: Town, postman: Postman) -> None:
        self.site = site
        self.town = town
        self.postman = postman
        self.room = _Doorsteps()
        house = House(site=site, town=town, postman=postman, room=self.room)
        graph = Graph(house)
        found: list[Provider] = [made(house) for made in _SIMPLE]
        sms = next(each for each in found if isinstance(each, Sms))
        found += [WhatsApp(house, sms.twilio_whatsapp), Facebook(house, graph), Instagram(house, graph)]
        self.providers: Mapping[str, Provider] = {provider.kind: provider for provider in found}
        self.room.open({name: provider for provider in found for name in provider.providers})
        self.apps: Mapping[str, Flask] = {path: app for each in found for path, app in each.apps().items()}

    def do(self, phone: Phone, step: Step, at: datetime | None = None) -> None:
        """A citizen does something on his phone. Unplayable; Refused, OSError of the site."""
        self.providers[phone.kind].do(phone, step, at)

    def start(self) -> None:
        """Open what is no web server."""
        for provider in self.providers.values():
            provider.start()

    def stop(self) -> None:
        """Close it."""
        for provider in self.providers.values():
            provider.stop()


class _Doorsteps(Mailroom):
    """The mailroom of a town: whatever a provider delivers also shows on the citizen's phone."""

    def __init__(self) -> None:
        super().__init__()
        self._providers: Mapping[str, Provider] = {}

    def open(self, providers: Mapping[str, Provider]) -> None:
        """From now on there are these, by the names under which they deliver."""
        self._providers = providers

    def deliver(self, message: Delivered) -> None:
        """Into the citizen's hands."""
        super().deliver(message)
        self._providers[message.provider].deliver(message)
