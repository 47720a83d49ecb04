"""One citizen, many addresses: suggested, joined, parted, and answered on the channel that the officer picks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dispatcher import drain, sending
from normalizer.complaint import State
from normalizer.program import Program
from store import casework, identity
from tests import factories
from tests.journalling import deliver, rows
from tests.toy import Clock, ToyChannel, runtime

if TYPE_CHECKING:
    import uuid
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

PROGRAM = Program(
    key="masbup", name="Mas Bup", organisation="Pemalang", keywords=("masbupsiaga",), accounts=("sms", "wa", "mail")
)
PHONE = "+628112626116"


class World:
    def __init__(self, engine: Engine, redis: Redis, folder: Path) -> None:
        self.clock = Clock()
        self.channels = {name: ToyChannel(name) for name in ("sms", "wa", "mail")}
        self.runtime = runtime(
            engine, redis, folder, programs=(PROGRAM,), channels=list(self.channels.values()), clock=self.clock
        )
        with engine.begin() as connection:
            self.officer = factories.officer(connection, "sari")

    def hear(self, account: str, who: str, ident: str, words: str = "jalan rusak", **values: Any) -> None:
        at = (self.clock() - Clock()()).total_seconds()
        deliver(self.runtime, [{"external_id": ident, "text": words, "who": who, "at": at, **values}], account=account)
        drain.run(self.runtime)
        self.clock.now += timedelta(minutes=1)

    def case(self, account: str) -> Any:
        [row] = rows(
            self.runtime,
            "SELECT id, version, contact_id, state FROM complaint WHERE account = :a ORDER BY id",
            a=account,
        )
        return row

    def act(self, account: str) -> casework.Act:
        case = self.case(account)
        return casework.Act(
            complaint_id=case[0],
            version=case[1],
            officer_id=self.officer,
            username="sari",
            now=self.clock(),
            programs=self.runtime.programs,
        )

    def answer(self, account: str, words: str, **how: Any) -> None:
        with self.runtime.engine.begin() as connection:
            casework.answer(connection, self.act(account), words, words, **how)
        with sending.sender(self.runtime) as sender:
            sender.run(5.0)
        self.clock.now += timedelta(minutes=1)

    def suggested(self, account: str) -> list[tuple[uuid.UUID, str]]:
        with self.runtime.engine.connect() as connection:
            found = identity.suggested(connection, self.case(account)[2])
        return [(each.contact_id, each.equal) for each in found]

    def join(self, kept: str, taken: str) -> bool:
        with self.runtime.engine.begin() as connection:
            pair = self.case(kept)[2], self.case(taken)[2]
            return identity.join(connection, *pair, actor="sari", now=self.clock())

    def ways(self, account: str) -> list[tuple[str, str]]:
        case = self.case(account)
        with self.runtime.engine.connect() as connection:
            return [(way.account, way.address) for way in identity.ways(connection, case[0], case[2])]


@pytest.fixture
def world(engine: Engine, redis_client: Redis, tmp_path: Path) -> World:
    return World(engine, redis_client, tmp_path)


def test_an_equal_phone_is_suggested(world: World) -> None:
    world.hear("wa", "wa-1", "a", hints={"phone": "0811-2626-116", "scheme": "whatsapp"})
    world.hear("mail", "siti@surat.example", "b", hints={"phone": PHONE})
    world.hear("sms", "+628990000001", "c")
    assert world.suggested("wa") == [(world.case("mail")[2], "phone")]
    assert world.suggested("mail") == [(world.case("wa")[2], "phone")]
    assert world.suggested("sms") == []


@pytest.mark.parametrize(("verified", "expected"), [(True, 1), (False, 0)])
def test_an_equal_mail_address_is_suggested_only_if_a_server_vouched_for_it(
    world: World, verified: bool, expected: int
) -> None:
    world.hear("mail", "siti@surat.example", "a", hints={"email_verified": verified})
    world.hear("wa", "wa-1", "b", hints={"email": "siti@surat.example", "scheme": "web"})
    assert len(world.suggested("wa")) == expected


@pytest.mark.parametrize("flag", ["anonim", "rahasia"])
def test_who_reported_in_confidence_is_suggested_to_nobody(world: World, flag: str) -> None:
    world.hear("wa", "wa-1", "a", hints={"phone": PHONE, "scheme": "whatsapp", flag: True})
    world.hear("sms", PHONE, "b")
    assert world.suggested("sms") == []


def test_the_scheme_says_whose_address_it_is(world: World) -> None:
    world.hear("sms", PHONE, "a", hints={"scheme": "whatsapp"})
    assert rows(world.runtime, "SELECT scheme, address, phone FROM contact_address") == [("whatsapp", PHONE, PHONE)]


def test_an_answer_goes_where_the_officer_picks_and_the_reply_comes_back_to_the_case(world: World) -> None:
    world.hear("sms", PHONE, "a", "masbupsiaga lampu mati")
    world.hear("wa", "wa-1", "b", "jalan rusak", hints={"phone": PHONE, "scheme": "whatsapp"})
    assert world.join("sms", "wa")
    assert not world.join("sms", "wa")
    assert world.ways("sms") == [("sms", PHONE), ("wa", "wa-1")]
    assert world.ways("wa") == [("wa", "wa-1"), ("sms", PHONE)]
    world.answer("sms", "Di mana tepatnya?", then=State.MENUNGGU_WARGA, via=("wa", "wa-1"))
    assert [reply.text for reply in world.channels["wa"].sent][-1] == "Di mana tepatnya?"
    assert [reply.to for reply in world.channels["wa"].sent][-1] == "wa-1"
    world.hear("wa", "wa-1", "c", "depan pasar")
    found = rows(world.runtime, "SELECT complaint_id FROM message WHERE external_id = 'c'")
    assert found == [(world.case("sms")[0],)]
    assert world.case("sms")[3] != "menunggu_warga"


def test_a_reply_to_that_answer_comes_back_long_after(world: World) -> None:
    world.hear("sms", PHONE, "a", "masbupsiaga lampu mati")
    world.hear("wa", "wa-1", "b", "jalan rusak", hints={"phone": PHONE, "scheme": "whatsapp"})
    world.join("sms", "wa")
    world.answer("sms", "Sudah diperbaiki.", then=State.SELESAI, via=("wa", "wa-1"))
    [(answered,)] = rows(world.runtime, "SELECT external_id FROM message WHERE role = 'answer'")
    world.clock.now += timedelta(days=40)
    world.hear("wa", "wa-1", "d", "mati lagi pak", in_reply_to=answered)
    assert rows(world.runtime, "SELECT complaint_id FROM message WHERE external_id = 'd'") == [(world.case("sms")[0],)]


def test_a_conversation_of_somebody_else_cannot_be_answered_in(world: World) -> None:
    world.hear("sms", PHONE, "a")
    world.hear("wa", "wa-1", "b")
    with pytest.raises(casework.NotAnswerableError):
        world.answer("sms", "Halo", via=("wa", "wa-1"))
    assert all(reply.purpose != "answer" for reply in world.channels["wa"].sent)


def test_what_was_joined_by_mistake_is_parted_again(world: World) -> None:
    world.hear("sms", PHONE, "a")
    world.hear("wa", "wa-1", "b")
    world.join("sms", "wa")
    joined = world.case("sms")[2]
    assert world.case("wa")[2] == joined
    with world.runtime.engine.begin() as connection:
        done = identity.part(connection, joined, "toy", "wa-1", actor="sari", now=world.clock())
        again = identity.part(connection, joined, "toy", "wa-1", actor="sari", now=world.clock())
    assert (done, again) == (True, False)
    assert world.case("sms")[2] == joined != world.case("wa")[2]
    assert world.ways("sms") == [("sms", PHONE)]
    kinds = rows(world.runtime, "SELECT kind, data FROM event WHERE kind LIKE 'kontak%' ORDER BY id")
    assert [kind for kind, _ in kinds] == [
        "kontak_disatukan",
        "kontak_disatukan",
        "kontak_dipisahkan",
        "kontak_dipisahkan",
    ]
    assert "wa-1" not in str(kinds)


def test_a_message_after_the_joining_belongs_to_the_same_citizen(world: World) -> None:
    world.hear("sms", PHONE, "a")
    world.hear("wa", "wa-1", "b")
    world.join("sms", "wa")
    world.clock.now += timedelta(days=30)
    world.hear("wa", "wa-1", "c", "banjir di gang kami")
    contacts = rows(world.runtime, "SELECT DISTINCT contact_id FROM complaint")
    assert contacts == [(world.case("sms")[2],)]


def test_the_adapter_hears_what_it_needs_for_a_template(world: World) -> None:
    world.hear("sms", PHONE, "a", "masbupsiaga lampu mati", hints={"reply_token": "t1"})
    world.answer("sms", "Sudah diperbaiki.", then=State.SELESAI)
    ack, answer = world.channels["sms"].sent
    [(ticket,)] = rows(world.runtime, "SELECT ticket FROM complaint")
    assert (ack.purpose, ack.hints["reply_token"], ack.values["ticket"]) == ("ack", "t1", ticket)
    assert (answer.purpose, answer.values["state"], answer.values["program"]) == ("answer", "selesai", "Mas Bup")
