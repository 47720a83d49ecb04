"""Officers who link their own chat: a code that comes in on the notifying bot is caught before it is a complaint."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from dispatcher import notice_texts
from dispatcher.conversation import AutoReply
from normalizer.messages import InboundMessage
from normalizer.saying import Sentence, say
from store import chats
from store.chats import Linked

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from dispatcher.conversation import Conversation
    from dispatcher.runtime import Runtime
    from store.items import ItemRow

_ASKED: Final = re.compile(rf"\s*(?P<command>/petugas(?:@\w+)?\s+)?(?P<code>{chats.CODE.pattern})\s*", re.IGNORECASE)


def take(
    runtime: Runtime, connection: Connection, rows: Iterable[ItemRow], now: datetime
) -> dict[int, tuple[Linked, str]]:
    """Of the items that are an officer's code, by id: what became of it, and the text that answers.

    Only in a chat between two: what a group is told is no officer's own. A code that stands alone, without a command,
    is one only where it is right: else it is a citizen's message like any other.
    """
    found = {}
    for row in rows:
        code = _code(row) if row.account == runtime.notify else None
        if code is None:
            continue
        outcome, language = chats.link(connection, code["code"], row.account, row.conversation, now)
        command = code["command"] or (isinstance(row.content, InboundMessage) and row.content.command)
        if outcome is Linked.WRONG and not command:
            continue
        words = notice_texts.words_of(language)
        found[row.id] = (outcome, words(_told(outcome, f"{runtime.public_url}/inbox/me/notices")))
    return found


def _told(outcome: Linked, link: str) -> Sentence:
    if outcome is Linked.DONE:
        return say("Terhubung. Pemberitahuan yang Anda pilih akan datang ke sini. Atur: %(link)s", link=link)
    if outcome is Linked.TAKEN:
        return say("Telegram ini sudah terhubung dengan petugas lain. Putuskan dulu di akun itu.")
    return say(
        "Kode petugas ini tidak berlaku lagi. Buat kode baru di akun Anda. Untuk mengadu, tulis saja aduan Anda."
    )


def _code(row: ItemRow) -> re.Match[str] | None:
    content = row.content
    if not isinstance(content, InboundMessage) or content.command not in {None, "start"}:
        return None
    bare = not (content.attachments or row.payload.get("files") or content.location)
    own = content.sender.address == row.conversation
    return _ASKED.fullmatch(content.text) if bare and own else None


def answer(conversation: Conversation, item: ItemRow, outcome: Linked, text: str) -> None:
    """Nothing for the officers: the item is ignored with its reason, and whoever sent the code is told."""
    conversation.finish(item, "ignored", reason=f"officer-code:{outcome.value}")
    conversation.replies.append(
        AutoReply(
            purpose="officer",
            address=item.conversation,
            dedupe=f"officer:{item.id}",
            program=None,
            in_reply_to=item.external_id,
            text=text,
        )
    )
