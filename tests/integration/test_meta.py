"""Facebook and Instagram through the house: a hook for two pages, answers below comments and private ones."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from channels.contract import AccountInfo
from channels.facebook.adapter import FacebookChannel
from channels.facebook.settings import FacebookSettings
from channels.instagram.adapter import InstagramChannel
from channels.instagram.settings import InstagramSettings
from dispatcher import drain, media, sending
from normalizer.program import Program
from standins.mailroom import Mailroom
from standins.meta import create_app
from standins.meta_cloud import Account, Cloud, entry
from tests.channels.loopback import serving
from tests.journalling import deliver, outcomes, rows
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

APP: dict[str, Any] = {"app_id": "220000000000001", "app_secret": "contoh-rahasia-aplikasi"}
SITI = "7012000000000001"
PROGRAM = Program(
    key="masbup", name="Mas Bup Siaga", organisation="Pemalang", keywords=("masbupsiaga",), accounts=("fb", "ig", "kec")
)


class House:
    """The dispatcher with two pages and an Instagram account of one app, whose other side is the stand-in."""

    def __init__(
        self, engine: Engine, redis: Redis, folder: Path, *, url: str, cloud: Cloud, mailroom: Mailroom, clock: Clock
    ) -> None:
        self.cloud, self.mailroom, self.clock = cloud, mailroom, clock
        self.page = cloud.add(Account(id="104000000000001", name="Kabupaten", token="token-kabupaten-1"))
        self.other = cloud.add(Account(id="104000000000002", name="Kecamatan", token="token-kecamatan-1"))
        self.gram = cloud.add(
            Account(
                id="17841400000000001",
                name="kab.contoh",
                token=self.page.token,
                object_name="instagram",
                page=self.page.id,
            )
        )
        common: dict[str, Any] = APP | {"verify_token": "v" * 16, "base_url": f"{url}/v26.0", "human_agent": True}
        self.facebook = FacebookChannel(
            AccountInfo(name="fb"), FacebookSettings(**common, page_id=self.page.id, token=self.page.token)
        )
        sibling = FacebookChannel(
            AccountInfo(name="kec"), FacebookSettings(**common, page_id=self.other.id, token=self.other.token)
        )
        self.instagram = InstagramChannel(
            AccountInfo(name="ig"),
            InstagramSettings(**common, account_id=self.gram.id, page_id=self.page.id, token=self.page.token),
        )
        channels: Any = [self.facebook, sibling, self.instagram]
        self.runtime = runtime(engine, redis, folder, programs=(PROGRAM,), channels=channels, clock=clock)

    def hear(self, object_name: str, *entries: Any) -> None:
        """One call of the app's hook, which is the first page's, or the Instagram account's."""
        account = "fb" if object_name == "page" else "ig"
        deliver(self.runtime, {"object": object_name, "entry": [*entries]}, account=account)
        drain.run(self.runtime)

    def entry(self, account: Account, *events: Any) -> Any:
        return entry(account, *events, at=self.cloud.clock())

    def send(self) -> None:
        with sending.sender(self.runtime) as sender:
            sender.run(5.0)

    def answer(self, words: str) -> None:
        """What an officer writes below the citizen's last message."""
        with self.runtime.engine.begin() as connection:
            connection.execute(
                text(
                    """INSERT INTO outbox (id, account, conversation, address, complaint_id, purpose, text, lane,
                                           next_attempt_at, created_at)
                       SELECT gen_random_uuid(), c.account, c.conversation, o.address, c.id, 'answer', :words, o.lane,
                              :now, :now
                       FROM complaint c JOIN outbox o ON o.complaint_id = c.id AND o.purpose = 'ack'"""
                ),
                {"words": words, "now": self.clock()},
            )

    def states(self) -> list[tuple[Any, ...]]:
        return rows(self.runtime, "SELECT account, purpose, state FROM outbox ORDER BY seq")

    def delivered(self) -> list[str]:
        return [message.text for message in self.mailroom.delivered()]


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    clock, mailroom = Clock(), Mailroom()
    cloud = Cloud(**APP, clock=lambda: clock().timestamp())
    cloud.human_agent = True
    with serving(create_app(mailroom, cloud=cloud)) as url:
        yield House(engine, redis_client, tmp_path, url=url, cloud=cloud, clock=clock, mailroom=mailroom)


def test_a_batch_for_two_pages_goes_to_each_ones_account(house: House) -> None:
    mine = house.cloud.message(house.page, SITI, "masbupsiaga jalan rusak")
    theirs = house.cloud.message(house.other, SITI, "masbupsiaga lampu mati")
    house.hear("page", house.entry(house.page, mine), house.entry(house.other, theirs))
    house.send()
    assert sorted(house.states()) == [("fb", "ack", "sent"), ("kec", "ack", "sent")]
    assert {message.account for message in house.mailroom.delivered()} == {house.page.id, house.other.id}
    assert sorted(rows(house.runtime, "SELECT account, ticket <> '' FROM complaint")) == [("fb", True), ("kec", True)]


def test_a_delivery_becomes_the_receipt_of_the_answer(house: House) -> None:
    house.hear("page", house.entry(house.page, house.cloud.message(house.page, SITI, "masbupsiaga jalan rusak")))
    house.send()
    [acknowledgement] = house.mailroom.delivered()
    event = {
        "sender": {"id": SITI},
        "recipient": {"id": house.page.id},
        "timestamp": 1,
        "delivery": {"mids": [acknowledgement.external_id], "watermark": int(house.cloud.clock() * 1000)},
    }
    house.hear("page", house.entry(house.page, event))
    assert house.states() == [("fb", "ack", "delivered")]


def test_the_code_goes_into_the_inbox_and_the_answer_below_the_comment(house: House) -> None:
    post = house.cloud.own_post(house.page, "Pengumuman")
    event = house.cloud.comment(house.page, SITI, "Siti Contoh", post, "masbupsiaga jalan rusak")
    house.hear("page", house.entry(house.page, event))
    house.send()
    house.answer("Minggu depan diperbaiki")
    house.send()
    [(ticket,)] = rows(house.runtime, "SELECT ticket FROM complaint")
    private, public = house.delivered()
    assert ticket in private
    assert public == "Minggu depan diperbaiki"
    assert house.cloud.things[event["value"]["comment_id"]].privately_answered
    assert house.states() == [("fb", "ack", "sent"), ("fb", "answer", "sent")]


def test_after_a_day_an_officer_answers_with_the_tag_and_after_a_week_not_at_all(house: House) -> None:
    house.hear("page", house.entry(house.page, house.cloud.message(house.page, SITI, "masbupsiaga jalan rusak")))
    house.send()
    house.clock.now += timedelta(days=3)
    house.answer("Sudah diperbaiki")
    house.send()
    house.clock.now += timedelta(days=4)
    house.answer("Masih ada?")
    house.send()
    assert house.delivered()[1:] == ["Sudah diperbaiki"]
    assert [row[2] for row in house.states()] == ["sent", "sent", "failed"]
    [(error,)] = rows(house.runtime, "SELECT error FROM outbox WHERE state = 'failed'")
    assert "7 hari" in error


def test_what_the_webhook_brought_and_the_poll_brings_again_is_one(house: House) -> None:
    cursor = house.facebook.poll({"messages": {"since": 0, "seen": []}, "feed": {"since": 0, "seen": []}}).cursor
    heard = house.cloud.message(house.page, SITI, "masbupsiaga jalan rusak")
    post = house.cloud.visitor_post(house.page, SITI, "Siti", "masbupsiaga banjir")
    house.hear("page", house.entry(house.page, heard), house.entry(house.page, post))
    house.cloud.message(house.page, SITI, "masbupsiaga ini tidak sampai lewat webhook")
    batch = house.facebook.poll(cursor)
    assert len(batch.raws) == 3
    deliver(house.runtime, *(json.loads(raw.body) for raw in batch.raws), account="fb")
    drain.run(house.runtime)
    assert outcomes(house.runtime) == {"message": 3, "duplicate": 2}


def test_an_instagram_mention_waits_for_its_words_and_nobody_is_answered_by_itself(house: House) -> None:
    event = house.cloud.mention(house.gram, "90012000000001", "siti.contoh", "@kab.contoh jalan rusak")
    house.hear("instagram", house.entry(house.gram, event))
    media.run(house.runtime)
    house.send()
    assert rows(house.runtime, "SELECT state, content_type FROM attachment") == [("stored", "text/plain")]
    assert house.states() == []
    assert rows(house.runtime, "SELECT text FROM message") == [
        ("[Akun kita disebut dalam komentar Instagram. Isinya dan nama penulisnya ada di lampiran.]",)
    ]
