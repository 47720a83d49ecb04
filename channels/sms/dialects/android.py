"""An Android phone with the app "SMS Gateway for Android" (SMSGate). Source: its documentation and source, 2026."""

from __future__ import annotations

import base64
import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from channels.contract import Capabilities, Health, Verdict
from channels.errors import PayloadError, SendFailed, VerificationFailed
from channels.sms import checks
from channels.sms.checks import checked
from channels.sms.dialects.base import Dialect, Settings
from channels.sms.numbers import address
from channels.toolkit.payload import load_json
from channels.toolkit.signatures import hmac_sha256, same
from normalizer.messages import Attachment, Delivery, DeliveryReceipt, Ignored, InboundMessage, Malformed, Sender
from normalizer.saying import quoted, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.contract import OutboundReply, RawMessage, RawRequest
    from normalizer.messages import JSON, Inbound

_WHO: Final = say("Ponsel gerbang SMS")
#: Events about our own messages: what became of it, and the field that says when.
_STEPS: Final = {
    "sms:sent": (Delivery.SENT, "sentAt"),
    "sms:delivered": (Delivery.DELIVERED, "deliveredAt"),
    "sms:failed": (Delivery.FAILED, "failedAt"),
}
_INCOMING: Final = frozenset({"sms:received", "sms:data-received", "mms:received", "mms:downloaded"})
_CONFLICT: Final = 409
#: Ten parts of UCS-2; the app itself sets no limit.
_MAX_TEXT: Final = 670


@dataclasses.dataclass(frozen=True, kw_only=True)
class AndroidSettings(Settings):
    """`api_url` is the cloud's, or the phone's own (http://192.168.…:8080); `sim` 0 lets the app choose.

    `replay_window` in seconds.
    """

    username: str
    password: str = dataclasses.field(repr=False)
    signing_key: str = dataclasses.field(repr=False)
    api_url: str = checked("https://api.sms-gate.app/3rdparty/v1", checks.url)
    replay_window: float = checked(300.0, checks.above_zero)
    sim: int = 0
    timeout: float = checked(15.0, checks.above_zero)


class Android(Dialect[AndroidSettings]):
    """One phone."""

    settings_type: ClassVar[type[Settings]] = AndroidSettings

    @property
    def capabilities(self) -> Capabilities:
        """Sending is idempotent: the phone and the cloud know a message by the id that we give it."""
        return Capabilities(
            webhook=True, replies=True, attachments=True, receipts=True, idempotent_send=True, max_text=_MAX_TEXT
        )

    def verify(self, request: RawRequest, now: datetime) -> Verdict:
        """By the HMAC over body and timestamp, which the app makes anew for each try."""
        stamp = request.headers.get("x-timestamp", "")
        expected = hmac_sha256(self.settings.signing_key, request.body, stamp.encode("utf-8", "replace"))
        given = request.headers.get("x-signature", "").lower()
        if not self.settings.signing_key or not same(given, expected):
            raise VerificationFailed("the signature is missing or wrong")
        if not (stamp.isascii() and stamp.isdigit()) or len(stamp) > 12:  # noqa: PLR2004 - seconds have ten digits
            raise VerificationFailed("the timestamp is no time")
        if abs(now.timestamp() - int(stamp)) > self.settings.replay_window:
            raise VerificationFailed("the timestamp is outside of the window: replayed, or a clock is wrong")
        return Verdict()

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One event; a batch event holds several messages, which stand or fall alone."""
        event = load_json(raw.body)
        if not isinstance(event, dict):
            raise PayloadError("android: the payload is no object")
        kind, external_id = _text(event.get("event")), _text(event.get("id")) or None
        payload = event.get("payload")
        if kind == "system:ping":
            return [Ignored(reason="ping", external_id=external_id)]
        if not isinstance(payload, dict):
            return [Malformed(error="android: an event without payload", external_id=external_id)]
        batch = payload.get("messages")
        if isinstance(batch, list):
            ids = (f"{external_id}:{number}" if external_id else None for number in range(len(batch)))
            return [self._item("sms:received", id_, each) for id_, each in zip(ids, batch, strict=True)]
        return [self._item(kind, external_id, payload)]

    def _item(self, kind: str, external_id: str | None, payload: Any) -> Inbound:
        if not isinstance(payload, dict):
            return Malformed(error="android: an item of a batch is no object", external_id=external_id)
        if kind in _STEPS:
            return _receipt(kind, payload)
        if kind not in _INCOMING:
            return Ignored(reason=f"unknown-event:{kind[:40]}", external_id=external_id)
        sender = _text(payload.get("sender")) or _text(payload.get("phoneNumber"))
        if not sender:
            return Malformed(error=f"android: {kind} without a sender", external_id=external_id)
        number = address(sender, self.settings.region)
        try:
            files = _files(payload)
        except ValueError:
            return Malformed(error=f"android: {kind} with data that is not base64", external_id=external_id)
        return InboundMessage(
            external_id=external_id,
            conversation_id=number,
            sender=Sender(address=number),
            to=address(_text(payload.get("recipient")), self.settings.region) or None,
            sent_at=_time(payload.get("receivedAt")),
            subject=_text(payload.get("subject")) or None,
            text=_text(payload.get("message")) or _text(payload.get("body")),
            attachments=files,
            hints=_hints(kind, payload),
        )

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """By POST /messages; a repeated id is not sent again (the cloud answers 409, the phone as the first time)."""
        from channels.toolkit import http  # noqa: PLC0415 - the gateway never sends and need not carry it

        settings = self.settings
        message: dict[str, Any] = {
            "id": reply.id,
            "textMessage": {"text": reply.text},
            "phoneNumbers": [reply.to],
            "withDeliveryReport": True,
        }
        if settings.sim:
            message["simNumber"] = settings.sim
        url = f"{settings.api_url.rstrip('/')}/messages"
        log_in = (settings.username, settings.password)
        answer = http.call("POST", url, who=_WHO, timeout=settings.timeout, body=message, auth=log_in)
        if answer.status != _CONFLICT:
            http.check(answer, _WHO)
        return DeliveryReceipt(external_id=reply.id, status=Delivery.ACCEPTED, conversation_id=reply.conversation_id)

    def health(self) -> Health:
        """Asks for the list of webhooks, which proves address and log-in, and whether ours is among them."""
        from channels.toolkit import http  # noqa: PLC0415 - asked by the clock and doctor only

        settings = self.settings
        url = f"{settings.api_url.rstrip('/')}/webhooks"
        log_in = (settings.username, settings.password)
        try:
            answer = http.call("GET", url, who=_WHO, timeout=settings.timeout, auth=log_in)
            hooks = http.check(answer, _WHO).json()
        except SendFailed as error:
            sentence = say("%(error)s: periksa api_url, username dan password.", error=error.sentence)
            return Health(ok=False, sentence=sentence)
        known = {(hook.get("event"), hook.get("url")) for hook in hooks or () if isinstance(hook, dict)}
        if ("sms:received", self.account.hook_url) not in known:
            sentence = say("Daftarkan %(url)s untuk sms:received di aplikasi ponselnya.", url=self.account.hook_url)
            return Health(ok=False, sentence=sentence)
        return Health(ok=True, sentence=say("Ponsel gerbang SMS menjawab dan mengenal webhook kita."))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _time(value: object) -> datetime | None:
    """ISO 8601 with an offset; one without it says nothing, for the phone's zone is not known here."""
    try:
        moment = datetime.fromisoformat(_text(value))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _receipt(kind: str, payload: Mapping[str, Any]) -> DeliveryReceipt | Malformed:
    ours = _text(payload.get("messageId"))
    if not ours:
        return Malformed(error=f"android: {kind} without messageId")
    status, when = _STEPS[kind]
    return DeliveryReceipt(
        external_id=ours,
        status=status,
        at=_time(payload.get(when)),
        error=quoted(reason) if (reason := _text(payload.get("reason"))[:200]) else None,
        reply_id=ours,
    )


def _files(payload: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The bytes of a data SMS, or the files of a downloaded MMS, which may come without their bytes."""
    if data := _text(payload.get("data")):
        content = base64.b64decode(data, validate=True)
        return (Attachment(name="sms.bin", content_type="application/octet-stream", content=content),)
    files = payload.get("attachments")
    return tuple(_file(each) for each in files if isinstance(each, dict)) if isinstance(files, list) else ()


def _file(each: Mapping[str, Any]) -> Attachment:
    data, size = _text(each.get("data")), each.get("size")
    return Attachment(
        name=_text(each.get("name")) or None,
        content_type=_text(each.get("contentType")) or None,
        size=size if isinstance(size, int) else None,
        content=base64.b64decode(data, validate=True) if data else None,
    )


def _hints(kind: str, payload: Mapping[str, Any]) -> dict[str, JSON]:
    hints: dict[str, JSON] = {}
    if isinstance(payload.get("simNumber"), int):
        hints["sim"] = payload["simNumber"]
    if kind == "mms:received":
        hints["mms"] = "announced"
    return hints
