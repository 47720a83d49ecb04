"""The X adapter: one account, polled for its mentions, hashtags and direct messages, and answering where X lets it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar, Self

from channels.contract import AccountInfo, Capabilities, Channel, Health, ReplyOptions
from channels.errors import FetchFailed
from channels.x.pictures import BELOW_A_POST, IN_A_MESSAGE
from channels.x.reading import DIRECT, POST, read
from channels.x.settings import XSettings
from channels.x.weight import MAX_MESSAGE, MAX_WEIGHT, weigh
from normalizer.saying import say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Conversation, Cursor, Media, Obligation, OutboundReply, PollBatch, RawMessage
    from channels.x.polling import Poller
    from normalizer.messages import DeliveryReceipt, Inbound


class XChannel(Channel[XSettings]):
    """One account at X. What calls X is imported when it is first needed: the gateway never calls."""

    key: ClassVar[str] = "x"
    settings_type: ClassVar[type] = XSettings
    capabilities = Capabilities(polling=True, replies=True, attachments=True, max_text=MAX_WEIGHT, files=BELOW_A_POST)

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """An account without keys; X has no dialects."""
        cls.settings_for(dialect)
        none = "0-offline"
        settings = XSettings(
            username="offline",
            consumer_key=none,
            consumer_secret=none,
            access_token=none,
            access_token_secret=none,
        )
        return cls(AccountInfo(name="offline"), settings)

    @functools.cached_property
    def addresses(self) -> frozenset[str]:
        """The username in lower case, which X does not distinguish."""
        return frozenset({self.settings.username.lower()})

    @functools.cached_property
    def _poller(self) -> Poller:
        from channels.x.polling import Poller  # noqa: PLC0415 - tweepy, for the listener only

        return Poller(self.settings)

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One post with its versions, or one direct message."""
        return read(raw.body, self.settings.username, self.settings.ignore)

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """One page of one feed."""
        return self._poller.poll(cursor)

    def confirm(self, cursor: Cursor) -> None:
        """Nothing to tell X; what an operator should know of the last polls is raised here, after the commit."""
        self._poller.alarm(cursor)

    def fetch(self, obligation: Obligation) -> Media:
        """A picture or a film: of a post by its address, of a direct message by its `ref`."""
        from channels.x import files  # noqa: PLC0415 - the gateway never fetches

        if obligation.ref:
            return files.private(self.settings, obligation.ref, obligation.max_bytes)
        if obligation.url:
            return files.public(self.settings, obligation.url, obligation.max_bytes)
        raise FetchFailed("the post names no file")

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - no window
        """A direct message always; a post where its author mentioned or quoted us, X's rule since February 2026."""
        if conversation.conversation_id.startswith(DIRECT):
            return ReplyOptions(allowed=True, max_text=MAX_MESSAGE, files=IN_A_MESSAGE)
        if conversation.conversation_id.startswith(POST) and conversation.hints.get("summoned"):
            return ReplyOptions(allowed=True)
        us, link = f"@{self.settings.username}", conversation.hints.get("permalink")
        by_hand = say("Buka %(link)s dan balas sendiri", link=str(link)) if link else say("Balas sendiri")
        reason = say(
            "Warga tidak menyebut atau mengutip %(us)s, jadi X melarang jawaban lewat program. %(by_hand)s dari "
            "aplikasi X, minta warga menyebut %(us)s atau mengirim pesan langsung, atau pakai kontaknya yang lain.",
            us=us,
            by_hand=by_hand,
        )
        return ReplyOptions(allowed=False, reason=reason)

    def length(self, text: str, conversation_id: str) -> int:
        """A post's by X's own weights, a direct message's in characters."""
        return len(text) if conversation_id.startswith(DIRECT) else weigh(text)

    def send(self, reply: OutboundReply) -> DeliveryReceipt:
        """A reply below a post, or a direct message."""
        from channels.x import sending  # noqa: PLC0415 - the gateway never sends

        return sending.deliver(self.settings, reply)

    def register(self) -> None:
        """Set the rule of the filtered stream, where it is used. ChannelError."""
        if self.settings.stream:
            from channels.x import stream  # noqa: PLC0415 - tweepy, for doctor only

            stream.set_rule(self.settings, f"muara:{self.account.name}")

    def health(self) -> Health:
        """Whether the keys work, for which account, and whether they may do what is asked; it reads no post."""
        from channels.x import checkup  # noqa: PLC0415 - asked by the clock and doctor only

        return checkup.health(self.settings)
