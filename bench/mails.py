"""Mails as citizens send them, from 1 kB to 1 MB, always the same for one seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TALK = """
jalan berlubang di depan pasar sudah tiga bulan mohon segera diperbaiki lampu mati rawan kecelakaan sampah menumpuk bau
saluran air tersumbat banjir setiap hujan warga resah anak sekolah lewat desa kecamatan puskesmas antre lama petugas
tidak ada surat keterangan belum jadi bantuan belum diterima terima kasih bapak bupati
"""
_WORDS = _TALK.split()
_PLACES = ("Comal", "Moga", "Randudongkal", "Petarukan", "Taman", "Ulujami", "Bodeh", "Watukumpul")
_NAMES = ("Siti Aminah", "Budi Santoso", "Tri Wahyuni", "Slamet Riyadi", "Nur Hidayah", "Agus Prasetyo")
_BEGAN = datetime(2026, 11, 1, 1, 0, tzinfo=UTC)
_SIGNATURE = "\n\n-- \nTerkirim dari ponsel saya"


def mails(count: int, seed: int = 1) -> Iterator[bytes]:
    """Half plain or HTML of a few kB, a third with a long quoted history, the rest with photos of up to 1 MB."""
    chance = random.Random(seed)
    for number in range(count):
        yield _mail(number, chance)


def _mail(number: int, chance: random.Random) -> bytes:
    message = EmailMessage()
    name = chance.choice(_NAMES)
    message["From"] = f"{name} <warga{number % 1500}@surat.example>"
    message["To"] = "Aduan Pemalang <aduan@pemalang.example>"
    message["Subject"] = f"Aduan {chance.choice(_PLACES)}: {_words(chance, 5)}"
    message["Date"] = format_datetime(_BEGAN + timedelta(minutes=number))
    message["Message-ID"] = make_msgid(str(number), "surat.example")
    message["Received"] = f"from mx.surat.example by mail.pemalang.example; {message['Date']}"
    message["User-Agent"] = "Surat 1.0"
    text = _paragraphs(chance, chance.randint(1, 6)) + _SIGNATURE
    kind = chance.random()
    if kind > 0.5:
        text += "\n\nPada Sen, 2 Nov 2026 pukul 08.00 Petugas <aduan@pemalang.example> menulis:\n"
        text += "\n".join(f"> {line}" for line in _paragraphs(chance, chance.randint(5, 60)).splitlines())
    message.set_content(text)
    if kind > 0.2:
        rows = "".join(f"<p style='margin:0'>{line}</p>" for line in text.splitlines())
        message.add_alternative(f"<html><head><style>p{{color:#222}}</style></head><body>{rows}</body></html>", "html")
    if kind > 0.82:
        size = chance.choice((60_000, 150_000, 300_000, 700_000))
        photo = b"\xff\xd8\xff\xe0" + chance.randbytes(size)
        message.add_attachment(photo, maintype="image", subtype="jpeg", filename=f"IMG_{number:05}.jpg")
    return message.as_bytes()


def _words(chance: random.Random, count: int) -> str:
    return " ".join(chance.choice(_WORDS) for _ in range(count))


def _paragraphs(chance: random.Random, count: int) -> str:
    return "\n".join(_words(chance, chance.randint(8, 30)).capitalize() + "." for _ in range(count))
