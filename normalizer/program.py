"""A complaint program as data: brand, keywords, channels, units, clocks, and the words it answers with."""

from __future__ import annotations

import dataclasses
import enum
from datetime import date  # noqa: TC003 - the configuration reads these annotations at run time


class Calendar(enum.StrEnum):
    """How a clock counts: every hour, or the hours of working days without national holidays."""

    PLAIN = "plain"
    WORKING = "working"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Deadlines in hours (plain) or working days (working), counted from when the citizen sent the complaint.

    `holidays` adds days off (collective leave), `workdays` takes days back; both only count where the calendar does.
    """

    calendar: Calendar = Calendar.PLAIN
    first_response: int = 24
    resolution: int = 48
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An OPD, kecamatan, kelurahan or partner body; `parent` is the code of the unit above it."""

    code: str
    name: str
    parent: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What citizens are told. Placeholders: {ticket} {program} {format} {state} {link}; each text fits one SMS."""

    ack: str = "{program}: aduan Anda kami terima, nomor {ticket}. Cek: ketik STATUS {ticket}"
    format: str = "Terima kasih, pesan Anda kami simpan (nomor {ticket}). Untuk mengadu, ketik: {format}"
    prompt: str = "{program}: silakan tulis aduan Anda. Format: {format}"
    status: str = "{program}: aduan {ticket} berstatus {state}."
    unknown_ticket: str = "Nomor {ticket} tidak kami temukan. Periksa kembali nomor aduan Anda."
    welcome: str = "Selamat datang di {program}. Tulis aduan Anda di sini. Format: {format}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One complaint program. `keywords` are the routing words of SMS; the first one is shown to citizens.

    `accounts` are the account names it is reached on: alone on an account, it needs no keyword there.
    `window_hours` is how long a case stays open for what the same citizen adds without a keyword.
    `places` are names of kecamatan, desa and kelurahan that the place step looks for.
    """

    key: str
    name: str
    organisation: str
    keywords: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    hashtags: tuple[str, ...] = ()
    region: str = "ID"
    timezone: str = "Asia/Jakarta"
    window_hours: int = 24
    clocks: Clocks = Clocks()
    units: tuple[Unit, ...] = ()
    places: tuple[str, ...] = ()
    texts: Texts = Texts()

    @property
    def format(self) -> str:
        """The format as citizens are told it: `masbupsiaga <isi aduan>`."""
        return f"{self.keywords[0]} <isi aduan>"
