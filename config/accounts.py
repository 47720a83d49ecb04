"""Accounts: which number, bot, mailbox or page each channel serves, with the settings that its adapter asks for."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from channels import registry
from config.reading import read

if TYPE_CHECKING:
    from config.spot import Spot

#: Accounts that every installation has; a block of the same name changes them or turns them off.
BUILT_IN = ("web", "desk")
_NAME = re.compile(r"[a-z0-9-]+")
#: The keys of an account's block that are not its adapter's.
OWN_KEYS = ("channel", "dialect", "enabled")


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account; `settings` is an instance of what its adapter's `settings_for(dialect)` names."""

    name: str
    channel: str
    settings: Any
    dialect: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    channel: str
    dialect: str | None = None
    enabled: bool = True


def read_accounts(table: object, spot: Spot) -> tuple[Mapping[str, Account], frozenset[str]]:
    """The accounts by name, and the names of those that are turned off, whose settings are not looked at."""
    if not isinstance(table, Mapping):
        raise spot.error("expected a table for each account, such as [accounts.sms1708]")
    blocks: dict[str, object] = {name: {} for name in BUILT_IN if name in registry.manifests()}
    blocks.update(table)
    accounts: dict[str, Account] = {}
    off: set[str] = set()
    for name, block in blocks.items():
        if not _NAME.fullmatch(name):
            raise spot.at(name).error("expected a name of a-z, 0-9 and dashes: it is part of the webhook's address")
        account = _read(name, block, spot.at(name))
        if account is None:
            off.add(name)
        else:
            accounts[name] = account
    return accounts, frozenset(off)


def _read(name: str, block: object, spot: Spot) -> Account | None:
    if not isinstance(block, Mapping):
        raise spot.error("expected a table")
    own = {key: block[key] for key in OWN_KEYS if key in block}
    if name in BUILT_IN:
        own.setdefault("channel", name)
    head = read(_Head, own, spot)
    settings_type = _settings_type(head, spot)
    if not head.enabled:
        return None
    rest = {key: value for key, value in block.items() if key not in OWN_KEYS}
    return Account(name=name, channel=head.channel, dialect=head.dialect, settings=read(settings_type, rest, spot))


def _settings_type(head: _Head, spot: Spot) -> type:
    manifests = registry.manifests()
    if head.channel not in manifests:
        raise spot.at("channel").error(f"no such channel; known are: {', '.join(manifests)}")
    dialects = manifests[head.channel].dialects
    if dialects and head.dialect not in dialects:
        raise spot.at("dialect").error(f"expected one of {', '.join(dialects)}")
    if head.dialect is not None and not dialects:
        raise spot.at("dialect").error(f"the channel {head.channel} has no dialects")
    return registry.channel_type(head.channel).settings_for(head.dialect)
