"""The Graph API stand-in on loopback with a Facebook and an Instagram account; what the Meta tests share."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loopback import as_request, serving

from channels.contract import AccountInfo, Conversation, How, OutboundReply, RawMessage
from channels.facebook.adapter import FacebookChannel
from channels.facebook.settings import FacebookSettings
from channels.instagram.adapter import InstagramChannel
from channels.instagram.settings import InstagramSettings
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.meta import create_app
from standins.meta_cloud import Account, Cloud, entry, incoming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from channels.contract import Channel, PollBatch
    from normalizer.messages import Inbound

APP, SECRET, VERIFY = "220000000000001", "contoh-rahasia-aplikasi", "contoh-verify-token"
PAGE, INSTAGRAM = "104000000000001", "17841400000000001"
PAGE_TOKEN, OWN_TOKEN = "EAAB-contoh-token-halaman", "IGAA-contoh-token-akun"
SITI, WAHYU = "7012000000000001", "7012000000000002"
HOOK = "https://aduan.example.go.id/hooks/facebook"
START = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


class Meta:
    """The stand-in with one page, the Instagram account that is linked to it, and one that stands alone."""

    def __init__(self, base: str, cloud: Cloud, mailroom: Mailroom, faults: Faults) -> None:
        self.base, self.cloud, self.mailroom, self.faults = base, cloud, mailroom, faults
        self.page = cloud.add(Account(id=PAGE, name="Kabupaten Contoh", token=PAGE_TOKEN))
        self.linked = cloud.add(
            Account(id=INSTAGRAM, name="kab.contoh", token=PAGE_TOKEN, object_name="instagram", page=PAGE)
        )
        self.alone = cloud.add(
            Account(id="17841400000000009", name="kec.contoh", token=OWN_TOKEN, object_name="instagram")
        )

    def facebook(self, **changes: Any) -> FacebookChannel:
        settings = FacebookSettings(**(self._common(PAGE_TOKEN) | {"page_id": PAGE} | changes))
        return FacebookChannel(AccountInfo(name="facebook", hook_url=HOOK), settings)

    def instagram(self, **changes: Any) -> InstagramChannel:
        own = {"account_id": INSTAGRAM, "page_id": PAGE, "username": "kab.contoh"}
        if changes.get("login") == "instagram":
            own = {"account_id": self.alone.id, "token": OWN_TOKEN}
        settings = InstagramSettings(**(self._common(PAGE_TOKEN) | own | changes))
        return InstagramChannel(AccountInfo(name="instagram", hook_url=HOOK.replace("facebook", "instagram")), settings)

    def _common(self, token: str) -> dict[str, Any]:
        return {
            "app_id": APP,
            "app_secret": SECRET,
            "verify_token": VERIFY,
            "token": token,
            "base_url": f"{self.base}/v26.0",
            "timeout": 5.0,
        }

    def pass_time(self, seconds: float) -> None:
        now = self.cloud.clock() + seconds
        self.cloud.clock = lambda: now

    def delivered(self, to: str | None = None) -> list[str]:
        return [message.text for message in self.mailroom.delivered(to)]

    def hooked(self, channel: Channel[Any], account: Account, *events: dict[str, Any]) -> list[Inbound]:
        """What a channel reads in the call that Meta makes for these events, once it is proven."""
        call = incoming(HOOK, SECRET, account.object_name, entry(account, *events, at=self.cloud.clock()))
        channel.verify(as_request(call), START)
        return parsed(channel, call.body)


@contextlib.contextmanager
def running() -> Iterator[Meta]:
    """A stand-in whose clock stands at START until a test moves it."""
    mailroom, faults = Mailroom(), Faults()
    cloud = Cloud(APP, SECRET, clock=START.timestamp)
    with serving(create_app(mailroom, cloud=cloud, faults=faults)) as base:
        try:
            yield Meta(base, cloud, mailroom, faults)
        finally:
            faults.released.set()


def parsed(channel: Channel[Any], body: bytes) -> list[Inbound]:
    return channel.parse(RawMessage(id="1", account="meta", received_at=START, body=body))


def polled(channel: Channel[Any], batch: PollBatch) -> list[Inbound]:
    return [item for raw in batch.raws for item in parsed(channel, raw.body)]


def answering(item: Any, text: str = "Terima kasih", **more: Any) -> OutboundReply:
    """A reply to a citizen's message, with what the dispatcher takes from it."""
    fields = {
        "id": "r1",
        "conversation_id": item.conversation_id,
        "to": item.sender.address,
        "text": text,
        "in_reply_to": item.external_id,
        "hints": item.hints,
        "how": How.FREE,
    }
    return OutboundReply(**(fields | more))


def conversation(item: Any, *, last: datetime | None = START, sent: int = 0, **hints: Any) -> Conversation:
    return Conversation(
        conversation_id=item.conversation_id,
        address=item.sender.address,
        last_inbound_at=last,
        hints=item.hints | hints,
        sent=sent,
    )
