"""The official account at LINE and its friends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from standins import line, pictures
from standins.exchange.base import Provider, Unplayable, fresh_number
from standins.kinds import LINE
from standins.line_cloud import Cloud
from standins.steps import Photos, Place, Say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flask import Flask

    from standins.exchange.base import House
    from standins.line_cloud import Event
    from standins.steps import Step
    from standins.town import Phone

_FIRST_ID: Final = 600_000_000_000_000_000


class Line(Provider):
    """Its friends are those whose phones the town knows; reply tokens die with a restart, as they do after a minute."""

    kind: ClassVar[str] = LINE
    providers: ClassVar[tuple[str, ...]] = (LINE,)

    def __init__(self, house: House) -> None:
        super().__init__(house)
        self.cloud = Cloud(
            channel_secret=self.site.secrets["line_secret"],
            destination=self.site.ids[LINE],
            name="Mas Bup Siaga",
            endpoint=self.site.hooks[LINE],
            users={phone.address for phone in self.town.phones() if phone.kind == LINE},
        )
        self.cloud.restart_ids(_FIRST_ID + fresh_number())

    def apps(self) -> Mapping[str, Flask]:
        """The Messaging API with its files."""
        token = self.site.secrets["line_token"]
        return {"/line": line.create_app(self.room, access_token=token, cloud=self.cloud)}

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A text, one or several photos, a place."""
        match step:
            case Say(text=text):
                self._tell(phone, text, [self.cloud.text(phone.address, text)], at)
            case Photos(names=names, caption=caption):
                events = self.cloud.images(phone.address, [pictures.jpeg(name) for name in names])
                self._tell(phone, "", events, at, pictures=names)
                if caption:
                    self._tell(phone, caption, [self.cloud.text(phone.address, caption)], at)
            case Place(lat=lat, lon=lon):
                event = self.cloud.location(phone.address, lat, lon, title="Lokasi")
                self._tell(phone, f"📍 {lat:.5f}, {lon:.5f}", [event], at)
            case _:
                raise Unplayable(step)

    def _tell(self, phone: Phone, text: str, events: list[Event], at: datetime | None, **more: Any) -> None:
        ref = events[-1]["message"]["id"]
        self.town.wrote(phone, text, at=at, via=self.site.names[LINE], ref=ref, **more)
        for event in events:
            if at is not None:
                event["timestamp"] = int(at.timestamp() * 1000)
        self.postman.carry(self.cloud.webhook(self.site.hooks[LINE], *events))
