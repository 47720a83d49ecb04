"""An export of SP4N-LAPOR as an administrator would bring it, for a newcomer to upload."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from commands.saying import fail

if TYPE_CHECKING:
    from pathlib import Path

_NAME: Final = "contoh-lapor.csv"
_HEADINGS: Final = (
    "No", "Tracking ID", "Judul", "Isi Laporan", "Tanggal Laporan", "Tanggal Kejadian", "Lokasi",
    "Instansi Terdisposisi", "Kategori", "Status", "Nama Pelapor", "Anonim", "Rahasia", "Klasifikasi/ Tipe Laporan",
    "Sumber",
)  # fmt: skip
#: How many days ago each was reported and has happened, and what stands in its row between and beside these times.
_ROWS: Final = (
    (1, 3, "7312045", "Jalan rusak di depan pasar",
     "Jalan di depan Pasar Randudongkal berlubang, sudah dua orang jatuh.", "Pasar Randudongkal",
     "Dinas Pekerjaan Umum dan Penataan Ruang", "Infrastruktur", "Proses", "Budi Santoso", "Tidak", "Tidak",
     "Pengaduan", "Website"),
    (2, 2, "7312046", "Permintaan informasi vaksin hewan",
     "Kapan jadwal vaksin PMK untuk sapi di Kecamatan Moga, dan apakah dipungut biaya?", "Kecamatan Moga",
     "Dinas Pertanian", "Peternakan", "Diverifikasi", "Sri Lestari", "Tidak", "Tidak", "Permintaan Informasi",
     "Aplikasi Android"),
    (4, 9, "7312047", "Dugaan pungutan di sekolah",
     "Orang tua murid diminta uang gedung padahal sekolah negeri, tanpa kuitansi.", "Kecamatan Taman",
     "Inspektorat", "Pendidikan", "Diverifikasi", "Pelapor", "Ya", "Ya", "Pengaduan", "SMS 1708"),
    (6, 8, "7312048", "Lampu penerangan jalan padam",
     "Sepuluh titik lampu di Jalan Gatot Subroto padam sejak pekan lalu.", "Jalan Gatot Subroto, Bojongbata",
     "Dinas Perhubungan", "Penerangan jalan", "Selesai", "Hadi Purwanto", "Tidak", "Tidak", "Pengaduan", "Website"),
)  # fmt: skip


def write(data_dir: Path) -> Path:
    """Write the file with days before today, unless an earlier start has; where it is."""
    path = data_dir.absolute() / _NAME
    if path.exists():
        return path
    now = datetime.now(ZoneInfo("Asia/Jakarta"))
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            sheet = csv.writer(file, delimiter=";")
            sheet.writerow(_HEADINGS)
            for number, (reported, happened, key, title, text, *rest) in enumerate(_ROWS, start=1):
                days = (now - timedelta(days=days) for days in (reported, happened))
                times = (next(days).strftime("%d/%m/%Y %H:%M"), next(days).strftime("%d-%m-%Y"))
                sheet.writerow((number, key, title, text, *times, *rest))
    except OSError as error:
        fail(f"{path} cannot be written: {error.strerror}")
    return path
