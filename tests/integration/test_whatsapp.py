"""WhatsApp through the house: a complaint in, its acknowledgement out, receipts, a photo, and templates after a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from channels.contract import AccountInfo
from channels.whatsapp.adapter import WhatsAppChannel
from channels.whatsapp.settings import WhatsAppSettings
from dispatcher import drain, media, sending
from normalizer.program import Program
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.whatsapp import Citizen, Cloud, Template, create_app
from tests.channels.loopback import serving
from tests.journalling import deliver, rows
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

SITI = Citizen(name="Siti Aminah", bsuid="ID.13491208655302741918", phone="628112626116")
HIDDEN = Citizen(name="Bagus", bsuid="ID.42", username="bagus.w")
PROGRAM = Program(
    key="masbup", name="Mas Bup Siaga", organisation="Pemalang", keywords=("masbupsiaga",), accounts=("wa",)
)
IDS: dict[str, Any] = {"phone_number_id": "109876543210987", "waba_id": "101234567890123"}
SECRETS: dict[str, Any] = {"token": "EAAB-" + "t" * 16, "app_secret": "a" * 32}


class House:
    """The dispatcher with one WhatsApp number, whose other side is the stand-in; one clock for both."""

    def __init__(self, engine: Engine, redis: Redis, folder: Path, *, url: str, cloud: Cloud, clock: Clock) -> None:
        self.cloud, self.clock = cloud, clock
        self.channel = WhatsAppChannel(
            AccountInfo(name="wa", hook_url="https://aduan.example/hooks/wa"),
            WhatsAppSettings(
                **IDS, **SECRETS, verify_token="v" * 16, api_url=f"{url}/v25.0", template_closing="aduan_selesai"
            ),
        )
        channels: Any = [self.channel]
        self.runtime = runtime(engine, redis, folder, programs=(PROGRAM,), channels=channels, clock=clock)

    def hear(self, *payloads: Any) -> None:
        deliver(self.runtime, *payloads, account="wa")
        drain.run(self.runtime)

    def send(self) -> None:
        with sending.sender(self.runtime) as sender:
            sender.run(5.0)
        self.hear(*self.cloud.reports())

    def answer(self, words: str, state: str) -> None:
        """What an officer writes while he sets the complaint's state."""
        with self.runtime.engine.begin() as connection:
            connection.execute(
                text(
                    """WITH changed AS (UPDATE complaint SET state = :state RETURNING id, account, conversation)
                       INSERT INTO outbox (id, account, conversation, address, complaint_id, purpose, text, lane,
                                           next_attempt_at, created_at)
                       SELECT gen_random_uuid(), c.account, c.conversation, o.address, c.id, 'answer', :words, o.lane,
                              :now, :now
                       FROM changed c JOIN outbox o ON o.complaint_id = c.id AND o.purpose = 'ack'"""
                ),
                {"words": words, "state": state, "now": self.clock()},
            )

    def delivered(self) -> list[str]:
        return [message.text for message in self.cloud.mailroom.delivered()]

    def states(self) -> list[tuple[Any, ...]]:
        return rows(self.runtime, "SELECT purpose, state FROM outbox ORDER BY seq")


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    clock = Clock()
    cloud = Cloud(Mailroom(), **IDS, **SECRETS, clock=lambda: clock().timestamp())
    cloud.templates = [Template(name="aduan_selesai")]
    with serving(create_app(cloud.mailroom, cloud=cloud, faults=Faults())) as url:
        yield House(engine, redis_client, tmp_path, url=url, cloud=cloud, clock=clock)


@pytest.mark.parametrize("citizen", [SITI, HIDDEN], ids=["by number", "by user id"])
def test_a_complaint_its_acknowledgement_and_the_receipt(house: House, citizen: Citizen) -> None:
    house.hear(house.cloud.text(citizen, "masbupsiaga jalan rusak"))
    house.send()
    assert house.states() == [("ack", "delivered")]
    [(ticket,)] = rows(house.runtime, "SELECT ticket FROM complaint")
    [acknowledgement] = house.cloud.mailroom.delivered()
    assert ticket in acknowledgement.text
    assert acknowledgement.to == (f"+{citizen.phone}" if citizen.phone else citizen.bsuid)


def test_a_photo_comes_in_before_its_address_dies(house: House) -> None:
    house.hear(house.cloud.text(SITI, "masbupsiaga jalan rusak"), house.cloud.image(SITI, b"%PDF-1.7", "suratnya"))
    media.run(house.runtime)
    assert rows(house.runtime, "SELECT state, size, content_type FROM attachment") == [("stored", 8, "application/pdf")]
    assert rows(house.runtime, "SELECT count(*) FROM complaint") == [(1,)]


def test_after_a_day_the_closing_goes_by_template_and_another_answer_says_why_not(house: House) -> None:
    house.hear(house.cloud.text(SITI, "masbupsiaga jalan rusak"))
    house.send()
    house.clock.now += timedelta(hours=24)
    house.answer("Sudah kami perbaiki.\nTerima kasih.", "selesai")
    house.send()
    [(ticket,)] = rows(house.runtime, "SELECT ticket FROM complaint")
    assert house.delivered()[1:] == [f"[aduan_selesai] {ticket} | Mas Bup Siaga | Sudah kami perbaiki. / Terima kasih."]
    house.answer("Sedang dikerjakan", "tindak_lanjut")
    house.send()
    assert house.states() == [("ack", "delivered"), ("answer", "delivered"), ("answer", "failed")]
    [(error,)] = rows(house.runtime, "SELECT error FROM outbox WHERE state = 'failed'")
    assert "belum ada templat" in error


def test_a_message_that_reached_nobody_tells_the_officer(house: House) -> None:
    house.hear(house.cloud.text(SITI, "masbupsiaga jalan rusak"))
    del house.cloud.citizens[SITI.phone]
    house.send()
    assert house.states() == [("ack", "failed")]
    [(error,)] = rows(house.runtime, "SELECT error FROM outbox")
    assert "hubungi lewat telepon atau SMS" in error


def test_an_edit_changes_the_citizens_line_and_keeps_the_old_one(house: House) -> None:
    heard = house.cloud.text(SITI, "masbupsiaga jalan rusak di Moga")
    key = heard["entry"][0]["changes"][0]["value"]["messages"][0]["id"]
    words = {"type": "text", "text": {"body": "masbupsiaga jalan rusak di Randudongkal"}}
    edit = house.cloud.says(SITI, "edit", {"original_message_id": key, "message": words})
    house.hear(edit)
    house.hear(heard, heard)
    assert rows(house.runtime, "SELECT text, revised FROM message WHERE direction = 'in'") == [
        ("masbupsiaga jalan rusak di Moga", "masbupsiaga jalan rusak di Randudongkal")
    ]
