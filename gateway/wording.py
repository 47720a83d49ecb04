"""How the public pages say states, days and times in Indonesian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from normalizer.complaint import State

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

_MONTHS: Final = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)

#: What a state means to whoever wrote the complaint.
STATES: Final[dict[State, str]] = {
    State.BARU: "Aduan sudah diterima dan menunggu diperiksa petugas.",
    State.DIVERIFIKASI: "Aduan sudah diperiksa petugas dan akan diteruskan ke unit yang berwenang.",
    State.DISPOSISI: "Aduan sudah diteruskan ke unit yang berwenang.",
    State.TINDAK_LANJUT: "Aduan sedang ditindaklanjuti.",
    State.MENUNGGU_WARGA: "Petugas menunggu keterangan lebih lanjut dari pelapor.",
    State.DITUNDA: "Penanganan aduan ditunda untuk sementara.",
    State.BUKAN_WEWENANG: "Aduan bukan wewenang kami dan sudah diteruskan ke lembaga yang berwenang.",
    State.DIARSIPKAN: "Aduan diarsipkan dan tidak ditindaklanjuti.",
    State.DIGABUNG: "Aduan digabung dengan aduan lain tentang hal yang sama.",
    State.SELESAI: "Aduan sudah selesai ditangani.",
}

#: What a file is, by the first half of its media type.
_SORTS: Final = {"image": "Foto", "audio": "Rekaman suara", "video": "Video", "pdf": "PDF"}
_MEGABYTE: Final = 1_000_000


def day(at: datetime, zone: ZoneInfo) -> str:
    """`20 November 2026`."""
    local = at.astimezone(zone)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """`20 November 2026 pukul 09.15 WIB`."""
    local = at.astimezone(zone)
    return f"{day(at, zone)} pukul {local:%H.%M} {local:%Z}"


def sort(of: str) -> str:
    """`Foto`, `PDF`, …; `Dokumen` for all that has no name of its own."""
    return _SORTS.get(of, "Dokumen")


def size(count: int) -> str:
    """`340 kB`, `1,2 MB`."""
    if count < _MEGABYTE:
        return f"{max(1, round(count / 1000))} kB"
    return f"{count / _MEGABYTE:.1f} MB".replace(".", ",")
