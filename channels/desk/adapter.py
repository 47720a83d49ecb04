"""The desk adapter: what an officer typed in for a citizen becomes a complaint; answers go by phone or letter."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar, Self

from channels.contract import AccountInfo, Capabilities, Channel, Health, ReplyOptions
from channels.desk.slip import read_slip
from normalizer.identity import canonical_phone
from normalizer.messages import InboundMessage, Location, Sender
from normalizer.saying import say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Conversation, RawMessage
    from channels.desk.slip import Slip
    from normalizer.messages import JSON, Inbound

_NO_WAY_BACK = say(
    "Aduan ini dicatat di meja layanan: jawablah lewat telepon atau surat, lalu catat jawabannya di sini."
)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DeskSettings:
    """The desk needs none."""


class DeskChannel(Channel[DeskSettings]):
    """One service desk; its officers are logged in to the inbox, so nothing is verified here."""

    key: ClassVar[str] = "desk"
    settings_type: ClassVar[type] = DeskSettings
    capabilities = Capabilities()

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """The desk has no secrets and no dialects."""
        cls.settings_for(dialect)
        return cls(AccountInfo(name="offline"), DeskSettings())

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One slip is one complaint. PayloadError names the key that is wrong, never what stood in it."""
        slip = read_slip(raw.body)
        phone = canonical_phone(slip.phone or "")
        address = phone or f"desk:{slip.id}"
        point = slip.point
        return [
            InboundMessage(
                external_id=slip.id,
                conversation_id=address,
                sender=Sender(address=address, name=slip.name),
                sent_at=slip.received_at,
                text=slip.text,
                location=None if point is None else Location(lat=point[0], lon=point[1], label=slip.place),
                command="lapor",
                hints=_hints(slip, phone, raw.meta.get("ticket")),
            )
        ]

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - never opens
        """Never: whoever came to the desk is answered as he came."""
        return ReplyOptions(allowed=False, reason=_NO_WAY_BACK)

    def health(self) -> Health:
        """The desk is as healthy as the inbox that it is typed into."""
        return Health(ok=True, sentence=say("Meja layanan dilayani oleh kotak masuk sendiri."))


def _hints(slip: Slip, phone: str | None, ticket: JSON) -> dict[str, JSON]:
    hints: dict[str, JSON] = {
        "anonim": slip.anonim,
        "rahasia": slip.rahasia,
        "type": slip.type.value,
        "no_reply": True,
        "via": slip.source,
        "officer": slip.officer,
    }
    optional: dict[str, JSON] = {
        "ticket": ticket,
        "program": slip.program,
        "place": slip.place,
        "phone": phone or slip.phone,
        "reporter_address": slip.address,
    }
    return hints | {name: value for name, value in optional.items() if value}
