"""The runtime: everything that work needs, built once by app, worker or cli and put into a ContextVar."""

from __future__ import annotations

import contextlib
import dataclasses
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Channel
    from channels.registry import Manifest
    from dispatcher.mailing import Mailer
    from normalizer.keyword import KeywordIndex
    from normalizer.place import PlaceFinder
    from normalizer.program import Program
    from store.blobs import Blobs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One account: its adapter, the programs that are reached on it, and their keywords."""

    name: str
    channel: Channel[Any]
    manifest: Manifest
    programs: tuple[Program, ...]
    keywords: KeywordIndex


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Sizes and times of the work: rows a batch, seconds for the rest."""

    batch: int = 500
    parts_timeout: float = 600.0
    album_settle: float = 2.0
    edit_wait: float = 600.0
    send_threads: int = 8
    max_media: int = 25 * 1024 * 1024


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """The engine, Redis, accounts, programs, blobs and clock of one process. `zone` decides what a day is.

    `mailer` writes to officers; None where the installation has no mail of its own. `notify` is the account of the
    Telegram bot that does; None where none does.
    """

    engine: Engine
    redis: Redis
    accounts: Mapping[str, Account]
    programs: Mapping[str, Program]
    places: Mapping[str, PlaceFinder]
    blobs: Blobs
    clock: Callable[[], datetime]
    public_url: str
    zone: ZoneInfo
    pace: Pace = Pace()
    mailer: Mailer | None = None
    notify: str | None = None

    def day(self, at: datetime) -> date:
        """The local date of an aware time, as ledger and officers count days."""
        return at.astimezone(self.zone).date()


_CURRENT: ContextVar[Runtime] = ContextVar("runtime")


def current() -> Runtime:
    """The runtime of this process; LookupError where nobody has put one."""
    return _CURRENT.get()


@contextlib.contextmanager
def active(runtime: Runtime) -> Iterator[Runtime]:
    """Put the runtime in place for the block."""
    token = _CURRENT.set(runtime)
    try:
        yield runtime
    finally:
        _CURRENT.reset(token)
