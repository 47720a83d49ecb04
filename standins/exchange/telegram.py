"""The bot at Telegram and those who chat with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from standins import pictures, telegram
from standins.exchange.base import Provider, Unplayable
from standins.kinds import TELEGRAM
from standins.steps import Mend, Photos, Place, Say
from standins.telegram_cloud import Citizen, Cloud, Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flask import Flask

    from standins.exchange.base import House
    from standins.steps import Step
    from standins.telegram_cloud import Update
    from standins.town import Line, Phone

_FIRST_UPDATE: Final = 700_000_001
#: A chat and a message of it.
_REF: Final = re.compile(r"\d+:\d+")


class Telegram(Provider):
    """Its numbers go on where an earlier start stopped."""

    kind: ClassVar[str] = TELEGRAM
    providers: ClassVar[tuple[str, ...]] = (TELEGRAM,)

    def __init__(self, house: House) -> None:
        super().__init__(house)
        secrets, name = self.site.secrets, self.site.names[TELEGRAM]
        self.cloud = Cloud(self.room, secrets["telegram_token"], username=name.removeprefix("@"), insecure_hooks=True)
        self.cloud.webhook = Webhook(url=self.site.hooks[TELEGRAM], secret=secrets["telegram_secret"])
        messages = [int(ref.partition(":")[2]) for ref in self.town.refs() if _REF.fullmatch(ref)]
        last = max(messages, default=0)
        self.cloud.restart_messages(last + 1)
        # Each update has a message of its own or edits one, so this lies above all earlier updates.
        self.cloud.restart_numbers(_FIRST_UPDATE + 2 * last)
        for phone in self.town.phones():
            if phone.kind == TELEGRAM:
                self.cloud.chats[int(phone.address)] = _citizen(phone)
        self._last: dict[str, tuple[Line, Update]] = {}

    def apps(self) -> Mapping[str, Flask]:
        """The Bot API."""
        return {"/telegram": telegram.create_app(self.room, self.site.secrets["telegram_token"], cloud=self.cloud)}

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A text, a photo or an album, a place, or the last text with other words."""
        citizen = _citizen(phone)
        match step:
            case Say(text=text):
                update = self.cloud.update_text(citizen, text)
                self._last[phone.id] = (self._tell(phone, text, [update], at), update)
            case Photos(names=names, caption=caption):
                contents = [pictures.jpeg(name) for name in names]
                if len(contents) == 1:
                    updates = [self.cloud.update_photo(citizen, contents[0], caption=caption)]
                else:
                    updates = self.cloud.update_album(citizen, contents, caption=caption)
                self._tell(phone, caption, updates, at, pictures=names)
            case Place(lat=lat, lon=lon):
                self._tell(phone, f"📍 {lat:.5f}, {lon:.5f}", [self.cloud.update_location(citizen, lat, lon)], at)
            case Mend(text=text) if phone.id in self._last:
                line, update = self._last[phone.id]
                self.town.rewrote(phone, line, text)
                self._hand(self.cloud.update_edit(update, text))
            case _:
                raise Unplayable(step)

    def _tell(self, phone: Phone, text: str, updates: list[Update], at: datetime | None, **more: Any) -> Line:
        message = updates[-1]["message"]
        ref = f"{message['chat']['id']}:{message['message_id']}"
        line = self.town.wrote(phone, text, at=at, via=self.site.names[TELEGRAM], ref=ref, **more)
        for update in updates:
            if at is not None:
                update["message"]["date"] = int(at.timestamp())
            self._hand(update)
        return line

    def _hand(self, update: Update) -> None:
        secret = self.site.secrets["telegram_secret"]
        self.postman.carry(telegram.incoming(self.site.hooks[TELEGRAM], secret, update))


def _citizen(phone: Phone) -> Citizen:
    first, _, last = (phone.name or "Warga").partition(" ")
    return Citizen(id=int(phone.address), first_name=first, last_name=last or None)
