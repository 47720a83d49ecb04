"""Step two of the drain: items change conversations, and what changed is written in one transaction."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from dispatcher import applying, cases, linking, replies, telling
from dispatcher.conversation import Conversation, Key
from dispatcher.grouping import group_key
from normalizer.messages import DeliveryReceipt, Edit, InboundMessage, Unsent
from store import bulk, contacts, items, origin, outbox, revisions, threads, tickets
from store.items import ItemRow, Result
from store.journal import new_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from dispatcher.runtime import Runtime


def handle(
    runtime: Runtime, connection: Connection, rows: Sequence[ItemRow], due: Iterable[Key], now: datetime
) -> None:
    """Handle these items, and let go of what has waited long enough in the conversations of `due`."""
    unknown = [row for row in rows if row.account not in runtime.accounts]
    known = [row for row in rows if row.account in runtime.accounts]
    results = [
        Result(id=row.id, outcome="quarantined", reason=f"account {row.account} is not configured") for row in unknown
    ]
    receipts = [row for row in known if row.kind == "receipt"]
    results += _receipts(connection, receipts, now)
    touching = [row for row in known if row.kind != "receipt"]
    conversations = _load(runtime, connection, touching, [key for key in due if key[0] in runtime.accounts])
    codes = linking.take(runtime, connection, touching, now)
    for row in touching:
        conversation = conversations[row.account, row.conversation]
        if row.id in codes:
            linking.answer(conversation, row, *codes[row.id])
        else:
            applying.apply(conversation, row, runtime.pace)
    for conversation in conversations.values():
        applying.release(conversation, now)
        cases.rethread(runtime, conversation, now)
        results += conversation.results.values()
    _write(runtime, connection, list(conversations.values()), now)
    items.finish(connection, results, now)


def _receipts(connection: Connection, rows: Sequence[ItemRow], now: datetime) -> list[Result]:
    found = []
    for row in rows:
        receipt = row.content
        if isinstance(receipt, DeliveryReceipt):
            at = applying.believed(receipt.at, row.received_at)
            found.append((row.account, receipt.external_id, receipt.status.value, at, receipt.error, _own(receipt)))
    outbox.note_receipts(connection, found, now)
    return [Result(id=row.id, outcome="receipt") for row in rows]


def _own(receipt: DeliveryReceipt) -> str | None:
    """Our id of the reply, as far as it can be one: what comes from outside may be anything."""
    try:
        return None if receipt.reply_id is None else str(uuid.UUID(receipt.reply_id))
    except ValueError:
        return None


def _load(
    runtime: Runtime, connection: Connection, rows: Sequence[ItemRow], due: Iterable[Key]
) -> dict[Key, Conversation]:
    since: dict[Key, datetime] = {}
    pointed: set[Key] = set()
    groups: set[tuple[str, str, str]] = set()
    waiting = dict.fromkeys([*((row.account, row.conversation) for row in rows), *due])
    if not waiting:
        return {}
    held = items.waiting(connection, waiting)
    for row in (*rows, *held):
        key = (row.account, row.conversation)
        content = row.content
        pointed.add((row.account, row.external_id))
        if isinstance(content, InboundMessage | Edit):
            at = applying.believed(content.sent_at, row.received_at)
            since[key] = min(since.get(key, at), at)
        if isinstance(content, InboundMessage):
            if content.in_reply_to is not None:
                pointed.add((row.account, content.in_reply_to))
            if content.part is not None or content.album is not None:
                groups.add((*key, group_key(content)))
        if isinstance(content, Unsent):
            pointed.add((row.account, content.external_id))
    found = {key: Conversation(account=runtime.accounts[key[0]], key=key[1]) for key in waiting}
    for row in held:
        found[row.account, row.conversation].waiting[row.id] = row
    _load_lines(connection, found, since)
    _load_pointed(connection, found, pointed, groups)
    _load_cases(connection, found)
    return found


def _load_lines(connection: Connection, found: dict[Key, Conversation], since: dict[Key, datetime]) -> None:
    if not since:
        return
    rows = threads.lines(connection, [(*key, at) for key, at in since.items()])
    for row in (*rows, *threads.asked(connection, since)):
        conversation = found[row.account, row.conversation]
        conversation.lines.setdefault(row.id, row)
        if row.external_id is not None:
            conversation.named[row.external_id] = row
        if row.group_key is not None:
            conversation.groups.setdefault(row.group_key, []).append(row)


def _load_pointed(
    connection: Connection, found: dict[Key, Conversation], pointed: set[Key], groups: set[tuple[str, str, str]]
) -> None:
    # Ids that we made ourselves, where the provider gives none, are pointed at by nobody.
    wanted = {key for key in pointed if not key[1].startswith("~")}
    for (account, external_id), row in threads.named(connection, wanted).items() if wanted else ():
        conversation = found.get((account, row.conversation))
        if conversation is not None:
            conversation.named.setdefault(external_id, conversation.lines.get(row.id, row))
    for row in threads.groups(connection, groups) if groups else ():
        conversation = found[row.account, row.conversation]
        known = conversation.lines.setdefault(row.id, row)
        group = conversation.groups.setdefault(str(row.group_key), [])
        if all(other.id != known.id for other in group):
            group.append(known)
    for revision in revisions.load(connection, wanted) if wanted else ():
        for conversation in found.values():
            if conversation.account.name == revision["account"]:
                conversation.revisions.append(revision)


def _load_cases(connection: Connection, found: dict[Key, Conversation]) -> None:
    wanted: dict[Any, list[Conversation]] = {}
    for conversation in found.values():
        for row in (*conversation.lines.values(), *conversation.named.values()):
            if row.complaint_id is not None and conversation not in wanted.setdefault(row.complaint_id, []):
                wanted[row.complaint_id].append(conversation)
    while wanted:
        merged: dict[Any, list[Conversation]] = {}
        for case in threads.cases(connection, wanted):
            for conversation in wanted[case.id]:
                conversation.cases[case.id] = case
                if case.merged_into is not None and case.merged_into not in conversation.cases:
                    merged.setdefault(case.merged_into, []).append(conversation)
        wanted = merged


def _write(runtime: Runtime, connection: Connection, found: Sequence[Conversation], now: datetime) -> None:
    fresh = [case for conversation in found for case in conversation.cases.values() if case.fresh]
    # A form's code was given out before its complaint was here; it is led there now, with those of merged cases.
    moves = [(case.ticket, case.id) for case in fresh if case.ticket]
    moves += [pair for conversation in found for pair in conversation.tickets]
    unnamed = [case for case in fresh if not case.ticket]
    given = tickets.give(connection, [case.id for case in unnamed])
    for case in unnamed:
        case.ticket = given[case.id]
    _set_contacts(connection, found, now)
    rows = [row for conversation in found for row in (*conversation.lines.values(), *conversation.others.values())]
    changed = {case.id: case for conversation in found for case in conversation.cases.values()}
    threads.write(connection, rows, list(changed.values()))
    threads.point_tickets(connection, moves)
    _write_files(connection, found, now)
    revisions.write(connection, [row for conversation in found for row in conversation.revisions if row.get("fresh")])
    events: list[dict[str, Any]] = [
        {
            "complaint_id": case,
            "at": now,
            "actor": actor,
            "kind": kind,
            "data": data,
            "origin": origin.channel(conversation.account.name) if actor == "warga" else origin.SYSTEM,
        }
        for conversation in found
        for case, actor, kind, data in conversation.events
    ]
    # In one order by whoever writes into several cases: two such writers never wait for each other.
    events.sort(key=lambda event: event["complaint_id"])
    bulk.insert(connection, "event", ("complaint_id", "at", "actor", "kind", "data", "origin"), events)
    telling.of_batch(runtime, connection, found, now)
    for conversation in found:
        cases.acknowledge(conversation)
    replies.write(runtime, connection, found, now)


def _set_contacts(connection: Connection, found: Sequence[Conversation], now: datetime) -> None:
    told: dict[tuple[str, str], contacts.Seen] = {}
    openers = []
    for conversation in found:
        fresh = {case.id: case for case in conversation.cases.values() if case.fresh}
        for row in conversation.lines.values():
            if row.fresh and row.address is not None and row.direction == "in":
                key = (str(row.hints.get("scheme") or conversation.account.channel.key), row.address)
                told[key] = contacts.seen(row.address, row.name, row.hints).after(told.get(key, contacts.Seen()))
                if row.complaint_id in fresh:
                    openers.append((key, fresh[row.complaint_id]))
    known = contacts.resolve(connection, told, now)
    for key, case in openers:
        case.contact_id = known[key]


def _write_files(connection: Connection, found: Sequence[Conversation], now: datetime) -> None:
    positions: dict[Any, int] = {}
    rows = []
    for conversation in found:
        for message_id, file in conversation.files:
            positions[message_id] = positions.get(message_id, -1) + 1
            rows.append(
                {
                    "id": new_id(),
                    "message_id": message_id,
                    "account": conversation.account.name,
                    "position": positions[message_id],
                    "name": file.name,
                    "content_type": file.content_type,
                    "size": file.size,
                    "sha256": file.sha256,
                    "state": "owed",
                    "attempts": 0,
                    "ref": file.ref,
                    "url": file.url,
                    "deadline": file.deadline,
                    "next_attempt_at": now,
                }
            )
    if rows:
        bulk.insert(connection, "attachment", list(rows[0]), rows)
