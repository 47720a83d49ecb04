"""LINE's stand-in, served on loopback, with an adapter for it and a clock that tests set; what the LINE tests share."""

from __future__ import annotations

import contextlib
import dataclasses
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import loopback
from loopback import as_message, serving

from channels.contract import AccountInfo, OutboundReply
from channels.line import adapter
from channels.line.adapter import LineChannel
from channels.line.settings import LineSettings
from normalizer.messages import InboundMessage
from standins.faults import Faults
from standins.line import create_app
from standins.line_cloud import Cloud, Event
from standins.mailroom import Mailroom

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from channels.contract import RawMessage
    from normalizer.messages import Inbound

SECRET, TOKEN = "rahasia-kanal-satu", "token-akses-satu"
BOT = "U" + "0" * 31 + "1"
SITI, BUDI = "U" + "5" * 32, "U" + "b" * 32
HOOK = "https://aduan.example.go.id/hooks/line"
ID = "0192f0c4-aaaa-7bbb-8ccc-0123456789ab"


@dataclasses.dataclass
class Clock:
    """The time at LINE, and at us as far as the network is not slow; `ours` is how far our clock goes wrong."""

    now: datetime = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
    ours: timedelta = timedelta(0)

    def at_line(self) -> datetime:
        return self.now

    def at_us(self) -> datetime:
        return self.now + self.ours

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclasses.dataclass
class Line:
    """One account at LINE."""

    cloud: Cloud
    clock: Clock
    faults: Faults
    mailroom: Mailroom
    base: str

    def channel(self, *, base: str | None = None, **changes: Any) -> LineChannel:
        address = base or self.base
        wanted: dict[str, Any] = {
            "channel_secret": SECRET,
            "access_token": TOKEN,
            "destination": BOT,
            "api_url": address,
            "data_url": address,
            "timeout": 5.0,
        }
        return LineChannel(AccountInfo(name="line", hook_url=HOOK), LineSettings(**(wanted | changes)))

    def received(self, event: Event) -> InboundMessage:
        """What a citizen's event becomes."""
        (item,) = parsed(self.channel(), as_message(self.cloud.webhook(HOOK, event)))
        assert isinstance(item, InboundMessage)
        return item

    def delivered(self, to: str = SITI) -> list[str]:
        return [message.text for message in self.mailroom.delivered(to)]


@contextlib.contextmanager
def line_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    """A running stand-in that knows Siti."""
    clock, faults, mailroom = Clock(), Faults(), Mailroom()
    cloud = Cloud(channel_secret=SECRET, destination=BOT, clock=clock.at_line)
    cloud.users.add(SITI)
    monkeypatch.setattr(adapter, "_now", clock.at_us)
    monkeypatch.setattr(loopback._Quiet, "date_time_string", lambda _: format_datetime(clock.now, usegmt=True))
    with serving(create_app(mailroom, access_token=TOKEN, cloud=cloud, faults=faults)) as base:
        yield Line(cloud, clock, faults, mailroom, base)
        faults.released.set()


def parsed(channel: LineChannel, raw: RawMessage) -> list[Inbound]:
    return channel.parse(raw)


def answer(text: str = "Terima kasih, sudah kami perbaiki.", **changes: Any) -> OutboundReply:
    """An officer's answer to Siti."""
    wanted: dict[str, Any] = {"id": ID, "conversation_id": SITI, "to": SITI, "text": text}
    return OutboundReply(**(wanted | changes))


def automatic(
    item: InboundMessage, text: str = "Aduan Anda kami terima, nomor ABC-123.", **changes: Any
) -> OutboundReply:
    """The acknowledgement of a message."""
    about = {"in_reply_to": item.external_id, "hints": item.hints, "purpose": "ack", "to": item.sender.address}
    return answer(text, **(about | {"conversation_id": item.conversation_id} | changes))
