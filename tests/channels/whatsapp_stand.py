"""The Cloud API stand-in, served on loopback, with an adapter for it; what the WhatsApp tests share."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from loopback import as_message, serving

from channels.contract import AccountInfo, How, Obligation, OutboundFile, OutboundReply
from channels.whatsapp.adapter import WhatsAppChannel
from channels.whatsapp.settings import WhatsAppSettings
from standins.faults import Faults
from standins.mailroom import Mailroom
from standins.whatsapp import Citizen, Cloud, Template, create_app, incoming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from normalizer.messages import Inbound

TOKEN = "EAABwzLixnjYBO-rahasia"
APP_SECRET = "rahasia-aplikasi-meta"
VERIFY_TOKEN = "kata-sandi-jabat-tangan"
HOOK = "https://aduan.example.go.id/hooks/wa"
NUMBER, ACCOUNT = "109876543210987", "101234567890123"
SITI = Citizen(name="Siti Aminah", bsuid="ID.13491208655302741918", phone="628112626116")
HIDDEN = Citizen(name="Bagus", bsuid="ID.42", username="bagus.w")
JPEG = b"\xff\xd8\xff" + b"x" * 40
START = datetime(2026, 11, 22, 8, tzinfo=UTC)
TEMPLATES = {
    "template_ack": "aduan_diterima",
    "template_question": "aduan_pertanyaan",
    "template_closing": "aduan_selesai",
    "template_answer": "aduan_jawaban",
}


class WhatsApp:
    """The stand-in with a clock that only tests move."""

    def __init__(self, url: str, cloud: Cloud, faults: Faults) -> None:
        self.url, self.cloud, self.faults = url, cloud, faults

    def channel(self, **changes: Any) -> WhatsAppChannel:
        return make_channel(**({"api_url": f"{self.url}/v25.0"} | changes))

    def delivered(self, to: str = f"+{SITI.phone}") -> list[str]:
        return [message.text for message in self.cloud.mailroom.delivered(to)]

    def parsed(self, *payloads: Any) -> list[Inbound]:
        return self.channel().parse(as_message(incoming(HOOK, APP_SECRET, *payloads)))


class Clock:
    """Seconds since 1970, standing still."""

    def __init__(self) -> None:
        self.now = START.timestamp()

    def __call__(self) -> float:
        return self.now


def make_channel(**changes: Any) -> WhatsAppChannel:
    known: dict[str, Any] = {
        "phone_number_id": NUMBER,
        "waba_id": ACCOUNT,
        "token": TOKEN,
        "app_secret": APP_SECRET,
        "verify_token": VERIFY_TOKEN,
        "timeout": 5.0,
    }
    return WhatsAppChannel(AccountInfo(name="wa", hook_url=HOOK), WhatsAppSettings(**(known | changes)))


@contextlib.contextmanager
def running() -> Iterator[WhatsApp]:
    """A running stand-in to which Siti and Bagus wrote just now."""
    mailroom, faults = Mailroom(), Faults()
    cloud = Cloud(
        mailroom,
        phone_number_id=NUMBER,
        waba_id=ACCOUNT,
        token=TOKEN,
        app_secret=APP_SECRET,
        verify_token=VERIFY_TOKEN,
        clock=Clock(),
    )
    cloud.templates = [Template(name=name) for name in TEMPLATES.values()]
    for citizen in (SITI, HIDDEN):
        cloud.text(citizen, "halo")
    with serving(create_app(mailroom, cloud=cloud, faults=faults)) as url:
        try:
            yield WhatsApp(url, cloud, faults)
        finally:
            faults.released.set()


def reply(text: str = "Terima kasih", **more: Any) -> OutboundReply:
    known: dict[str, Any] = {
        "id": "0190d1c2-0000-7000-8000-000000000001",
        "conversation_id": SITI.bsuid,
        "to": f"+{SITI.phone}",
        "text": text,
    }
    return OutboundReply(**(known | more))


def late(text: str = "Sudah diperbaiki", **more: Any) -> OutboundReply:
    """A reply after the 24 hours."""
    values = {"ticket": "K7X-4QM", "program": "Mas Bup Siaga"} | more.pop("values", {})
    return reply(text, how=How.TEMPLATE, values=values, **more)


def file(name: str = "foto.jpg", content_type: str = "image/jpeg", content: bytes = JPEG) -> OutboundFile:
    return OutboundFile(name=name, content_type=content_type, content=content)


def wanted(ref: str | None, max_bytes: int = 20_000_000) -> Obligation:
    return Obligation(ref=ref, url=None, deadline=None, max_bytes=max_bytes)
