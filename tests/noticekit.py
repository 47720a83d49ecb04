"""Officers who chose to be told, what they are told of, and the ways out: real SMTP, a bot's chat."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, text

from dispatcher import delivering
from dispatcher.mailing import Mailer
from dispatcher.runtime import Account
from normalizer.keyword import KeywordIndex
from normalizer.telling import Days, Kind, Way, When, Wishes
from store import delivery, notices
from store.models import Reach
from store.notices import NewNotice
from tests import factories
from tests.factories import NOW

if TYPE_CHECKING:
    from datetime import time
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

    from channels.contract import Channel
    from tests.smtpd import Post

PUBLIC = "https://aduan.kab.example"
SENDER = "Muara Kabupaten <muara@kab.example>"
BOT = "bot"
DEADLINE = {"clock": "first_response", "at": "-4h", "due": "2026-11-23T07:00:00+00:00"}
LATE = {**DEADLINE, "at": "+2h"}
#: Of each kind what its notice holds.
DATA: dict[Kind, dict[str, Any]] = {
    Kind.NEW: {"more": 2},
    Kind.HANDED: {"unit": "dpu"},
    Kind.AGAIN: {"reopened": True},
    Kind.FAILED: {},
    Kind.DEADLINE: DEADLINE,
    Kind.PROD: {"by": "Bupati"},
    Kind.MENTION: {"by": "Rina"},
    Kind.SILENCE: {"account": "sms-a", "hours": 24, "working": False, "since": "2026-11-22T03:00:00+00:00"},
    Kind.TEST: {},
}


class House:
    """One installation with officers who are told."""

    def __init__(self, engine: Engine, redis: Redis, folder: Path, post: Post, bot: Channel[Any]) -> None:
        self.engine = engine
        self.clock = factories.Clock()
        house = factories.house(engine, redis, folder, self.clock, public_url=PUBLIC)
        account = Account(
            name=BOT,
            channel=bot,
            manifest=factories.manifest(bot.key, "Bot"),
            programs=(factories.SIAGA,),
            keywords=KeywordIndex((factories.SIAGA,)),
        )
        mailer = Mailer(
            host="127.0.0.1", port=post.port, security="none", username="", password="", sender=SENDER, patience=2.0
        )
        self.runtime = dataclasses.replace(house, accounts={**house.accounts, BOT: account}, mailer=mailer, notify=BOT)

    def officer(
        self,
        username: str = "dewi",
        role: str = "officer",
        *,
        chosen: dict[tuple[Kind, Way], When] | None = None,
        chat: str | None = None,
        quiet: tuple[time, time] | None = None,
        late_passes: bool = False,
        days: Days = Days.ALL,
        **values: Any,
    ) -> int:
        """An officer who wants everything by mail at once, unless told otherwise."""
        ways = dict.fromkeys(((kind, Way.MAIL) for kind in Kind), When.NOW) if chosen is None else chosen
        wishes = Wishes(ways=ways, quiet=quiet, late_passes=late_passes, digest_days=days)
        with self.engine.begin() as connection:
            found = factories.officer(connection, username, role, email=f"{username}@kab.example", **values)
            delivery.choose(connection, found, wishes, self.clock())
            if chat is not None:
                row = {"officer_id": found, "way": "telegram", "account": BOT, "address": chat, "since": NOW}
                connection.execute(insert(Reach).values(row))
        return found

    def complaint(self, *words: str, **values: Any) -> Any:
        with self.engine.begin() as connection:
            return factories.complaint(connection, *words, **values)

    def tell(self, officer: int, complaint: Any, kind: Kind = Kind.AGAIN, data: dict[str, Any] | None = None) -> None:
        """A notice, made now."""
        given = DATA[kind] if data is None else data
        row = NewNotice(officer_id=officer, complaint_id=complaint, kind=kind.value, data=given)
        with self.engine.begin() as connection:
            notices.add(connection, [row], self.clock())

    def look(self, *ways: Way) -> None:
        """What the clock process does in a second."""
        with self.engine.begin() as connection:
            delivering.plan(self.runtime, connection)
        for way in ways or tuple(Way):
            while delivering.deliver(self.runtime, way):
                pass

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def change(self, sql: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(sql))

    def states(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT state FROM delivery ORDER BY id")]
