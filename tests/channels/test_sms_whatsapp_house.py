"""WhatsApp by Twilio through the whole house: its contacts, its window, its templates."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from loopback import as_message, serving

from channels.contract import AccountInfo
from channels.sms.adapter import SmsChannel
from channels.sms.dialects.twilio import TwilioSettings
from dispatcher import drain, sending
from standins import twilio, twilio_whatsapp
from standins.mailroom import Mailroom
from standins.twilio_whatsapp import WhatsApp
from store import journal
from tests.journalling import rows
from tests.toy import Clock, runtime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis
    from sqlalchemy import Engine

HOOK = "https://aduan.example.go.id/hooks/toy"
SID, TOKEN, OURS, SITI = "AC" + "7" * 32, "token-satu", "+15005550006", "+628112626116"
ACK = "HX" + "a" * 32


@dataclasses.dataclass
class House:
    """The product with one WhatsApp number at Twilio."""

    whatsapp: WhatsApp
    mailroom: Mailroom
    clock: Clock
    runtime: Any

    def receive(self, text: str) -> None:
        self.whatsapp.wrote(SITI)
        raw = as_message(twilio_whatsapp.incoming(HOOK, TOKEN, sender=SITI, receiver=OURS, text=text))
        now = self.clock()
        entry = journal.Entry(
            id=journal.new_id(),
            account="toy",
            source="webhook",
            received_at=now,
            day=self.runtime.day(now),
            body=raw.body,
        )
        with self.runtime.engine.begin() as connection:
            journal.insert(connection, [entry])
        drain.run(self.runtime)

    def send(self) -> list[str]:
        with sending.sender(self.runtime) as sender:
            sender.run(5.0)
        return [message.text for message in self.mailroom.delivered(SITI)]


@pytest.fixture
def house(engine: Engine, redis_client: Redis, tmp_path: Path) -> Iterator[House]:
    clock, mailroom = Clock(), Mailroom()
    whatsapp = WhatsApp(senders=[OURS], templates={ACK: "Aduan {{1}} di {{2}} kami terima. {{3}} Salam."}, clock=clock)
    app = twilio.create_app(mailroom, account_sid=SID, auth_token=TOKEN, numbers=[], whatsapp=whatsapp)
    with serving(app) as base:
        settings = TwilioSettings(
            account_sid=SID, auth_token=TOKEN, whatsapp_sender=OURS, api_url=base, content_sid_answer=ACK
        )
        channel = SmsChannel(AccountInfo(name="toy", hook_url=HOOK), settings)
        made = runtime(engine, redis_client, tmp_path, channels=[channel], clock=clock)  # type: ignore[list-item] # a real channel
        yield House(whatsapp, mailroom, clock, made)


def test_the_citizen_is_a_whatsapp_contact_and_is_acknowledged_in_free_text(house: House) -> None:
    house.receive("masbupsiaga jalan rusak")
    (text,) = house.send()
    [(ticket,)] = rows(house.runtime, "SELECT ticket FROM complaint")
    assert ticket in text
    assert not text.startswith("Aduan ")
    assert rows(house.runtime, "SELECT scheme, address FROM contact_address") == [("whatsapp", SITI)]


def test_after_the_window_the_template_carries_ticket_and_program(house: House) -> None:
    house.receive("masbupsiaga jalan rusak")
    house.clock.now += timedelta(hours=25)
    (text,) = house.send()
    [(ticket,)] = rows(house.runtime, "SELECT ticket FROM complaint")
    assert text.startswith(f"Aduan {ticket} di Mas Bup Siaga kami terima.")
    assert text.endswith("Salam.")
