"""Kannel: `get-url` brings messages and `dlr-url` reports; `sendsms` sends. Source: Kannel's user guide and smsbox."""

from __future__ import annotations

import dataclasses
import functools
import ipaddress
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlencode

from channels.contract import Capabilities, Health, Verdict
from channels.errors import VerificationFailed
from channels.sms import checks, coding, query, segments
from channels.sms.checks import checked
from channels.sms.dialects.base import Dialect, Settings
from channels.sms.numbers import address
from channels.toolkit.payload import storable
from channels.toolkit.signatures import same
from normalizer.messages import Attachment, Delivery, DeliveryReceipt, Ignored, InboundMessage, Malformed, Sender
from normalizer.saying import quoted

if TYPE_CHECKING:
    from channels.contract import OutboundReply, RawMessage, RawRequest
    from normalizer.messages import JSON, Inbound

#: The bits of dlr-mask and of %d in a report.
_REPORTS: Final = {
    "1": Delivery.DELIVERED,
    "2": Delivery.FAILED,
    "4": Delivery.ACCEPTED,
    "8": Delivery.SENT,
    "16": Delivery.FAILED,
}
_DLR_MASK: Final = "31"
_TIMES: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
#: An SMSC's report quotes our text; only its state and error number may go on.
_STATE: Final = re.compile(r"stat:(\w{1,10}).*?err:(\w{1,10})", re.IGNORECASE | re.DOTALL)
_WHO: Final = "Kannel"


@dataclasses.dataclass(frozen=True, kw_only=True)
class KannelSettings(Settings):
    """`secret` stands in get-url; `allow_from` are networks (empty: any); `max_parts` as in Kannel's max-messages."""

    secret: str = dataclasses.field(repr=False)
    username: str
    password: str = dataclasses.field(repr=False)
    sendsms_url: str = checked("http://127.0.0.1:13013/cgi-bin/sendsms", checks.url)
    sender: str = ""
    smsc: str = ""
    allow_from: tuple[str, ...] = checked((), checks.networks)
    max_parts: int = checked(10, checks.parts)
    timeout: float = checked(15.0, checks.above_zero)


class Kannel(Dialect[KannelSettings]):
    """One `sms-service` and one `sendsms-user` of a Kannel."""

    settings_type: ClassVar[type[Settings]] = KannelSettings
    secret_params = frozenset({"secret"})

    @property
    def capabilities(self) -> Capabilities:
        """`max_text` is what fits even where one character takes the whole text out of the GSM alphabet."""
        return Capabilities(
            webhook=True, replies=True, attachments=True, receipts=True, max_text=self.settings.max_parts * 67
        )

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - Kannel signs no time
        """By the secret in the query and the peer's network. The empty answer sends nothing (with omit-empty)."""
        if not self._allowed(request.remote):
            raise VerificationFailed("the peer is in none of the allowed networks")
        given = query.parameters(request.query).get("secret", b"")
        if not same(given.decode("utf-8", "replace"), self.settings.secret):
            raise VerificationFailed("the secret is missing or wrong")
        return Verdict()

    @functools.cached_property
    def _networks(self) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        return [ipaddress.ip_network(network) for network in self.settings.allow_from]

    def _allowed(self, remote: str) -> bool:
        if not self._networks:
            return True
        try:
            peer = ipaddress.ip_address(remote)
        except ValueError:
            return False
        peer = getattr(peer, "ipv4_mapped", None) or peer
        return any(peer in network for network in self._networks)

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One message or one report."""
        fields = query.parameters(query.query_of(raw))
        if not fields.keys() - self.secret_params:
            return [Ignored(reason="empty")]
        return [_report(fields) if "dlr" in fields else self._message(fields)]

    def _message(self, fields: dict[str, bytes]) -> InboundMessage | Malformed:
        external_id = storable(query.text(fields.get("id"))) or None
        sender = query.text(fields.get("sender", fields.get("from")))
        if not sender:
            return Malformed(error="kannel: no sender", external_id=external_id)
        number = address(sender, self.settings.region)
        receiver = query.text(fields.get("receiver", fields.get("to")))
        part = coding.read_part(fields.get("udh", b""))
        data = fields.get("text", b"")
        text = coding.read_text(
            data, coding=query.text(fields.get("coding")), charset=query.text(fields.get("charset"))
        )
        hints: dict[str, JSON] = {"smsc": storable(query.text(fields.get("smsc")))} if fields.get("smsc") else {}
        return InboundMessage(
            external_id=external_id,
            conversation_id=number,
            sender=Sender(address=number),
            to=address(receiver, self.settings.region) or None,
            sent_at=_time(query.text(fields.get("time"))),
            text=_kept(text or "", joined=part is not None),
            attachments=() if text is not None else (_binary(data),),
            part=part,
            hints=hints,
        )

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """By sendsms; our own id stands in the dlr-url, for Kannel gives none back."""
        from channels.toolkit import http  # noqa: PLC0415 - the gateway never sends and need not carry it

        settings = self.settings
        is_gsm = segments.count(reply.text).encoding == segments.GSM7
        wanted = {
            "username": settings.username,
            "password": settings.password,
            "to": reply.to,
            "from": settings.sender,
            "smsc": settings.smsc,
            "text": reply.text,
            "charset": "UTF-8",
            "coding": "0" if is_gsm else coding.UCS2,
        }
        if self.account.hook_url:
            wanted |= {"dlr-mask": _DLR_MASK, "dlr-url": self._dlr_url(reply.id)}
        params = {name: value for name, value in wanted.items() if value}
        answer = http.call("GET", settings.sendsms_url, who=_WHO, timeout=settings.timeout, params=params)
        http.check(answer, _WHO)
        return DeliveryReceipt(external_id=reply.id, status=Delivery.ACCEPTED, conversation_id=reply.conversation_id)

    def _dlr_url(self, ours: str) -> str:
        known = urlencode({"secret": self.settings.secret, "out": ours})
        return f"{self.account.hook_url}?{known}&dlr=%d&reply=%A&sender=%p&receiver=%P&time=%t"

    def health(self) -> Health:
        """Is something listening where sendsms should be? Nothing is asked of it, so nothing can be sent."""
        from channels.toolkit import reach  # noqa: PLC0415 - asked by the clock and doctor only

        return reach.health(self.settings.sendsms_url, f"{_WHO} sendsms", self.settings.timeout)


def _report(fields: dict[str, bytes]) -> DeliveryReceipt | Ignored | Malformed:
    ours, code = storable(query.text(fields.get("out"))), query.text(fields.get("dlr"))
    if not ours:
        return Malformed(error="kannel: a report without our id")
    status = _REPORTS.get(code)
    if status is None:
        return Ignored(reason=f"unknown-report:{storable(code)[:8]}", external_id=ours)
    state = _STATE.search(query.text(fields.get("reply")))
    error = quoted(f"{state[1]} {state[2]}") if state and status is Delivery.FAILED else None
    at = _time(query.text(fields.get("time")))
    return DeliveryReceipt(external_id=ours, status=status, at=at, error=error, reply_id=ours)


def _binary(data: bytes) -> Attachment:
    return Attachment(name="sms.bin", content_type="application/octet-stream", size=len(data), content=data)


def _kept(text: str, *, joined: bool) -> str:
    """Half a character stays only where the other half can still come."""
    clean = text.replace("\x00", "\ufffd")
    return clean if joined else coding.whole(clean)


def _time(value: str) -> datetime | None:
    """%t, which Kannel gives in UTC, or %T, seconds since 1970."""
    if value.isascii() and value.isdigit():
        return datetime.fromtimestamp(int(value[:10]), UTC)
    for layout in _TIMES:
        try:
            return datetime.strptime(value, layout).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
