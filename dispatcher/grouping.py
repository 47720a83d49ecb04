"""Messages made of several items: split texts and albums, whatever order their pieces come in."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

from normalizer import parts
from normalizer.messages import InboundMessage

if TYPE_CHECKING:
    from dispatcher.conversation import Conversation
    from store.items import ItemRow
    from store.threads import MessageRow

#: Phones count their references round (8 bits), so a piece belongs to a text of the same day only.
REACH = timedelta(hours=24)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A waiting piece."""

    item: ItemRow
    content: InboundMessage

    @property
    def number(self) -> int:
        """Its place in the whole."""
        return _number(self.content)


def group_key(content: InboundMessage) -> str:
    """What the pieces of one message have in common."""
    if content.part is not None:
        return f"part:{content.to or ''}:{content.part.reference}:{content.part.total}"
    return f"album:{content.album}"


def _number(content: InboundMessage) -> int:
    return content.part.number if content.part is not None else content.sequence


def members(conversation: Conversation, key: str) -> list[Member]:
    """The waiting pieces of one message in their order; a number that comes twice belongs to the next one."""
    found: dict[int, Member] = {}
    for item in conversation.waiting.values():
        if item.kind != "message":
            continue
        content = item.content
        if isinstance(content, InboundMessage) and (content.part or content.album) and group_key(content) == key:
            number = _number(content) if content.part is not None else item.id
            found.setdefault(number, Member(item=item, content=content))
    return sorted(found.values(), key=lambda member: (member.number, member.item.id))


def complete(group: list[Member]) -> bool:
    """Whether every part of a split text is there; an album never knows."""
    part = group[0].content.part
    return part is not None and len(group) == part.total


def assemble(row: MessageRow, group: list[Member]) -> None:
    """Make one line of the pieces: their texts in order, and the numbers that are missing."""
    row.group_key = group_key(group[0].content)
    row.sent_at = min(row.sent_at, *(member.content.sent_at or row.sent_at for member in group))
    row.parts = {}
    for member in group:
        _take(row, member.content)
    row.hints["files"] = sum(len(member.item.payload.get("files", ())) for member in group)


def joinable(conversation: Conversation, item: ItemRow, content: InboundMessage) -> MessageRow | None:
    """The line that this late piece completes, if it was let go without it."""
    for row in conversation.groups.get(group_key(content), ()):
        near = abs((content.sent_at or item.received_at) - row.sent_at) <= REACH
        if near and (content.album is not None or str(_number(content)) not in (row.parts or {})):
            return row
    return None


def join(row: MessageRow, content: InboundMessage) -> None:
    """Put a late piece in its place."""
    _take(row, content)
    if content.sent_at is not None and content.sent_at < row.sent_at:
        row.sent_at = content.sent_at
    if content.attachments or content.album is not None:
        row.hints["files"] = int(row.hints.get("files", 0)) + 1


def _take(row: MessageRow, content: InboundMessage) -> None:
    row.parts = {**(row.parts or {}), str(_number(content)): content.text}
    numbered = {int(number): words for number, words in row.parts.items()}
    if content.part is None:
        row.text = "\n".join(words for _, words in sorted(numbered.items()) if words)
        return
    whole = parts.assemble(numbered, content.part.total)
    row.text = whole.text
    row.missing = list(whole.missing) or None
