"""The lapor adapter: an account is another complaint system, read from its exports or through Open311."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from channels.contract import ReplyOptions
from channels.lapor.dialects.base import Dialect, Settings
from channels.lapor.dialects.export import Export
from channels.lapor.dialects.open311 import Open311
from channels.toolkit.dialects import DialectChannel

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from channels.contract import Conversation, Cursor, Health, Media, Obligation, PollBatch, RawMessage
    from channels.forwarding import Forwarder
    from channels.importing import Importer
    from normalizer.messages import Inbound

DIALECTS: Final[Mapping[str, type[Dialect[Any]]]] = {"export": Export, "open311": Open311}


class LaporChannel(DialectChannel[Settings, "Dialect[Any]"]):
    """One other system. The settings' type says which dialect it speaks."""

    key = "lapor"
    settings_type: ClassVar[type] = Settings
    dialects = DIALECTS

    @property
    def importer(self) -> Importer | None:
        """What reads files, where the dialect does."""
        return self._dialect if isinstance(self._dialect, Export) else None

    @property
    def forwarder(self) -> Forwarder | None:
        """What hands complaints on, where the dialect can."""
        return self._dialect if isinstance(self._dialect, Open311) else None

    def parse(self, raw: RawMessage) -> list[Inbound]:
        """By the dialect: reports, later words, and ignored items that say how a report stands there."""
        return self._dialect.parse(raw)

    def poll(self, cursor: Cursor | None) -> PollBatch:
        """Where the dialect polls."""
        return self._dialect.poll(cursor)

    def fetch(self, obligation: Obligation) -> Media:
        """Where the dialect's reports name files."""
        return self._dialect.fetch(obligation)

    def reply_options(self, conversation: Conversation, now: datetime) -> ReplyOptions:  # noqa: ARG002 - never opens
        """Never: the reporter reads answers in the other system; the officer is told its tracking id."""
        return ReplyOptions(allowed=False, reason=self._dialect.why_shut(conversation.conversation_id))

    def health(self) -> Health:
        """The dialect's."""
        return self._dialect.health()
