"""What must survive between two polls: how far each feed was read, what rests, and what today's reads cost."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from normalizer.saying import Sentence, quoted, remembered, say

if TYPE_CHECKING:
    from channels.contract import Cursor
    from channels.x.settings import XSettings

R = TypeVar("R", "Feed", "Spent")

#: From this share of the day's reads on, the account's health is an alarm.
_ALARM_AT: Final = 0.8

#: What officers call the feeds, which are kept by their names.
FEEDS: Final = {"mentions": say("sebutan"), "hashtags": say("tagar"), "direct messages": say("pesan langsung")}


@dataclasses.dataclass(slots=True, kw_only=True)
class Feed:
    """How far one feed was read. Ids are texts, times seconds since 1970.

    All up to `since_id` was read, or nothing yet and `since` is where to begin. While a run of pages is under way,
    `token` leads to its next page, `newest_id` is the newest of its first page, and `start` the time that it began at,
    where it did not begin at `since_id`. `done` is when a run last came to its end. It rests until `rest`; `trouble`
    says why, where that is more than a limit. `gap` is what was missed, shown until `gap_until`.
    """

    since_id: str = ""
    since: float = 0.0
    token: str = ""
    newest_id: str = ""
    start: float = 0.0
    done: float = 0.0
    rest: float = 0.0
    trouble: str = ""
    gap: str = ""
    gap_until: float = 0.0


@dataclasses.dataclass(slots=True, kw_only=True)
class Spent:
    """How much was read on one UTC day, by kind."""

    day: str = ""
    posts: int = 0
    mentions: int = 0
    direct_messages: int = 0

    @property
    def total(self) -> int:
        """All reads of the day."""
        return self.posts + self.mentions + self.direct_messages

    def dollars(self, settings: XSettings) -> float:
        """What they cost."""
        return (
            self.posts * settings.cost_post
            + self.mentions * settings.cost_mention
            + self.direct_messages * settings.cost_direct_message
        )

    def says(self, settings: XSettings) -> Sentence:
        """The count as a sentence, without its end."""
        return say(
            "%(used)s dari %(most)s bacaan hari ini (UTC) terpakai, kira-kira USD %(dollars)s",
            used=self.total,
            most=settings.reads_per_day,
            dollars=f"{self.dollars(settings):.2f}",
        )


@dataclasses.dataclass(slots=True, kw_only=True)
class State:
    """The cursor. `todo` names the feeds that are still to be asked in this round."""

    feeds: dict[str, Feed]
    todo: list[str]
    spent: Spent

    @classmethod
    def read(cls, cursor: Cursor | None, names: list[str], now: datetime) -> Self:
        """From a cursor; feeds that it does not know begin a day ago."""
        table: dict[str, Any] = dict(cursor or {})
        feeds: dict[str, Any] = table.get("feeds") or {}
        fresh = {"since": (now - timedelta(days=1)).timestamp()}
        known = {name: _read(Feed, feeds.get(name) or fresh) for name in names}
        todo = [name for name in table.get("todo") or [] if name in known]
        spent = _read(Spent, table.get("spent") or {})
        today = now.astimezone(UTC).date().isoformat()
        return cls(feeds=known, todo=todo, spent=spent if spent.day == today else Spent(day=today))

    def cursor(self) -> Cursor:
        """As it is kept: what has its default value is left out."""
        return {
            "feeds": {name: _set(feed) for name, feed in self.feeds.items()},
            "todo": list(self.todo),
            "spent": _set(self.spent),
        }

    def alarms(self, settings: XSettings, now: float) -> list[Sentence]:
        """What an operator should know of the last polls."""
        rows = [feed.trouble for feed in self.feeds.values() if feed.trouble and feed.rest > now]
        rows += [feed.gap for feed in self.feeds.values() if feed.gap and feed.gap_until > now]
        said = [quoted(remembered(row)) for row in rows]
        if self.spent.total >= settings.reads_per_day * _ALARM_AT:
            spent = self.spent.says(settings)
            said.append(say("%(spent)s: pada batasnya pembacaan berhenti sampai tengah malam UTC", spent=spent))
        return said


def _read(kind: type[R], values: dict[str, Any]) -> R:
    """A record from what was kept, which another version may have kept."""
    names = {field.name for field in dataclasses.fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in names})


def _set(record: Feed | Spent) -> dict[str, Any]:
    return {name: value for name, value in dataclasses.asdict(record).items() if value}


def midnight(now: datetime) -> float:
    """Seconds until the next UTC day."""
    start = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (start + timedelta(days=1) - now).total_seconds()
