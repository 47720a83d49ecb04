"""Where an answer can go: the conversations in which the reporter wrote, and what each channel allows now."""

from __future__ import annotations

import dataclasses
import hmac
from typing import TYPE_CHECKING

from channels.contract import Conversation, ReplyOptions
from inbox import rights, words
from inbox.presenters import channel_mark
from inbox.state import inbox, now, person, runtime
from store import identity

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from store.identity import Way
    from store.queue import Row

_NOBODY = ReplyOptions(allowed=False, reason="Warga tidak meninggalkan alamat untuk dijawab.")
_GONE = ReplyOptions(allowed=False, reason="Akun kanal ini tidak lagi aktif, jadi jawaban tidak dapat dikirim.")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One conversation to answer in. `key` is what the form sends; `max_text` counts characters, None for no limit."""

    way: Way | None
    key: str
    label: str
    options: ReplyOptions
    until: str
    max_text: int | None


def choices(connection: Connection, row: Row) -> list[Choice]:
    """All conversations for an answer, the default first; one without a way where the citizen left no address.

    The default is the last one used for this complaint; where that is shut, the next that is open.
    """
    cover = rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia)
    found = identity.ways(connection, row.id, row.contact_id)
    seen = [way for way in found if way.own or not (cover or (way.hidden and not person().sees_identity))]
    made = [_choice(way) for way in seen]
    if not made:
        return [Choice(way=None, key="", label="", options=_NOBODY, until="", max_text=None)]
    return sorted(made, key=lambda choice: not choice.options.allowed)


def chosen(found: list[Choice], key: str) -> Choice | None:
    """The conversation that a form names, without a name the default; None for one that is not there."""
    return found[0] if not key else next((choice for choice in found if choice.key == key), None)


def _choice(way: Way) -> Choice:
    known = runtime().accounts.get(way.account)
    options = _GONE if known is None else known.channel.reply_options(conversation(way), now())
    name = channel_mark(runtime(), way.account, way.account).name
    last = words.moment(way.sent_at, now(), runtime().zone)
    return Choice(
        way=way,
        key=_key(way),
        label=f"{name}, terakhir menulis {last}" + ("" if way.own else ", dari aduan lain"),
        options=options,
        until=words.absolute(options.until, runtime().zone) if options.until else "",
        max_text=options.max_text or (None if known is None else known.channel.capabilities.max_text),
    )


def _key(way: Way) -> str:
    """A conversation's name in forms: it must not tell the number or address that it is named by."""
    words = f"way:{way.account}:{way.conversation}".encode()
    return hmac.digest(inbox().secret, words, "sha256").hex()[:24]


def conversation(way: Way) -> Conversation:
    """What the adapter judges by."""
    return Conversation(
        conversation_id=way.conversation,
        address=way.address,
        last_inbound_at=way.sent_at,
        hints=way.hints,
        sent=way.sent,
    )
