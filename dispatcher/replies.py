"""Automatic texts: acknowledgement, format, prompt, welcome, status; written to the outbox with the change itself."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from normalizer import ticket
from normalizer.complaint import LABELS, State
from normalizer.program import Program, Texts
from store import bulk, outbox, threads
from store.journal import new_id
from store.partitions import partition
from store.threads import MESSAGE, MessageRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from dispatcher.conversation import AutoReply, Conversation
    from dispatcher.runtime import Account, Runtime


#: Automatic texts that one conversation is given in a day before Muara falls silent there.
MOST_A_DAY = 10


def write(runtime: Runtime, connection: Connection, found: Sequence[Conversation], now: datetime) -> None:
    """Queue all automatic texts of these conversations, on channels that can answer."""
    pairs = [
        (conversation, reply)
        for conversation in found
        if conversation.account.channel.capabilities.replies
        for reply in conversation.replies
    ]
    pairs = _bearable(connection, pairs, now)
    if not pairs:
        return
    asked = [reply for _, reply in pairs if reply.purpose == "status"]
    codes = [code for reply in asked if (code := ticket.read(reply.values["ticket"])) is not None]
    states = threads.states(connection, codes) if codes else {}
    bare = [conversation for conversation, reply in pairs if reply.purpose == "status" and not reply.values["ticket"]]
    keys = [(conversation.account.name, conversation.key) for conversation in bare]
    latest = threads.latest(connection, keys) if keys else {}
    lines, rows = [], []
    for conversation, reply in pairs:
        text = _text(runtime, conversation, reply, states, latest.get((conversation.account.name, conversation.key)))
        line = _line(conversation, reply, text, now) if reply.case is not None else None
        if line is not None:
            lines.append(line)
        rows.append(_row(conversation, reply, text, line, now))
    bulk.insert(connection, "message", MESSAGE, lines)
    outbox.insert(connection, rows)


def _bearable(
    connection: Connection, pairs: list[tuple[Conversation, AutoReply]], now: datetime
) -> list[tuple[Conversation, AutoReply]]:
    """Without what would go on and on: two robots that answer one another stop (RFC 3834, 2).

    The acknowledgement of a new complaint always goes, for it carries the citizen's ticket.
    """
    chatter = {(talk.account.name, talk.key) for talk, reply in pairs if reply.purpose != "ack"}
    if not chatter:
        return pairs
    given = outbox.automatic(connection, chatter, now - timedelta(days=1))
    kept = []
    for talk, reply in pairs:
        key = (talk.account.name, talk.key)
        if reply.purpose == "ack" or given.get(key, 0) < MOST_A_DAY:
            kept.append((talk, reply))
            given[key] = given.get(key, 0) + 1
    return kept


def _text(
    runtime: Runtime,
    conversation: Conversation,
    reply: AutoReply,
    states: dict[str, tuple[str, str | None]],
    latest: tuple[str, str, str | None] | None,
) -> str:
    if reply.text is not None:
        return reply.text
    values = {"ticket": reply.case.ticket if reply.case is not None else "", "state": ""}
    purpose, key = reply.purpose, reply.program
    if purpose == "status":
        code = ticket.read(reply.values["ticket"])
        found = (code, *states[code]) if code is not None and code in states else None
        if not reply.values["ticket"]:
            found = latest
        if found is None:
            purpose = "unknown_ticket" if reply.values["ticket"] else "prompt"
            values["ticket"] = reply.values["ticket"][:20]
        else:
            values |= {"ticket": found[0], "state": LABELS[State(found[1])]}
            key = found[2]
    program = runtime.programs.get(key) if key is not None else _owner(conversation.account)
    texts = program.texts if program is not None else Texts()
    values["program"] = program.name if program is not None else "Layanan Aduan"
    values["format"] = _format(conversation.account, program)
    values["link"] = f"{runtime.public_url}/lacak"
    return str(getattr(texts, purpose)).format_map(values)


def _owner(account: Account) -> Program | None:
    return account.programs[0] if len(account.programs) == 1 else None


def _format(account: Account, program: Program | None) -> str:
    if program is not None:
        return program.format
    return " / ".join(known.format for known in account.programs) or "<isi aduan>"


def _line(conversation: Conversation, reply: AutoReply, text: str, now: datetime) -> MessageRow:
    return MessageRow(
        id=new_id(),
        complaint_id=None if reply.case is None else reply.case.id,
        direction="out",
        role="auto",
        account=conversation.account.name,
        conversation=conversation.key,
        address=reply.address,
        text=text,
        sent_at=now,
        received_at=now,
    )


def _row(
    conversation: Conversation, reply: AutoReply, text: str, line: MessageRow | None, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "account": conversation.account.name,
        "conversation": conversation.key,
        "address": reply.address,
        "complaint_id": None if reply.case is None else reply.case.id,
        "message_id": None if line is None else line.id,
        "purpose": reply.purpose,
        "dedupe": reply.dedupe,
        "text": text,
        "subject": reply.subject,
        "in_reply_to": reply.in_reply_to,
        "hints": dict(reply.hints),
        "lane": partition(conversation.account.name, conversation.key),
        "state": "queued",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }
