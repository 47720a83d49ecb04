"""The adapter: a page is a message, and nothing goes back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Self

from channels.contract import AccountInfo, Capabilities, Channel, Health, RawMessage, RawRequest, ReplyOptions, Verdict
from channels.errors import PayloadError, VerificationFailed
from channels.toolkit.payload import load_json
from channels.toolkit.signatures import same
from normalizer.messages import Ignored, InboundMessage, Sender
from normalizer.saying import say

if TYPE_CHECKING:
    from datetime import datetime

    from channels.contract import Conversation
    from normalizer.messages import Inbound


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PagerSettings:
    """The secret that the paging centre sends along."""

    secret: str = dataclasses.field(repr=False)


class Pager(Channel[PagerSettings]):
    """One paging centre."""

    key = "pager"
    settings_type = PagerSettings
    capabilities = Capabilities(webhook=True)

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """Without a secret nothing can be proven."""
        cls.settings_for(dialect)
        return cls(AccountInfo(name="offline"), PagerSettings(secret=""))

    def verify(self, request: RawRequest, now: datetime) -> Verdict:
        """By the shared secret."""
        if not same(request.headers.get("x-pager-secret", ""), self.settings.secret):
            raise VerificationFailed("wrong secret")
        return Verdict()

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """One page."""
        page = load_json(raw.body)
        if not isinstance(page, dict):
            raise PayloadError("not an object")
        number, sender, text = (_text(page.get(key)) for key in ("id", "from", "text"))
        if not sender or not text:
            return [Ignored(reason="no-text", external_id=number)]
        return [InboundMessage(external_id=number, conversation_id=sender, sender=Sender(address=sender), text=text)]

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:
        """Never."""
        return ReplyOptions(allowed=False, reason=say("Kanal ini tidak dapat dibalas sekarang."))

    def health(self) -> Health:
        """The paging centre cannot be asked."""
        return Health(ok=True, sentence=say("Belum diperiksa."))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
