"""What the inbox calls queues, states, times and deliveries, in the language of whoever reads."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from inbox.i18n import SOURCE, _, _n, lazy, locale, speaks
from normalizer.complaint import State
from normalizer.program import Clock, Recipient
from store.passwords import LONGEST, SHORTEST, Weakness
from store.people import Role
from store.queue import Flag, Queue, Sort

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

QUEUES: Final = {
    Queue.NEW: lazy("Antrean"),
    Queue.MINE: lazy("Milik saya"),
    Queue.UNIT: lazy("Unit saya"),
    Queue.SOON: lazy("Segera jatuh tempo"),
    Queue.LATE: lazy("Lewat tenggat"),
    Queue.WAITING: lazy("Menunggu warga"),
    Queue.TRIAGE: lazy("Triase"),
    Queue.DONE: lazy("Selesai"),
    Queue.ALL: lazy("Semua aduan"),
}
#: Why a queue is empty, and that this is fine.
EMPTY: Final = {
    Queue.NEW: lazy("Semua aduan sudah ada yang menangani."),
    Queue.MINE: lazy("Anda belum mengambil aduan. Ambil satu dari Antrean."),
    Queue.UNIT: lazy("Tidak ada aduan terbuka di unit."),
    Queue.SOON: lazy("Tidak ada yang segera jatuh tempo."),
    Queue.LATE: lazy("Tidak ada yang lewat tenggat. Bagus!"),
    Queue.WAITING: lazy("Tidak ada aduan yang menunggu jawaban warga."),
    Queue.TRIAGE: lazy("Semua pesan sudah punya program."),
    Queue.DONE: lazy("Belum ada aduan yang selesai."),
    Queue.ALL: lazy("Belum ada aduan."),
}
SORTS: Final = {
    Sort.DUE: lazy("Tenggat terdekat"),
    Sort.NEWEST: lazy("Terbaru"),
    Sort.WAITING: lazy("Menunggu terlama"),
}
TYPES: Final = {"pengaduan": lazy("Pengaduan"), "aspirasi": lazy("Aspirasi"), "informasi": lazy("Permintaan informasi")}
FLAGS: Final = {
    Flag.UNREAD: lazy("Belum dibaca"),
    Flag.FAILED: lazy("Gagal terkirim"),
    Flag.UNCLEAR: lazy("Format tidak jelas"),
    Flag.DOUBLE: lazy("Mungkin ganda"),
    Flag.ANONIM: lazy("Anonim"),
    Flag.RAHASIA: lazy("Rahasia"),
}
ROLES: Final = {
    Role.ADMINISTRATOR: lazy("Administrator"),
    Role.PROGRAM_ADMIN: lazy("Admin program"),
    Role.UNIT_HEAD: lazy("Kepala unit"),
    Role.OFFICER: lazy("Petugas"),
    Role.LEADER: lazy("Pimpinan"),
    Role.AUDITOR: lazy("Auditor"),
}
#: Short enough for a card.
STATES: Final = {
    State.BARU: lazy("baru"),
    State.DIVERIFIKASI: lazy("diverifikasi"),
    State.DISPOSISI: lazy("disposisi"),
    State.TINDAK_LANJUT: lazy("tindak lanjut"),
    State.MENUNGGU_WARGA: lazy("menunggu warga"),
    State.DITUNDA: lazy("ditunda"),
    State.BUKAN_WEWENANG: lazy("bukan wewenang"),
    State.DIARSIPKAN: lazy("diarsipkan"),
    State.DIGABUNG: lazy("digabung"),
    State.SELESAI: lazy("selesai"),
}
#: Why a complaint is archived, as officers choose it; inbox/acts/reasons.py has what its citizen reads.
GROUNDS: Final = {
    "format": lazy("Salah format"),
    "umum": lazy("Terlalu umum"),
    "bukan-pemerintahan": lazy("Bukan urusan pemerintahan"),
    "spam": lazy("Spam (warga tidak diberi tahu)"),
}
#: Acts that can be taken back.
ACTS: Final = {
    "diambil": lazy("mengambil aduan"),
    "didisposisikan": lazy("mendisposisikan"),
    "ditunda": lazy("menunda"),
    "bukan_wewenang": lazy("meneruskan (bukan wewenang)"),
    "diarsipkan": lazy("mengarsipkan"),
}
DELIVERY: Final = {
    "queued": lazy("Menunggu dikirim"),
    "sending": lazy("Sedang dikirim"),
    "accepted": lazy("Diterima penyedia"),
    "sent": lazy("Terkirim"),
    "delivered": lazy("Sampai"),
    "read": lazy("Dibaca"),
    "failed": lazy("Gagal terkirim"),
    "unknown": lazy("Tidak diketahui apakah sampai"),
    "dropped": lazy("Tidak diketahui apakah sampai; tidak diulang"),
    "skipped": lazy("Tidak dikirim"),
}
PURPOSES: Final = {
    "ack": lazy("Tanda terima otomatis"),
    "format": lazy("Petunjuk format otomatis"),
    "prompt": lazy("Ajakan menulis otomatis"),
    "welcome": lazy("Sambutan otomatis"),
    "status": lazy("Jawaban status otomatis"),
    "answer": lazy("Jawaban"),
    "silence": lazy("Penutupan otomatis"),
    "merged": lazy("Kabar penggabungan"),
}
CLOCKS: Final = {
    Clock.VERIFICATION: lazy("verifikasi"),
    Clock.RESPONSE: lazy("tanggapan pertama"),
    Clock.RESOLUTION: lazy("penyelesaian"),
    Clock.SILENCE: lazy("jawaban warga"),
}
RECIPIENTS: Final = {
    Recipient.OFFICER: lazy("petugas"),
    Recipient.UNIT_HEAD: lazy("kepala unit"),
    Recipient.PROGRAM_ADMIN: lazy("admin program"),
    Recipient.LEADER: lazy("pimpinan"),
}
ATTACHMENTS: Final = {
    "owed": lazy("sedang diambil"),
    "expired": lazy("sudah kedaluwarsa di penyedia"),
    "too_large": lazy("terlalu besar"),
    "refused": lazy("jenis berkas tidak diterima"),
    "failed": lazy("tidak dapat diambil"),
}
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_MONTH: Final = 30 * _DAY
#: Clocks of 24 and 48 hours are read in hours, longer ones in days.
_HOURS_UNTIL: Final = 2 * _DAY
_MEGABYTE: Final = 1_000_000


def weakness(found: Weakness) -> str:
    """Why a password will not do."""
    if found is Weakness.SHORT:
        return _("Kata sandi paling sedikit %(count)s huruf.", count=SHORTEST)
    if found is Weakness.LONG:
        return _("Kata sandi paling banyak %(count)s huruf.", count=LONGEST)
    return _("Kata sandi ini mudah ditebak: nama sendiri, kata yang umum, atau deretan tombol.")


def colon() -> str:
    """What stands between hours and minutes."""
    return "." if speaks() == SOURCE else ":"


def hour(local: datetime) -> str:
    """`14.05`, in English `14:05`, in the moment's own zone."""
    return f"{local.hour:02}{colon()}{local.minute:02}"


@functools.cache
def _calendar(_language: str) -> tuple[dict[int, str], dict[int, str]]:
    """Days of the week and short months in the language that is spoken; the locale itself is slow to ask."""
    days, months = locale().days["format"]["wide"], locale().months["format"]["abbreviated"]
    return {day: str(days[day]) for day in range(7)}, {month: str(months[month]) for month in range(1, 13)}


def weekday(local: date) -> str:
    """`Senin`."""
    return _calendar(speaks())[0][local.weekday()]


def short(local: date) -> str:
    """`23 Nov`."""
    return f"{local.day} {_calendar(speaks())[1][local.month]}"


def absolute(at: datetime, zone: ZoneInfo) -> str:
    """`Senin, 23 Nov 2026 14.05 WIB`."""
    return _absolute(at, zone, speaks())


@functools.lru_cache(4096)
def _absolute(at: datetime, zone: ZoneInfo, _language: str) -> str:
    local = at.astimezone(zone)
    return f"{weekday(local)}, {day(local)} {hour(local)} {local.tzname()}"


def day(at: datetime) -> str:
    """`1 Des 2026`, in the moment's own zone."""
    return f"{short(at)} {at.year}"


def step(clock: str, at: str, due: datetime, zone: ZoneInfo) -> str:
    """`tenggat penyelesaian kurang dari 4 jam: Senin, 23 Nov 2026 14.00 WIB`, of a step of escalation."""
    name, when = CLOCKS[Clock(clock)], absolute(due, zone)
    if at == "0":
        return _("tenggat %(clock)s sudah sampai: %(when)s", clock=name, when=when)
    if at.endswith("%"):
        share = at.removesuffix("%")
        return _("tenggat %(clock)s sudah berjalan %(share)s%%: %(when)s", clock=name, share=share, when=when)
    hours = int(at[1:-1])
    if at.startswith("-"):
        return _n(
            "tenggat %(clock)s tinggal %(num)s jam: %(when)s",
            "tenggat %(clock)s tinggal %(num)s jam: %(when)s",
            hours,
            clock=name,
            when=when,
        )
    return _n(
        "tenggat %(clock)s lewat %(num)s jam: %(when)s",
        "tenggat %(clock)s lewat %(num)s jam: %(when)s",
        hours,
        clock=name,
        when=when,
    )


def ago(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`3 jam lalu`; the date once it is over a month."""
    seconds = int((now - at).total_seconds())
    if seconds < _MINUTE:
        return _("baru saja")
    if seconds < _HOUR:
        return _n("%(num)s menit lalu", "%(num)s menit lalu", seconds // _MINUTE)
    if seconds < 2 * _DAY:
        return _n("%(num)s jam lalu", "%(num)s jam lalu", seconds // _HOUR)
    if seconds < _MONTH:
        return _n("%(num)s hari lalu", "%(num)s hari lalu", seconds // _DAY)
    return day(at.astimezone(zone))


def left(due: datetime, now: datetime) -> str:
    """What is left until a deadline, or how long it is past, rounded down: `2 jam lagi`, `lewat 3 jam`."""
    seconds = (due - now).total_seconds()
    span = _span(int(abs(seconds)))
    return _("%(span)s lagi", span=span) if seconds > 0 else _("lewat %(span)s", span=span)


def waiting(since: datetime, now: datetime) -> str:
    """How long somebody has waited: `menunggu 3 hari`."""
    return _("menunggu %(span)s", span=_span(max(0, int((now - since).total_seconds()))))


def _span(seconds: int) -> str:
    if seconds < _MINUTE:
        return _("kurang dari 1 menit")
    if seconds < _HOUR:
        return _n("%(num)s menit", "%(num)s menit", seconds // _MINUTE)
    if seconds < _HOURS_UNTIL:
        return _n("%(num)s jam", "%(num)s jam", seconds // _HOUR)
    return _n("%(num)s hari", "%(num)s hari", seconds // _DAY)


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """In a thread: the time today, else with its date: `14.05`, `21 Nov 14.05`."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return hour(local)
    return f"{short(local) if local.year == today.year else day(local)} {hour(local)}"


def size(count: int | None) -> str:
    """`340 kB`, `1,2 MB`; empty where nobody knows."""
    if count is None:
        return ""
    if count < _MEGABYTE:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / _MEGABYTE:.1f} MB".replace(".", locale().number_symbols["latn"]["decimal"])
