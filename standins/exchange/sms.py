"""SMS by three providers: the nation's short code (Kannel), an Android phone, and Twilio for those abroad."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final

from standins import android_sms, kannel, twilio, twilio_whatsapp
from standins.exchange.base import REPORT_AFTER, Provider, Unplayable
from standins.kinds import SMS
from standins.steps import Long, Say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flask import Flask

    from standins.exchange.base import House
    from standins.mailroom import Delivered
    from standins.request import Request
    from standins.steps import Step
    from standins.town import Phone

#: The user name of the product at Kannel and on the Android phone.
_USERNAME: Final = "muara"
_DELIVERED: Final = 1
#: What the templates of Twilio's WhatsApp say, by their ids in config/demo/muara.toml.
_TEMPLATES: Final = {f"HX{'0' * 31}1": "Mengenai aduan {{1}} ({{2}}): {{3}} Terima kasih."}


class Sms(Provider):
    """A text goes to one of the site's numbers, if none is named to the short code."""

    kind: ClassVar[str] = SMS
    providers: ClassVar[tuple[str, ...]] = ("kannel", "android", "twilio")

    def __init__(self, house: House) -> None:
        super().__init__(house)
        names, secrets = self.site.names, self.site.secrets
        #: Twilio has one API for both; the phones of its WhatsApp are served elsewhere.
        self.twilio_whatsapp = twilio_whatsapp.WhatsApp(senders=[names["whatsapp-twilio"]], templates=_TEMPLATES)
        self._kannel = kannel.create_app(self.room, username=_USERNAME, password=secrets["kannel_password"])
        self._twilio = twilio.create_app(
            self.room,
            account_sid=secrets["twilio_sid"],
            auth_token=secrets["twilio_token"],
            numbers=[names["twilio"]],
            whatsapp=self.twilio_whatsapp,
        )
        registered = [{"id": _USERNAME, "event": "sms:received", "url": self.site.hooks["android"]}]
        self._android = android_sms.create_app(
            self.room, username=_USERNAME, password=secrets["android_password"], hooks=registered
        )

    def apps(self) -> Mapping[str, Flask]:
        """The three servers."""
        return {"/kannel": self._kannel, "/twilio": self._twilio, "/android": self._android}

    def do(self, phone: Phone, step: Step, at: datetime | None) -> None:
        """A text, or a long one that arrives in parts."""
        match step:
            case Say(text=text, to=to, copies=copies):
                request = self._request(to, phone, text, at)
                self.town.wrote(phone, text, at=at, via=self.site.names[to])
                for _ in range(copies):
                    self.postman.carry(request)
            case Long():
                self._long(phone, step, at)
            case _:
                raise Unplayable(step)

    def deliver(self, message: Delivered) -> None:
        """Kannel names numbers without +; a report follows."""
        phone = self.town.phone(SMS, f"+{message.to.removeprefix('+')}")
        name = self.site.names[message.provider]
        self.town.received(phone, message.text, at=message.at, via=name, ref=message.external_id)
        self.postman.later(REPORT_AFTER, lambda: self._reports(message))

    def handle(self, phone: Phone) -> str:
        """The number."""
        return phone.address

    def _long(self, phone: Phone, step: Long, at: datetime | None) -> None:
        number = self.site.names["kannel"]
        reference = uuid.uuid4().bytes[0]
        self.town.wrote(phone, "".join(step.parts), at=at, via=number)
        for part in step.order:
            self.postman.carry(
                kannel.incoming(
                    self.site.hooks["kannel"],
                    self.site.secrets["kannel_secret"],
                    sender=phone.address,
                    receiver=number,
                    text=step.parts[part - 1],
                    udh=bytes((5, 0, 3, reference, len(step.parts), part)),
                    time=at,
                )
            )

    def _request(self, provider: str, phone: Phone, text: str, at: datetime | None) -> Request:
        hook, secrets, number = self.site.hooks[provider], self.site.secrets, self.site.names[provider]
        if provider == "twilio":
            sid = secrets["twilio_sid"]
            return twilio.incoming(
                hook, secrets["twilio_token"], sender=phone.address, receiver=number, text=text, account_sid=sid
            )
        if provider == "android":
            payload = {
                "messageId": uuid.uuid4().hex[:8],
                "message": text,
                "sender": phone.address,
                "recipient": number,
                "phoneNumber": phone.address,
                "simNumber": 1,
                "receivedAt": (at or datetime.now(UTC)).isoformat(timespec="milliseconds"),
            }
            return android_sms.event(hook, secrets["android_key"], "sms:received", payload)
        return kannel.incoming(
            hook, secrets["kannel_secret"], sender=phone.address, receiver=number, text=text, time=at
        )

    def _reports(self, message: Delivered) -> list[Request]:
        hook, secrets = self.site.hooks[message.provider], self.site.secrets
        if message.provider == "kannel":
            waiting: list[str] = self._kannel.extensions["kannel_reports"]
            return [kannel.report(waiting.pop(0), _DELIVERED, phone=message.to)] if waiting else []
        if message.provider == "twilio":
            return [twilio.status(hook, secrets["twilio_token"], sid=message.external_id, status="delivered")]
        return [
            android_sms.receipt(hook, secrets["android_key"], message_id=message.external_id, event_name=step)
            for step in ("sms:sent", "sms:delivered")
        ]
