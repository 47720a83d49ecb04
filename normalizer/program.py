"""A complaint program as data: brand, keywords, channels, units, clocks, and the words it answers with."""

from __future__ import annotations

import dataclasses
import enum
import re
from datetime import date, timedelta
from typing import Any, Final


class Calendar(enum.StrEnum):
    """How a clock counts: every hour, office hours of working days, or whole working days."""

    PLAIN = "plain"
    HOURS = "working-hours"
    WORKING = "working"


class Clock(enum.StrEnum):
    """The clocks of a complaint; the last one counts how long the citizen may leave our question unanswered."""

    VERIFICATION = "verification"
    RESPONSE = "first_response"
    RESOLUTION = "resolution"
    SILENCE = "silence"


class Weekday(enum.StrEnum):
    """Days of the week in the order of `date.weekday`."""

    SENIN = "senin"
    SELASA = "selasa"
    RABU = "rabu"
    KAMIS = "kamis"
    JUMAT = "jumat"
    SABTU = "sabtu"
    MINGGU = "minggu"


WEEK: Final = tuple(Weekday)
_HOURS: Final = re.compile(r"(\d\d):([0-5]\d)-(\d\d):([0-5]\d)")


def office(hours: str) -> tuple[timedelta, timedelta]:
    """Opening and closing of `07:15-22:15` as times since midnight; ValueError."""
    found = _HOURS.fullmatch(hours)
    if found is not None:
        opens = timedelta(hours=int(found[1]), minutes=int(found[2]))
        closes = timedelta(hours=int(found[3]), minutes=int(found[4]))
        if opens < closes <= timedelta(days=1):
            return opens, closes
    raise ValueError("expected office hours of one day, such as 07:15-22:15")


def _checked_office(hours: str) -> str:
    office(hours)
    return hours


def _day() -> Any:
    return dataclasses.field(default=None, metadata={"check": _checked_office})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class DayHours:
    """Office hours of the days of the week that have other ones than the rest."""

    senin: str | None = _day()
    selasa: str | None = _day()
    rabu: str | None = _day()
    kamis: str | None = _day()
    jumat: str | None = _day()
    sabtu: str | None = _day()
    minggu: str | None = _day()

    def of(self, day: Weekday) -> str | None:
        """What a day has of its own."""
        found: str | None = getattr(self, day.value)
        return found

    @property
    def own(self) -> dict[Weekday, str]:
        """The days that have any, in the week's order."""
        return {day: hours for day in Weekday if (hours := self.of(day)) is not None}


# Compared by identity: what is reckoned of a calendar is cached by it, and its many fields would be hashed each time.
@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clocks:
    """How long each clock runs: in hours (plain, working-hours) or working days (working); 0 means no such clock.

    They count from when the citizen sent the complaint, `silence` from our question. `calendar` holds for all
    clocks without one of their own. `office_hours` and what stands below it only counts where the calendar is a
    working one: `hours` are those of single days of the week, `holidays` are days off besides the national ones,
    `workdays` are worked whatever else says no, `collective_leave` says whether cuti bersama is off. The two lists
    of `pause_…` name clocks that stand still in these states.
    """

    calendar: Calendar = Calendar.PLAIN
    verification: int = 0
    first_response: int = 24
    resolution: int = 48
    silence: int = 0
    verification_calendar: Calendar | None = None
    first_response_calendar: Calendar | None = None
    resolution_calendar: Calendar | None = None
    silence_calendar: Calendar | None = None
    office_hours: str = dataclasses.field(default="00:00-24:00", metadata={"check": _checked_office})
    hours: DayHours = DayHours()
    weekend: tuple[Weekday, ...] = (Weekday.SABTU, Weekday.MINGGU)
    collective_leave: bool = True
    holidays: tuple[date, ...] = ()
    workdays: tuple[date, ...] = ()
    pause_while_waiting: tuple[Clock, ...] = ()
    pause_while_held: tuple[Clock, ...] = ()

    def amount(self, clock: Clock) -> int:
        """Hours or working days of a clock."""
        found: int = getattr(self, clock.value)
        return found

    def hours_of(self, day: Weekday) -> str:
        """The office hours of a day of the week."""
        return self.hours.of(day) or self.office_hours

    def calendar_of(self, clock: Clock) -> Calendar:
        """How a clock counts."""
        own: Calendar | None = getattr(self, f"{clock.value}_calendar")
        return own or self.calendar


class Recipient(enum.StrEnum):
    """Whom a step of escalation tells."""

    OFFICER = "officer"
    UNIT_HEAD = "unit_head"
    PROGRAM_ADMIN = "program_admin"
    LEADER = "leader"


_STEP: Final = re.compile(r"(?P<share>\d{1,2})%|0|(?P<hours>[+-]\d{1,4})h")


def _checked_step(at: str) -> str:
    if _STEP.fullmatch(at) is None:
        raise ValueError("expected a share of the time such as 75%, hours such as -4h or +24h, or 0 for the deadline")
    return at


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """One step: at this point of a clock (75 %, -4h, 0, +24h, counted as the clock counts) these are told."""

    clock: Clock
    at: str = dataclasses.field(metadata={"check": _checked_step})
    to: tuple[Recipient, ...]

    @property
    def share(self) -> float | None:
        """The share of the clock's time after which it comes; None where it is told in hours."""
        found = _STEP.fullmatch(self.at)
        return int(found["share"]) / 100 if found is not None and found["share"] else None

    @property
    def offset(self) -> timedelta:
        """How long after the deadline it comes, where it is told in hours."""
        found = _STEP.fullmatch(self.at)
        return timedelta(hours=int(found["hours"])) if found is not None and found["hours"] else timedelta()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """An OPD, kecamatan, kelurahan or partner body; `parent` is the code of the unit above it."""

    code: str
    name: str
    parent: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What citizens are told. Placeholders: {ticket} {program} {format} {state} {link}; each text fits one SMS.

    Where `merged` is empty, nobody is told of that.
    """

    ack: str = "{program}: aduan Anda kami terima, nomor {ticket}. Cek: ketik STATUS {ticket}"
    format: str = "Terima kasih, pesan Anda kami simpan (nomor {ticket}). Untuk mengadu, ketik: {format}"
    prompt: str = "{program}: silakan tulis aduan Anda. Format: {format}"
    status: str = "{program}: aduan {ticket} berstatus {state}."
    unknown_ticket: str = "Nomor {ticket} tidak kami temukan. Periksa kembali nomor aduan Anda."
    welcome: str = "Selamat datang di {program}. Tulis aduan Anda di sini. Format: {format}"
    silence: str = (
        "{program}: aduan {ticket} kami tutup karena belum ada jawaban Anda. Balas pesan ini untuk membukanya."
    )
    merged: str = (
        "{program}: aduan {ticket} kami satukan dengan aduan lain tentang hal itu. Jawabannya tetap sampai di sini."
    )


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
    escalation: tuple[Escalation, ...] = ()
    units: tuple[Unit, ...] = ()
    places: tuple[str, ...] = ()
    texts: Texts = Texts()

    def __hash__(self) -> int:
        """By the key, so that what is found out about a program can be kept for it; all fields decide what is equal."""
        return hash(self.key)

    @property
    def format(self) -> str:
        """The format as citizens are told it: `masbupsiaga <isi aduan>`."""
        return f"{self.keywords[0]} <isi aduan>"
