"""The X stand-in on loopback with an adapter for it; what the X tests share."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from typing import TYPE_CHECKING, Any

from loopback import serving

from channels.contract import AccountInfo, OutboundReply, RawMessage
from channels.rawfile import NO_TIME
from channels.x.adapter import XChannel
from channels.x.polling import Poller
from channels.x.settings import XSettings
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.x import Citizen, Cloud, Keys, Server, create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import Cursor, PollBatch
    from normalizer.messages import Inbound

ME = "1500000000000000001"
KEYS = Keys(
    consumer_key="kunciaplikasi",
    consumer_secret="rahasiaaplikasi",
    access_token=f"{ME}-tokenakun",
    access_token_secret="rahasiaakun",
    bearer_token="tokenaplikasi",
)
SITI = Citizen(id="1600000000000000002", username="siti_am", name="Siti Aminah")
BUDI = Citizen(id="1700000000000000003", username="budi99", name="Budi")
DAY = 86_400.0
HASHTAG = "#masbupsiaga"


@dataclasses.dataclass
class Clock:
    """A clock that stands still unless it is moved."""

    now: float = dataclasses.field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


class X:
    """The stand-in and one account at it."""

    def __init__(self, url: str, cloud: Cloud, server: Server, faults: Faults, clock: Clock) -> None:
        self.url, self.cloud, self.server, self.faults, self.clock = url, cloud, server, faults, clock

    def settings(self, **changes: Any) -> XSettings:
        keys = {"hashtags": ("masbupsiaga",), "username": "aduan_kab", "api_url": self.url, "timeout": 5.0}
        return XSettings(**(dataclasses.asdict(KEYS) | keys | changes))

    def channel(self, **changes: Any) -> XChannel:
        channel = XChannel(AccountInfo(name="x"), self.settings(**changes))
        channel._poller = Poller(channel.settings, self.clock)
        return channel

    def texts(self) -> list[str]:
        return [message.text for message in self.cloud.mailroom.delivered()]


@contextlib.contextmanager
def running() -> Iterator[X]:
    clock = Clock()
    cloud, faults = Cloud(Mailroom(), clock=clock), Faults()
    app = create_app(cloud.mailroom, KEYS, cloud=cloud, faults=faults)
    with serving(app) as url:
        cloud.base_url = url
        server: Server = app.extensions["x"]
        try:
            yield X(url, cloud, server, faults, clock)
        finally:
            faults.down = True
            faults.released.set()


def parsed(channel: XChannel, batch: PollBatch) -> list[Inbound]:
    raws = [RawMessage(id="1", account="x", received_at=NO_TIME, body=each.body) for each in batch.raws]
    return [item for raw in raws for item in channel.parse(raw)]


def walk(channel: XChannel, cursor: Cursor | None = None) -> tuple[list[Inbound], Cursor]:
    """One round as the listener makes it: polls until no more is left, each followed by confirm."""
    items: list[Inbound] = []
    while True:
        batch = channel.poll(cursor)
        items += parsed(channel, batch)
        cursor = batch.cursor
        channel.confirm(cursor)
        if not batch.more:
            return items, cursor


def texts(items: list[Inbound]) -> list[str]:
    return [getattr(item, "text", "") for item in items]


def reply(text: str = "Terima kasih, sudah kami teruskan.", **changes: Any) -> OutboundReply:
    fields = {"id": "r1", "conversation_id": f"post:{SITI.id}", "to": SITI.id, "text": text}
    return OutboundReply(**(fields | changes))
