"""The lapor adapter: an account is another complaint system, read from its exports or through Open311."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar, Final, Self

from channels.contract import AccountInfo, Capabilities, Channel, ReplyOptions
from channels.lapor.dialects.base import Dialect, Settings
from channels.lapor.dialects.export import Export
from channels.lapor.dialects.open311 import Open311

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from typing import Any

    from channels.contract import Conversation, Cursor, Health, Media, Obligation, PollBatch, RawMessage
    from channels.forwarding import Forwarder
    from channels.importing import Importer
    from normalizer.messages import Inbound

DIALECTS: Final[Mapping[str, type[Dialect[Any]]]] = {"export": Export, "open311": Open311}
_BY_SETTINGS: Final = {dialect.settings_type: dialect for dialect in DIALECTS.values()}


class LaporChannel(Channel[Settings]):
    """One other system. The settings' type says which dialect it speaks."""

    key = "lapor"
    settings_type: ClassVar[type] = Settings

    def __init__(self, account: AccountInfo, settings: Settings) -> None:
        super().__init__(account, settings)
        self._dialect: Dialect[Any] = _BY_SETTINGS[type(settings)](account, settings)
        self.capabilities: Capabilities = self._dialect.capabilities

    @classmethod
    def settings_for(cls, dialect: str | None) -> type:
        """The settings dataclass of a dialect. KeyError without one, or for one that is not there."""
        found = DIALECTS.get(dialect or "")
        if found is None:
            raise KeyError(f"lapor has the dialects {', '.join(DIALECTS)}")
        return found.settings_type

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """Every setting that has no default is empty: such an account reads, and asks nobody."""
        settings_type = cls.settings_for(dialect)
        required = {
            field.name: ""
            for field in dataclasses.fields(settings_type)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        return cls(AccountInfo(name=f"lapor-{dialect}"), settings_type(**required))

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
