"""Where an answer can go: the conversations in which the reporter wrote, and what each channel allows now."""

from __future__ import annotations

import dataclasses
import functools
import hmac
from typing import TYPE_CHECKING, Final

from channels.contract import NO_FILES, Conversation, Files, ReplyOptions
from inbox import rights, words
from inbox.acts import enclosing
from inbox.i18n import _, said
from inbox.presenters import channel_mark
from inbox.state import inbox, now, person, runtime
from normalizer.saying import say
from store import identity

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Connection

    from store.identity import Way
    from store.queue import Row

_NOBODY = ReplyOptions(allowed=False, reason=say("Warga tidak meninggalkan alamat untuk dijawab."))
_GONE = ReplyOptions(allowed=False, reason=say("Akun kanal ini tidak lagi aktif, jadi jawaban tidak dapat dikirim."))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One conversation to answer in. `key` is what the form sends; `max_text` counts characters, None for no limit.

    `files` go along with the answer, at most as the channel takes them.

    `also` are the conversations that get the same words, where the choice is for all citizens of merged cases; `shut`
    counts those of them who cannot be answered.
    """

    way: Way | None
    key: str
    label: str
    options: ReplyOptions
    until: str
    max_text: int | None
    files: Files = NO_FILES
    also: tuple[Way, ...] = ()
    shut: int = 0

    @property
    def reason(self) -> str:
        """What the channel says to the officer of this conversation, in his language."""
        return said(self.options.reason)


#: The form's word for all citizens whose cases were merged.
ALL: Final = "semua"


def choices(connection: Connection, row: Row) -> list[Choice]:
    """All conversations for an answer, the default first; one without a way where the citizen left no address.

    The default is the last one used for this complaint; where that is shut, the next that is open.
    """
    cover = rights.masked(person(), anonim=row.anonim, rahasia=row.rahasia, case=row.id)
    found = identity.ways(connection, row.id, row.contact_id)
    seen = [way for way in found if way.own or not (cover or way.hidden)]
    made = sorted((_choice(way, row.ticket) for way in seen), key=lambda choice: not choice.options.allowed)
    if not made:
        return [Choice(way=None, key="", label="", options=_NOBODY, until="", max_text=None)]
    everybody = _everybody(made)
    return made if everybody is None else [everybody, *made]


def _everybody(made: list[Choice]) -> Choice | None:
    """One choice for all citizens of merged cases, each in his own conversation; None where there is one citizen."""
    first: dict[UUID, Choice] = {}
    for choice in made:
        if choice.way is not None and choice.way.own:
            first.setdefault(choice.way.reporter, choice)
    open_ = [choice for choice in first.values() if choice.options.allowed]
    if len(first) < 2 or not open_:  # noqa: PLR2004 - more than one
        return None
    shut = len(first) - len(open_)
    limits = [choice.max_text for choice in open_ if choice.max_text is not None]
    return Choice(
        way=open_[0].way,
        key=ALL,
        label=_everybody_label(len(first), shut),
        options=ReplyOptions(allowed=True),
        until="",
        max_text=min(limits, default=None),
        files=functools.reduce(enclosing.both, [choice.files for choice in open_]),
        also=tuple(choice.way for choice in open_[1:] if choice.way is not None),
        shut=shut,
    )


def _everybody_label(count: int, shut: int) -> str:
    if shut:
        return _("Semua pelapor (%(count)s), %(shut)s tidak dapat dibalas", count=count, shut=shut)
    return _("Semua pelapor (%(count)s)", count=count)


def vias(choice: Choice) -> list[tuple[str, str]]:
    """The conversations (account, conversation) that a choice writes in."""
    return [(way.account, way.conversation) for way in (choice.way, *choice.also) if way is not None]


def length(choice: Choice, text: str) -> int:
    """How much of `max_text` the text takes, in the conversation that counts it longest."""
    known = [(runtime().accounts[each].channel, talk) for each, talk in vias(choice) if each in runtime().accounts]
    return max((channel.length(text, talk) for channel, talk in known), default=len(text))


def chosen(found: list[Choice], key: str) -> Choice | None:
    """The conversation that a form names, without a name the default; None for one that is not there."""
    return found[0] if not key else next((choice for choice in found if choice.key == key), None)


def _choice(way: Way, ticket: str) -> Choice:
    known = runtime().accounts.get(way.account)
    options = _GONE if known is None else known.channel.reply_options(conversation(way), now())
    name = channel_mark(runtime(), way.account, way.account).name
    last = words.moment(way.sent_at, now(), runtime().zone)
    return Choice(
        way=way,
        key=_key(way),
        label=_("%(channel)s, terakhir menulis %(when)s", channel=name, when=last) + _origin(way, ticket),
        options=options,
        until=words.absolute(options.until, runtime().zone) if options.until else "",
        max_text=options.max_text or (None if known is None else known.channel.capabilities.max_text),
        files=NO_FILES if known is None else enclosing.limits(options.files or known.channel.capabilities.files),
    )


def _origin(way: Way, ticket: str) -> str:
    if not way.own:
        return ", " + _("dari aduan lain")
    return "" if way.ticket == ticket else ", " + _("pelapor %(ticket)s", ticket=way.ticket)


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
