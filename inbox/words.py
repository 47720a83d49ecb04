"""The Indonesian of the inbox: what queues, states, times and deliveries are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from normalizer.complaint import State
from normalizer.program import Clock, Recipient
from store.passwords import LONGEST, SHORTEST, Weakness
from store.people import Role
from store.queue import Flag, Queue, Sort

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

QUEUES: Final = {
    Queue.NEW: "Antrean",
    Queue.MINE: "Milik saya",
    Queue.UNIT: "Unit saya",
    Queue.SOON: "Segera jatuh tempo",
    Queue.LATE: "Lewat tenggat",
    Queue.WAITING: "Menunggu warga",
    Queue.TRIAGE: "Triase",
    Queue.DONE: "Selesai",
    Queue.ALL: "Semua aduan",
}
#: Why a queue is empty, and that this is fine.
EMPTY: Final = {
    Queue.NEW: "Semua aduan sudah ada yang menangani.",
    Queue.MINE: "Anda belum mengambil aduan. Ambil satu dari Antrean.",
    Queue.UNIT: "Tidak ada aduan terbuka di unit.",
    Queue.SOON: "Tidak ada yang segera jatuh tempo.",
    Queue.LATE: "Tidak ada yang lewat tenggat. Bagus!",
    Queue.WAITING: "Tidak ada aduan yang menunggu jawaban warga.",
    Queue.TRIAGE: "Semua pesan sudah punya program.",
    Queue.DONE: "Belum ada aduan yang selesai.",
    Queue.ALL: "Belum ada aduan.",
}
SORTS: Final = {
    Sort.DUE: "Tenggat terdekat",
    Sort.NEWEST: "Terbaru",
    Sort.WAITING: "Menunggu terlama",
}
TYPES: Final = {"pengaduan": "Pengaduan", "aspirasi": "Aspirasi", "informasi": "Permintaan informasi"}
FLAGS: Final = {
    Flag.UNREAD: "Belum dibaca",
    Flag.FAILED: "Gagal terkirim",
    Flag.UNCLEAR: "Format tidak jelas",
    Flag.DOUBLE: "Mungkin ganda",
    Flag.ANONIM: "Anonim",
    Flag.RAHASIA: "Rahasia",
}
ROLES: Final = {
    Role.ADMINISTRATOR: "Administrator",
    Role.PROGRAM_ADMIN: "Admin program",
    Role.UNIT_HEAD: "Kepala unit",
    Role.OFFICER: "Petugas",
    Role.LEADER: "Pimpinan",
    Role.AUDITOR: "Auditor",
}
WEAKNESSES: Final = {
    Weakness.SHORT: f"Kata sandi paling sedikit {SHORTEST} huruf.",
    Weakness.LONG: f"Kata sandi paling banyak {LONGEST} huruf.",
    Weakness.GUESSED: "Kata sandi ini mudah ditebak: nama sendiri, kata yang umum, atau deretan tombol.",
}
#: Short enough for a card.
STATES: Final = {
    State.BARU: "baru",
    State.DIVERIFIKASI: "diverifikasi",
    State.DISPOSISI: "disposisi",
    State.TINDAK_LANJUT: "tindak lanjut",
    State.MENUNGGU_WARGA: "menunggu warga",
    State.DITUNDA: "ditunda",
    State.BUKAN_WEWENANG: "bukan wewenang",
    State.DIARSIPKAN: "diarsipkan",
    State.DIGABUNG: "digabung",
    State.SELESAI: "selesai",
}
#: Why a complaint is archived, as officers choose it; inbox/reasons.py has what its citizen reads.
GROUNDS: Final = {
    "format": "Salah format",
    "umum": "Terlalu umum",
    "bukan-pemerintahan": "Bukan urusan pemerintahan",
    "spam": "Spam (warga tidak diberi tahu)",
}
#: Acts that can be taken back.
ACTS: Final = {
    "diambil": "mengambil aduan",
    "didisposisikan": "mendisposisikan",
    "ditunda": "menunda",
    "bukan_wewenang": "meneruskan (bukan wewenang)",
    "diarsipkan": "mengarsipkan",
}
DELIVERY: Final = {
    "queued": "Menunggu dikirim",
    "sending": "Sedang dikirim",
    "accepted": "Diterima penyedia",
    "sent": "Terkirim",
    "delivered": "Sampai",
    "read": "Dibaca",
    "failed": "Gagal terkirim",
    "unknown": "Tidak diketahui apakah sampai",
    "dropped": "Tidak diketahui apakah sampai; tidak diulang",
    "skipped": "Tidak dikirim",
}
PURPOSES: Final = {
    "ack": "Tanda terima otomatis",
    "format": "Petunjuk format otomatis",
    "prompt": "Ajakan menulis otomatis",
    "welcome": "Sambutan otomatis",
    "status": "Jawaban status otomatis",
    "answer": "Jawaban",
    "silence": "Penutupan otomatis",
}
CLOCKS: Final = {
    Clock.VERIFICATION: "verifikasi",
    Clock.RESPONSE: "tanggapan pertama",
    Clock.RESOLUTION: "penyelesaian",
    Clock.SILENCE: "jawaban warga",
}
RECIPIENTS: Final = {
    Recipient.OFFICER: "petugas",
    Recipient.UNIT_HEAD: "kepala unit",
    Recipient.PROGRAM_ADMIN: "admin program",
    Recipient.LEADER: "pimpinan",
}
ATTACHMENTS: Final = {
    "owed": "sedang diambil",
    "expired": "sudah kedaluwarsa di penyedia",
    "too_large": "terlalu besar",
    "refused": "jenis berkas tidak diterima",
    "failed": "tidak dapat diambil",
}
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
_DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
_MONTH: Final = 30 * _DAY


def absolute(at: datetime, zone: ZoneInfo) -> str:
    """`Senin, 23 Nov 2026 14.05 WIB`."""
    local = at.astimezone(zone)
    day = f"{_DAYS[local.weekday()]}, {local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day} {local:%H.%M} {local:%Z}"


def day(at: datetime) -> str:
    """`1 Des 2026`, in the moment's own zone."""
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}"


def step(clock: str, at: str, due: datetime, zone: ZoneInfo) -> str:
    """`tenggat penyelesaian kurang dari 4 jam: Senin, 23 Nov 2026 14.00 WIB`, of a step of escalation."""
    name = f"tenggat {CLOCKS[Clock(clock)]}"
    if at == "0":
        how = "sudah sampai"
    elif at.endswith("%"):
        how = f"sudah berjalan {at.removesuffix('%')}%"
    else:
        how = f"{'tinggal' if at.startswith('-') else 'lewat'} {at[1:-1]} jam"
    return f"{name} {how}: {absolute(due, zone)}"


def ago(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """`3 jam lalu`; the date once it is over a month."""
    seconds = int((now - at).total_seconds())
    if seconds < _MINUTE:
        return "baru saja"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} menit lalu"
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR} jam lalu"
    if seconds < _MONTH:
        return f"{seconds // _DAY} hari lalu"
    local = at.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def moment(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """In a thread: the time today, else with its date: `14.05`, `21 Nov 14.05`."""
    local = at.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H.%M}"
    year = "" if local.year == now.astimezone(zone).year else f" {local.year}"
    return f"{local.day} {_MONTHS[local.month - 1]}{year} {local:%H.%M}"


def size(count: int | None) -> str:
    """`340 kB`, `1,2 MB`; empty where nobody knows."""
    if count is None:
        return ""
    if count < 1_000_000:  # noqa: PLR2004 - a megabyte
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / 1_000_000:.1f} MB".replace(".", ",")
