"""Between the phones and the webhooks: what a citizen writes leaves in his provider's dress, signed as it signs."""

from __future__ import annotations

import dataclasses
import re
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from standins import android_sms, kannel, pictures, telegram, twilio, webform
from standins.telegram_cloud import Citizen, Cloud, Webhook
from standins.town import SMS, TELEGRAM, WEB, Doorsteps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flask import Flask

    from standins.mailroom import Delivered
    from standins.postman import Postman
    from standins.request import Request
    from standins.telegram_cloud import Update
    from standins.town import Line, Phone, Town

#: The user name of the product at every provider.
USERNAME: Final = "muara"
#: Seconds until a delivery report; a network is not quicker either.
_REPORT_AFTER: Final = 1.5
_DELIVERED: Final = 1
_FIRST_UPDATE: Final = 700_000_001
#: A chat and a message of it.
_REF: Final = re.compile(r"\d+:\d+")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the site is that the citizens write to. `hooks` and `numbers` are by provider (kannel, twilio, android,
    telegram); the telegram "number" is the bot's name without @.

    `secrets` are those that the site shares with the providers: kannel_secret, kannel_password, twilio_sid,
    twilio_token, android_password, android_key, telegram_token, telegram_secret.
    """

    url: str
    hooks: Mapping[str, str]
    numbers: Mapping[str, str]
    secrets: Mapping[str, str] = dataclasses.field(repr=False)


class Exchange:
    """All providers of one site; `apps` are their servers, by the path that they belong under."""

    def __init__(self, site: Site, town: Town, postman: Postman) -> None:
        self.site = site
        self.town = town
        self.postman = postman
        names = dict(site.numbers) | {TELEGRAM: f"@{site.numbers[TELEGRAM]}"}
        self._doorsteps = _Reporting(town, names, self)
        self._cloud = self._bot()
        self.apps = self._servers()

    def sms(
        self, phone: Phone, text: str, *, to: str | None = None, at: datetime | None = None, copies: int = 1
    ) -> Line:
        """To one of the site's numbers, if none is named the short code; `copies`: how often the provider says it."""
        number = to or self.site.numbers["kannel"]
        provider = next((name for name, known in self.site.numbers.items() if known == number), "kannel")
        request = self._sms_request(provider, phone, text, at)
        line = self.town.wrote(phone, text, at=at, via=number)
        for _ in range(copies):
            self.postman.carry(request)
        return line

    def long_sms(self, phone: Phone, parts: Sequence[str], *, order: Sequence[int], at: datetime | None = None) -> Line:
        """A text in parts, of which those in `order` (counted from 1) arrive, in that order."""
        number = self.site.numbers["kannel"]
        reference = uuid.uuid4().bytes[0]
        line = self.town.wrote(phone, "".join(parts), at=at, via=number)
        for part in order:
            self.postman.carry(
                kannel.incoming(
                    self.site.hooks["kannel"],
                    self.site.secrets["kannel_secret"],
                    sender=phone.address,
                    receiver=number,
                    text=parts[part - 1],
                    udh=bytes((5, 0, 3, reference, len(parts), part)),
                    time=at,
                )
            )
        return line

    def chat(self, phone: Phone, text: str, *, at: datetime | None = None) -> tuple[Line, Update]:
        """A text to the bot, and the update that it became."""
        update = self._dated(self._cloud.update_text(_citizen(phone), text), at)
        line = self.town.wrote(phone, text, at=at, via=self._bot_name, ref=_ref(update))
        self._hand(update)
        return line, update

    def photos(self, phone: Phone, names: Sequence[str], caption: str, *, at: datetime | None = None) -> Line:
        """One photo or an album to the bot."""
        citizen, contents = _citizen(phone), [pictures.jpeg(name) for name in names]
        if len(contents) == 1:
            updates = [self._cloud.update_photo(citizen, contents[0], caption=caption)]
        else:
            updates = self._cloud.update_album(citizen, contents, caption=caption)
        line = self.town.wrote(phone, caption, at=at, via=self._bot_name, ref=_ref(updates[-1]), pictures=names)
        for update in updates:
            self._hand(self._dated(update, at))
        return line

    def place(self, phone: Phone, lat: float, lon: float, *, at: datetime | None = None) -> Line:
        """A point on the map to the bot."""
        update = self._dated(self._cloud.update_location(_citizen(phone), lat, lon), at)
        line = self.town.wrote(phone, f"📍 {lat:.5f}, {lon:.5f}", at=at, via=self._bot_name, ref=_ref(update))
        self._hand(update)
        return line

    def edit(self, phone: Phone, line: Line, update: Update, text: str) -> None:
        """The citizen changes what he wrote to the bot."""
        self.town.rewrote(phone, line, text)
        self._hand(self._cloud.update_edit(update, text))

    def form(self, phone: Phone, fields: Mapping[str, str], names: Sequence[str] = ()) -> Line:
        """The public form, filled in; the receipt's ticket code stands on the phone. OSError, ValueError."""
        line = self.town.wrote(phone, fields["isi"], via="/lapor", pictures=names)
        code = webform.send(self.site.url, fields, [pictures.jpeg(name) for name in names])
        self.town.received(phone, f"Aduan Anda sudah kami terima. Nomor aduan: {code}", via="/lapor")
        return line

    def report(self, message: Delivered) -> None:
        """Let the provider tell the site, a little later, that a message has arrived on the phone."""
        hook, secrets = self.site.hooks[message.provider], self.site.secrets

        def reports() -> list[Request]:
            if message.provider == "kannel":
                waiting: list[str] = self.apps["/kannel"].extensions["kannel_reports"]
                return [kannel.report(waiting.pop(0), _DELIVERED, phone=message.to)] if waiting else []
            if message.provider == "twilio":
                sid = message.external_id
                return [twilio.status(hook, secrets["twilio_token"], sid=sid, status="delivered")]
            steps = ("sms:sent", "sms:delivered")
            key = secrets["android_key"]
            return [android_sms.receipt(hook, key, message_id=message.external_id, event_name=step) for step in steps]

        if message.provider != TELEGRAM:
            self.postman.later(_REPORT_AFTER, reports)

    @property
    def _bot_name(self) -> str:
        return f"@{self.site.numbers[TELEGRAM]}"

    def _sms_request(self, provider: str, phone: Phone, text: str, at: datetime | None) -> Request:
        hook, secrets, number = self.site.hooks[provider], self.site.secrets, self.site.numbers[provider]
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

    def _bot(self) -> Cloud:
        """Telegram as it knows the bot; its numbers go on where an earlier start stopped."""
        secrets = self.site.secrets
        token, name = secrets["telegram_token"], self.site.numbers[TELEGRAM]
        cloud = Cloud(self._doorsteps, token, username=name, insecure_hooks=True)
        cloud.webhook = Webhook(url=self.site.hooks[TELEGRAM], secret=secrets["telegram_secret"])
        messages = [int(ref.partition(":")[2]) for ref in self.town.refs() if _REF.fullmatch(ref)]
        last = max(messages, default=0)
        cloud.restart_messages(last + 1)
        # Each update has a message of its own or edits one, so this lies above all earlier updates.
        cloud.restart_numbers(_FIRST_UPDATE + 2 * last)
        for phone in self.town.phones():
            if phone.kind == TELEGRAM:
                cloud.chats[int(phone.address)] = _citizen(phone)
        return cloud

    def _servers(self) -> dict[str, Flask]:
        secrets, hooks, room = self.site.secrets, self.site.hooks, self._doorsteps
        registered = [{"id": USERNAME, "event": "sms:received", "url": hooks["android"]}]
        return {
            "/kannel": kannel.create_app(room, username=USERNAME, password=secrets["kannel_password"]),
            "/twilio": twilio.create_app(
                room,
                account_sid=secrets["twilio_sid"],
                auth_token=secrets["twilio_token"],
                numbers=[self.site.numbers["twilio"]],
            ),
            "/android": android_sms.create_app(
                room, username=USERNAME, password=secrets["android_password"], hooks=registered
            ),
            "/telegram": telegram.create_app(room, secrets["telegram_token"], cloud=self._cloud),
        }

    def _hand(self, update: Update) -> None:
        secret = self.site.secrets["telegram_secret"]
        self.postman.carry(telegram.incoming(self.site.hooks[TELEGRAM], secret, update))

    def _dated(self, update: Update, at: datetime | None) -> Update:
        if at is not None:
            update["message"]["date"] = int(at.timestamp())
        return update


class _Reporting(Doorsteps):
    """Doorsteps at which the provider notes that it has delivered."""

    def __init__(self, town: Town, names: dict[str, str], exchange: Exchange) -> None:
        super().__init__(town, names)
        self._exchange = exchange

    def deliver(self, message: Delivered) -> None:
        super().deliver(message)
        self._exchange.report(message)


def _citizen(phone: Phone) -> Citizen:
    first, _, last = (phone.name or "Warga").partition(" ")
    return Citizen(id=int(phone.address), first_name=first, last_name=last or None)


def _ref(update: Update) -> str:
    message = update["message"]
    return f"{message['chat']['id']}:{message['message_id']}"


__all__ = ["SMS", "TELEGRAM", "USERNAME", "WEB", "Exchange", "Site"]
