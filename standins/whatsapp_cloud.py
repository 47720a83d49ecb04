"""WhatsApp as Meta keeps it for one number: citizens, windows, media, templates, and the webhooks that it makes."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import itertools
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from standins.request import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from standins.mailroom import Mailroom

Payload = dict[str, Any]

WINDOW_SECONDS = 24 * 3600
URL_SECONDS = 5 * 60
#: Media that a citizen sent, and media that we handed over.
RECEIVED_SECONDS, UPLOADED_SECONDS = 7 * 24 * 3600, 30 * 24 * 3600
_DETAILS = {
    131026: "Message undeliverable",
    131047: "Re-engagement message",
    131049: "This message was not delivered to maintain healthy ecosystem engagement.",
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """Somebody with WhatsApp; `phone` without +, empty for one who hides it behind a username."""

    name: str
    bsuid: str
    phone: str = ""
    username: str = ""

    @property
    def key(self) -> str:
        """What he is known by: the number, or the id where he hides it."""
        return self.phone or self.bsuid

    def contact(self) -> Payload:
        """The webhook's contact."""
        profile = {"name": self.name} | ({"username": self.username} if self.username else {})
        return {"profile": profile, "user_id": self.bsuid} | ({"wa_id": self.phone} if self.phone else {})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A message template with so many parameters in its body."""

    name: str
    language: str = "id"
    parameters: int = 3
    status: str = "APPROVED"


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file at Meta, until the time `ends`."""

    content: bytes
    mime_type: str
    ends: float

    @property
    def sha256(self) -> bytes:
        """As the webhook tells it in base64 and the media node in hexadecimal."""
        return hashlib.sha256(self.content).digest()


class Cloud:
    """One business account with one number. `clock` gives seconds since 1970."""

    def __init__(
        self,
        mailroom: Mailroom,
        *,
        phone_number_id: str,
        waba_id: str,
        token: str,
        app_secret: str,
        verify_token: str = "",
        display_phone_number: str = "628112626100",
        account: str = "whatsapp",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.mailroom = mailroom
        self.phone_number_id, self.waba_id = phone_number_id, waba_id
        self.token, self.app_secret, self.verify_token = token, app_secret, verify_token
        self.display_phone_number, self.account, self.clock = display_phone_number, account, clock
        self.app_id = "400000000000004"
        self.citizens: dict[str, Citizen] = {}
        self.heard: dict[str, float] = {}
        self.files: dict[str, File] = {}
        self.urls: dict[str, tuple[str, float]] = {}
        self.templates: list[Template] = []
        #: Callbacks by whose they are, and what the app asks to be told.
        self.callbacks: dict[str, str] = {}
        self.asked: Payload = {}
        #: The apps that are told of the account.
        self.subscribed: set[str] = set()
        #: When the token ends (0: never), and whether it may be asked about itself.
        self.token_ends, self.may_ask = 0, True
        self.scopes = ["whatsapp_business_messaging", "whatsapp_business_management"]
        self.status, self.quality = "CONNECTED", "GREEN"
        #: An error number with which every message is refused, after `spare` more good ones.
        self.refuse: int | None = None
        self.spare = 0
        self._numbers = itertools.count(1)
        self._reports: list[Payload] = []

    def knows(self, citizen: Citizen) -> None:
        """A citizen has WhatsApp, without having written to us."""
        self.citizens[citizen.phone or citizen.bsuid] = self.citizens[citizen.bsuid] = citizen

    def says(
        self, citizen: Citizen, kind: str, content: Any, *, reply_to: str = "", at: float | None = None
    ) -> Payload:
        """The webhook of one message; it opens the window of 24 hours."""
        self.knows(citizen)
        when = self.clock() if at is None else at
        for key in {citizen.key, citizen.bsuid}:
            self.heard[key] = max(when, self.heard.get(key, 0))
        message = {"id": self.wamid(), "timestamp": str(int(when)), "type": kind, kind: content}
        message |= {"from_user_id": citizen.bsuid} | ({"from": citizen.phone} if citizen.phone else {})
        if reply_to:
            message["context"] = {"from": self.display_phone_number, "id": reply_to}
        return self._value(contacts=[citizen.contact()], messages=[message])

    def text(self, citizen: Citizen, text: str, *, reply_to: str = "", at: float | None = None) -> Payload:
        """A text, perhaps as a reply to one of our messages."""
        return self.says(citizen, "text", {"body": text}, reply_to=reply_to, at=at)

    def image(self, citizen: Citizen, content: bytes, caption: str = "", *, at: float | None = None) -> Payload:
        """A photo."""
        words = {"caption": caption} if caption else {}
        return self.says(citizen, "image", self.file(content, "image/jpeg") | words, at=at)

    def voice(self, citizen: Citizen, content: bytes, *, at: float | None = None) -> Payload:
        """A voice note."""
        return self.says(citizen, "audio", self.file(content, "audio/ogg; codecs=opus") | {"voice": True}, at=at)

    def location(self, citizen: Citizen, lat: float, lon: float, name: str = "", *, at: float | None = None) -> Payload:
        """A point on the map."""
        words = {"name": name, "address": name} if name else {}
        return self.says(citizen, "location", {"latitude": lat, "longitude": lon} | words, at=at)

    def button(self, citizen: Citizen, text: str, payload: str, reply_to: str, *, at: float | None = None) -> Payload:
        """A tap on a template's quick reply."""
        return self.says(citizen, "button", {"text": text, "payload": payload}, reply_to=reply_to, at=at)

    def report(self, wamid: str, status: str, *, whom: str = "", opaque: str = "", code: int | None = None) -> Payload:
        """The webhook of one step of one of our messages; `code` is why it failed."""
        step: Payload = {"id": wamid, "status": status, "timestamp": str(int(self.clock())), "recipient_id": whom}
        if opaque:
            step["biz_opaque_callback_data"] = opaque
        if code is not None:
            title = _DETAILS.get(code, "Something went wrong")
            step["errors"] = [{"code": code, "title": title, "message": title, "error_data": {"details": title}}]
        return self._value(statuses=[step])

    def reports(self) -> list[Payload]:
        """The steps of our messages that are still to be told, each once."""
        waiting, self._reports = self._reports, []
        return waiting

    def owe(self, report: Payload) -> None:
        """A step that is to be told later."""
        self._reports.append(report)

    def restart_numbers(self, at: int) -> None:
        """Number on from here, where an earlier start has used those below."""
        self._numbers = itertools.count(at)

    def wamid(self) -> str:
        """A new message's id, as long as Meta's are."""
        number = f"{self.phone_number_id}:{next(self._numbers)}"
        return "wamid." + base64.b64encode(hashlib.sha256(number.encode()).digest()[:24]).decode()

    def file(self, content: bytes, mime_type: str) -> Payload:
        """A file that a citizen sends, as the webhook names it."""
        key = self.keep(File(content, mime_type, self.clock() + RECEIVED_SECONDS))
        digest = base64.b64encode(self.files[key].sha256).decode()
        return {"id": key, "mime_type": mime_type, "sha256": digest}

    def keep(self, file: File) -> str:
        """A file's new id."""
        key = str(1_003_383_421_387_000 + next(self._numbers))
        self.files[key] = file
        return key

    def _value(self, **parts: Any) -> Payload:
        metadata = {"display_phone_number": self.display_phone_number, "phone_number_id": self.phone_number_id}
        value = {"messaging_product": "whatsapp", "metadata": metadata} | parts
        changes = [{"value": value, "field": "messages"}]
        return {"object": "whatsapp_business_account", "entry": [{"id": self.waba_id, "changes": changes}]}


def incoming(hook_url: str, app_secret: str, *payloads: Payload) -> Request:
    """The signed webhook call that brings one payload, or several in one batch."""
    entries = [entry for payload in payloads for entry in payload["entry"]]
    body = json.dumps({"object": "whatsapp_business_account", "entry": entries}, separators=(",", ":")).encode()
    signature = hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    return Request(method="POST", url=hook_url, headers=headers, body=body)


def handshake(hook_url: str, verify_token: str, challenge: str = "1158201444") -> Request:
    """The call by which Meta asks whether the address is ours."""
    query = urlencode({"hub.mode": "subscribe", "hub.challenge": challenge, "hub.verify_token": verify_token})
    return Request(method="GET", url=f"{hook_url}?{query}", headers={})
