"""Another city's portal, which publishes its reports by Open311; the site comes and reads, and may hand some on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from standins import open311
from standins.exchange.base import Provider, Unplayable
from standins.kinds import OPEN311 as KIND
from standins.steps import Report, Say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from standins.exchange.base import House
    from standins.mailroom import Delivered
    from standins.steps import Step
    from standins.town import Phone

_SERVICE: Final = "006"


class Open311(Provider):
    """The portal's requests are noted."""

    kind: ClassVar[str] = KIND
    providers: ClassVar[tuple[str, ...]] = (KIND,)

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self._app = open311.create_app(self.room, api_key=self.site.secrets["open311_key"])
        self.city: open311.City = self._app.extensions["city"]
        self.city.restore({note["service_request_id"]: note for note in self.town.notes(KIND)})

    def apps(self) -> Mapping[str, Flask]:
        """The server."""
        return {"/open311": self._app}

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A report at the portal, perhaps dealt with there already."""
        match step:
            case Say(text=text):
                self._report(phone, Report(text=text), at)
            case Report():
                self._report(phone, step, at)
            case _:
                raise Unplayable(step)

    def deliver(self, message: Delivered) -> None:
        """What the site handed on shows on the portal's own page."""
        self.town.note(KIND, **self.city.requests[message.external_id])
        portal = self.town.phone(KIND, "portal", self.site.names[KIND])
        self.town.received(portal, message.text, at=message.at, via="Muara", ref=message.external_id)

    def _report(self, phone: Phone, step: Report, at: datetime | None) -> None:
        now = at or datetime.now(UTC)
        fields = {name: value for name, value in (("address", step.address), ("status_notes", step.notes)) if value}
        ident = self.city.report(step.text, code=_SERVICE, at=now, status=step.status, **fields)
        self.town.note(KIND, **self.city.requests[ident])
        label = f"Laporan {ident}"
        self.town.wrote(phone, step.text, at=at, via=self.site.names[KIND], ref=ident, label=label)
        if step.notes:
            self.town.received(phone, step.notes, at=at, via=self.site.names[KIND], label=label)
