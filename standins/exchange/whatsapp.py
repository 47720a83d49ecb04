"""WhatsApp: one number at Meta's own Cloud API, and one by Twilio."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from standins import pictures, twilio_whatsapp, whatsapp
from standins.exchange.base import REPORT_AFTER, Provider, Unplayable, fresh_number
from standins.kinds import WHATSAPP
from standins.steps import Photos, Place, Say, Voice
from standins.whatsapp_cloud import Citizen, Cloud, Template

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from flask import Flask

    from standins.exchange.base import House
    from standins.mailroom import Delivered
    from standins.request import Request
    from standins.steps import Step
    from standins.town import Phone
    from standins.whatsapp_cloud import Payload

TWILIO: Final = "twilio"
_BY_TWILIO: Final = "whatsapp-twilio"
_VOICE: Final = Path(__file__).parent.parent / "static" / "suara.ogg"
#: What Meta approved, by the names in config/demo/muara.toml: the ticket, the program, the words.
_TEMPLATES: Final = {
    "aduan_diterima": "Kabar tentang aduan {} di {}: {} Terima kasih.",
    "aduan_pertanyaan": "Mengenai aduan {} ({}), kami bertanya: {} Mohon dijawab di sini.",
    "aduan_selesai": "Aduan {} ({}) selesai: {} Terima kasih atas laporan Anda.",
    "aduan_jawaban": "Mengenai aduan {} ({}): {} Terima kasih.",
}
_TEMPLATE: Final = re.compile(r"\[(\w+)\] (.*)", re.DOTALL)
#: The fields that Meta offers an app for a WhatsApp account; those that the site needs are among them.
_FIELDS: Final = ("messages", "message_template_status_update", "account_update", "phone_number_quality_update")


class WhatsApp(Provider):
    """Windows of 24 hours begin anew after a restart with what stands on the phones."""

    kind: ClassVar[str] = WHATSAPP
    providers: ClassVar[tuple[str, ...]] = (WHATSAPP, _BY_TWILIO)

    def __init__(self, house: House, by_twilio: twilio_whatsapp.WhatsApp) -> None:
        super().__init__(house)
        site, secrets = self.site, self.site.secrets
        self.cloud = Cloud(
            self.room,
            phone_number_id=site.ids[WHATSAPP],
            waba_id=site.ids["waba"],
            token=secrets["whatsapp_token"],
            app_secret=secrets["whatsapp_secret"],
            verify_token=secrets["whatsapp_verify"],
            display_phone_number=site.names[WHATSAPP].removeprefix("+"),
        )
        self.cloud.templates = [Template(name=name) for name in _TEMPLATES]
        self.cloud.callbacks["application"] = site.hooks[WHATSAPP]
        self.cloud.subscribed.add(self.cloud.app_id)
        self.cloud.asked = {
            "object": "whatsapp_business_account",
            "callback_url": site.hooks[WHATSAPP],
            "active": True,
            "fields": [{"name": name, "version": whatsapp.VERSION} for name in _FIELDS],
        }
        self.cloud.restart_numbers(fresh_number())
        self._by_twilio = by_twilio
        for phone in self.town.phones():
            if phone.kind == WHATSAPP:
                self._restore(phone)

    def apps(self) -> Mapping[str, Flask]:
        """The Cloud API; Twilio's stands with its SMS."""
        return {"/whatsapp": whatsapp.create_app(self.room, cloud=self.cloud)}

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A text to either number; photos, a voice note and a place to Meta's."""
        citizen, when = _citizen(phone), None if at is None else at.timestamp()
        match step:
            case Say(text=text, way=way) if way == TWILIO:
                self._say_by_twilio(phone, text)
            case Say(text=text):
                self._tell(phone, text, [self.cloud.text(citizen, text, at=when)], at)
            case Photos(names=names, caption=caption):
                payloads = [
                    self.cloud.image(citizen, pictures.jpeg(name), "" if number else caption, at=when)
                    for number, name in enumerate(names)
                ]
                self._tell(phone, caption, payloads, at, pictures=names)
            case Voice():
                payload = self.cloud.voice(citizen, _VOICE.read_bytes(), at=when)
                self._tell(phone, "🎤 Pesan suara (0:04)", [payload], at)
            case Place(lat=lat, lon=lon):
                payload = self.cloud.says(citizen, "location", {"latitude": lat, "longitude": lon}, at=when)
                self._tell(phone, f"📍 {lat:.5f}, {lon:.5f}", [payload], at)
            case _:
                raise Unplayable(step)

    def deliver(self, message: Delivered) -> None:
        """A template shows as Meta fills it in; reports follow."""
        text, label = message.text, ""
        found = _TEMPLATE.fullmatch(text)
        if found and found[1] in _TEMPLATES:
            label = f"Templat {found[1]}"
            text = _TEMPLATES[found[1]].format(*found[2].split(" | ", 2))
        phone = self.town.phone(WHATSAPP, message.to)
        name = self.site.names[message.provider]
        self.town.received(phone, text, at=message.at, via=name, ref=message.external_id, label=label)
        self.postman.later(REPORT_AFTER, lambda: self._reports(message))

    def handle(self, phone: Phone) -> str:
        """The number, unless he hides it."""
        return phone.address if phone.address.startswith("+") else "nomor disembunyikan"

    def _tell(self, phone: Phone, text: str, payloads: list[Payload], at: datetime | None, **more: Any) -> None:
        site = self.site
        message = payloads[-1]["entry"][0]["changes"][0]["value"]["messages"][0]
        self.town.wrote(phone, text, at=at, via=site.names[WHATSAPP], ref=message["id"], **more)
        for payload in payloads:
            self.postman.carry(whatsapp.incoming(site.hooks[WHATSAPP], site.secrets["whatsapp_secret"], payload))

    def _say_by_twilio(self, phone: Phone, text: str) -> None:
        receiver = self.site.names[_BY_TWILIO]
        self._by_twilio.wrote(phone.address)
        self.town.wrote(phone, text, via=receiver)
        self.postman.carry(
            twilio_whatsapp.incoming(
                self.site.hooks[TWILIO],
                self.site.secrets["twilio_token"],
                sender=phone.address,
                receiver=receiver,
                text=text,
                name=phone.name or "Warga",
            )
        )

    def _reports(self, message: Delivered) -> list[Request]:
        secrets, hooks = self.site.secrets, self.site.hooks
        if message.provider == _BY_TWILIO:
            token, sid = secrets["twilio_token"], message.external_id
            return [twilio_whatsapp.status(hooks[TWILIO], token, sid=sid, status="delivered")]
        payloads = self.cloud.reports()
        return [whatsapp.incoming(hooks[WHATSAPP], secrets["whatsapp_secret"], *payloads)] if payloads else []

    def _restore(self, phone: Phone) -> None:
        citizen = _citizen(phone)
        self.cloud.knows(citizen)
        for line in self.town.lines(phone.id):
            if line.mine and line.via == self.site.names[_BY_TWILIO]:
                self._by_twilio.wrote(phone.address, line.at)
            elif line.mine:
                self.cloud.heard |= {key: line.at.timestamp() for key in (citizen.key, citizen.bsuid)}


def _citizen(phone: Phone) -> Citizen:
    """Known by his number, or where he hides it by Meta's own id, which is then the phone's address."""
    if not phone.address.startswith("+"):
        return Citizen(name=phone.name, bsuid=phone.address, username=phone.address.rpartition(".")[2])
    digits = int(hashlib.sha256(phone.address.encode()).hexdigest()[:16], 16)
    return Citizen(name=phone.name or "Warga", bsuid=f"ID.{digits}", phone=phone.address.removeprefix("+"))
