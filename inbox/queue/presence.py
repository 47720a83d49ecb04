"""Who has a case open right now, and who is typing an answer: in Redis for some seconds, and nothing hangs on it.

A page says that it is still there with its pulse. A session is let in by a view that has checked its rights (`enter`);
after that its pulse alone keeps it there, without the database. Where Redis is away nobody is there.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from typing import TYPE_CHECKING, Any, Final, cast

from flask import g, request
from redis.exceptions import RedisError

from inbox import rights
from inbox.auth import SESSION
from inbox.i18n import _
from inbox.state import now, person, runtime
from normalizer import ticket as codes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from inbox.presenters import Card

log = logging.getLogger(__name__)

#: Seconds after its last pulse for which a page counts as open, and after its last letter as being typed in.
LIFE: Final = 12
#: Seconds for which what is known of a page need not be written down again.
_SETTLED: Final = 3
#: The header with which a page says that its officer is typing an answer.
TYPING: Final = "X-Typing"
_TICKETS: Final = "muara:here"
#: Seconds after which Redis itself forgets; longer than any page is silent.
_EXPIRY: Final = 60


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """An officer who has a case open; `reads` says that his role only reads, and then he never types."""

    id: int
    name: str
    reads: bool
    typing: bool


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Who else has the case open. `known` says that this session was let in there before."""

    known: bool = True
    others: tuple[Somebody, ...] = ()

    @property
    def mark(self) -> str:
        """What changes when somebody comes, goes, begins or stops typing."""
        return ",".join(f"{each.id}:{each.typing:d}" for each in self.others)


def enter(ticket: str) -> None:
    """The logged-in officer has this case open, which he may see."""
    reads = not rights.may(person(), rights.Need.WORK)
    _write(ticket, {"id": person().id, "name": person().name, "reads": reads})


def near() -> Near:
    """Who else has the case open that this pulse tells of, whose page is there for another while."""
    ticket = codes.read(request.args.get("kasus", ""))
    if ticket is None:
        return Near()
    try:
        found = _read(ticket)
    except RedisError as error:
        log.warning("presence cannot be read: %s", type(error).__name__)
        return Near()
    mine = found.get(_session())
    if mine is None:
        return Near(known=False, others=_others(found, None))
    if now().timestamp() - mine["at"] >= _SETTLED or _typing(mine) != mine["typing"]:
        _write(ticket, mine)
    return Near(others=_others(found, mine["id"]))


def others(ticket: str) -> tuple[Somebody, ...]:
    """Who beside the logged-in officer has the case open."""
    try:
        return _others(_read(ticket), person().id)
    except RedisError as error:
        log.warning("presence cannot be read: %s", type(error).__name__)
        return ()


def on_cards(cards: Iterable[Card]) -> dict[str, str]:
    """Of each card that somebody else has open: who, for a reader."""
    try:
        begun = now().timestamp() - LIFE
        live = {_text(each) for each in cast("list[bytes]", runtime().redis.zrangebyscore(_TICKETS, begun, "+inf"))}
    except RedisError as error:
        log.warning("presence cannot be read: %s", type(error).__name__)
        return {}
    return {card.ticket: said for card in cards if card.ticket in live and (said := sentence(others(card.ticket)))}


def sentence(found: Collection[Somebody]) -> str:
    """Who is there, in words; empty where nobody is."""
    typing = [each.name for each in found if each.typing]
    opened = [each.name for each in found if not (each.typing or each.reads)]
    reading = [each.name for each in found if each.reads]
    said = [
        _("%(names)s sedang menulis jawaban", names=", ".join(typing)) if typing else "",
        _("%(names)s membuka aduan ini", names=", ".join(opened)) if opened else "",
        _("%(names)s membaca", names=", ".join(reading)) if reading else "",
    ]
    return "; ".join(each for each in said if each)


def _session() -> str:
    return hashlib.sha256(request.cookies.get(SESSION, "").encode("utf-8", "replace")).hexdigest()[:32]


def _key(ticket: str) -> str:
    return f"{_TICKETS}:{ticket}"


def _write(ticket: str, mine: dict[str, Any]) -> None:
    at = now().timestamp()
    pipe = runtime().redis.pipeline(transaction=False)
    pipe.hset(_key(ticket), _session(), json.dumps({**mine, "at": at, "typing": _typing(mine)}))
    pipe.expire(_key(ticket), _EXPIRY)
    pipe.zadd(_TICKETS, {ticket: at})
    pipe.zremrangebyscore(_TICKETS, "-inf", at - _EXPIRY)
    try:
        pipe.execute()
    except RedisError as error:
        log.warning("presence cannot be kept: %s", type(error).__name__)


def _typing(mine: dict[str, Any]) -> bool:
    return request.headers.get(TYPING) == "1" and not mine["reads"]


def _read(ticket: str) -> dict[str, dict[str, Any]]:
    """The sessions that have the case open, by name. RedisError."""
    if "here" not in g:
        g.here = {}
    if ticket not in g.here:
        found = cast("dict[bytes, bytes]", runtime().redis.hgetall(_key(ticket)))
        begun = now().timestamp() - LIFE
        entries = {_text(name): json.loads(entry) for name, entry in found.items()}
        g.here[ticket] = {name: entry for name, entry in entries.items() if entry["at"] > begun}
    return cast("dict[str, dict[str, Any]]", g.here[ticket])


def _others(found: dict[str, dict[str, Any]], mine: int | None) -> tuple[Somebody, ...]:
    """Each officer once, whatever he has open; by name."""
    seen: dict[int, Somebody] = {}
    for entry in found.values():
        known = seen.get(entry["id"])
        typing = entry["typing"] or (known is not None and known.typing)
        if entry["id"] != mine:
            seen[entry["id"]] = Somebody(id=entry["id"], name=entry["name"], reads=entry["reads"], typing=typing)
    return tuple(sorted(seen.values(), key=lambda each: (each.name, each.id)))


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
