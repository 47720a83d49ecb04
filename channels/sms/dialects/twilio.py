"""Twilio: signed form webhooks in, its REST API out. Source: Twilio's messaging webhooks and message resource, 2026.

WhatsApp messages come by the same webhook and go out by the same API; their own rules are in `twilio_whatsapp`.
"""

from __future__ import annotations

import base64
import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator, get_signature_algorithm

from channels.contract import Answer, Capabilities, Health, Verdict
from channels.errors import FetchFailed, Refused, SendFailed, VerificationFailed
from channels.sms import checks
from channels.sms.checks import checked
from channels.sms.dialects import twilio_whatsapp
from channels.sms.dialects.base import Dialect, Settings
from channels.sms.numbers import address
from channels.toolkit.payload import storable
from normalizer.messages import Attachment, Delivery, DeliveryReceipt, Ignored, InboundMessage, Malformed, Sender
from normalizer.saying import quoted, say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Conversation, Media, Obligation, OutboundReply, RawMessage, RawRequest, ReplyOptions
    from normalizer.messages import Inbound
    from normalizer.saying import Sentence

API: Final = "https://api.twilio.com"
#: An empty TwiML document: nothing is sent back by Twilio itself.
_TWIML: Final = Answer(
    body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml; charset=utf-8"
)
_INCOMING: Final = frozenset({"", "received", "receiving"})
_STATUSES: Final = {
    "accepted": Delivery.ACCEPTED,
    "queued": Delivery.ACCEPTED,
    "scheduled": Delivery.ACCEPTED,
    "sending": Delivery.ACCEPTED,
    "sent": Delivery.SENT,
    "delivered": Delivery.DELIVERED,
    "read": Delivery.READ,
    "undelivered": Delivery.FAILED,
    "failed": Delivery.FAILED,
    "canceled": Delivery.FAILED,
}
#: Twilio refuses a longer body (error 21617).
_MAX_TEXT: Final = 1600
_MOST_FILES: Final = 50
_MEDIA_TIMEOUT: Final = 30.0
_MESSAGING_SERVICE: Final = "MG"
_WHO: Final = "Twilio"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwilioSettings(Settings):
    """`sender` is one of the account's numbers, or a messaging service (MG…), for SMS; `whatsapp_sender` the number for
    WhatsApp. The `content_sid_…` (HX…) are approved templates with the variables 1 ticket, 2 program, 3 text.
    """

    account_sid: str
    auth_token: str = dataclasses.field(repr=False)
    sender: str = ""
    whatsapp_sender: str = ""
    content_sid_ack: str = checked("", checks.content_sid)
    content_sid_question: str = checked("", checks.content_sid)
    content_sid_closing: str = checked("", checks.content_sid)
    content_sid_answer: str = checked("", checks.content_sid)
    api_url: str = checked(API, checks.url)
    timeout: float = checked(15.0, checks.above_zero)

    def __post_init__(self) -> None:
        """An account that is not for reading only needs something to send from."""
        if self.account_sid and not (self.sender or self.whatsapp_sender):
            raise ValueError("expected `sender` for SMS, `whatsapp_sender` for WhatsApp, or both")


class Params(dict[str, list[str]]):
    """Form parameters as twilio's validator wants them: it signs each value of a repeated one."""

    def getlist(self, name: str) -> list[str]:
        """All values of a parameter."""
        return self[name]

    def first(self, *names: str) -> str:
        """The first of these parameters that has a value; empty where none has."""
        return next((value for name in names for value in self.get(name, ()) if value), "")


class Twilio(Dialect[TwilioSettings]):
    """One Twilio account with one number or messaging service."""

    settings_type: ClassVar[type[Settings]] = TwilioSettings

    @property
    def capabilities(self) -> Capabilities:
        """All but idempotent sending: Twilio has no key for it."""
        return Capabilities(webhook=True, replies=True, attachments=True, receipts=True, max_text=_MAX_TEXT)

    @property
    def addresses(self) -> frozenset[str]:
        """The numbers, and the WhatsApp number as Twilio names it."""
        whatsapp = twilio_whatsapp.own(self.settings)
        return super().addresses | ({f"{twilio_whatsapp.PREFIX}{whatsapp}"} if whatsapp else set())

    def keeps(self, conversation_id: str) -> bool:
        """WhatsApp's conversations."""
        return conversation_id.startswith(twilio_whatsapp.PREFIX)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """WhatsApp's 24 hours."""
        return twilio_whatsapp.options(self.settings, conversation, now)

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - Twilio signs no time
        """By twilio's own validator, over the public address and every parameter, known or not."""
        if not self.settings.auth_token:
            raise VerificationFailed("no auth token is configured")
        url = request.url if "?" in request.url or not request.query else f"{request.url}?{request.query}"
        params = _params(request.body.decode("utf-8", "replace"))
        algorithm = get_signature_algorithm(request.headers.get("x-twilio-webhooks-signature-settings"))
        signature = request.headers.get("x-twilio-signature", "")
        if not RequestValidator(self.settings.auth_token).validate(url, params, signature, algorithm):
            raise VerificationFailed("the signature is missing or wrong")
        return Verdict(answer=_TWIML)

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One message, or one step of one of ours."""
        params = _params(raw.body.decode("utf-8", "replace") or raw.query)
        if not params:
            return [Ignored(reason="empty")]
        status = params.first("MessageStatus", "SmsStatus").lower()
        return [self._message(params) if status in _INCOMING else _receipt(params, status)]

    def _message(self, params: Params) -> Inbound:
        external_id = params.first("MessageSid", "SmsMessageSid", "SmsSid") or None
        sender = params.first("From")
        if not sender:
            return Malformed(error="twilio: no From", external_id=external_id)
        channel, colon, _ = sender.partition(":")
        if sender.startswith(twilio_whatsapp.PREFIX):
            return twilio_whatsapp.read(params, _files(params), self.settings.region)
        if colon:
            return Ignored(reason=f"{channel.lower()[:20]}-not-configured", external_id=external_id)
        number = address(sender, self.settings.region)
        return InboundMessage(
            external_id=external_id,
            conversation_id=number,
            sender=Sender(address=number),
            to=address(params.first("To"), self.settings.region) or None,
            text=params.first("Body"),
            attachments=_files(params),
        )

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """Through twilio's own client."""
        from channels.sms.dialects import twilio_client  # noqa: PLC0415 - 14 MB that a gateway need not carry

        settings = self.settings
        if self.keeps(reply.conversation_id):
            wanted = twilio_whatsapp.wanted(settings, reply, _MAX_TEXT)
        elif settings.sender:
            origin = "messaging_service_sid" if settings.sender.startswith(_MESSAGING_SERVICE) else "from_"
            wanted = {origin: settings.sender, "to": reply.to, "body": reply.text}
        else:
            raise Refused(say("Nomor pengirim SMS belum diatur (sender): minta administrator mengisinya."))
        sid = twilio_client.create_message(
            twilio_client.client(settings.account_sid, settings.auth_token, settings.api_url, settings.timeout),
            wanted,
            status_callback=self.account.hook_url,
        )
        return DeliveryReceipt(external_id=sid, status=Delivery.ACCEPTED, conversation_id=reply.conversation_id)

    def fetch(self, obligation: Obligation) -> Media:
        """With the account's log-in, which is shown to Twilio's API only; where that redirects to is guarded."""
        from channels.toolkit import guarded  # noqa: PLC0415 - the gateway never fetches

        url = obligation.url or ""
        if _origin(url) not in {_origin(API), _origin(self.settings.api_url)}:
            raise FetchFailed("the file's address is not Twilio's")
        log_in = base64.b64encode(f"{self.settings.account_sid}:{self.settings.auth_token}".encode()).decode()
        return guarded.fetch(
            url,
            max_bytes=obligation.max_bytes,
            timeout=_MEDIA_TIMEOUT,
            trusted_hosts=frozenset({urlsplit(self.settings.api_url).netloc.lower()}),
            authorization=f"Basic {log_in}",
        )

    def health(self) -> Health:
        """Asks for the account itself, which proves address, log-in and that it is active."""
        from channels.toolkit import http  # noqa: PLC0415 - asked by the clock and doctor only

        settings = self.settings
        url = f"{settings.api_url}/2010-04-01/Accounts/{settings.account_sid}.json"
        log_in = (settings.account_sid, settings.auth_token)
        try:
            answer = http.call("GET", url, who=_WHO, timeout=settings.timeout, auth=log_in)
            account: Any = http.check(answer, _WHO).json()
        except SendFailed as error:
            wanted = say("%(error)s: periksa api_url, account_sid dan auth_token.", error=error.sentence)
            return Health(ok=False, sentence=wanted)
        state = account.get("status") if isinstance(account, dict) else None
        if state == "active":
            return Health(ok=True, sentence=say("Twilio menerima log-in kita."))
        sentence = say("Akun Twilio tidak aktif (%(state)s): periksa di konsol Twilio.", state=f"{state!s:.20}")
        return Health(ok=False, sentence=sentence)


def _params(form: str) -> Params:
    params = Params()
    for name, value in parse_qsl(form, keep_blank_values=True, errors="replace"):
        params.setdefault(storable(name), []).append(storable(value))
    return params


def _receipt(params: Params, status: str) -> DeliveryReceipt | Ignored | Malformed:
    external_id = params.first("MessageSid", "SmsSid")
    if not external_id:
        return Malformed(error="twilio: a status without MessageSid")
    if status not in _STATUSES:
        return Ignored(reason=f"unknown-status:{status[:20]}", external_id=external_id)
    return DeliveryReceipt(external_id=external_id, status=_STATUSES[status], error=_problem(params.first("ErrorCode")))


def _problem(code: str) -> Sentence | None:
    """Twilio's error number, with what it means for the officer where that is known."""
    words = twilio_whatsapp.PROBLEMS.get(int(code)) if code.isascii() and code.isdigit() and len(code) < 9 else None  # noqa: PLR2004 - no number of Twilio's is longer
    if words:
        return say("%(problem)s (%(code)s).", problem=words, code=f"Twilio {code}")
    return quoted(code[:20]) if code else None


def _files(params: Params) -> tuple[Attachment, ...]:
    """MediaUrl0, MediaUrl1, … as long as there are any; NumMedia only counts them."""
    urls = [(number, params.first(f"MediaUrl{number}")) for number in range(_MOST_FILES)]
    return tuple(
        Attachment(url=url, content_type=params.first(f"MediaContentType{number}") or None)
        for number, url in urls
        if url
    )


def _origin(url: str) -> tuple[str, str, int | None]:
    try:
        parts = urlsplit(url)
        return parts.scheme, (parts.hostname or "").lower(), parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", "", None
