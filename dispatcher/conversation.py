"""One conversation in memory: what the drain loads, changes and writes back."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from store.items import Result

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from dispatcher.runtime import Account
    from normalizer.codec import File
    from store.items import ItemRow
    from store.threads import CaseRow, MessageRow

Key = tuple[str, str]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class AutoReply:
    """An automatic text to the citizen; `values` fills the template once tickets are known.

    `subject` and `hints` are those of the message that it answers. `text` is said instead of the program's.
    """

    purpose: str
    address: str
    dedupe: str
    program: str | None
    case: CaseRow | None = None
    in_reply_to: str | None = None
    subject: str | None = None
    hints: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    text: str | None = None


@dataclasses.dataclass(slots=True, kw_only=True)
class Conversation:
    """The lines, cases and waiting items of one (account, conversation), and what is to be written of them.

    `others` are lines too old to be threaded anew; `changed` is the earliest place in the thread from which cases have
    to be found anew.
    """

    account: Account
    key: str
    lines: dict[uuid.UUID, MessageRow] = dataclasses.field(default_factory=dict)
    others: dict[uuid.UUID, MessageRow] = dataclasses.field(default_factory=dict)
    cases: dict[uuid.UUID, CaseRow] = dataclasses.field(default_factory=dict)
    named: dict[str, MessageRow] = dataclasses.field(default_factory=dict)
    groups: dict[str, list[MessageRow]] = dataclasses.field(default_factory=dict)
    waiting: dict[int, ItemRow] = dataclasses.field(default_factory=dict)
    results: dict[int, Result] = dataclasses.field(default_factory=dict)
    replies: list[AutoReply] = dataclasses.field(default_factory=list)
    files: list[tuple[uuid.UUID, File]] = dataclasses.field(default_factory=list)
    revisions: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    events: list[tuple[uuid.UUID, str, str, dict[str, Any]]] = dataclasses.field(default_factory=list)
    tickets: list[tuple[str, uuid.UUID]] = dataclasses.field(default_factory=list)
    changed: tuple[datetime, int, str] | None = None

    def put(self, row: MessageRow) -> None:
        """Add a line or note that it changed; threading starts anew from there."""
        self.lines[row.id] = row
        if row.external_id is not None:
            self.named[row.external_id] = row
        if row.group_key is not None and row not in self.groups.setdefault(row.group_key, []):
            self.groups[row.group_key].append(row)
        row.dirty = True
        self.changed = row.order if self.changed is None else min(self.changed, row.order)

    def touch(self, row: MessageRow) -> None:
        """Note that a line changed in a way that threading does not look at."""
        row.dirty = True
        if row.id not in self.lines:
            self.others[row.id] = row

    def attach(self, row: MessageRow, files: Iterable[File]) -> None:
        """Hang files on a line."""
        self.files += [(row.id, file) for file in files]

    def finish(self, item: ItemRow, outcome: str, row: MessageRow | None = None, reason: str | None = None) -> None:
        """The one outcome of an item."""
        self.waiting.pop(item.id, None)
        message_id = None if row is None else row.id
        self.results[item.id] = Result(id=item.id, outcome=outcome, reason=reason, message_id=message_id)

    def wait(self, item: ItemRow, due_at: datetime) -> None:
        """The item waits until `due_at` for what belongs to it."""
        self.waiting[item.id] = item
        self.results[item.id] = Result(id=item.id, due_at=due_at)

    def ordered(self) -> list[MessageRow]:
        """The lines as they were sent."""
        return sorted(self.lines.values(), key=lambda row: row.order)
