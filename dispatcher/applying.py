"""Applying items to a conversation: each kind of item changes it in its own way and ends with one outcome."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from dispatcher import grouping
from dispatcher.conversation import AutoReply
from normalizer import codec, text, ticket
from normalizer.messages import Edit, Ignored, InboundMessage, Malformed, Unsent
from store.journal import new_id
from store.threads import MessageRow

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.conversation import Conversation
    from dispatcher.runtime import Pace
    from normalizer.messages import Location
    from store.items import ItemRow

#: What an original brings to the line that its edit has opened.
_FILLED = ("text", "name", "subject", "quoted", "html", "in_reply_to", "location", "hints", "sequence", "sent_at")
#: A clock that runs ahead by more than this is not believed.
AHEAD = timedelta(minutes=5)


def apply(conversation: Conversation, item: ItemRow, pace: Pace) -> None:
    """Let one new item do its work."""
    content = item.content
    match content:
        case InboundMessage():
            _message(conversation, item, content, pace)
        case Edit():
            _edit(conversation, item, content, pace)
        case Unsent():
            _unsent(conversation, item, content)
        case Malformed():
            conversation.finish(item, "quarantined", reason=content.error)
        case Ignored():
            conversation.finish(item, "ignored", reason=content.reason)
        case _:
            raise TypeError(item.kind)


def release(conversation: Conversation, now: datetime) -> None:
    """Let go of whatever has waited long enough: incomplete texts, albums, edits whose original never came."""
    due = [item for item in conversation.waiting.values() if item.due_at is not None and item.due_at <= now]
    for item in due:
        if item.id not in conversation.waiting:
            continue
        content = item.content
        if isinstance(content, Edit):
            _orphan(conversation, item, content)
        elif isinstance(content, InboundMessage):
            group = grouping.group_key(content)
            _release_group(conversation, grouping.members(conversation, group))


def _message(conversation: Conversation, item: ItemRow, content: InboundMessage, pace: Pace) -> None:
    if content.part is not None or content.album is not None:
        _grouped(conversation, item, content, pace)
        return
    if _answered_command(conversation, item, content):
        return
    original = conversation.named.get(item.external_id)
    if original is not None and original.original_missing:
        _fill(conversation, item, content, original)
        return
    row = new_line(item, content)
    conversation.attach(row, codec.files(item.payload))
    _settle(conversation, item, row)


def _settle(conversation: Conversation, item: ItemRow, row: MessageRow) -> None:
    """A new line stands: read its keyword, apply later versions that came before it."""
    read_keyword(conversation, row)
    conversation.put(row)
    conversation.finish(item, "message", row)
    if row.role == "opener":
        _prompt(conversation, item, row)
    for other in list(conversation.waiting.values()):
        if other.kind == "edit" and other.external_id == row.external_id:
            edit = other.content
            if isinstance(edit, Edit):
                _revise(conversation, other, edit, row)
    for revision in conversation.revisions:
        if revision["external_id"] == row.external_id and revision["kind"] == "unsent":
            row.withdrawn_at = revision["at"]


def new_line(item: ItemRow, content: InboundMessage | Edit) -> MessageRow:
    """A line of the thread from an item; it is not in the conversation yet."""
    hints: dict[str, Any] = dict(content.hints)
    if item.external_id.startswith("~"):
        hints["no_id"] = True
    if content.attachments or item.payload.get("files"):
        hints["files"] = len(item.payload.get("files", ()))
    message = content if isinstance(content, InboundMessage) else None
    if message is not None and message.command is not None:
        hints["command"] = message.command
    return MessageRow(
        id=new_id(),
        account=item.account,
        conversation=item.conversation,
        external_id=item.external_id,
        item_id=item.id,
        address=content.sender.address or None,
        name=content.sender.name,
        text=content.text,
        subject=None if message is None else message.subject,
        quoted=None if message is None else message.quoted,
        html=None if message is None else message.html,
        in_reply_to=None if message is None else message.in_reply_to,
        location=_location(content.location),
        hints=hints,
        sequence=content.sequence,
        sent_at=believed(content.sent_at, item.received_at),
        received_at=item.received_at,
        fresh=True,
    )


def believed(sent_at: datetime | None, received_at: datetime) -> datetime:
    """When it was sent, as far as we believe the sender's clock."""
    if sent_at is None or sent_at > received_at + AHEAD:
        return received_at
    return sent_at


def read_keyword(conversation: Conversation, row: MessageRow) -> None:
    """Note the keyword and the cleaned words of a line; both follow from its text, or a mail's subject, alone.

    A keyword in the subject chooses the program only: every answer repeats the subject, and opens nothing by that.
    """
    account = conversation.account
    match = account.keywords.find(row.text)
    named = match or (account.keywords.find(row.subject) if row.subject else None)
    command = row.hints.get("command")
    body = row.text if match is None else match.body
    row.clean = text.clean(body)
    row.keyword = None if named is None else {"program": named.program, "exact": named.exact}
    row.opener = match is not None or command == "lapor"
    bare = not row.clean and row.location is None and not row.hints.get("files")
    row.role = "opener" if row.opener and bare else "text"


def _location(location: Location | None) -> dict[str, Any] | None:
    return None if location is None else dataclasses.asdict(location)


def _fill(conversation: Conversation, item: ItemRow, content: InboundMessage, row: MessageRow) -> None:
    """The original of an edit that was let go without it: its words take their place, the edit stays the revision."""
    if row.revised is None:
        row.revised, row.revised_at = row.text, row.received_at
    line = new_line(item, content)
    for name in _FILLED:
        setattr(row, name, getattr(line, name))
    row.original_missing, row.item_id, row.received_at = False, item.id, item.received_at
    conversation.attach(row, codec.files(item.payload))
    _settle(conversation, item, row)


def _edit(conversation: Conversation, item: ItemRow, content: Edit, pace: Pace) -> None:
    target = conversation.named.get(content.external_id)
    if target is None:
        conversation.wait(item, item.received_at + timedelta(seconds=pace.edit_wait))
    else:
        _revise(conversation, item, content, target)


def _revise(conversation: Conversation, item: ItemRow, content: Edit, row: MessageRow) -> None:
    at = believed(content.edited_at or content.sent_at, item.received_at)
    if row.revision is None or content.version > row.revision:
        row.revised, row.revised_at, row.revision = content.text, at, content.version
        if content.location is not None:
            row.location = _location(content.location)
    conversation.touch(row)
    conversation.attach(row, codec.files(item.payload))
    conversation.revisions.append(_revision(item, content, at))
    conversation.finish(item, "edit", row)


def _orphan(conversation: Conversation, item: ItemRow, content: Edit) -> None:
    """No original came in time: the officer sees what the edit says, and that the first words are missing."""
    row = conversation.named.get(content.external_id)
    if row is None:
        row = new_line(item, content)
        row.original_missing = True
        read_keyword(conversation, row)
        conversation.put(row)
    _revise(conversation, item, content, row)


def _unsent(conversation: Conversation, item: ItemRow, content: Unsent) -> None:
    at = believed(content.at, item.received_at)
    row = conversation.named.get(content.external_id)
    if row is not None:
        row.withdrawn_at = at
        conversation.touch(row)
    conversation.revisions.append(_revision(item, content, at))
    conversation.finish(item, "unsent", row)


def _revision(item: ItemRow, content: Edit | Unsent, at: datetime) -> dict[str, Any]:
    return {
        "account": item.account,
        "external_id": content.external_id,
        "kind": item.kind,
        "version": content.version,
        "at": at,
        "text": content.text if isinstance(content, Edit) else "",
        "fresh": True,
    }


def _grouped(conversation: Conversation, item: ItemRow, content: InboundMessage, pace: Pace) -> None:
    late = grouping.joinable(conversation, item, content)
    if late is not None:
        grouping.join(late, content)
        read_keyword(conversation, late)
        conversation.put(late)
        conversation.attach(late, codec.files(item.payload))
        conversation.finish(item, "joined", late)
        return
    seconds = pace.parts_timeout if content.part is not None else pace.album_settle
    conversation.wait(item, item.received_at + timedelta(seconds=seconds))
    group = grouping.members(conversation, grouping.group_key(content))
    if grouping.complete(group):
        _release_group(conversation, group)


def _release_group(conversation: Conversation, group: list[grouping.Member]) -> None:
    first = group[0]
    row = new_line(first.item, first.content)
    grouping.assemble(row, group)
    for member in group:
        conversation.attach(row, codec.files(member.item.payload))
    _settle(conversation, first.item, row)
    for member in group[1:]:
        conversation.named[member.item.external_id] = row
        conversation.finish(member.item, "joined", row)


def _answered_command(conversation: Conversation, item: ItemRow, content: InboundMessage) -> bool:
    """Questions to the program itself (/start, status): answered, and nothing for the officers."""
    if content.command == "start" and not _words(content.text):
        _reply(conversation, item, content, "welcome")
        conversation.finish(item, "ignored", reason="command:start")
        return True
    if content.attachments or item.payload.get("files") or content.location is not None:
        return False
    if content.command == "status":
        code = ticket.find(content.text) or content.text.strip()
    else:
        asked = None if content.command else ticket.status_request(content.text)
        if asked is None:
            return False
        code = asked.ticket or asked.typed or ""
    _reply(conversation, item, content, "status", {"ticket": code})
    conversation.finish(item, "ignored", reason="command:status")
    return True


def _words(started: str) -> bool:
    """Whether somebody wrote to us behind /start; one word there is what the link to us said."""
    return len(started.split()) > 1


def _prompt(conversation: Conversation, item: ItemRow, row: MessageRow) -> None:
    if row.address is not None and not row.hints.get("no_reply"):
        program = None if row.keyword is None else str(row.keyword["program"])
        conversation.replies.append(
            AutoReply(
                purpose="prompt",
                address=row.address,
                dedupe=f"prompt:{item.id}",
                program=program,
                in_reply_to=None if row.hints.get("no_id") else row.external_id,
                subject=row.subject,
                hints=row.hints,
            )
        )


def _reply(
    conversation: Conversation,
    item: ItemRow,
    content: InboundMessage,
    purpose: str,
    values: dict[str, str] | None = None,
) -> None:
    if content.sender.address and not content.hints.get("no_reply"):
        conversation.replies.append(
            AutoReply(
                purpose=purpose,
                address=content.sender.address,
                dedupe=f"{purpose}:{item.id}",
                program=None,
                in_reply_to=content.external_id,
                subject=content.subject,
                hints=content.hints,
                values=values or {},
            )
        )
