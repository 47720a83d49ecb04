"""The LINE adapter: one account is one official account with its Messaging API channel."""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import AccountInfo, Capabilities, Channel, ReplyOptions, Verdict
from channels.errors import FetchFailed, VerificationFailed
from channels.line.reading import read_webhook
from channels.line.sending import MAX_TEXT, deliver
from channels.line.settings import LineSettings
from channels.toolkit.signatures import same
from normalizer.saying import say

if TYPE_CHECKING:
    from channels.contract import Conversation, Health, Media, Obligation, OutboundReply, RawMessage, RawRequest
    from normalizer.messages import DeliveryReceipt, Inbound

_USER: Final = re.compile(r"U[0-9a-f]{32}")
#: Seconds for a file that lies elsewhere.
_OUTSIDE_PATIENCE: Final = 30.0


class LineChannel(Channel[LineSettings]):
    """One official account. LINE tells nothing about what became of our messages, so there are no receipts."""

    key: ClassVar[str] = "line"
    settings_type: ClassVar[type] = LineSettings
    capabilities = Capabilities(webhook=True, replies=True, attachments=True, idempotent_send=True, max_text=MAX_TEXT)

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """An account without secrets; LINE has no dialects."""
        cls.settings_for(dialect)
        return cls(AccountInfo(name="offline"), LineSettings(channel_secret="", access_token=""))

    @functools.cached_property
    def addresses(self) -> frozenset[str]:  # read for each message
        """The bot's user id, where the settings tell it."""
        return frozenset({self.settings.destination} if self.settings.destination else ())

    def verify(self, request: RawRequest, now: datetime) -> Verdict:  # noqa: ARG002 - LINE signs no time
        """By x-line-signature: base64 of the body's HMAC-SHA256 with the channel secret."""
        secret = self.settings.channel_secret
        if not secret:
            raise VerificationFailed("no channel secret is configured")
        expected = base64.b64encode(hmac.digest(secret.encode(), request.body, hashlib.sha256)).decode()
        if not same(request.headers.get("x-line-signature", ""), expected):
            raise VerificationFailed("x-line-signature is missing or wrong")
        return Verdict()

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """Each event of the call."""
        return read_webhook(raw.body)

    def fetch(self, obligation: Obligation) -> Media:
        """A file by its message's id from LINE's server; one that lies elsewhere as any address in a message."""
        if obligation.ref:
            from channels.line import fetching  # noqa: PLC0415 - the gateway never fetches

            return fetching.content(self.settings, obligation.ref, obligation.max_bytes)
        from channels.toolkit import guarded  # noqa: PLC0415 - the same

        if not obligation.url:
            raise FetchFailed("the message names no file")
        return guarded.fetch(obligation.url, max_bytes=obligation.max_bytes, timeout=_OUTSIDE_PATIENCE)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - no window
        """At any time, to a LINE user; not while another program has the conversation (standby)."""
        if not _USER.fullmatch(conversation.address):
            reason = say("Alamat ini bukan pengguna LINE, sehingga tidak dapat dibalas.")
            return ReplyOptions(allowed=False, reason=reason)
        if conversation.hints.get("standby"):
            reason = say("Percakapan LINE ini sedang dipegang aplikasi lain (standby): balas dari aplikasi itu.")
            return ReplyOptions(allowed=False, reason=reason)
        return ReplyOptions(allowed=True)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """One text: the fast automatic ones by reply token, all others by push."""
        return deliver(self.settings, reply, _now)

    def register(self) -> None:
        """Have LINE deliver to our webhook, and let it try. ChannelError."""
        from channels.line import console  # noqa: PLC0415 - doctor only

        console.register(self.settings, self.account.hook_url)

    def health(self) -> Health:
        """Whether the token works, whether LINE delivers to us, and what is left of the month's messages."""
        from channels.line import console  # noqa: PLC0415 - the clock and doctor only

        return console.health(self.settings, self.account.hook_url)


def _now() -> datetime:
    return datetime.now(UTC)
