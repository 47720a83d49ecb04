"""The rail's channels with a lamp each, from what the clock process has stored: no provider is asked for a page."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Final, cast

from flask import g

from inbox import rights, words
from inbox.i18n import _
from inbox.presenters import channel_mark
from inbox.state import now, person, reading, runtime
from store import accounts, quarantine
from store.accounts import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbox.presenters import Mark

#: A finding older than this says nothing any more: whoever checks has stopped.
STALE: Final = timedelta(minutes=30)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lamp:
    """One account in the rail: `colour` is ok, bad, paused or unknown."""

    account: str
    mark: Mark
    colour: str
    label: str


def states() -> Mapping[str, State]:
    """What is known of all accounts, read once for the request."""
    _read()
    return cast("Mapping[str, State]", g.accounts)


def _read() -> None:
    """All that the rail asks, on one connection."""
    if "accounts" in g:
        return
    with reading() as connection:
        g.accounts = accounts.states(connection)
        g.quarantined = quarantine.count(connection, reach()) if rights.may(person(), rights.Need.OVERSEE) else 0


def judged(state: State) -> tuple[str, str]:
    """The lamp's colour and its words."""
    if state.paused:
        return "paused", _("dijeda")
    if state.silent_since is not None:
        since = words.absolute(state.silent_since, runtime().zone)
        return "bad", _("terlalu lama tanpa pesan, sejak %(since)s", since=since)
    if state.remainder:
        return "bad", _("ada pesan yang tidak dapat dipertanggungjawabkan")
    if state.checked_at is None or now() - state.checked_at > STALE:
        return "unknown", _("belum diperiksa")
    return ("ok", _("baik")) if state.health_ok else ("bad", _("bermasalah"))


def lamps() -> list[Lamp]:
    """One for each account that the officer's programs are reached on."""
    if g.get("person") is None:
        return []
    known, found = states(), []
    for account in rights.accounts(person(), runtime()):
        colour, label = judged(known.get(account.name, State()))
        mark = channel_mark(runtime(), account.name, account.channel.key)
        found.append(Lamp(account=account.name, mark=mark, colour=colour, label=label))
    return found


def paused(account: str) -> State | None:
    """The state of an account that an officer has paused; None where nobody has."""
    state = states().get(account)
    return state if state is not None and state.paused else None


def quarantined() -> str:
    """How many items stand in the quarantine that the officer oversees, as the rail shows it."""
    _read()
    return "1.000+" if g.quarantined > quarantine.CAP else str(g.quarantined)


def reach() -> list[str] | None:
    """The accounts whose quarantine the officer sees; None for all, those that are configured no more included."""
    if rights.sees_all(person()):
        return None
    return [account.name for account in rights.accounts(person(), runtime())]
